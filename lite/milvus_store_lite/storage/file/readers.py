"""The processes that are reading a file, and so keep its log from being folded and begun anew. Linux tells.

A reader holds a lock on one of five bytes of the index of the log (https://www.sqlite.org/walformat.html, "WAL
Locks"). The index is not opened for that: closing it would drop all locks that this process has on it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from .admission import INDEX

_LOCKS: Final = Path("/proc/locks")
"""The locks of all processes; each line is as proc_locks(5) describes it."""

_FIRST, _LAST = 123, 127
"""The bytes that readers lock."""


def reading_processes(path: str) -> list[int] | None:
    """The numbers of the processes that have a read transaction on the database at ``path``; None if not known.

    One that is in another container may have no number here, and is given as 0.
    """
    try:
        found = os.stat(os.path.realpath(path) + INDEX)
        lines = _LOCKS.read_text().splitlines()
    except FileNotFoundError:
        return [] if _LOCKS.exists() else None
    except OSError:
        return None
    index = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    processes = set()
    for line in lines:
        parts = line.split()
        # number: POSIX ADVISORY READ process device:inode first last; "->" marks who waits.
        if len(parts) != 8 or parts[1] != "POSIX" or parts[5] != index:
            continue
        if int(parts[6]) <= _LAST and (parts[7] == "EOF" or int(parts[7]) >= _FIRST):
            processes.add(max(int(parts[4]), 0))
    return sorted(processes)
