"""The files that this process is writing to: they tell a client that waited in vain who held the lock.

SQLite does not say. Threads of one client queue on the client's own lock; clients of one process with different
settings share only the file.
"""

from __future__ import annotations

import os

_WRITING: dict[int, tuple[int, str]] = {}
"""Writer → (process, real path of the file), for each write transaction under way. A forked child ignores those
of its parent. Adding and removing an entry are atomic for other threads: no lock is left behind by a fork."""


def begin_writing(writer: object, path: str) -> None:
    """``writer`` writes to the file from now on."""
    _WRITING[id(writer)] = os.getpid(), path


def end_writing(writer: object) -> None:
    """``writer`` does not write any more."""
    _WRITING.pop(id(writer), None)


def holder(path: str) -> str:
    """Who holds the write lock of the file, if it is not the client that asks."""
    if (os.getpid(), path) in _WRITING.copy().values():
        return "another client of this process, with other settings,"
    return "another process"
