"""Snapshots of a collection: taking one, dropping one, and making a new collection of one.

Each is part of one transaction, so that a call which is broken off leaves nothing behind.
"""

from __future__ import annotations

from ..errors import ParamError
from ..storage.catalog import DEFAULT_PARTITION, Catalog, CollectionRecord
from ..storage.positions import Position
from ..storage.row_copy import RowCopy
from ..storage.snapshots import SnapshotRecord
from ..storage.store import CollectionStore
from ..suggestions import did_you_mean
from .index_changes import add_indexes
from .session import Session


def find_snapshot(record: CollectionRecord, name: str) -> SnapshotRecord:
    """The snapshot of a collection called ``name``; raises ParamError."""
    found = next((snapshot for snapshot in record.snapshots if snapshot.name == name), None)
    if found is None:
        known = [snapshot.name for snapshot in record.snapshots]
        raise ParamError(
            message=f"no snapshot {name!r} of collection '{record.name}', it has {', '.join(known) or 'none'}"
            + did_you_mean(name, known)
        )
    return found


def take_snapshot(session: Session, name: str, description: str, created_at: int) -> None:
    """Keep the collection of ``session`` as it is now.

    Raises:
        ParamError: it has a snapshot of this name.
    """
    catalog, record = session.catalog, session.record
    if any(snapshot.name == name for snapshot in record.snapshots):
        raise ParamError(
            message=f"snapshot {name!r} of collection '{record.name}' already exists: drop_snapshot() first, "
            f"or take another name"
        )
    kept = _copied(catalog, record, session.state.store, session.position, None, record.name)
    catalog.add_snapshot(record.id, SnapshotRecord(name, description, created_at, kept))


def restored_from(catalog: Catalog, snapshot: SnapshotRecord, database: str, name: str) -> int:
    """Make the collection ``name`` in ``database`` of what ``snapshot`` has kept; returns its id."""
    kept, position = catalog.load(snapshot.kept), catalog.position(snapshot.kept)
    assert position is not None, "it was loaded"
    return _copied(catalog, kept, CollectionStore(kept.id, kept.schema), position, database, name)


def drop_kept(catalog: Catalog, snapshot: SnapshotRecord) -> None:
    """Drop what a snapshot has kept."""
    kept = catalog.load(snapshot.kept)
    catalog.tables(kept.id, kept.schema).drop()
    catalog.remove_collection(kept.id)


def _copied(
    catalog: Catalog,
    record: CollectionRecord,
    source: CollectionStore,
    position: Position,
    database: str | None,
    name: str,
) -> int:
    """Make a collection with the definition of ``record`` and the rows of ``source``, released; returns its id."""
    number = catalog.add_collection(
        database, name, record.schema, record.properties, record.consistency_level
    )
    catalog.tables(number, record.schema).create()
    for partition in record.partitions:
        if partition != DEFAULT_PARTITION:
            catalog.add_partition(number, partition)
    made = catalog.load(number).partitions
    partitions = {old: made[partition] for partition, old in record.partitions.items()}
    target = CollectionStore(number, record.schema)
    RowCopy(source, target, catalog.connection, position).run(partitions)
    # After the rows: SQLite sorts what it indexes at once.
    add_indexes(catalog, number, record.indexes)
    return number
