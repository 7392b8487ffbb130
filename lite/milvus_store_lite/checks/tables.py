"""Whether the tables exist and have the columns they were made with.

The expected tables are not written down a second time: the check runs the statements that make a new file's
tables in memory, and compares the two.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing

Columns = dict[str, tuple[str, bool, int]]
"""Column name → (declared type, whether NOT NULL, position in the primary key from 1, or 0)."""


def made_by(make: Callable[[sqlite3.Connection], None]) -> dict[str, Columns]:
    """The tables that ``make`` makes, each with its columns, and its indexes, which have none."""
    with closing(sqlite3.connect(":memory:")) as connection:
        make(connection)
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE name <> 'sqlite_sequence' ORDER BY rowid"
        ).fetchall()
        return {name: columns_of(connection, name) for (name,) in names}


def columns_of(connection: sqlite3.Connection, table: str) -> Columns:
    """The columns of ``table``, none if there is no such table."""
    rows = connection.execute('SELECT name, type, "notnull", pk FROM pragma_table_info(?)', (table,))
    return {name: (kind, bool(not_null), key_position) for name, kind, not_null, key_position in rows}


def differences(connection: sqlite3.Connection, expected: dict[str, Columns]) -> Iterator[tuple[str, str]]:
    """(table or index, what is wrong with it) wherever the file differs from ``expected``."""
    existing = dict(connection.execute("SELECT name, type FROM sqlite_master").fetchall())
    for name, columns in expected.items():
        if name not in existing:
            yield name, "is missing"
            continue
        if not columns:
            continue
        found = columns_of(connection, name)
        for column in sorted(columns.keys() | found.keys()):
            if columns.get(column) != found.get(column):
                yield (
                    name,
                    f"column {column!r}: expected {_describe(columns.get(column))}, "
                    f"found {_describe(found.get(column))}",
                )


def _describe(column: tuple[str, bool, int] | None) -> str:
    if column is None:
        return "none"
    kind, not_null, key_position = column
    return kind + (" NOT NULL" if not_null else "") + (" PRIMARY KEY" if key_position else "")
