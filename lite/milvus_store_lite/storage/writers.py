"""Which files this process is writing to just now: what tells a client that waited in vain who held the lock.

SQLite does not say. Threads of one client queue on a lock of their own; clients of one process that have other
settings share only the file.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

_WRITING: Counter[tuple[int, str]] = Counter()
"""(process, real path of the file) → its write transactions under way; a forked child has none."""

_LOCK = threading.Lock()


@contextmanager
def writing_to(path: str) -> Iterator[None]:
    """A write transaction on the file is under way for the length of the block."""
    key = os.getpid(), path
    with _LOCK:
        _WRITING[key] += 1
    try:
        yield
    finally:
        with _LOCK:
            _WRITING[key] -= 1
            if not _WRITING[key]:
                del _WRITING[key]


def holder(path: str) -> str:
    """Who holds the write lock of the file, if it is not the client that asks."""
    if _WRITING[os.getpid(), path]:
        return "another client of this process, with other settings,"
    return "another process"
