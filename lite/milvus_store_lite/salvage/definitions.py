"""The catalog of a damaged file, as far as it can be read: databases, and collections with their definitions.

Inconsistent entries are left out or corrected, and noted. A definition with a wrong checksum is still used: rows
have checksums of their own, which a wrong definition would not fit.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ..checks.definitions import CONSISTENCY_LEVELS
from ..checks.tables import columns_of, made_by
from ..collection.index_changes import indexed_field
from ..errors import MilvusException
from ..indexes.registry import check_index
from ..schema.fields import check_name
from ..schema.model import Schema
from ..schema.properties import (
    COLLECTION_PROPERTIES,
    DATABASE_PROPERTIES,
    check_against_schema,
    checked_properties,
)
from ..storage import positions
from ..storage.catalog import DEFAULT_PARTITION, UNREADABLE, IndexRecord
from ..storage.catalog_tables import DEFAULT_DATABASE
from ..storage.integrity.catalog_checksums import definition_rows, matches
from ..storage.layout import TableLayout
from ..storage.snapshots import RestoreRecord, SnapshotRecord
from ..storage.tables import CollectionTables
from ..text.fields import check_analyzers
from .scan import UNREADABLE_ROWS, Scan, largest, readable

Note = Callable[[str], object]

_IDS_TRIED: Final = 10_000
"""Up to this number, databases, collections and partitions are read one by one where SQLite cannot list them."""
_LARGEST_SEQ: Final = 1 << 40
"""A larger seq is damage: the seqs of a million rows have to add up to a 64-bit number."""


@dataclass
class FoundCollection:
    """A collection that can be read. ``expected``: the number of rows and the sum of their seqs; None where that
    record is damaged."""

    id: int
    database_id: int | None
    name: str
    schema: Schema
    properties: dict[str, Any]
    consistency_level: str
    is_loaded: bool
    created_at: int
    version: int
    last_seq: int
    expected: tuple[int, int] | None
    partitions: dict[int, tuple[str, int, bool]] = field(default_factory=dict)
    """Id → (name, time it was made, whether it is loaded)."""
    indexes: list[IndexRecord] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)
    snapshots: list[SnapshotRecord] = field(default_factory=list)
    restore: RestoreRecord | None = None
    kept_as: str | None = None
    """The name of the snapshot that it is; None for a collection of a database."""

    @property
    def shown_name(self) -> str:
        """Its name in the report of rows."""
        return self.name if self.kept_as is None else f"{self.name}, snapshot {self.kept_as}"

    @property
    def where(self) -> str:
        where = f"collection {self.name!r}"
        return where if self.kept_as is None else f"snapshot {self.kept_as!r} of {where}"


@dataclass
class FoundCatalog:
    """``databases``: id → (name, properties)."""

    databases: dict[int, tuple[str, dict[str, Any]]]
    collections: list[FoundCollection]
    last_collection: int
    """The largest id that any collection is known to have had."""


def read_catalog(connection: sqlite3.Connection, note: Note) -> FoundCatalog:
    """The readable part of the catalog, with unique and valid names."""
    databases = _databases(connection, note)
    collections = []
    tables = stored_tables(connection)
    known = {int(name[5:]) for name in tables if name.startswith("rows_") and name[5:].isdecimal()}
    for row in _catalog_rows(connection, "collections", _COLLECTION_COLUMNS, max(known, default=0), note):
        known.discard(row[0])
        found = _collection(connection, row, tables, note)
        if found is not None:
            collections.append(found)
    for lost in sorted(known):
        note(f"collection id {lost}: its definition cannot be found, so that its rows cannot be read")
    _read_partitions(connection, {collection.id: collection for collection in collections}, note)
    for collection in collections:
        _read_indexes(connection, collection, note)
        _note_changes(connection, collection, note)
    for collection in collections:
        if collection.database_id is not None and collection.database_id not in databases:
            name = free_name(f"recovered_{collection.database_id}", {name for name, _ in databases.values()})
            databases[collection.database_id] = name, {}
            note(f"{collection.where}: its database cannot be found; it is in a new one, {name!r}")
    _make_names_unique(databases, collections, note)
    _read_aliases(connection, databases, collections, note)
    sequence = readable(connection, "SELECT seq FROM sqlite_sequence WHERE name = 'collections'")
    last = max((collection.id for collection in collections), default=0)
    if sequence and isinstance(sequence[0][0], int) and last < sequence[0][0] < _LARGEST_SEQ:
        last = sequence[0][0]
    return FoundCatalog(databases, collections, last)


def stored_tables(connection: sqlite3.Connection) -> set[str]:
    """The names of the tables that have pages in the file: a view or a virtual table may be anything."""
    named = "SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0"
    return {name for (name,) in readable(connection, named)}


def _catalog_rows(
    connection: sqlite3.Connection, table: str, columns: tuple[str, ...], known: int, note: Note
) -> list[tuple[Any, ...]]:
    last = largest(connection, table, "id", max(known, _IDS_TRIED))
    return list(Scan(connection, table, "id", columns, note).rows(1, last))


def _databases(connection: sqlite3.Connection, note: Note) -> dict[int, tuple[str, dict[str, Any]]]:
    found: dict[int, tuple[str, dict[str, Any]]] = {1: (DEFAULT_DATABASE, {})}
    taken = {DEFAULT_DATABASE}
    for number, name, text, checksum in _catalog_rows(
        connection, "databases", ("name", "properties", "checksum"), 1, note
    ):
        where = f"database {name!r:.80}"
        if not matches((number, name, text), checksum):
            note(f"{where}: its name or properties are not what was written; they are kept as they are found")
        if number != 1:
            name = _sound_name("database", name, f"recovered_{number}", taken, note)
            taken.add(name)
        found[number] = (
            (name if number != 1 else DEFAULT_DATABASE),
            _properties("database", DATABASE_PROPERTIES, text, where, note),
        )
    return found


_COLLECTION_COLUMNS: Final = (
    "database_id",
    "name",
    "schema",
    "properties",
    "consistency_level",
    "is_loaded",
    "created_at",
    "version",
    "last_seq",
)


def _collection(
    connection: sqlite3.Connection, row: tuple[Any, ...], tables: set[str], note: Note
) -> FoundCollection | None:
    number, database, name, schema_text, properties, level, is_loaded, created_at, version, last_seq = row
    where = f"collection {name!r:.80} (id {number})"
    try:
        schema = Schema.from_json(schema_text)
        layout = TableLayout(number, schema)
        rows = layout.rows.strip('"')
        made = made_by(lambda memory: CollectionTables(layout, memory).create())
        expected = made[rows].keys()
        check_analyzers(schema)
        missing = expected - (columns_of(connection, rows).keys() if rows in tables else set())
    except (MilvusException, *UNREADABLE, *UNREADABLE_ROWS) as error:
        reason = error.message if isinstance(error, MilvusException) else f"{type(error).__name__}: {error}"
        note(f"{where}: its definition cannot be used, so that its rows cannot be read: {reason:.500}")
        return None
    if missing:
        note(
            f"{where}: its table of rows is missing, or lacks {', '.join(sorted(missing))}: no row can be read"
        )
        return None
    if level not in CONSISTENCY_LEVELS:
        note(f"{where}: its consistency level is damaged, and is now Bounded")
        level = "Bounded"
    checked = _properties("collection", COLLECTION_PROPERTIES, properties, where, note)
    try:
        check_against_schema(schema, checked)
    except MilvusException as error:
        note(f"{where}: its properties are left out: {error.message}")
        checked = {}
    return FoundCollection(
        id=number,
        database_id=(
            database if database is None or (isinstance(database, int) and 0 < database < _LARGEST_SEQ) else 1
        ),
        name=name,
        schema=schema,
        properties=checked,
        consistency_level=level,
        is_loaded=bool(is_loaded),
        created_at=sound_number(created_at, 0),
        version=sound_number(version, 1),
        last_seq=sound_number(last_seq, 0),
        expected=_expected(connection, number),
    )


def _expected(connection: sqlite3.Connection, collection: int) -> tuple[int, int] | None:
    """The number of rows that were written, and the sum of their seqs."""
    try:
        position = positions.position_of(connection, collection)
    except (MilvusException, *UNREADABLE, *UNREADABLE_ROWS):
        return None
    return None if position is None else (position.live, position.seq_sum)


def _note_changes(connection: sqlite3.Connection, collection: FoundCollection, note: Note) -> None:
    """Note a damaged definition or position."""
    try:
        (checksum,) = connection.execute(
            "SELECT checksum FROM collections WHERE id = ?", (collection.id,)
        ).fetchone()
        is_sound = matches(definition_rows(connection, collection.id), checksum)
    except UNREADABLE_ROWS:
        is_sound = False
    if not is_sound:
        note(f"{collection.where}: its definition is not what was written; it is kept as it is found")
    if collection.expected is None:
        note(f"{collection.where}: how many rows were written is not known, since that record is damaged")


def _read_partitions(
    connection: sqlite3.Connection, collections: Mapping[int, FoundCollection], note: Note
) -> None:
    columns = ("collection_id", "name", "created_at", "is_loaded")
    for number, collection, name, created_at, is_loaded in _catalog_rows(
        connection, "partitions", columns, 0, note
    ):
        found = collections.get(collection)
        if found is None:
            continue
        taken = {name for name, _, _ in found.partitions.values()}
        if name != DEFAULT_PARTITION or name in taken:
            name = _sound_name("partition", name, f"recovered_{number}", taken, note)
        found.partitions[number] = name, sound_number(created_at, 0), is_loaded != 0


def _read_indexes(connection: sqlite3.Connection, collection: FoundCollection, note: Note) -> None:
    rows = readable(
        connection,
        "SELECT name, field, type, metric, parameters FROM indexes WHERE collection_id = ? ORDER BY name",
        (collection.id,),
    )
    for name, column, kind, metric, text in rows:
        try:
            parameters = dict(json.loads(text))
            on = indexed_field(collection.schema, column, parameters)
            if on is None or not isinstance(name, str):
                raise ValueError(f"there is no field {column!r:.80}")
            checked = check_index(on, kind, metric, parameters)
        except (MilvusException, *UNREADABLE) as error:
            reason = error.message if isinstance(error, MilvusException) else str(error)
            note(f"{collection.where}: index {name!r:.80} is left out: {reason:.500}")
            continue
        collection.indexes.append(IndexRecord(name, column, *checked))
    indexed = {index.field for index in collection.indexes}
    bare = [vector.name for vector in collection.schema.vectors if vector.name not in indexed]
    if collection.is_loaded and bare:
        note(
            f"{collection.where}: it is released, since field {bare[0]!r} has no index: create one and load it"
        )
        collection.is_loaded = False


def _read_aliases(
    connection: sqlite3.Connection,
    databases: Mapping[int, Any],
    collections: list[FoundCollection],
    note: Note,
) -> None:
    by_id = {collection.id: collection for collection in collections}
    for database in databases:
        taken = {collection.name for collection in collections if collection.database_id == database}
        rows = readable(
            connection,
            "SELECT alias, collection_id FROM aliases WHERE database_id = ? ORDER BY alias",
            (database,),
        )
        for alias, collection_id in rows:
            collection = by_id.get(collection_id)
            try:
                check_name("alias", alias)
            except (MilvusException, *UNREADABLE):
                collection = None
            if collection is None or collection.database_id != database or alias in taken:
                note(f"alias {alias!r:.80} is left out: what it stands for is lost, or its name is taken")
                continue
            taken.add(alias)
            collection.aliases.append(alias)


def _make_names_unique(databases: Mapping[int, Any], collections: list[FoundCollection], note: Note) -> None:
    for database in databases:
        taken: set[str] = set()
        for collection in collections:
            if collection.database_id == database:
                collection.name = _sound_name(
                    "collection", collection.name, f"recovered_{collection.id}", taken, note
                )
                taken.add(collection.name)


def _sound_name(kind: str, name: Any, other: str, taken: set[str], note: Note) -> str:
    """``name``, or another one where no ``kind`` can have it or it is taken."""
    try:
        check_name(kind, name)
        if name not in taken:
            return str(name)
    except (MilvusException, *UNREADABLE):
        pass
    found = free_name(other, taken)
    note(f"{kind} {name!r:.80}: its name is damaged, or there twice; it is now called {found!r}")
    return found


def free_name(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _properties(owner: str, known: Mapping[str, str], text: Any, where: str, note: Note) -> dict[str, Any]:
    try:
        return checked_properties(owner, known, dict(json.loads(text)))
    except (MilvusException, *UNREADABLE) as error:
        note(f"{where}: its properties are left out: {error}")
        return {}


def sound_number(value: Any, default: int) -> int:
    return value if isinstance(value, int) and 0 <= value < _LARGEST_SEQ << 4 else default
