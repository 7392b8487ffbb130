"""Where a file keeps the rows of its collections, for programs that read them by SQL of their own.

It reads through a connection that such a program made, and changes nothing. Definitions are verified; what the
tables hold is for the reader to doubt.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from ..errors import MilvusException
from ..schema.model import Schema
from .catalog import UNREADABLE, Catalog
from .integrity.row_checksums import PARTITION_COLUMN
from .layout import TableLayout

_CATALOG: Final = ("databases", "collections", "partitions", "aliases", "indexes")


@dataclass(frozen=True, slots=True)
class StoredTables:
    """The tables of a collection, their names and those of their columns quoted for SQL.

    ``rows``: the table of rows, with their ``seq`` and the id of their ``partition``. ``columns``: scalar field,
    or ``DYNAMIC_FIELD`` → its column. ``vectors``: vector field → the table of its values, with ``seq`` and
    ``value``.
    """

    collection: int
    database: str
    name: str
    schema: Schema
    rows: str
    columns: Mapping[str, str]
    vectors: Mapping[str, str]


def stored_tables(connection: sqlite3.Connection) -> list[StoredTables]:
    """The tables of all collections whose definitions are sound, by id.

    Args:
        connection: to a file of this format. It must not have temporary tables or views, which would hide those of
            the catalog.

    Raises:
        sqlite3.Error: SQLite cannot read the catalog.
    """
    with _plain_rows(connection):
        # A file from elsewhere may have a view in the place of a table, with whatever it likes to compute.
        tables = {
            name
            for (name,) in connection.execute(
                "SELECT name FROM main.sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE TABLE %'"
            )
        }
        if not tables.issuperset(_CATALOG):
            return []
        listed = connection.execute(
            "SELECT c.id, d.name FROM main.collections c JOIN main.databases d ON d.id = c.database_id"
            " ORDER BY c.id"
        ).fetchall()
        found = (_tables_of(connection, collection, database) for collection, database in listed)
        return [each for each in found if each is not None and tables.issuperset(_names(each))]


def _tables_of(connection: sqlite3.Connection, collection: int, database: object) -> StoredTables | None:
    try:
        record = Catalog(connection).load(collection)
        layout = TableLayout(collection, record.schema)
    except (MilvusException, *UNREADABLE):
        return None
    if not (isinstance(database, str) and isinstance(record.name, str)):
        return None
    columns = {name: column for name, column in layout.columns.items() if name != PARTITION_COLUMN}
    return StoredTables(
        collection, database, record.name, record.schema, layout.rows, columns, layout.vectors
    )


def _names(tables: StoredTables) -> set[str]:
    """The names of the tables, not quoted: no name of a field has a quote."""
    return {quoted.strip('"') for quoted in (tables.rows, *tables.vectors.values())}


@contextmanager
def _plain_rows(connection: sqlite3.Connection) -> Iterator[None]:
    """Inside the block rows are tuples, and texts are read whatever their bytes are."""
    before = connection.row_factory, connection.text_factory
    connection.row_factory, connection.text_factory = None, lambda text: text.decode("utf-8", "replace")
    try:
        yield
    finally:
        connection.row_factory, connection.text_factory = before
