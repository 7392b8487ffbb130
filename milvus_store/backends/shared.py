"""Files that this process has open: clients of the same file share one, with its caches.

The same file is what has the same identity, whatever path leads to it; what was removed and made anew at the same
path is another one.
"""

from __future__ import annotations

import atexit
import threading
import weakref
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from milvus_store_lite import IN_MEMORY, DatabaseFile, PerProcess, identity_of

from ..threads import finish_all


@dataclass(eq=False)
class _Entry:
    """An open file. ``users``: those who have it open, and live: one that was forgotten, or never made because
    an exception came in between, keeps nothing open."""

    file: DatabaseFile
    users: weakref.WeakSet[Any] = field(default_factory=weakref.WeakSet)

    @property
    def is_used(self) -> bool:
        return any(True for _ in self.users)


_lock = PerProcess(
    threading.RLock
)  # A client may be forgotten, and released, while this thread opens another.
_open: dict[Hashable, _Entry] = {}


def acquire(user: object, path: str, **settings: Any) -> DatabaseFile:
    """The file at ``path`` for ``user``, opened if no client of this process has it open with these settings."""
    wanted = tuple(sorted(settings.items()))
    while True:
        if path != IN_MEMORY and (found := identity_of(path)) is not None:
            opened = _joined(user, (found, *wanted))
            if opened is not None:
                return opened
        # Not with the lock: opening waits for a fork, which may wait for a call in which a client is forgotten.
        file = DatabaseFile(path, **settings)
        key = (object() if path == IN_MEMORY else file.identity, *wanted)
        with _lock.own:
            if _open.setdefault(key, entry := _Entry(file)) is entry:
                entry.users.add(user)
                return file
        file.close()  # another thread was faster


def _joined(user: object, key: Hashable) -> DatabaseFile | None:
    """The file that is open with ``key``, for one more client."""
    with _lock.own:
        entry = _open.get(key)
        if entry is None:
            return None
        entry.users.add(user)
    # Not with the lock, either. A file that was replaced may have left its number to the one that is there now.
    if not entry.file.is_current():
        with _lock.own:
            if _open.get(key) is entry:
                _open[object()] = _open.pop(key)
        release(entry.file, user)
        return None
    with _lock.own:
        # A forgotten client may have been collected, and have closed it, before this one was counted.
        return entry.file if _open.get(key) is entry else None


def release(file: DatabaseFile, user: object = None, *, waiting: bool = True) -> None:
    """Give back what ``acquire`` gave; the last client to do so closes the file. Once more does no harm, and
    does what an exception kept undone.

    Args:
        user: None for one that was forgotten.
        waiting: as for ``DatabaseFile.close``.
    """
    with _lock.own:
        key = next((key for key, entry in _open.items() if entry.file is file), None)
        if key is not None:
            if user is not None:
                _open[key].users.discard(user)
            if _open[key].is_used:
                return
            del _open[key]
    file.close(waiting=waiting)


@atexit.register
def _close_all() -> None:
    """As the interpreter ends: do what was given to threads, then leave one file of each."""
    finish_all()
    with _lock.own:
        files = [entry.file for entry in _open.values()]
        _open.clear()
    for file in files:
        file.close()
