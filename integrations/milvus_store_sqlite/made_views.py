"""The views that a connection has got from us, known again by a mark in their statements."""

from __future__ import annotations

import sqlite3
from typing import Final

MARK: Final = "/* by milvus-store */"


def made_views(connection: sqlite3.Connection) -> list[str]:
    """The names of the views, in the order in which they were made."""
    found = connection.execute(
        "SELECT name FROM sqlite_temp_master WHERE type = 'view' AND instr(sql, ?) ORDER BY rowid", (MARK,)
    )
    return [row[0] for row in found]


def drop_made_views(connection: sqlite3.Connection) -> None:
    for name in made_views(connection):
        connection.execute(f"DROP VIEW temp.{quoted(name)}")


def quoted(name: str) -> str:
    """A name in SQL, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'
