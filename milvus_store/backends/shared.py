"""Files that this process has open: clients of the same file share one, with its caches.

A file is the same if it has the same identity, whatever path leads to it. A file that was removed and made anew at
the same path is another file.
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
    """An open file, which is in ``_open`` by ``key``. ``users``: the living owners. An owner that the garbage
    collection took, or that an exception kept from being made, keeps no file open."""

    file: DatabaseFile
    key: Hashable
    users: weakref.WeakSet[Any] = field(default_factory=weakref.WeakSet)

    @property
    def is_used(self) -> bool:
        return any(True for _ in self.users)


# Reentrant: the garbage collection may release a client while this thread opens another. So entries may go at any
# step, with the lock held as well: it keeps out other threads only.
_lock = PerProcess(threading.RLock)
_open: dict[Hashable, _Entry] = {}


def acquire(user: object, path: str, **settings: Any) -> DatabaseFile:
    """The file at ``path`` for ``user``, opened if no client of this process has it open with these settings."""
    _close_unused()
    wanted = tuple(sorted(settings.items()))
    while True:
        if path != IN_MEMORY and (found := identity_of(path)) is not None:
            opened = _joined(user, (found, *wanted))
            if opened is not None:
                return opened
        # Without the lock: opening waits for a fork, and that for a call in which a client may be released.
        file = DatabaseFile(path, **settings)
        key = (object() if path == IN_MEMORY else file.identity, *wanted)
        with _lock.own:
            if _open.setdefault(key, entry := _Entry(file, key)) is entry:
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
    # Without the lock, too. The file that is there now may have got the number of a removed one.
    if not entry.file.is_current():
        with _lock.own:
            # It stays in the list: it has this user, so that the garbage collection leaves it.
            if _open.get(key) is entry:
                del _open[key]
                entry.key = object()
                _open[entry.key] = entry
        release(entry.file, user)
        return None
    with _lock.own:
        # The garbage collection may have closed the file before this user was counted.
        return entry.file if _open.get(key) is entry else None


def release(file: DatabaseFile, user: object = None, *, waiting: bool = True) -> None:
    """Give back what ``acquire`` gave; the last user closes the file. A second call does no harm, and completes a
    first one that an exception cut short.

    Args:
        user: None for a user that the garbage collection took.
        waiting: as for ``DatabaseFile.close``.
    """
    with _lock.own:
        entry = next((entry for entry in _entries() if entry.file is file), None)
        if entry is not None:
            if user is not None:
                entry.users.discard(user)
            if entry.is_used:
                return
            _open.pop(entry.key, None)
    file.close(waiting=waiting)


def release_forgotten(held: weakref.ref[DatabaseFile]) -> None:
    """``release`` for a user that the garbage collection took. It may do so at any moment and in any thread, so
    this does not wait."""
    file = held()
    if file is not None:
        release(file, waiting=False)


def _close_unused() -> None:
    """Close the files whose users the garbage collection took while an exception kept it from closing them."""
    with _lock.own:
        unused = [entry.file for entry in _entries() if not entry.is_used]
    for file in unused:
        release(file, waiting=False)


def _entries() -> list[_Entry]:
    return list(_open.values())  # in one step, so that none goes meanwhile


@atexit.register
def _close_all() -> None:
    """When the interpreter ends: finish the threads' work, then close all files."""
    finish_all()
    with _lock.own:
        files = [entry.file for entry in _entries()]
        _open.clear()
    for file in files:
        file.close()
