"""Calls about the file as a whole: flush, compact, backup, restore."""

from __future__ import annotations

import os
from typing import Any

from milvus_store_lite import OnProgress

from ..options import options
from ..version import __version__
from .calls import Calls, call, call_taking

_FLUSHING = options("db")
_FLUSHED = options("db", "flush_all_ts", "flush_all_tss")


class MaintenanceCalls(Calls):
    @call
    def flush(self, collection_name: str, timeout: float | None = None, **kwargs: Any) -> None:
        """Fold the write-ahead log into the file. Writes are durable without it."""
        self._database.collection(collection_name).describe()
        self._file.checkpoint()

    @call_taking(_FLUSHING)
    def flush_all(self, timeout: float | None = None, **kwargs: Any) -> None:
        """Fold the write-ahead log into the file, for all databases in it. Writes are durable without it."""
        self._file.checkpoint()

    @call_taking(_FLUSHED)
    def get_flush_all_state(self, timeout: float | None = None, **kwargs: Any) -> bool:
        """True: every write that returned is on disk."""
        return True

    @call
    def get_server_type(self) -> str:
        """``"milvus-store"``: no server is asked."""
        return "milvus-store"

    @call
    def get_server_version(
        self, timeout: float | None = None, detail: bool = False, **kwargs: Any
    ) -> str | dict[str, str]:
        """The version of milvus-store; with ``detail``, a dictionary with pymilvus's keys that apply to a file."""
        return {"version": __version__, "deploy_mode": "EMBEDDED"} if detail else __version__

    @call
    def compact(
        self,
        collection_name: str,
        is_clustering: bool | None = False,
        is_l0: bool | None = False,
        target_size: int | None = None,
        target_size_unit: str = "mb",
        timeout: float | None = None,
        *,
        progress: OnProgress | None = None,
        **kwargs: Any,
    ) -> int:
        """Write a collection's rows anew without the gaps that removed rows left, and shrink the file.

        The other arguments say how a server lays out segments, which a file does not have.

        Args:
            progress: is told how many rows are written, and how many pages are freed. If it raises, that ends the
                call, and every row is there as before.

        Returns:
            The number of a job that is done, for ``get_compaction_state``.
        """
        collection = self._database.collection(collection_name)
        collection.compact(progress)
        self._file.compact(progress)
        return collection.describe().id

    @call
    def get_compaction_state(self, job_id: int, timeout: float | None = None, **kwargs: Any) -> str:
        """``"Completed"``: on a file, ``compact`` returns when it is done."""
        return "Completed"

    @call
    def backup(self, target: str | os.PathLike[str], *, progress: OnProgress | None = None) -> None:
        """Copy the present state of the whole database to the new file ``target``, while others read and write.

        Args:
            progress: is told how many pages are copied. If it raises, that ends the call, and there is no copy.

        Raises:
            ParamError: ``target`` is not a path.
            DatabaseWriteError: ``target`` exists already, or cannot be written.
        """
        self._file.backup(target, progress)

    @call
    def restore(self, backup: str | os.PathLike[str], *, progress: OnProgress | None = None) -> None:
        """Put a copy of the database file ``backup`` in the place of this one, and go on with it.

        This client, its copies and ``for_tenant`` clients answer from the restored file. Others that have the file
        open, here or in other processes, get ``DatabaseReplacedError`` at their next call, which asks for a new
        client. So do iterators that are not at their end. ``milvus_store.restore`` does it without a client.

        Args:
            progress: is told how many pages are copied and checked. If it raises, that ends the call, and the file
                is as it was.

        Raises:
            ParamError: ``backup`` is this file itself, or no path; this database is in memory.
            NotADatabaseError: ``backup`` is no database file. DatabaseFormatError: a newer version wrote it.
            DatabaseCorruptError: ``backup`` is damaged, as far as its pages, names and definitions tell.
            DatabaseWriteError: this client is read-only, or the file cannot be replaced.
        """
        self._local.restore(backup, progress)
