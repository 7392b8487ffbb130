"""What calls about snapshots return, with pymilvus's names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

COMPLETED: Final = "RestoreSnapshotCompleted"
"""The state of every job of a file: ``restore_snapshot`` returns when it is done."""


@dataclass
class SnapshotInfo:
    """A snapshot. ``create_ts``: milliseconds since 1970. ``s3_location`` is empty: it is in the file."""

    name: str
    description: str
    collection_name: str
    partition_names: list[str]
    create_ts: int
    s3_location: str = ""


@dataclass
class RestoreSnapshotJobInfo:
    """A collection that was restored from a snapshot.

    ``start_time``: milliseconds since 1970; ``time_cost``: milliseconds; ``progress``: per cent.
    """

    job_id: int
    snapshot_name: str
    db_name: str
    collection_name: str
    start_time: int
    time_cost: int
    state: str = COMPLETED
    progress: int = 100
    reason: str = ""
