"""The catalog of snapshots: what was kept of a collection, and which collections came from a snapshot.

A snapshot is a collection in no database, with tables of its own, so that it is checked and salvaged as any
other. No name leads to it: only the row in ``snapshots``, part of the definition of the collection that it is of.
"""

from __future__ import annotations

import sqlite3
from typing import Final, NamedTuple

SNAPSHOT_TABLES: Final = (
    """CREATE TABLE snapshots (
        collection_id INTEGER NOT NULL REFERENCES collections(id),
        name TEXT NOT NULL,
        description TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        kept_id INTEGER NOT NULL REFERENCES collections(id),
        PRIMARY KEY (collection_id, name)
    ) WITHOUT ROWID""",
    """CREATE TABLE restores (
        collection_id INTEGER PRIMARY KEY REFERENCES collections(id),
        snapshot TEXT NOT NULL,
        started_at INTEGER NOT NULL,
        took INTEGER NOT NULL
    )""",
)


class SnapshotRecord(NamedTuple):
    """A snapshot of a collection. ``created_at``: milliseconds since 1970; ``kept``: the id of what holds it."""

    name: str
    description: str
    created_at: int
    kept: int


class RestoreRecord(NamedTuple):
    """That a collection was restored from the snapshot called ``snapshot``.

    ``started_at``: milliseconds since 1970; ``took``: milliseconds.
    """

    snapshot: str
    started_at: int
    took: int


def add_snapshot(connection: sqlite3.Connection, collection: int, snapshot: SnapshotRecord) -> None:
    connection.execute(
        "INSERT INTO snapshots (collection_id, name, description, created_at, kept_id) VALUES (?, ?, ?, ?, ?)",
        (collection, *snapshot),
    )


def remove_snapshot(connection: sqlite3.Connection, collection: int, name: str) -> None:
    connection.execute("DELETE FROM snapshots WHERE collection_id = ? AND name = ?", (collection, name))


def add_restore(connection: sqlite3.Connection, collection: int, restore: RestoreRecord) -> None:
    connection.execute(
        "INSERT INTO restores (collection_id, snapshot, started_at, took) VALUES (?, ?, ?, ?)",
        (collection, *restore),
    )


def restored(connection: sqlite3.Connection) -> set[int]:
    """The ids of the collections that came from a snapshot."""
    return {number for (number,) in connection.execute("SELECT collection_id FROM restores")}
