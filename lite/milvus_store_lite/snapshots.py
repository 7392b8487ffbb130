"""The snapshots of the collections of a database, by name, and the collections that came from them."""

from __future__ import annotations

import os
import time
from typing import NamedTuple

from .collection.opener import CollectionOpener
from .collection.snapshots import drop_kept, find_snapshot, restored_from, take_snapshot
from .errors import CollectionExistsError, ParamError
from .process.calls import whole_calls
from .schema.fields import check_name
from .storage import snapshots
from .storage.catalog import Catalog
from .storage.connections import Connections
from .storage.databases import Databases
from .storage.snapshots import Pin, RestoreRecord


class Snapshot(NamedTuple):
    """A snapshot as its collection was. ``created_at``: milliseconds since 1970."""

    name: str
    description: str
    created_at: int
    collection: str
    partitions: tuple[str, ...]


class Restored(NamedTuple):
    """A collection that came from a snapshot. ``id``: that of the collection, which is never used again."""

    id: int
    database: str
    collection: str
    restore: RestoreRecord


@whole_calls
class Snapshots:
    """The snapshots of the collections of the database called ``name``. A snapshot's name is unique in one.

    They stay what they are whatever is done to the collection, and go with it.
    """

    __slots__ = ("_connections", "_opener", "name")

    def __init__(self, connections: Connections, opener: CollectionOpener, name: str) -> None:
        self.name = name
        self._connections = connections
        self._opener = opener

    def create(self, collection: str, name: str, description: str = "") -> None:
        """Keep the collection as it is now, with a copy of its rows.

        Raises:
            ParamError: it has a snapshot of this name, or none can have it.
        """
        check_name("snapshot", name)
        with self._opener.writing(self.name, collection) as session:
            take_snapshot(session, name, description, _now())

    def drop(self, collection: str, name: str) -> None:
        """Remove a snapshot; nothing happens if there is none, as in Milvus.

        Raises:
            ParamError: it is pinned.
        """
        now = _now()
        with self._opener.writing(self.name, collection) as session:
            for snapshot in session.record.snapshots:
                if snapshot.name == name:
                    pins = sum(pin.holds(now) for pin in snapshot.pins)
                    if pins:
                        raise ParamError(
                            message=f"snapshot {name!r} of collection '{session.record.name}' has {pins} "
                            f"pin{'' if pins == 1 else 's'}: unpin_snapshot_data() first"
                        )
                    session.catalog.remove_snapshot(session.record.id, name)
                    drop_kept(session.catalog, snapshot)

    def pin(self, collection: str, name: str, seconds: int) -> int:
        """Keep a snapshot from being dropped, for so many seconds, 0 until it is unpinned; returns the pin's id.

        Raises:
            ParamError: the collection has no such snapshot.
        """
        now = _now()
        with self._opener.writing(self.name, collection) as session:
            snapshot = find_snapshot(session.record, name)
            # By chance, so that nobody takes away a pin that is not his by counting.
            pin = Pin(int.from_bytes(os.urandom(8), "big") >> 1 or 1, now + 1_000 * seconds if seconds else 0)
            held = [known for known in snapshot.pins if known.holds(now)]
            session.catalog.set_pins(session.record.id, name, [*held, pin])
            return pin.id

    def unpin(self, number: int) -> None:
        """Remove a pin from a snapshot of the file; nothing happens if it is none any more, as in Milvus."""
        with self._connections.writing() as connection:
            catalog = Catalog(connection)
            for collection in snapshots.pinned(connection):
                for snapshot in catalog.load(collection).snapshots:
                    others = [pin for pin in snapshot.pins if pin.id != number]
                    if len(others) < len(snapshot.pins):
                        catalog.set_pins(collection, snapshot.name, others)

    def names(self, collection: str) -> list[str]:
        """The names of the snapshots of a collection, oldest first."""
        with self._opener.reading(self.name, collection) as session:
            found = session.record.snapshots
            return [snapshot.name for snapshot in sorted(found, key=lambda snapshot: snapshot.kept)]

    def describe(self, collection: str, name: str) -> Snapshot:
        """
        Raises:
            ParamError: the collection has no such snapshot.
        """
        with self._opener.reading(self.name, collection) as session:
            found = find_snapshot(session.record, name)
            partitions = tuple(session.catalog.load(found.kept).partitions)
            return Snapshot(name, found.description, found.created_at, session.record.name, partitions)

    def restore(self, collection: str, name: str, target: str, database: str | None = None) -> int:
        """Make the new collection ``target`` in ``database`` of a snapshot; returns its id. It is released.

        Raises:
            ParamError: the collection has no such snapshot. CollectionExistsError: ``target`` exists.
        """
        check_name("collection", target)
        database, started, began = database or self.name, _now(), time.perf_counter()
        with self._opener.writing(self.name, collection) as session:
            snapshot, catalog = find_snapshot(session.record, name), session.catalog
            Databases(catalog.connection).require(database)
            if catalog.find(database, target) is not None:
                raise CollectionExistsError(
                    message=f"collection or alias {target!r} already exists: a snapshot becomes a new collection"
                )
            restored = restored_from(catalog, snapshot, database, target)
            took = int((time.perf_counter() - began) * 1_000)
            catalog.add_restore(restored, RestoreRecord(name, started, took))
        with self._opener.reading(database, target) as session:
            session.state.indexes.wrote(session.position)
        return restored

    def restored(self, collection: str | None = None) -> list[Restored]:
        """The collections of this database that came from a snapshot, oldest first, or the one that is named."""
        with self._connections.reading() as connection:
            Databases(connection).require(self.name)
            catalog = Catalog(connection)
            found = [one for one in _restored(catalog) if one.database == self.name]
        if collection is None:
            return found
        with self._opener.reading(self.name, collection) as session:
            return [one for one in found if one.id == session.record.id]

    def restored_with(self, number: int) -> Restored:
        """The collection with this id, in whatever database of the file.

        Raises:
            ParamError: there is none that came from a snapshot.
        """
        with self._connections.reading() as connection:
            for found in _restored(Catalog(connection)):
                if found.id == number:
                    return found
        raise ParamError(
            message=f"no job {number!r} that restored a snapshot, or its collection was dropped since: expected a "
            f"number that restore_snapshot() returned"
        )


def _restored(catalog: Catalog) -> list[Restored]:
    """All collections of the file that came from a snapshot, oldest first."""
    names, restored = catalog.names(), snapshots.restored(catalog.connection)
    databases = {number: name for name, number in names.databases.items()}
    found = []
    for number, database, name in names.collections:
        restore = catalog.load(number).restore if number in restored and database is not None else None
        if restore is not None and database is not None:
            found.append(Restored(number, databases[database], name, restore))
    return found


def _now() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000
