"""Opens collections: from a name to a session, with what this process keeps of the collection between calls."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from ..columns.column_loader import ColumnLoader
from ..columns.memory import MemoryBudget
from ..columns.snapshot_caches import SnapshotCaches
from ..errors import CollectionNotExistException
from ..indexes.collection_indexes import CollectionIndexes
from ..indexes.field_index import CollectionSession, FieldIndex, Open
from ..indexes.maintainer import IndexMaintainer
from ..process.children import PerProcess
from ..storage import positions
from ..storage.catalog import Catalog, CollectionRecord
from ..storage.connections import Connections
from ..storage.databases import Databases
from ..storage.integrity.catalog_checksums import damage
from ..storage.leases import Lease
from ..storage.positions import Position
from ..storage.reading import LazyTransaction, OpenTransaction, Transaction
from ..storage.store import CollectionReader, CollectionStore
from ..suggestions import did_you_mean
from .expired_rows import ExpiredRowsRemover
from .session import CollectionState, Session

_SWEEP: Final = 8
"""Dropped collections are looked for when one in so many states has been made since the last time: at once where
there are few, and for no more than so many with each new one where there are thousands."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """The result of a look at collection ``name`` of ``database`` in the state ``state_of_file`` of the file."""

    database: str
    name: str
    state_of_file: object
    state: CollectionState
    position: Position

    def is_found_in(self, catalog: Catalog) -> bool:
        """Whether a look into ``catalog`` finds the same."""
        record = self.state.record
        return catalog.find(self.database, self.name) == (
            record.id,
            record.version,
            self.position,
        )


class CollectionOpener:
    """Opens sessions on the collections of a file, and keeps caches between them.

    Args:
        read_only: whether built indexes are kept in memory only.
    """

    def __init__(self, connections: Connections, memory: MemoryBudget, *, read_only: bool) -> None:
        self.maintainer = IndexMaintainer(self._opener)
        self.column_loader = ColumnLoader()
        self.remover = ExpiredRowsRemover(self._writing_on)
        self._remove_expired = _nothing if read_only else self.remover.schedule
        self.states: dict[int, CollectionState] = {}
        self._made = 0  # states, since dropped collections were looked for
        self._connections = connections
        self._read_later = partial(connections.reading, is_looked_at=True)
        self._memory = memory
        self._read_only = read_only
        self._lock = PerProcess(threading.Lock)
        self._seen: dict[tuple[str, str], _Seen] = {}

    def close(self, *, waiting: bool = True) -> None:
        """Stop what goes on beside the calls; ``waiting``: until it has ended."""
        self.column_loader.close(waiting=waiting)
        self.remover.close(waiting=waiting)
        self.maintainer.close(waiting=waiting)

    @contextmanager
    def reading(self, database: str, name: str, suggest: bool = True) -> Iterator[Session]:
        """A read transaction on the collection called ``name`` (or by that alias) in ``database``.

        Args:
            suggest: whether the error for an unknown name may name a similar collection.

        Raises:
            CollectionNotExistException, DatabaseNotExistException
        """
        with self._connections.reading() as connection:
            yield self._session(OpenTransaction(connection), database, name, suggest)

    @contextmanager
    def lasting(self, database: str, name: str, suggest: bool = True) -> Iterator[tuple[Lease, Session]]:
        """A read transaction, likewise, and its lease; it outlives the block if the lease is suspended there."""
        lease = self._connections.reading()
        with lease as connection:
            yield lease, self._session(OpenTransaction(connection), database, name, suggest)

    @contextmanager
    def writing(self, database: str, name: str, suggest: bool = True) -> Iterator[Session]:
        """A write transaction, likewise."""
        with self._connections.writing() as connection:
            yield self._session(OpenTransaction(connection), database, name, suggest)

    @contextmanager
    def _writing_on(self, collection: int) -> Iterator[Session | None]:
        """A write transaction on the collection with this id; None where it was dropped."""
        with self._connections.writing() as connection:
            catalog = Catalog(connection)
            position = catalog.position(collection)
            if position is None:
                yield None
            else:
                state = self._cached_state(catalog.load(collection))
                yield _session_on(state, OpenTransaction(connection), position)

    def on_new(self, transaction: Transaction, collection_id: int) -> Session:
        """A session on a collection that ``transaction`` has made.

        It is not cached, and no index of it is built, since the transaction may still fail.
        """
        catalog = Catalog(transaction.connection)
        record, position = catalog.load(collection_id), catalog.position(collection_id)
        assert position is not None
        unindexed = CollectionIndexes(replace(record, indexes=()), self.maintainer, None)
        return _session_on(self._fresh_state(record, unindexed), transaction, position)

    def begin_lazily(self, database: str, name: str, suggest: bool = True) -> tuple[LazyTransaction, Session]:
        """A session on the collection as it is now, and its read transaction, which begins when it is needed.

        Raises what ``reading`` raises. Using the session raises ``SnapshotMoved`` when another client wrote since.
        """
        self._connections.look()
        state_of_file = self._connections.state()
        seen = self._seen.get((database, name))
        if seen is not None and seen.state_of_file == state_of_file:
            transaction = LazyTransaction(self._read_later, partial(self._still_stands, seen))
            return transaction, _session_on(seen.state, transaction, seen.position)
        # The state was read before this transaction begins, which therefore sees this state or a newer one.
        transaction = LazyTransaction(self._read_later, lambda _: True)
        try:
            session = self._session(transaction, database, name, suggest)
        except BaseException as error:
            transaction.__exit__(type(error), error, error.__traceback__)
            raise
        self._seen[database, name] = _Seen(database, name, state_of_file, session.state, session.position)
        return transaction, session

    def _still_stands(self, seen: _Seen, transaction: Transaction) -> bool:
        """Whether ``transaction``, which has just begun, sees the state ``seen`` before."""
        if self._connections.state() == seen.state_of_file:
            return True
        return seen.is_found_in(Catalog(transaction.connection))

    def _session(self, transaction: Transaction, database: str, name: str, suggest: bool) -> Session:
        # Every call comes through here: rarely needed objects are made where a call needs them.
        connection = transaction.connection
        found = positions.find(connection, database, name)
        if found is None:
            Databases(connection).require(database)
            raise CollectionNotExistException(
                message=f"collection {name!r} does not exist in database '{database}'"
                + (did_you_mean(name, Catalog(connection).names().known_in(database)) if suggest else "")
            )
        collection_id, version, position = found
        state = self.states.get(collection_id)
        if state is None or state.record.version != version:
            catalog = Catalog(connection)
            state = self._cached_state(catalog.load(collection_id))
            self._made += 1
            if self._made * _SWEEP >= len(self.states):
                self.forget_dropped(catalog)
        if name != state.record.name and name not in state.record.aliases:
            raise damage(f"the alias {name!r}")
        return Session(state.reader(transaction, position), state)

    def _cached_state(self, record: CollectionRecord) -> CollectionState:
        """The cached state of a definition just read; snapshots live on unless the schema has changed."""
        with self._lock.own:
            known = self.states.get(record.id)
            if known is not None and known.record.version >= record.version:
                if known.record.version == record.version:
                    return known
                # Another thread has seen a newer definition; this transaction still sees the older.
                return self._fresh_state(record)
            indexes = CollectionIndexes(record, self.maintainer, None if known is None else known.indexes)
            if known is not None and known.record.schema == record.schema:
                state = CollectionState.of(
                    record, known.store, known.snapshot_caches, indexes, self._remove_expired
                )
            else:
                state = self._fresh_state(record, indexes)
            self.states[record.id] = state
            return state

    def forget_dropped(self, catalog: Catalog) -> None:
        """Forget collections that this or another process has dropped."""
        with self._lock.own:
            self._made = 0
            for dropped in self.states.keys() - catalog.existing(list(self.states)):
                self.states.pop(dropped).snapshot_caches.release()
            for key in [
                key for key, seen in list(self._seen.items()) if seen.state.record.id not in self.states
            ]:
                del self._seen[key]

    def _fresh_state(
        self, record: CollectionRecord, indexes: CollectionIndexes | None = None
    ) -> CollectionState:
        store = CollectionStore(record.id, record.schema)
        load_later = partial(self.column_loader.schedule, partial(self._reading_again, store))
        return CollectionState.of(
            record,
            store,
            SnapshotCaches(self._memory, load_later, record.schema),
            indexes or CollectionIndexes(record, self.maintainer, None),
            self._remove_expired,
        )

    @contextmanager
    def _reading_again(self, store: CollectionStore) -> Iterator[CollectionReader | None]:
        """A read transaction on the collection of ``store``; None where it is not as it was, or not loaded."""
        collection = store.layout.collection_id
        with self._connections.reading() as connection:
            catalog = Catalog(connection)
            position = catalog.position(collection)
            record = None if position is None else catalog.load(collection)
            if record is None or record.schema != store.layout.schema or not record.loaded_partitions:
                yield None
            else:
                assert position is not None
                yield CollectionReader(store, OpenTransaction(connection), position)

    def _opener(self, index: FieldIndex) -> tuple[Open, Open | None]:
        """Begins transactions in which the catalog still has ``index`` as it is."""

        @contextmanager
        def session_of(
            begin: Callable[[], Lease],
        ) -> Iterator[CollectionSession | None]:
            with begin() as connection:
                catalog = Catalog(connection)
                position = catalog.position(index.collection)
                if position is None:
                    yield None
                    return
                record = catalog.load(index.collection)
                is_same = index.record in record.indexes and index.field in record.schema.vectors
                state = self._fresh_state(record)
                yield _session_on(state, OpenTransaction(connection), position) if is_same else None

        reading = partial(session_of, self._connections.reading)
        return reading, None if self._read_only else partial(session_of, self._connections.writing)


def _session_on(state: CollectionState, transaction: Transaction, position: Position) -> Session:
    """The collection of ``state`` in ``transaction``, where it stands at ``position``."""
    return Session(state.reader(transaction, position), state)


def _nothing(_: int) -> None:
    """What a file that is only read does about expired rows: they stay, and no call returns them."""
