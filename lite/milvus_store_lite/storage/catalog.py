"""The catalog: which databases, collections, aliases, partitions and indexes the file holds.

Every change of a collection's definition raises its ``version``, by which caches of other threads and processes
see that they are stale.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from ..errors import DatabaseCorruptError, MilvusException
from ..process.lazy import lazy
from ..schema.given_pks import takes_pks
from ..schema.model import Schema
from . import index_parts, positions
from .chunks import chunks
from .integrity import names
from .integrity.catalog_checksums import seal_definition, verified_definition
from .integrity.names import Names
from .integrity.protected import DEFINING
from .layout import TableLayout
from .positions import DATABASE, Position
from .snapshots import (
    Pin,
    RestoreRecord,
    SnapshotRecord,
    add_restore,
    add_snapshot,
    remove_snapshot,
    set_pins,
)
from .table_changes import SchemaChange
from .tables import CollectionTables

DEFAULT_PARTITION: Final = "_default"

UNREADABLE: Final = (ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""The exceptions that reading a damaged definition may raise, besides those of this package."""


@dataclass(frozen=True, slots=True)
class IndexRecord:
    """An index as the user defined it. ``metric`` is None for scalar fields."""

    name: str
    field: str
    type: str
    metric: str | None
    parameters: dict[str, Any]


@dataclass(frozen=True, eq=False)
class CollectionRecord:
    """A collection's definition, as of ``version``.

    ``partitions``: name → id, of all of them; ``released``: those that are not loaded while the collection is.
    ``database_properties``: those of the database it is in. ``restore``: how it came from a snapshot, if it did.
    """

    id: int
    name: str
    schema: Schema
    properties: dict[str, Any]
    consistency_level: str
    is_loaded: bool
    created_at: int
    version: int
    partitions: dict[str, int]
    indexes: tuple[IndexRecord, ...]
    aliases: tuple[str, ...]
    released: frozenset[str] = frozenset()
    database_properties: dict[str, Any] = field(default_factory=dict)
    snapshots: tuple[SnapshotRecord, ...] = ()
    restore: RestoreRecord | None = None

    @lazy
    def in_force(self) -> dict[str, Any]:
        """The properties that hold for the collection: its own before those of its database."""
        return {**self.database_properties, **self.properties}

    @property
    def takes_pks(self) -> bool:
        """Whether inserted rows may have primary keys."""
        return takes_pks(self.schema, self.properties)

    @property
    def loaded_partitions(self) -> frozenset[int]:
        """The ids of the partitions that may be read; none while the collection is released."""
        if not self.is_loaded:
            return frozenset()
        return frozenset(number for name, number in self.partitions.items() if name not in self.released)

    def index_of(self, field: str) -> IndexRecord | None:
        """The index on ``field``, if there is one."""
        return next((index for index in self.indexes if index.field == field), None)


class Catalog:
    """The catalog of the file that ``connection`` goes to, in a transaction."""

    __slots__ = ("connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def load(self, collection: int) -> CollectionRecord:
        """The whole definition of a collection that exists.

        Raises:
            DatabaseCorruptError: the definition is not what was written.
        """
        (row,), partitions, indexes, aliases, kept, restores = verified_definition(
            self.connection, collection
        )
        _, _, name, schema, properties, level, is_loaded, created_at, version, of_database = row
        with _damage_in(f"the definition of collection {name!r}"):
            return CollectionRecord(
                id=collection,
                name=name,
                schema=Schema.from_json(schema),
                properties=dict(json.loads(properties)),
                consistency_level=level,
                is_loaded=bool(is_loaded),
                created_at=created_at,
                version=version,
                partitions={name: number for name, number, *_ in partitions},
                indexes=tuple(
                    IndexRecord(index, field, kind, metric, json.loads(parameters))
                    for index, field, kind, metric, parameters in indexes
                ),
                aliases=tuple(alias for (alias,) in aliases),
                released=frozenset(name for name, _, is_loaded, _ in partitions if not is_loaded),
                database_properties={} if of_database is None else dict(json.loads(of_database)),
                snapshots=tuple(SnapshotRecord.stored(*snapshot) for snapshot in kept),
                restore=RestoreRecord(*restores[0]) if restores else None,
            )

    def existing(self, collections: Sequence[int]) -> set[int]:
        """Those of the ids ``collections`` that a collection of any database has."""
        found: set[int] = set()
        for chunk, marks in chunks(collections):
            rows = self.connection.execute(f"SELECT id FROM collections WHERE id IN ({marks})", chunk)
            found.update(collection for (collection,) in rows)
        return found

    def find(self, database: str, name: str) -> tuple[int, int, Position] | None:
        """(id, version, position) of the collection that has ``name`` as its name or alias.

        Raises:
            DatabaseCorruptError: the collection's row is not what was written, or damage hides it.
        """
        return positions.find(self.connection, database, name)

    def exists(self, database: str, name: str) -> bool:
        """Whether a collection has ``name`` as its name or alias."""
        return positions.exists(self.connection, database, name)

    def position(self, collection: int) -> Position | None:
        """The position of the collection with this id; None if it was dropped."""
        return positions.position_of(self.connection, collection)

    def names(self) -> Names:
        """The names of all databases, collections and aliases; raises DatabaseCorruptError."""
        return names.read(self.connection)

    def add_collection(
        self,
        database: str | None,
        name: str,
        schema: Schema,
        properties: dict[str, Any],
        consistency_level: str,
    ) -> int:
        """Insert a collection with its default partition; returns its id, which is never used again.

        Args:
            database: where it goes; None for what a snapshot keeps.
        """
        now = _now()
        with names.changing(self.connection):
            ((collection,),) = self.connection.execute(
                "INSERT INTO collections (database_id, name, schema, properties, consistency_level, created_at)"
                f" VALUES ({DATABASE}, ?, ?, ?, ?, ?) RETURNING id",
                (database, name, schema.to_json(), json.dumps(properties), consistency_level, now),
            ).fetchall()
        self.connection.execute(
            "INSERT INTO partitions (collection_id, name, created_at) VALUES (?, ?, ?)",
            (collection, DEFAULT_PARTITION, now),
        )
        self.seal(collection)
        return int(collection)

    def remove_collection(self, collection: int) -> None:
        index_parts.remove_indexes(self.connection, collection)
        with names.changing(self.connection):
            for part in DEFINING:
                part.remove_from(self.connection, collection)
            self.connection.execute("DELETE FROM collections WHERE id = ?", (collection,))

    def rename_collection(self, collection: int, database: str, name: str) -> None:
        """Give a collection a name in ``database``, which may be another database than before."""
        with names.changing(self.connection):
            self.connection.execute(
                f"UPDATE collections SET name = ?, database_id = {DATABASE} WHERE id = ?",
                (name, database, collection),
            )
        self.touch(collection)

    def set_loaded(self, collection: int, partitions: Collection[int]) -> None:
        """Load ``partitions`` and release the others; the collection is loaded when one of them is."""
        self.connection.execute(
            "UPDATE collections SET is_loaded = ? WHERE id = ?", (bool(partitions), collection)
        )
        # A released collection's partitions count as loaded: load_collection() loads all of them.
        self.connection.execute(
            "UPDATE partitions SET is_loaded = ? WHERE collection_id = ?", (not partitions, collection)
        )
        self.connection.executemany(
            "UPDATE partitions SET is_loaded = 1 WHERE id = ?", [(number,) for number in partitions]
        )
        self.touch(collection)

    def change_schema(self, record: CollectionRecord, schema: Schema, stored_default: Any = None) -> None:
        """Bring the tables and the definition of a collection to ``schema``.

        Args:
            stored_default: the value of a new field's column in the stored rows.
        """
        layout = TableLayout(record.id, record.schema)
        SchemaChange(layout, schema, self.connection).apply(stored_default)
        self.connection.execute(
            "UPDATE collections SET schema = ? WHERE id = ?", (schema.to_json(), record.id)
        )
        self.touch(record.id)

    def set_properties(self, collection: int, properties: Mapping[str, Any]) -> None:
        self.connection.execute(
            "UPDATE collections SET properties = ? WHERE id = ?", (json.dumps(properties), collection)
        )
        self.touch(collection)

    def set_alias(self, database: str, alias: str, collection: int) -> None:
        """Let ``alias`` stand for a collection, even if it stood for another one before."""
        with names.changing(self.connection) as known:
            before = known.alias_target(database, alias)
            if before is not None:
                self.verify(before.id)
                self._delete_alias(database, alias)
            self.connection.execute(
                f"INSERT INTO aliases (database_id, alias, collection_id) VALUES ({DATABASE}, ?, ?)",
                (database, alias, collection),
            )
        for changed in {collection} if before is None else {collection, before.id}:
            self.touch(changed)

    def remove_alias(self, database: str, alias: str) -> None:
        with names.changing(self.connection) as known:
            target = known.alias_target(database, alias)
            if target is not None:
                self.verify(target.id)
                self._delete_alias(database, alias)
        if target is not None:
            self.touch(target.id)

    def _delete_alias(self, database: str, alias: str) -> None:
        self.connection.execute(
            f"DELETE FROM aliases WHERE database_id = {DATABASE} AND alias = ?", (database, alias)
        )

    def add_partition(self, collection: int, name: str) -> None:
        self.connection.execute(
            "INSERT INTO partitions (collection_id, name, created_at) VALUES (?, ?, ?)",
            (collection, name, _now()),
        )
        self.touch(collection)

    def remove_partition(self, collection: int, name: str) -> None:
        self.connection.execute(
            "DELETE FROM partitions WHERE collection_id = ? AND name = ?", (collection, name)
        )
        self.touch(collection)

    def add_index(self, collection: int, index: IndexRecord) -> None:
        self.connection.execute(
            "INSERT INTO indexes (collection_id, name, field, type, metric, parameters) VALUES (?, ?, ?, ?, ?, ?)",
            (collection, index.name, index.field, index.type, index.metric, json.dumps(index.parameters)),
        )
        self.touch(collection)

    def set_index_parameters(self, collection: int, name: str, parameters: Mapping[str, Any]) -> None:
        self.connection.execute(
            "UPDATE indexes SET parameters = ? WHERE collection_id = ? AND name = ?",
            (json.dumps(parameters), collection, name),
        )
        self.touch(collection)

    def remove_index(self, collection: int, name: str) -> None:
        index_parts.StoredIndex(self.connection, collection, name).remove()
        self.connection.execute(
            "DELETE FROM indexes WHERE collection_id = ? AND name = ?", (collection, name)
        )
        self.touch(collection)

    def add_snapshot(self, collection: int, snapshot: SnapshotRecord) -> None:
        add_snapshot(self.connection, collection, snapshot)
        self.touch(collection)

    def remove_snapshot(self, collection: int, name: str) -> None:
        """Remove the entry of a snapshot; what it kept is a collection of its own."""
        remove_snapshot(self.connection, collection, name)
        self.touch(collection)

    def set_pins(self, collection: int, name: str, pins: Sequence[Pin]) -> None:
        """Let a snapshot have these pins and no others."""
        set_pins(self.connection, collection, name, pins)
        self.touch(collection)

    def add_restore(self, collection: int, restore: RestoreRecord) -> None:
        add_restore(self.connection, collection, restore)
        self.touch(collection)

    def tables(self, collection: int, schema: Schema) -> CollectionTables:
        """The tables of a collection, to make or drop them or the SQL indexes on them."""
        return CollectionTables(TableLayout(collection, schema), self.connection)

    def touch(self, collection: int) -> None:
        """Note a changed definition: raise its version, which caches compare, and write its checksums."""
        self.connection.execute("UPDATE collections SET version = version + 1 WHERE id = ?", (collection,))
        self.seal(collection)

    def verify(self, collection: int) -> None:
        """Refuse damage of a collection's row that sealing it would hide.

        Raises:
            DatabaseCorruptError: its definition or its position is not what was written.
        """
        verified_definition(self.connection, collection)
        positions.position_of(self.connection, collection)

    def seal(self, collection: int) -> None:
        """Write both checksums of a collection."""
        seal_definition(self.connection, collection)
        positions.seal(self.connection, collection)


@contextmanager
def _damage_in(what: str) -> Iterator[None]:
    """Inside the block, an error while reading ``what`` means that the file is damaged."""
    try:
        yield
    except (MilvusException, *UNREADABLE) as error:
        reason = error.message if isinstance(error, MilvusException) else f"{type(error).__name__}: {error}"
        raise DatabaseCorruptError(
            message=f"{what} is damaged: {reason}; 'milvus-store check' lists all damage"
        ) from error


def _now() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000
