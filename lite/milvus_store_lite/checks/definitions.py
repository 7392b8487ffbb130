"""Whether a collection's definition in the catalog is readable and consistent.

``read_definition`` gives the other checks the schema and the tables to look at; rows are not read here.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..codec import check_defaults
from ..collection.index_changes import indexed_field
from ..errors import MilvusException
from ..indexes.registry import check_index
from ..process.lazy import lazy
from ..schema.fields import check_name
from ..schema.model import Schema
from ..schema.properties import COLLECTION_PROPERTIES, DATABASE_PROPERTIES, checked_properties
from ..storage.catalog import UNREADABLE
from ..storage.catalog_tables import DEFAULT_DATABASE
from ..storage.layout import TableLayout
from ..storage.tables import CollectionTables
from .catalog import tables_of_collections
from .report import Problem
from .tables import Columns, differences, made_by

CONSISTENCY_LEVELS: Final = ("Strong", "Session", "Bounded", "Eventually", "Customized")


@dataclass(frozen=True)
class Definition:
    """A collection's row of the catalog, its schema read. ``place`` names it in problems."""

    id: int
    name: str
    place: str
    schema: Schema
    properties: str
    consistency_level: str
    is_loaded: int
    last_seq: int
    last_change: int
    key_sum: int
    seq_sum: int
    inserted_at: int

    @lazy
    def layout(self) -> TableLayout:
        """Names of tables and columns, quoted for SQL."""
        return TableLayout(self.id, self.schema)

    @lazy
    def made(self) -> dict[str, Columns]:
        """The tables and indexes as they are made, with their columns."""
        return made_by(lambda connection: CollectionTables(self.layout, connection).create())

    def stored_as(self, name: str) -> str:
        """What SQLite's ``typeof`` says of the values of a scalar field."""
        columns = self.made[self.layout.rows.strip('"')]
        return columns[self.layout.columns[name].strip('"')][0].lower()

    def field_place(self, name: str) -> str:
        return f"{self.place}, field {name!r}"


def read_definition(connection: sqlite3.Connection, collection: int) -> Definition | Problem:
    """The collection with this id, or why it cannot be read."""
    row = connection.execute(
        "SELECT collections.name, databases.name,"
        " (SELECT name FROM snapshots WHERE kept_id = collections.id), schema, collections.properties,"
        " consistency_level, is_loaded, last_seq, last_change, key_sum, seq_sum, inserted_at"
        " FROM collections LEFT JOIN databases ON databases.id = database_id WHERE collections.id = ?",
        (collection,),
    ).fetchone()
    if row is None:
        return Problem(f"collection id {collection}", "its row in table collections cannot be found")
    name, database, snapshot, schema, *rest = row
    place = f"collection {name!r}"
    if snapshot is not None:
        place = f"snapshot {snapshot!r} of {place}"
    elif database != DEFAULT_DATABASE:
        place += f" of database {database!r}"
    try:
        return Definition(collection, name, place, Schema.from_json(schema), *rest)
    except MilvusException as error:
        return Problem(place, f"the schema cannot be read: {error.message}")
    except UNREADABLE as error:
        return Problem(place, f"the schema cannot be read: {type(error).__name__}: {error}")


def tables_and_columns(connection: sqlite3.Connection, collection: Definition) -> Iterator[Problem]:
    """The tables that the schema asks for exist, with their columns, and no others of this collection."""
    for name, message in differences(connection, collection.made):
        yield Problem(collection.place, f"table {name}: {message}")
    for name in tables_of_collections(connection).get(str(collection.id), []):
        if name not in collection.made:
            yield Problem(collection.place, f"table {name} belongs to nothing in the schema")


def definition(connection: sqlite3.Connection, collection: Definition) -> Iterator[Problem]:
    """Name, defaults, properties, level and partitions are valid."""
    try:
        check_name("collection", collection.name)
        check_defaults(collection.schema)
    except MilvusException as error:
        yield Problem(collection.place, error.message)
    fault = _properties_fault("collection", COLLECTION_PROPERTIES, collection.properties)
    if fault:
        yield Problem(collection.place, fault)
    if collection.consistency_level not in CONSISTENCY_LEVELS:
        yield Problem(
            collection.place,
            f"consistency_level: expected one of {', '.join(CONSISTENCY_LEVELS)}, "
            f"found {collection.consistency_level!r}",
        )
    if collection.is_loaded not in (0, 1):
        yield Problem(collection.place, f"is_loaded: expected 0 or 1, found {collection.is_loaded!r}")
    (partitions,) = connection.execute(
        "SELECT count(*) FROM partitions WHERE collection_id = ?", (collection.id,)
    ).fetchone()
    if partitions == 0:
        yield Problem(collection.place, "there is no partition; expected one or more")


def indexes(connection: sqlite3.Connection, collection: Definition) -> Iterator[Problem]:
    """Indexes are on fields that exist, and of a type, metric and parameters that those fields take."""
    rows = connection.execute(
        "SELECT name, field, type, metric, parameters FROM indexes WHERE collection_id = ? ORDER BY name",
        (collection.id,),
    )
    for name, field, kind, metric, parameters in rows:
        fault = _index_fault(collection.schema, field, kind, metric, parameters)
        if fault:
            yield Problem(collection.place, f"index {name!r}: {fault}")


def databases(connection: sqlite3.Connection) -> Iterator[Problem]:
    """The properties of databases are valid."""
    for name, properties in connection.execute("SELECT name, properties FROM databases ORDER BY id"):
        fault = _properties_fault("database", DATABASE_PROPERTIES, properties)
        if fault:
            yield Problem(f"database {name!r}", fault)


def snapshots(connection: sqlite3.Connection) -> Iterator[Problem]:
    """What one snapshot has kept is in no database, and nothing else is."""
    wrong = connection.execute(
        "SELECT id FROM collections WHERE (database_id IS NULL) !="
        " ((SELECT count(*) FROM snapshots WHERE kept_id = id) = 1) ORDER BY id"
    )
    for (collection,) in wrong:
        yield Problem(
            f"collection id {collection}", "expected one snapshot that keeps it, or a database that it is in"
        )


def _properties_fault(owner: str, known: Mapping[str, str], text: Any) -> str | None:
    if not _is_json_object(text):
        return f"properties: expected a JSON object, found {text!r:.80}"
    try:
        checked_properties(owner, known, json.loads(text))
    except MilvusException as error:
        return error.message
    return None


def _index_fault(schema: Schema, field: str, kind: str, metric: str | None, parameters: str) -> str | None:
    if not _is_json_object(parameters):
        return f"the parameters are not a JSON object: {parameters!r:.80}"
    indexed = indexed_field(schema, field, json.loads(parameters))
    if indexed is None:
        return f"its field {field!r} does not exist"
    try:
        check_index(indexed, kind, metric, json.loads(parameters))
    except MilvusException as error:
        return error.message
    return None


def _is_json_object(text: Any) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except UNREADABLE:
        return False
