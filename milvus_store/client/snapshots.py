"""Calls about snapshots: what a collection was at some moment, kept inside the file."""

from __future__ import annotations

from typing import Any, Final

from milvus_store_lite import Database, ParamError, Restored

from ..snapshots import RestoreSnapshotJobInfo, SnapshotInfo
from .calls import Calls, call

_MOST_SECONDS: Final = 2**50
"""So that milliseconds since 1970 stay an INT64."""


class SnapshotCalls(Calls):
    @call
    def create_snapshot(
        self,
        snapshot_name: str,
        collection_name: str,
        db_name: str = "",
        description: str = "",
        compaction_protection_seconds: int = 0,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> None:
        """Keep a collection as it is now: a copy of its rows and its definition, which nothing changes any more.

        A snapshot goes with its collection. Whatever was written before the call is in it, without ``flush``.

        Args:
            snapshot_name: a name that no other snapshot of the collection has.
            compaction_protection_seconds: 0 or more; the rows of a snapshot are its own, and no compaction touches
                them, ever.

        Raises:
            ParamError: the collection has a snapshot of this name.
        """
        seconds = compaction_protection_seconds
        if not isinstance(seconds, int) or isinstance(seconds, bool) or seconds < 0:
            raise ParamError(
                message=f"compaction_protection_seconds must be an integer of 0 or more, got {seconds!r:.80}"
            )
        if not isinstance(description, str):
            raise ParamError(message=f"description must be a str, got {type(description).__name__}")
        self._in(db_name).snapshots.create(collection_name, snapshot_name, description)

    @call
    def drop_snapshot(
        self,
        snapshot_name: str,
        collection_name: str,
        db_name: str = "",
        timeout: float | None = None,
        **kwargs: Any,
    ) -> None:
        """Remove a snapshot; nothing happens if there is none. Collections that came from it stay.

        Raises:
            ParamError: it is pinned.
        """
        self._in(db_name).snapshots.drop(collection_name, snapshot_name)

    @call
    def list_snapshots(
        self, collection_name: str = "", db_name: str = "", timeout: float | None = None, **kwargs: Any
    ) -> list[str]:
        """The names of the snapshots of a collection, oldest first.

        Raises:
            ParamError: no collection is named, as in Milvus 3: names are unique within a collection only.
        """
        if not collection_name:
            raise ParamError(
                message="list_snapshots() needs a collection_name: names are unique within a collection only"
            )
        return self._in(db_name).snapshots.names(collection_name)

    @call
    def describe_snapshot(
        self,
        snapshot_name: str,
        collection_name: str,
        db_name: str = "",
        timeout: float | None = None,
        **kwargs: Any,
    ) -> SnapshotInfo:
        """
        Raises:
            ParamError: the collection has no such snapshot.
        """
        found = self._in(db_name).snapshots.describe(collection_name, snapshot_name)
        return SnapshotInfo(
            name=found.name,
            description=found.description,
            collection_name=found.collection,
            partition_names=list(found.partitions),
            create_ts=found.created_at,
        )

    @call
    def restore_snapshot(
        self,
        snapshot_name: str,
        source_collection_name: str,
        target_collection_name: str,
        source_db_name: str = "",
        target_db_name: str = "",
        timeout: float | None = None,
        **kwargs: Any,
    ) -> int:
        """Make a new collection of a snapshot, with its rows, partitions and indexes: all of it or nothing.

        As in Milvus it is released: ``load_collection`` it before a search.

        Args:
            target_collection_name: a name that no collection and no alias has.
            target_db_name: the database of the new collection, by default the one in use.

        Returns:
            The number of a job that is done, for ``get_restore_snapshot_state``.

        Raises:
            ParamError: the collection has no such snapshot.
            MilvusException: a collection or alias has the name already.
        """
        target = self._in(target_db_name).name
        return self._in(source_db_name).snapshots.restore(
            source_collection_name, snapshot_name, target_collection_name, target
        )

    @call
    def get_restore_snapshot_state(
        self, job_id: int, timeout: float | None = None, **kwargs: Any
    ) -> RestoreSnapshotJobInfo:
        """What a job of ``restore_snapshot`` made, until that collection is dropped.

        Raises:
            ParamError: there is no such job.
        """
        return _job(self._database.snapshots.restored_with(job_id))

    @call
    def list_restore_snapshot_jobs(
        self, collection_name: str = "", db_name: str = "", timeout: float | None = None, **kwargs: Any
    ) -> list[RestoreSnapshotJobInfo]:
        """The jobs of ``restore_snapshot``, oldest first: one for each collection of the database that came so.

        Args:
            collection_name: the restored collection, if only its job is wanted.
        """
        return [_job(found) for found in self._in(db_name).snapshots.restored(collection_name or None)]

    @call
    def pin_snapshot_data(
        self,
        snapshot_name: str,
        collection_name: str,
        db_name: str = "",
        ttl_seconds: int = 0,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> int:
        """Keep a snapshot from being dropped, by any process. It goes with its collection nevertheless.

        Args:
            ttl_seconds: how long; 0, as in Milvus, until it is unpinned.

        Returns:
            The number of the pin, for ``unpin_snapshot_data``. A snapshot may have many.

        Raises:
            ParamError: the collection has no such snapshot.
        """
        if (
            not isinstance(ttl_seconds, int)
            or isinstance(ttl_seconds, bool)
            or not 0 <= ttl_seconds < _MOST_SECONDS
        ):
            raise ParamError(
                message=f"ttl_seconds must be an integer from 0 to {_MOST_SECONDS - 1}, got {ttl_seconds!r:.80}"
            )
        return self._in(db_name).snapshots.pin(collection_name, snapshot_name, ttl_seconds)

    @call
    def unpin_snapshot_data(self, pin_id: int, timeout: float | None = None, **kwargs: Any) -> None:
        """Remove a pin from its snapshot, whatever database that is in; nothing happens if it is none any more."""
        if not isinstance(pin_id, int) or isinstance(pin_id, bool) or pin_id <= 0:
            raise ParamError(message=f"pin_id must be a positive integer, got {pin_id!r:.80}")
        self._database.snapshots.unpin(pin_id)

    def _in(self, db_name: str) -> Database:
        """The database ``db_name``, or the one in use."""
        return self._file.database(db_name) if db_name else self._database


def _job(restored: Restored) -> RestoreSnapshotJobInfo:
    return RestoreSnapshotJobInfo(
        job_id=restored.id,
        snapshot_name=restored.restore.snapshot,
        db_name=restored.database,
        collection_name=restored.collection,
        start_time=restored.restore.started_at,
        time_cost=restored.restore.took,
    )
