"""The session of a call on a collection: one transaction, and the caches that live between calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple, Protocol

from ..caching import BoundedCache, Memoized, size_of
from ..columns.snapshot_caches import SnapshotCaches
from ..indexes.collection_indexes import CollectionIndexes
from ..indexes.field_index import FieldIndex
from ..schema.clock import Clock
from ..schema.lifetime import Lifetime
from ..search.living import living
from ..search.output import Projection
from ..search.prepared import PreparedSearch, prepared
from ..search.request import SearchRequest
from ..search.scope import Scope
from ..search.selection import BoundScope, Selection
from ..storage.catalog import Catalog, CollectionRecord
from ..storage.expiry import Expiry
from ..storage.positions import Position
from ..storage.reading import Transaction
from ..storage.store import CollectionReader, CollectionStore
from ..storage.writer import CollectionWriter

_MEMOIZED: Final = 256
"""How many prepared searches, bound scopes and choices of output fields are kept, of each kind."""

_MEMOIZED_SIZE: Final = 16 << 20
"""Bytes that the results of one kind may take."""


@dataclass(frozen=True, slots=True)
class CollectionState:
    """The state that this process keeps of a collection between calls: its definition, snapshots and indexes.

    ``bound_scope``, ``search`` and ``columns`` bind a scope, a search request or output fields to this definition.
    They are memoized by value. Every change of the definition makes another state. ``remove_expired``: removes the
    expired rows of the collection with an id, some time later.
    """

    record: CollectionRecord
    store: CollectionStore
    snapshot_caches: SnapshotCaches
    indexes: CollectionIndexes
    bound_scope: Callable[[Scope], BoundScope]
    search: Callable[[SearchRequest], PreparedSearch]
    projections: BoundedCache[Projection]
    lifetime: Lifetime | None
    remove_expired: Callable[[int], None]

    @classmethod
    def of(
        cls,
        record: CollectionRecord,
        store: CollectionStore,
        snapshot_caches: SnapshotCaches,
        indexes: CollectionIndexes,
        remove_expired: Callable[[int], None],
    ) -> CollectionState:
        bounds = _MEMOIZED, _MEMOIZED_SIZE
        bound_scope = Memoized(partial(BoundScope.of, record, only_loaded=True), *bounds)
        search = Memoized(partial(prepared, record, bound_scope), *bounds)
        return cls(
            record,
            store,
            snapshot_caches,
            indexes,
            bound_scope,
            search,
            BoundedCache(*bounds),
            Lifetime.of(record.schema, record.properties),
            remove_expired,
        )

    def reader(self, transaction: Transaction, position: Position) -> CollectionReader:
        """Reads the collection, which stands at ``position``, in a call that begins now."""
        expiry = None if self.lifetime is None else Expiry.of(self.lifetime)
        return CollectionReader(self.store, transaction, position, expiry)

    def columns(self, names: tuple[str, ...], clock: Clock) -> Projection:
        """The projection to the output fields ``names``, with times as ``clock`` says."""
        key = names, clock
        found = self.projections.get(key)
        if found is None:
            found = Projection.of(self.record, names, clock, as_rows=True)
            self.projections.put(key, found, size_of(key))
        return found


class Selector(Protocol):
    """Selects rows as a transaction sees them."""

    def select(self, snapshot_caches: SnapshotCaches, reader: CollectionReader, /) -> Selection: ...


class Session(NamedTuple):
    """One transaction on one collection: its reader or writer, and the collection's cached state."""

    reader: CollectionReader
    state: CollectionState

    @property
    def record(self) -> CollectionRecord:
        return self.state.record

    @property
    def position(self) -> Position:
        """Where the collection stands."""
        return self.reader.position

    @property
    def catalog(self) -> Catalog:
        return Catalog(self.reader.transaction.connection)

    def writer(self) -> CollectionWriter:
        """The writer of rows, in a write transaction."""
        return self.state.store.writer(self.reader.transaction.connection, self.reader.position)

    def selected(self, selector: Selector) -> Selection:
        """The living rows that ``selector`` selects here.

        Raises:
            SnapshotMoved: another thread is ahead.
        """
        selection, expiry = selector.select(self.state.snapshot_caches, self.reader), self.reader.expiry
        if expiry is None:
            return selection
        left = living(selection, expiry)
        if left is not selection:
            self.state.remove_expired(self.record.id)
        return left

    def index_of(self, field: str) -> FieldIndex | None:
        """The index to search ``field`` by, None for an exact scan."""
        return self.state.indexes.index_for_search(field, self)

    def index_for(self, search: PreparedSearch) -> FieldIndex | None:
        """The index that answers ``search``, None for an exact scan."""
        return None if search.request.is_exact else self.index_of(search.field.name)
