"""Whether a collection's position and its feed of removals agree with its rows: what caches rely on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from .definitions import Definition
from .offenders import named
from .report import Problem


def position(connection: sqlite3.Connection, collection: Definition) -> Iterator[Problem]:
    """``last_seq`` and ``last_change`` are behind nothing that was written."""
    last_seq, last_change = collection.last_seq, collection.last_change
    for name, last, table, column in (
        ("last_seq", last_seq, collection.rows, "seq"),
        ("last_seq", last_seq, collection.removed, "seq"),
        ("last_change", last_change, collection.removed, "change"),
    ):
        (largest,) = connection.execute(f"SELECT max({column}) FROM {table}").fetchone()
        if largest is not None and isinstance(last, int) and largest > last:
            bare = table.strip('"')
            yield Problem(
                collection.place, f"{name} is {last}, but {bare} has {column} {largest}: expected no less"
            )


def removals(connection: sqlite3.Connection, collection: Definition) -> Iterator[Problem]:
    """A row once removed never comes back."""
    alive = named(connection, collection.rows, f"seq IN (SELECT seq FROM {collection.removed})")
    if alive:
        yield Problem(collection.place, f"entered as removed, but still there: {alive}")
