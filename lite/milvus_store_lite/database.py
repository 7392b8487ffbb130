"""A database: the collections in one SQLite file, by name.

Opens the file, keeps what is worth keeping between calls, and hands out collections. It holds no truth of
its own: every call begins by asking the file, so other processes' changes are seen at once.
"""

from __future__ import annotations

import os
import sqlite3
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from copy import copy
from datetime import tzinfo
from pathlib import Path
from typing import Any, Final

from .codec import check_defaults
from .collection.collection import Collection
from .collection.first_rows import FirstRows
from .collection.index_changes import checked_index
from .collection.opener import Sessions
from .collection.session import Session
from .columns.memory import MemoryBudget
from .databases import Databases, database_properties, require
from .errors import (
    AliasNotExistException,
    CollectionExistsError,
    ConnectionNotExistException,
    DatabaseReplacedError,
    IndexNotExistException,
    MilvusException,
    ParamError,
)
from .indexes.scalar_types import has_sql_index
from .process.calls import whole, whole_calls
from .schema.clock import with_fixed_defaults, zone_of
from .schema.model import Schema, check_name
from .schema.properties import COLLECTION_PROPERTIES, check_against_schema, checked_properties
from .schema.reserved import check_field_name
from .search.selection import partition_ids
from .storage import catalog, positions
from .storage.catalog import DEFAULT_DATABASE, CollectionRecord, IndexRecord
from .storage.connections import Connections
from .storage.file.identity import Identity
from .storage.file.opening import Durability
from .storage.integrity import names
from .storage.rows import RowStore
from .text.fields import check_analyzers

IN_MEMORY: Final = ":memory:"


@whole_calls
class Database:
    """The database in the file at ``path``, which is made if there is none.

    ``:memory:`` is a private file among the system's temporary ones, removed on close. Any number of threads
    may share one database; any number of processes may open the same file.

    Args:
        path: the file. Its directory must exist.
        name: which of the databases inside the file.
        durability: ``full`` survives loss of power, ``normal`` the end of the process.
        busy_timeout: seconds a writer waits for other writers.
        memory_limit: bytes that vectors and columns may hold in memory, None for no bound.
        read_only: refuse every write, and make no file.

    Raises:
        NotADatabaseError, DatabaseFormatError, DatabaseCorruptError: the file is not one to open.
    """

    @whole
    def __init__(
        self,
        path: str | Path,
        name: str = DEFAULT_DATABASE,
        durability: Durability = "full",
        busy_timeout: float = 30.0,
        memory_limit: int | None = None,
        read_only: bool = False,
    ) -> None:
        scratch = _make_folder() if str(path) == IN_MEMORY else None
        if scratch is not None:
            path, durability = Path(scratch, "memory.db"), "normal"
        self.name = name
        self._connections = Connections(str(path), durability, busy_timeout, read_only=read_only)
        self._remove_scratch = weakref.finalize(self._connections, _remove_folder, scratch, os.getpid())
        self._sessions = Sessions(self._connections, MemoryBudget(memory_limit), read_only=read_only)
        self.databases = Databases(self._connections)
        try:
            with self._connections.reading() as connection:
                require(connection, name)
        except BaseException:
            self.close()
            raise

    def using(self, name: str) -> Database:
        """Another database of the same file, sharing its connections, caches and life.

        Raises:
            DatabaseNotExistException: there is none of this name.
        """
        with self._connections.reading() as connection:
            require(connection, name)
        other = copy(self)
        other.name = name
        return other

    def close(self, *, waiting: bool = True) -> None:
        """Release the file. Calls on the database or its collections raise from here on.

        Args:
            waiting: until nothing is done with the file. Without it, what is under way ends soon after: for who
                may be called at any moment, whatever lock is held, as the garbage collection is.
        """
        self._sessions.keeper.close(waiting=waiting)
        self._connections.close(waiting=waiting)
        self._remove_scratch()

    @property
    def path(self) -> str:
        """Where the file is, wherever the process goes: an absolute path without links."""
        return self._connections.real_path

    @property
    def identity(self) -> Identity | None:
        """Which file it has open, whatever that is called."""
        return self._connections.identity

    def is_current(self) -> bool:
        """Whether the file is open, and still the one that was opened, where it was."""
        try:
            with self._connections.reading():
                return True
        except (ConnectionNotExistException, DatabaseReplacedError):
            return False

    def backup(self, target: str | os.PathLike[str]) -> None:
        """Copy the file, as it is now, to ``target``, while others read and write.

        Raises:
            DatabaseWriteError: ``target`` exists, or cannot be written.
            ParamError: ``target`` is no path.
        """
        self._connections.backup(target)

    def compact(self, name: str) -> None:
        """Write a collection's rows anew without the gaps that removed ones left, and shrink the file."""
        with self._writing(name) as session:
            session.state.rows.rewrite_tables(session.connection, session.position.live)
        self._connections.shrink()

    def checkpoint(self) -> None:
        """Fold what the write-ahead log holds into the file, as far as readers allow."""
        self._connections.checkpoint()

    # Collections --------------------------------------------------------------------------------------

    def collection(self, name: str) -> Collection:
        """The collection called ``name``; whether it exists is found out at each of its calls."""
        return Collection(self._sessions, self.name, name)

    def create_collection(
        self,
        name: str,
        schema: Schema,
        properties: Mapping[str, Any] | None = None,
        consistency_level: str = "Bounded",
        indexes: tuple[IndexRecord, ...] = (),
        first: FirstRows | None = None,
        *,
        replace: bool = False,
    ) -> list[Any]:
        """Make a collection, with ``indexes`` and then loaded if there are any: all of it or nothing.

        One that is there just so keeps its rows, and gets the indexes that it lacks, as in Milvus.

        Args:
            first: the rows that it has from the start; then there may be none of this name.
            replace: in place of the collection of this name, if there is one.

        Returns:
            The primary keys of its rows.

        Raises:
            MilvusException: the name is taken by another one.
            DataNotMatchException: a row does not fit the schema.
        """
        check_name("collection", name)
        for one in schema.fields:
            check_field_name(one)
        check_analyzers(schema)
        checked = checked_properties("collection", COLLECTION_PROPERTIES, properties or {})
        check_against_schema(schema, checked)
        if first is not None:
            # Without the write lock, as for any other write; it is done again if the time zone changes in between.
            with self._connections.reading() as connection:
                zone = self._zone(connection, checked)
            first.encode(with_fixed_defaults(schema, zone), zone)
        with self._connections.writing() as connection:
            zone = self._zone(connection, checked)
            schema = with_fixed_defaults(schema, zone)
            if replace:
                self._drop(connection, name)
            check_defaults(schema, zone)
            if first is not None:
                self._require_free(connection, self.name, name)
            found = positions.find(connection, self.name, name)
            if found is None:
                collection_id = catalog.add_collection(
                    connection, self.name, name, schema, checked, consistency_level
                )
                RowStore(collection_id, schema).create_tables(connection)
            else:
                collection_id = found[0]
                _require_same(
                    catalog.load(connection, collection_id), name, schema, checked, consistency_level
                )
            self._add_indexes(connection, collection_id, indexes)
            if indexes:
                record = catalog.load(connection, collection_id)
                self._set_loaded(connection, record, record.partitions.values())
            pks: list[Any] = []
            if first is not None:
                session = self._sessions.on_new(connection, collection_id)
                pks = self.collection(name).write_first(session, first.encode(schema, zone), first.partition)
        if found is not None:
            for index in indexes:
                self.build_index(name, index.field, wait=False)
        if first is not None:
            with self._reading(name) as session:
                session.state.indexes.wrote(session.position)
        return pks

    def list_collections(self) -> list[str]:
        """Names of the collections, oldest first."""
        with self._connections.reading() as connection:
            require(connection, self.name)
            return [one.name for one in names.read(connection).collections_of(self.name)]

    def has_collection(self, name: str) -> bool:
        with self._connections.reading() as connection:
            require(connection, self.name)
            return positions.exists(connection, self.name, name)

    def drop_collection(self, name: str) -> None:
        """Remove a collection and its rows; nothing happens if there is none, as in Milvus."""
        with self._connections.writing() as connection:
            self._drop(connection, name)

    def rename_collection(self, old: str, new: str, database: str | None = None) -> None:
        """Give a collection another name, and move it to ``database`` if that is another one.

        Raises:
            ParamError: it has aliases, which do not move with it.
        """
        check_name("collection", new)
        target = database or self.name
        with self._writing(old) as session:
            record = session.state.record
            require(session.connection, target)
            if target != self.name and record.aliases:
                raise ParamError(
                    message=f"collection '{record.name}' cannot move to database {target!r} while it has "
                    f"aliases: drop_alias() first: {', '.join(record.aliases)}"
                )
            self._require_free(session.connection, target, new)
            catalog.rename_collection(session.connection, record.id, target, new)

    def load(self, name: str, partitions: Sequence[str] | None = None) -> None:
        """Let a collection, or some of its partitions beside those loaded already, be read.

        Raises:
            IndexNotExistException: a vector field has no index, so that it cannot be loaded.
            PartitionNotExistException: there is no such partition.
        """
        with self._writing(name) as session:
            record = session.state.record
            wanted = partition_ids(record, partitions)
            self._set_loaded(session.connection, record, record.loaded_partitions | wanted)

    def release(self, name: str, partitions: Sequence[str] | None = None) -> None:
        """Stop a collection, or some of its partitions, from being read until they are loaded again."""
        with self._writing(name) as session:
            record = session.state.record
            unwanted = partition_ids(record, partitions)
            self._set_loaded(session.connection, record, record.loaded_partitions - unwanted)

    # Aliases ------------------------------------------------------------------------------------------

    def create_alias(self, alias: str, collection: str) -> None:
        """Let ``alias`` be another name of a collection.

        Raises:
            MilvusException: a collection (code 1601), or an alias of another one (1602), has this name.
        """
        check_name("alias", alias)
        with self._writing(collection) as session:
            target = names.read(session.connection).alias_target(self.name, alias)
            if target is not None and target.name == session.state.record.name:
                return
            if target is not None:
                raise MilvusException(1602, f"alias {alias!r} already exists, for collection '{target.name}'")
            if positions.find(session.connection, self.name, alias) is not None:
                raise MilvusException(1601, f"alias {alias!r} is the name of a collection already")
            catalog.set_alias(session.connection, self.name, alias, session.state.record.id)

    def alter_alias(self, alias: str, collection: str) -> None:
        """Let an existing alias stand for another collection."""
        with self._writing(collection) as session:
            self._require_alias(session.connection, alias)
            catalog.set_alias(session.connection, self.name, alias, session.state.record.id)

    def drop_alias(self, alias: str) -> None:
        """Remove an alias; nothing happens if there is none, as in Milvus."""
        with self._connections.writing() as connection:
            catalog.remove_alias(connection, self.name, alias)

    def alias_target(self, alias: str) -> str:
        """The collection that an alias stands for."""
        with self._connections.reading() as connection:
            return self._require_alias(connection, alias)

    def list_aliases(self) -> list[str]:
        """All aliases, by name."""
        with self._connections.reading() as connection:
            return names.read(connection).aliases_of(self.name)

    # Indexes ------------------------------------------------------------------------------------------

    def create_indexes(self, collection: str, indexes: tuple[IndexRecord, ...], wait: bool = True) -> None:
        """Add indexes, all or none; one that exists just so is left as it is.

        Args:
            wait: return when what there are rows for is built; else it is built in the background.
        """
        with self._writing(collection) as session:
            self._add_indexes(session.connection, session.state.record.id, indexes)
        for index in indexes:
            self.build_index(collection, index.field, wait=wait)

    def build_index(
        self,
        collection: str,
        field: str,
        *,
        wait: bool,
        report: Callable[[int, int], None] | None = None,
    ) -> None:
        """Bring the index on a vector field up to date, if it is one that is built.

        Args:
            wait: return when that is done; else it is done in the background.
            report: called with the vectors that are in and all that there are, while it goes on.
        """
        with self._reading(collection) as session:
            index = session.state.indexes.of(field)
        if index is None or index.is_exact:
            return
        if wait:
            self._sessions.keeper.improve(index, report)
        else:
            self._sessions.keeper.schedule(index)

    def drop_index(self, collection: str, name: str) -> None:
        """Remove an index; nothing happens if there is none, as in Milvus."""
        with self._writing(collection) as session:
            record = session.state.record
            index = next((one for one in record.indexes if one.name == name), None)
            if index is None:
                return
            if index.metric is not None and record.is_loaded:
                raise ParamError(
                    code=1,
                    message=f"vector index {name!r} cannot be dropped while collection '{record.name}' is "
                    f"loaded: call release_collection first",
                )
            catalog.remove_index(session.connection, record.id, name)
            one = record.schema.by_name.get(index.field)
            if one is not None and has_sql_index(one, index.type):
                session.state.rows.drop_value_index(session.connection, one)

    # ---------------------------------------------------------------------------------------------------

    def _reading(self, name: str) -> AbstractContextManager[Session]:
        return self._sessions.reading(self.name, name)

    def _writing(self, name: str) -> AbstractContextManager[Session]:
        return self._sessions.writing(self.name, name)

    def _zone(self, connection: sqlite3.Connection, properties: Mapping[str, Any]) -> tzinfo:
        """The time zone in which a new collection with ``properties`` reads times."""
        return zone_of({**database_properties(connection, self.name), **properties})

    def _drop(self, connection: sqlite3.Connection, name: str) -> None:
        found = positions.find(connection, self.name, name)
        if found is None:
            return
        record = catalog.load(connection, found[0])
        if record.name != name:
            raise ParamError(message=f"{name!r} is an alias of '{record.name}': expected a collection name")
        if record.aliases:
            raise ParamError(
                message=f"collection {name!r} cannot be dropped while it has aliases: drop_alias() first: "
                f"{', '.join(record.aliases)}"
            )
        RowStore(record.id, record.schema).drop_tables(connection)
        catalog.remove_collection(connection, record.id)
        self._sessions.forget_dropped(connection)

    def _require_alias(self, connection: sqlite3.Connection, alias: str) -> str:
        target = names.read(connection).alias_target(self.name, alias)
        if target is None:
            raise AliasNotExistException(message=f"alias {alias!r} does not exist in database '{self.name}'")
        return target.name

    @staticmethod
    def _require_free(connection: sqlite3.Connection, database: str, name: str) -> None:
        if positions.find(connection, database, name) is not None:
            raise CollectionExistsError(message=f"collection or alias {name!r} already exists")

    @staticmethod
    def _add_indexes(
        connection: sqlite3.Connection, collection_id: int, indexes: tuple[IndexRecord, ...]
    ) -> None:
        for index in indexes:
            record = catalog.load(connection, collection_id)
            checked = checked_index(record, index)
            if checked is None:
                continue
            catalog.add_index(connection, collection_id, checked)
            one = record.schema.by_name.get(checked.field)
            if one is not None and has_sql_index(one, checked.type):
                RowStore(collection_id, record.schema).create_value_index(connection, one)

    @staticmethod
    def _set_loaded(
        connection: sqlite3.Connection, record: CollectionRecord, partitions: Iterable[int]
    ) -> None:
        wanted = frozenset(partitions)
        if wanted:
            for one in record.schema.vectors:
                if record.index_of(one.name) is None:
                    raise IndexNotExistException(
                        message=f"vector field '{one.name}' of collection '{record.name}' has no index: "
                        f"call create_index before load_collection"
                    )
        if record.loaded_partitions != wanted:
            catalog.set_loaded(connection, record.id, wanted)


def _require_same(
    existing: CollectionRecord,
    name: str,
    schema: Schema,
    properties: Mapping[str, Any],
    consistency_level: str,
) -> None:
    """Raise MilvusException unless ``existing`` is what a collection of this definition would be."""
    different = [
        what
        for what, is_same in (
            ("schema", existing.schema == Schema.from_json(schema.to_json())),
            ("properties", existing.properties == properties),
            ("consistency_level", existing.consistency_level == consistency_level),
        )
        if not is_same
    ]
    if existing.name != name:
        raise CollectionExistsError(
            message=f"alias {name!r} already exists, for collection '{existing.name}'"
        )
    if different:
        raise CollectionExistsError(
            message=f"collection {name!r} already exists with another {' and '.join(different)}: drop it "
            f"first, or take another name"
        )


def _make_folder() -> str:
    from tempfile import mkdtemp  # imports much that a database in a file never needs

    return mkdtemp(prefix="milvus-store-")


def _remove_folder(folder: str | None, owner: int) -> None:
    """Remove what the process ``owner`` has made, if anything; a child that it forked leaves it alone."""
    if folder is not None and os.getpid() == owner:
        import shutil

        shutil.rmtree(folder, ignore_errors=True)
