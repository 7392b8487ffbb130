"""One transaction of SQLite, begun and ended by name."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def transaction(connection: sqlite3.Connection, kind: str = "DEFERRED") -> Iterator[None]:
    """What the block does, all or nothing. ``kind``: ``IMMEDIATE`` takes the write lock at once."""
    connection.execute(f"BEGIN {kind}")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.ProgrammingError):  # it is closed, since the call that had it was broken off
            # SQLite has rolled back by itself after some errors (a full disk), not after others.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        raise
