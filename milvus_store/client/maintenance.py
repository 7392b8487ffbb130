"""Calls about the file as a whole: flush, compact, backup."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..options import check_options
from .connection import Connection


class MaintenanceCalls(Connection):
    def flush(self, collection_name: str, timeout: float | None = None, **kwargs: Any) -> None:
        """Fold the write-ahead log into the file. Writes are durable without it."""
        check_options("flush", kwargs)
        self._database.collection(collection_name).describe()
        self._database.checkpoint()

    def compact(self, collection_name: str, timeout: float | None = None, **kwargs: Any) -> int:
        """Write a collection's rows anew without the gaps that removed ones left, and shrink the file.

        Returns:
            The number of a job that is done, for ``get_compaction_state``.
        """
        check_options("compact", kwargs)
        self._database.compact(collection_name)
        return self._database.collection(collection_name).describe().id

    def get_compaction_state(self, job_id: int, timeout: float | None = None, **kwargs: Any) -> str:
        """``"Completed"``: on a file, ``compact`` returns when it is done."""
        check_options("get_compaction_state", kwargs)
        return "Completed"

    def backup(self, target: str | Path) -> None:
        """Copy the whole database, as it is now, to the new file ``target``, while others read and write."""
        self._database.backup(target)
