"""How many rows each tenant has, each value of a partition key: what is read of a tenant must be as many.

One row for each tenant that has rows, written in the same transaction as the rows themselves. So what the SQL
index on the key has lost is missed, however little of the collection is read.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from typing import Any

from ..chunks import chunks


class Tenants:
    """The table of tenants, its name quoted for SQL, of a collection whose key is stored as ``kind``."""

    def __init__(self, table: str, kind: str) -> None:
        self.table = table
        self._kind = kind

    def create(self, connection: sqlite3.Connection) -> None:
        connection.execute(
            f"CREATE TABLE {self.table}"
            f" (value {self._kind} PRIMARY KEY NOT NULL, live INTEGER NOT NULL) WITHOUT ROWID"
        )

    def add(self, connection: sqlite3.Connection, values: Sequence[Any]) -> None:
        """Count new rows, each of the tenant that it has in ``values``."""
        connection.executemany(
            f"INSERT INTO {self.table} (value, live) VALUES (?, ?)"
            " ON CONFLICT (value) DO UPDATE SET live = live + excluded.live",
            Counter(values).items(),
        )

    def remove(self, connection: sqlite3.Connection, values: Sequence[Any]) -> bool:
        """Count removed rows likewise; returns whether all of their tenants were known."""
        counts = Counter(values)
        updated = connection.executemany(
            f"UPDATE {self.table} SET live = live - ? WHERE value = ?",
            [(count, value) for value, count in counts.items()],
        )
        for chunk, marks in chunks(list(counts)):
            connection.execute(f"DELETE FROM {self.table} WHERE value IN ({marks}) AND live = 0", chunk)
        return updated.rowcount == len(counts)

    def live(self, connection: sqlite3.Connection, values: Sequence[Any]) -> int:
        """Rows of the tenants ``values``, which are distinct."""
        marks = ",".join("?" * len(values))
        (found,) = connection.execute(
            f"SELECT coalesce(sum(live), 0) FROM {self.table} WHERE value IN ({marks})", values
        ).fetchone()
        return int(found)
