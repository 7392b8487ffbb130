"""Whether the catalog's own tables are whole, and whether every other table belongs to a collection.

It does not read what a collection's definition says; that is ``definitions.py``.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from typing import Final

from ..storage.catalog_tables import CATALOG_TABLES
from .report import Problem
from .tables import Columns, differences, made_by

_STORAGE_CLASSES: Final = {"INTEGER": "integer", "REAL": "real", "TEXT": "text", "BLOB": "blob"}
_OF_COLLECTION: Final = re.compile(r"(?:rows|vectors|removed|times|terms|tenants)_(\d+)(?:_|\Z)")


def _make_catalog(connection: sqlite3.Connection) -> None:
    for statement in CATALOG_TABLES:
        connection.execute(statement)


_MADE: Final = made_by(_make_catalog)
CATALOG: Final[dict[str, Columns]] = {name: columns for name, columns in _MADE.items() if columns}
"""The catalog's tables and their columns."""


def catalog_tables(connection: sqlite3.Connection) -> Iterator[Problem]:
    """The catalog's tables and indexes exist, with the columns they were made with."""
    for name, message in differences(connection, _MADE):
        yield Problem(f"table {name}", message)


def catalog_values(connection: sqlite3.Connection) -> Iterator[Problem]:
    """Every value of the catalog has the type of its column."""
    for table, columns in CATALOG.items():
        for column, (kind, not_null, key_position) in columns.items():
            allowed = [_STORAGE_CLASSES[kind]] + ([] if not_null or key_position else ["null"])
            marks = ", ".join("?" * len(allowed))
            wrong = connection.execute(
                f'SELECT typeof("{column}"), count(*) FROM "{table}"'
                f' WHERE typeof("{column}") NOT IN ({marks}) GROUP BY 1',
                allowed,
            )
            for found, count in wrong:
                yield Problem(
                    f"table {table}",
                    f"column {column!r}: expected {' or '.join(allowed)}, found {found} in {_rows(count)}",
                )


def references(connection: sqlite3.Connection) -> Iterator[Problem]:
    """Rows of the catalog that refer to a database or collection that does not exist.

    That rows refer to a partition, and to one of their own collection, is checked with the rows.
    """
    for table in CATALOG:
        broken = connection.execute(
            "SELECT parent, count(*) FROM pragma_foreign_key_check(?) GROUP BY parent", (table,)
        )
        for parent, count in broken:
            yield Problem(f"table {table}", f"{_rows(count)} refer to what is not in table {parent}")


def orphan_tables(connection: sqlite3.Connection) -> Iterator[Problem]:
    """No rows, vectors or removals of a collection that does not exist."""
    known = {str(collection) for (collection,) in connection.execute("SELECT id FROM collections")}
    for collection, tables in tables_of_collections(connection).items():
        if collection not in known:
            for table in tables:
                yield Problem(f"table {table}", f"collection id {collection} does not exist")


def tables_of_collections(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """Collection id → the tables that have it in their name, whether or not there is such a collection."""
    found: dict[str, list[str]] = {}
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"):
        match = _OF_COLLECTION.match(name)
        if match:
            found.setdefault(match[1], []).append(name)
    return found


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"
