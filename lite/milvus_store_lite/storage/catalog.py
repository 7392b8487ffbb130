"""The catalog: which databases, collections, aliases, partitions and indexes the file holds.

Plain functions over a connection that is already inside a transaction. Every change of a collection's
definition raises its ``version``, by which caches of other threads and processes see that they are stale.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from ..errors import DatabaseCorruptError, MilvusException
from ..process.lazy import lazy
from ..schema.model import Schema
from . import index_parts, positions
from .file.lineage import LINEAGE_TABLE
from .integrity import names
from .integrity.catalog_checksums import digest, seal_definition, verified_definition
from .positions import DATABASE

DEFAULT_DATABASE: Final = "default"
DEFAULT_PARTITION: Final = "_default"

CATALOG_TABLES: Final = (
    LINEAGE_TABLE,
    """CREATE TABLE databases (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        properties TEXT NOT NULL DEFAULT '{}',
        checksum BLOB NOT NULL
    )""",
    """CREATE TABLE collections (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        database_id INTEGER NOT NULL REFERENCES databases(id),
        name TEXT NOT NULL,
        schema TEXT NOT NULL,
        properties TEXT NOT NULL DEFAULT '{}',
        consistency_level TEXT NOT NULL,
        is_loaded INTEGER NOT NULL DEFAULT 0,
        created_at INTEGER NOT NULL,
        version INTEGER NOT NULL DEFAULT 1,
        last_seq INTEGER NOT NULL DEFAULT 0,
        last_change INTEGER NOT NULL DEFAULT 0,
        key_sum INTEGER NOT NULL DEFAULT 0,
        seq_sum INTEGER NOT NULL DEFAULT 0,
        checksum BLOB NOT NULL DEFAULT x'',
        position_checksum BLOB NOT NULL DEFAULT x'',
        UNIQUE (database_id, name)
    )""",
    """CREATE TABLE aliases (
        database_id INTEGER NOT NULL REFERENCES databases(id),
        alias TEXT NOT NULL,
        collection_id INTEGER NOT NULL REFERENCES collections(id),
        PRIMARY KEY (database_id, alias)
    ) WITHOUT ROWID""",
    """CREATE TABLE partitions (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        collection_id INTEGER NOT NULL REFERENCES collections(id),
        name TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        is_loaded INTEGER NOT NULL DEFAULT 1,
        UNIQUE (collection_id, name)
    )""",
    """CREATE TABLE indexes (
        collection_id INTEGER NOT NULL REFERENCES collections(id),
        name TEXT NOT NULL,
        field TEXT NOT NULL,
        type TEXT NOT NULL,
        metric TEXT,
        parameters TEXT NOT NULL DEFAULT '{}',
        PRIMARY KEY (collection_id, name)
    ) WITHOUT ROWID""",
    *index_parts.INDEX_TABLES,
    "CREATE TABLE names (id INTEGER PRIMARY KEY, checksum BLOB NOT NULL)",
    f"INSERT INTO names (checksum) VALUES (x'{names.NO_NAMES.hex()}')",
    f"INSERT INTO databases (id, name, checksum)"
    f" VALUES (1, '{DEFAULT_DATABASE}', x'{digest((1, DEFAULT_DATABASE, '{}')).hex()}')",
)


UNREADABLE: Final = (ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What reading a damaged definition may raise, besides errors of this package."""


@dataclass(frozen=True, slots=True)
class IndexRecord:
    """An index as it was asked for. ``metric`` is None for scalar fields."""

    name: str
    field: str
    type: str
    metric: str | None
    parameters: dict[str, Any]


@dataclass(frozen=True, eq=False)
class CollectionRecord:
    """A collection's definition, as of ``version``.

    ``partitions``: name → id, of all of them; ``released``: those that are not loaded while the collection is.
    ``database_properties``: those of the database it is in.
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

    @lazy
    def in_force(self) -> dict[str, Any]:
        """The properties that hold for the collection: its own before those of its database."""
        return {**self.database_properties, **self.properties}

    @property
    def loaded_partitions(self) -> frozenset[int]:
        """The ids of the partitions that may be read; none while the collection is released."""
        if not self.is_loaded:
            return frozenset()
        return frozenset(number for name, number in self.partitions.items() if name not in self.released)

    def index_of(self, field: str) -> IndexRecord | None:
        """The index on ``field``, if there is one."""
        return next((index for index in self.indexes if index.field == field), None)


def load(connection: sqlite3.Connection, collection: int) -> CollectionRecord:
    """The whole definition of a collection that exists.

    Raises:
        DatabaseCorruptError: it is not what was written.
    """
    (row,), partitions, indexes, aliases = verified_definition(connection, collection)
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
            database_properties=dict(json.loads(of_database)),
        )


@contextmanager
def _damage_in(what: str) -> Iterator[None]:
    """Reading ``what`` in the block can fail for one reason only."""
    try:
        yield
    except (MilvusException, *UNREADABLE) as error:
        reason = error.message if isinstance(error, MilvusException) else f"{type(error).__name__}: {error}"
        raise DatabaseCorruptError(
            message=f"{what} is damaged: {reason}; 'milvus-store check' lists all damage"
        ) from error


def ids(connection: sqlite3.Connection) -> set[int]:
    """The collections of all databases."""
    return {collection for (collection,) in connection.execute("SELECT id FROM collections")}


def add_collection(
    connection: sqlite3.Connection,
    database: str,
    name: str,
    schema: Schema,
    properties: dict[str, Any],
    consistency_level: str,
) -> int:
    """Enter a collection with its default partition; returns its id, which is never used again."""
    now = _now()
    with names.changing(connection):
        ((collection,),) = connection.execute(
            "INSERT INTO collections (database_id, name, schema, properties, consistency_level, created_at)"
            f" VALUES ({DATABASE}, ?, ?, ?, ?, ?) RETURNING id",
            (database, name, schema.to_json(), json.dumps(properties), consistency_level, now),
        ).fetchall()
    connection.execute(
        "INSERT INTO partitions (collection_id, name, created_at) VALUES (?, ?, ?)",
        (collection, DEFAULT_PARTITION, now),
    )
    seal(connection, collection)
    return int(collection)


def remove_collection(connection: sqlite3.Connection, collection: int) -> None:
    index_parts.remove_indexes(connection, collection)
    with names.changing(connection):
        for table in ("aliases", "partitions", "indexes"):
            connection.execute(f"DELETE FROM {table} WHERE collection_id = ?", (collection,))
        connection.execute("DELETE FROM collections WHERE id = ?", (collection,))


def rename_collection(connection: sqlite3.Connection, collection: int, database: str, name: str) -> None:
    """Give a collection a name in ``database``, which may be another one than it was in."""
    with names.changing(connection):
        connection.execute(
            f"UPDATE collections SET name = ?, database_id = {DATABASE} WHERE id = ?",
            (name, database, collection),
        )
    touch(connection, collection)


def set_loaded(connection: sqlite3.Connection, collection: int, partitions: Collection[int]) -> None:
    """Load ``partitions`` and release the others; the collection is loaded when one of them is."""
    connection.execute("UPDATE collections SET is_loaded = ? WHERE id = ?", (bool(partitions), collection))
    # While the collection is released, its partitions are as load_collection() will find them: loaded.
    connection.execute(
        "UPDATE partitions SET is_loaded = ? WHERE collection_id = ?", (not partitions, collection)
    )
    connection.executemany("UPDATE partitions SET is_loaded = 1 WHERE id = ?", [(one,) for one in partitions])
    touch(connection, collection)


def set_schema(connection: sqlite3.Connection, collection: int, schema: Schema) -> None:
    connection.execute("UPDATE collections SET schema = ? WHERE id = ?", (schema.to_json(), collection))
    touch(connection, collection)


def set_properties(connection: sqlite3.Connection, collection: int, properties: Mapping[str, Any]) -> None:
    connection.execute(
        "UPDATE collections SET properties = ? WHERE id = ?", (json.dumps(properties), collection)
    )
    touch(connection, collection)


def set_alias(connection: sqlite3.Connection, database: str, alias: str, collection: int) -> None:
    """Let ``alias`` stand for a collection, whatever it stood for before."""
    remove_alias(connection, database, alias)
    with names.changing(connection):
        connection.execute(
            f"INSERT INTO aliases (database_id, alias, collection_id) VALUES ({DATABASE}, ?, ?)",
            (database, alias, collection),
        )
    touch(connection, collection)


def remove_alias(connection: sqlite3.Connection, database: str, alias: str) -> None:
    target = names.read(connection).alias_target(database, alias)
    if target is None:
        return
    verify(connection, target.id)
    with names.changing(connection):
        connection.execute(
            f"DELETE FROM aliases WHERE database_id = {DATABASE} AND alias = ?", (database, alias)
        )
    touch(connection, target.id)


def add_partition(connection: sqlite3.Connection, collection: int, name: str) -> None:
    connection.execute(
        "INSERT INTO partitions (collection_id, name, created_at) VALUES (?, ?, ?)",
        (collection, name, _now()),
    )
    touch(connection, collection)


def remove_partition(connection: sqlite3.Connection, collection: int, name: str) -> None:
    connection.execute("DELETE FROM partitions WHERE collection_id = ? AND name = ?", (collection, name))
    touch(connection, collection)


def add_index(connection: sqlite3.Connection, collection: int, index: IndexRecord) -> None:
    connection.execute(
        "INSERT INTO indexes (collection_id, name, field, type, metric, parameters) VALUES (?, ?, ?, ?, ?, ?)",
        (collection, index.name, index.field, index.type, index.metric, json.dumps(index.parameters)),
    )
    touch(connection, collection)


def remove_index(connection: sqlite3.Connection, collection: int, name: str) -> None:
    index_parts.StoredIndex(connection, collection, name).remove()
    connection.execute("DELETE FROM indexes WHERE collection_id = ? AND name = ?", (collection, name))
    touch(connection, collection)


def _now() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def touch(connection: sqlite3.Connection, collection: int) -> None:
    """The definition of a collection is another one: let caches know, and write its checksums."""
    connection.execute("UPDATE collections SET version = version + 1 WHERE id = ?", (collection,))
    seal(connection, collection)


def verify(connection: sqlite3.Connection, collection: int) -> None:
    """Refuse damage of a collection's row that sealing it would hide.

    Raises:
        DatabaseCorruptError: its definition or its position is not what was written.
    """
    verified_definition(connection, collection)
    positions.place(connection, collection)


def seal(connection: sqlite3.Connection, collection: int) -> None:
    """Write both checksums of a collection."""
    seal_definition(connection, collection)
    positions.seal(connection, collection)
