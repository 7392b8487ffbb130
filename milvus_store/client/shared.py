"""Databases that this process has open: clients of the same file share one, with its caches."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass

from milvus_store_lite.database import Database
from milvus_store_lite.storage.file import Durability


@dataclass
class _Entry:
    database: Database
    users: int


_lock = threading.Lock()
_open: dict[tuple[str, str, str, float], _Entry] = {}


def acquire(path: str, name: str, durability: Durability, busy_timeout: float) -> Database:
    """The database at ``path``, opened if no client of this process has it open with these settings."""
    key = (os.path.realpath(path), name, durability, busy_timeout)
    with _lock:
        entry = _open.get(key)
        if entry is None:
            entry = _open[key] = _Entry(Database(key[0], name, durability, busy_timeout), 0)
        entry.users += 1
        return entry.database


def release(database: Database) -> None:
    """Give back what ``acquire`` gave; the last client to do so closes the database."""
    with _lock:
        key = next(key for key, entry in _open.items() if entry.database is database)
        _open[key].users -= 1
        if _open[key].users == 0:
            del _open[key]
            database.close()
