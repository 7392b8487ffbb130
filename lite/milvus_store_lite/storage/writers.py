"""Which files this process is writing to just now: what tells a client that waited in vain who held the lock.

SQLite does not say. Threads of one client queue on a lock of their own; clients of one process that have other
settings share only the file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

_WRITING: list[tuple[int, str]] = []
"""(process, real path of the file) of each write transaction under way; those of a parent are none of a forked
child's. Adding one and removing one are single steps for other threads, so that no lock can be left behind."""


@contextmanager
def writing_to(path: str) -> Iterator[None]:
    """A write transaction on the file is under way for the length of the block."""
    transaction = os.getpid(), path
    _WRITING.append(transaction)
    try:
        yield
    finally:
        _WRITING.remove(transaction)


def holder(path: str) -> str:
    """Who holds the write lock of the file, if it is not the client that asks."""
    if (os.getpid(), path) in _WRITING:
        return "another client of this process, with other settings,"
    return "another process"
