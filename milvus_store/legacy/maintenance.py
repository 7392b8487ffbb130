"""Calls about the database as a whole: flush, compact, versions, commands, settings."""

from __future__ import annotations

import time
from functools import partial
from typing import Any, Final

from milvus_store import MilvusClient

from .checks import check_name, check_timeout, illegal
from .connection import CLIENT_VERSION, Connection
from .futures import CompactFuture, FlushFuture
from .status import OK_MESSAGE, Refused, Status, errors_as_status

_CACHE: Final = "cache_config.cpu_cache_capacity"
_GIB: Final = 2**30
_WAIT_FOR_COMPACTION: Final = 0.05


class MaintenanceCalls(Connection):
    def flush(
        self, collection_name_array: list[str] | None = None, timeout: float | None = None, **kwargs: Any
    ) -> Any:
        """Write what is in memory to disk.

        A file does not need it: what ``insert`` and ``delete`` change is on disk when they return, so there is no
        automatic flush either. A flush only folds the write-ahead log into the file.

        Args:
            collection_name_array: which collections; None or ``[]`` for all.
            _async, _callback: return a ``FlushFuture`` at once.
        """
        if collection_name_array is not None and not isinstance(collection_name_array, list):
            illegal("collection_name_array", "a list of str or None", collection_name_array)
        names = [check_name(name) for name in collection_name_array or []]
        return self._deliver(FlushFuture, kwargs, partial(self._flush, self._within(timeout), names))

    @errors_as_status()
    def _flush(self, client: MilvusClient, names: list[str]) -> Status:
        for name in names:
            client.describe_collection(name)
        for name in names or client.list_collections():
            client.flush(name)
        return Status(message=OK_MESSAGE)

    def compact(self, collection_name: str, timeout: float | None = None, **kwargs: Any) -> Any:
        """Free the space of deleted vectors; returns when that is done.

        Args:
            timeout: seconds to wait for a server.
            _async, _callback: return a ``CompactFuture`` at once.
        """
        name, seconds = check_name(collection_name), check_timeout(timeout)
        work = partial(self._compact, self._within(seconds), name, seconds)
        return self._deliver(CompactFuture, kwargs, work)

    @errors_as_status()
    def _compact(self, client: MilvusClient, name: str, timeout: float | None) -> Status:
        client.describe_collection(
            name
        )  # Milvus Lite's server compacts an unknown collection without an error
        job = client.compact(name)
        end = None if timeout is None else time.monotonic() + timeout
        while client.get_compaction_state(job) == "Executing":
            if end is not None and time.monotonic() > end:
                raise Refused(Status.UNEXPECTED_ERROR, "Request timeout")
            time.sleep(_WAIT_FOR_COMPACTION)
        return Status(message=OK_MESSAGE)

    def client_version(self) -> str:
        """The version of pymilvus that has these calls."""
        return CLIENT_VERSION

    def server_version(self, timeout: float | None = 10) -> tuple[Status, str | None]:
        """The version of the server; for a file, of milvus-store."""
        return self._cmd("version", timeout)

    def server_status(self, timeout: float | None = 10) -> tuple[Status, str | None]:
        """``"OK"`` if the database answers."""
        return self._cmd("status", timeout)

    @errors_as_status(None)
    def _cmd(self, cmd: str, timeout: float | None = 10) -> tuple[Status, str | None]:
        """The answer to a command: version, status, mode, ``get_config a.b`` or ``set_config a.b value``."""
        name, _, rest = check_name(cmd, "cmd").partition(" ")
        client = self._within(timeout)
        if name == "version":
            answer = str(client.get_server_version())
        elif name == "status":
            client.list_collections()
            answer = "OK"
        elif name == "mode":
            answer = "CPU"
        elif name == "get_config":
            answer = self._setting(rest)
        elif name == "set_config":
            key, _, value = rest.partition(" ")
            answer = self._change_setting(key, value)
        else:
            raise Refused(Status.ILLEGAL_ARGUMENT, f"Unknown command {cmd!r}: expected {_COMMANDS}")
        return Status(message="Success!"), answer

    def get_config(self, parent_key: str, child_key: str) -> tuple[Status, str | None]:
        """A setting, such as ``get_config("cache_config", "cpu_cache_capacity")``."""
        return self._cmd(f"get_config {check_name(parent_key, 'cmd')}.{check_name(child_key, 'cmd')}")

    def set_config(self, parent_key: str, child_key: str, value: Any) -> tuple[Status, str | None]:
        """Change a setting; a file has only ``cache_config.cpu_cache_capacity``, in GiB."""
        key = f"{check_name(parent_key, 'cmd')}.{check_name(child_key, 'cmd')}"
        return self._cmd(f"set_config {key} {value}")

    def _settings_of_file(self) -> dict[str, str]:
        limit = self._settings.get("memory_limit")
        return {
            _CACHE: "0" if limit is None else f"{limit / _GIB:g}",
            "db_config.auto_flush_interval": "0",
            "storage_config.primary_path": self._address,
            "wal_config.enable": "true",
        }

    def _setting(self, key: str) -> str:
        settings = self._settings_of_file()
        if self._is_server or key not in settings:
            raise Refused(Status.ILLEGAL_ARGUMENT, self._unknown_setting(key))
        return settings[key]

    def _change_setting(self, key: str, value: str) -> str:
        if self._is_server or key not in self._settings_of_file():
            raise Refused(Status.ILLEGAL_ARGUMENT, self._unknown_setting(key))
        if key != _CACHE:
            raise Refused(Status.ILLEGAL_ARGUMENT, f"{key} is fixed on a file; only {_CACHE} can be changed")
        try:
            gigabytes = float(value)
        except ValueError:
            gigabytes = -1.0
        if not 0 <= gigabytes < float("inf"):
            raise Refused(
                Status.ILLEGAL_ARGUMENT, f"Invalid {key}: expected GiB, 0 for no limit, got {value!r}"
            )
        self._reopen(memory_limit=int(gigabytes * _GIB) or None)
        return "OK"

    def _unknown_setting(self, key: str) -> str:
        if self._is_server:
            return f"A current server does not show {key} to clients: see its milvus.yaml"
        return f"There is no setting {key} on a file: expected one of {', '.join(self._settings_of_file())}"


_COMMANDS: Final = "version, status, mode, get_config parent.child or set_config parent.child value"
