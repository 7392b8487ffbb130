"""The catalog of snapshots: what was kept of a collection, and which collections came from a snapshot.

A snapshot is a collection in no database, with tables of its own, so that it is checked and salvaged as any
other. No name leads to it: only the row in ``snapshots``, part of the definition of the collection that it is of.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Final, NamedTuple

SNAPSHOT_TABLES: Final = (
    """CREATE TABLE snapshots (
        collection_id INTEGER NOT NULL REFERENCES collections(id),
        name TEXT NOT NULL,
        description TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        kept_id INTEGER NOT NULL REFERENCES collections(id),
        pins TEXT NOT NULL DEFAULT '[]',
        PRIMARY KEY (collection_id, name)
    ) WITHOUT ROWID""",
    """CREATE TABLE restores (
        collection_id INTEGER PRIMARY KEY REFERENCES collections(id),
        snapshot TEXT NOT NULL,
        started_at INTEGER NOT NULL,
        took INTEGER NOT NULL
    )""",
)


class Pin(NamedTuple):
    """What keeps a snapshot from being dropped, until ``ends_at``: milliseconds since 1970, 0 for never."""

    id: int
    ends_at: int

    def holds(self, now: int) -> bool:
        return self.ends_at == 0 or self.ends_at >= now


class SnapshotRecord(NamedTuple):
    """A snapshot of a collection. ``created_at``: milliseconds since 1970; ``kept``: the id of what holds it."""

    name: str
    description: str
    created_at: int
    kept: int
    pins: tuple[Pin, ...] = ()

    @classmethod
    def stored(cls, name: str, description: str, created_at: int, kept: int, pins: str) -> SnapshotRecord:
        """The snapshot of a row."""
        return cls(name, description, created_at, kept, tuple(Pin(*pin) for pin in json.loads(pins)))


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
        (collection, snapshot.name, snapshot.description, snapshot.created_at, snapshot.kept),
    )


def pinned(connection: sqlite3.Connection) -> list[int]:
    """The ids of the collections that have snapshots with pins."""
    found = connection.execute("SELECT DISTINCT collection_id FROM snapshots WHERE pins != '[]' ORDER BY 1")
    return [collection for (collection,) in found]


def set_pins(connection: sqlite3.Connection, collection: int, name: str, pins: Sequence[Pin]) -> None:
    connection.execute(
        "UPDATE snapshots SET pins = ? WHERE collection_id = ? AND name = ?",
        (json.dumps([*pins]), collection, name),
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
