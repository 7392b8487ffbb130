"""Which files this process is writing to just now: what tells a client that waited in vain who held the lock.

SQLite does not say. Threads of one client queue on a lock of their own; clients of one process that have other
settings share only the file.
"""

from __future__ import annotations

import os

_WRITING: dict[int, tuple[int, str]] = {}
"""(process, real path of the file) of each write transaction under way, by who has it; those of a parent are none
of a forked child's. Adding one and removing one are single steps for other threads, so that no lock can be left
behind."""


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
