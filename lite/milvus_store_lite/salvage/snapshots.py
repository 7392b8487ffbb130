"""Snapshots in a salvage: each stays with its collection, or becomes a collection where that is lost."""

from __future__ import annotations

import sqlite3
from typing import Any, Final

from ..errors import MilvusException
from ..schema.fields import check_name
from ..storage.catalog import UNREADABLE, Catalog
from ..storage.snapshots import RestoreRecord, SnapshotRecord
from .definitions import FoundCatalog, FoundCollection, Note, free_name, sound_number
from .scan import readable

_DEFAULT_DATABASE: Final = 1
"""The id of the default database."""


def read_snapshots(connection: sqlite3.Connection, found: FoundCatalog, note: Note) -> None:
    """Give each collection the snapshots of it, and say which came from one."""
    kept = {collection.id: collection for collection in found.collections if collection.database_id is None}
    for collection in found.collections:
        if collection.database_id is not None:
            rows = readable(
                connection,
                "SELECT name, description, created_at, kept_id FROM snapshots WHERE collection_id = ?"
                " ORDER BY name",
                (collection.id,),
            )
            for row in rows:
                _claim(collection, row, kept, note)
            collection.restore = _restore_of(connection, collection)
    for lost in kept.values():
        _make_collection(found, lost, note)


def write_snapshots(connection: sqlite3.Connection, found: FoundCatalog, note: Note) -> None:
    """Write the entries of snapshots, now that it is known which collections could be written."""
    catalog = Catalog(connection)
    written = catalog.existing([collection.id for collection in found.collections])
    by_id = {collection.id: collection for collection in found.collections}
    for collection in found.collections:
        if collection.restore is not None and collection.id in written:
            catalog.add_restore(collection.id, collection.restore)
        for snapshot in collection.snapshots:
            if snapshot.kept in written and collection.id in written:
                catalog.add_snapshot(collection.id, snapshot)
            elif snapshot.kept in written:
                made = by_id[snapshot.kept]
                _make_collection(found, made, note)
                connection.execute(
                    "UPDATE collections SET database_id = ?, name = ? WHERE id = ?",
                    (made.database_id, made.name, made.id),
                )
                catalog.seal(made.id)


def _claim(
    collection: FoundCollection, row: tuple[Any, ...], kept: dict[int, FoundCollection], note: Note
) -> None:
    """Give ``collection`` the snapshot of ``row``, whose rows are taken out of ``kept``."""
    name, description, created_at, number = row
    try:
        check_name("snapshot", name)
        holds = kept.pop(number)
    except (MilvusException, *UNREADABLE):
        note(f"{collection.where}: snapshot {name!r:.80} is left out: its name or its rows are lost")
        return
    holds.kept_as = name
    text = description if isinstance(description, str) else ""
    collection.snapshots.append(SnapshotRecord(name, text, sound_number(created_at, 0), number))


def _restore_of(connection: sqlite3.Connection, collection: FoundCollection) -> RestoreRecord | None:
    rows = readable(
        connection,
        "SELECT snapshot, started_at, took FROM restores WHERE collection_id = ?",
        (collection.id,),
    )
    if not rows or not isinstance(rows[0][0], str):
        return None
    snapshot, started_at, took = rows[0]
    return RestoreRecord(snapshot, sound_number(started_at, 0), sound_number(took, 0))


def _make_collection(found: FoundCatalog, kept: FoundCollection, note: Note) -> None:
    """Let ``kept``, which no snapshot leads to any more, be a collection of the default database."""
    where = kept.where
    there = [one for one in found.collections if one.database_id == _DEFAULT_DATABASE]
    taken = {name for one in there for name in (one.name, *one.aliases)}
    kept.name = free_name(f"recovered_{kept.id}", taken)
    kept.database_id, kept.kept_as = _DEFAULT_DATABASE, None
    note(f"{where}: what it was a snapshot of is lost; it is a collection now, {kept.name!r}")
