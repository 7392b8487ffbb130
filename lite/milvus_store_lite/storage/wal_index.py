"""The header of SQLite's index of the write-ahead log, read where SQLite has it in memory.

Every commit of any process writes these bytes anew, and comparing them is how SQLite itself tells that a
connection is behind (https://www.sqlite.org/walformat.html, "The WAL-Index File Format"; ``walIndexTryHdr`` in
its wal.c). Asking it, by ``PRAGMA data_version``, takes two system calls and ten times as long. The file must not
be opened for that: closing it would drop all locks that this process has on it
(https://www.sqlite.org/howtocorrupt.html, "Posix advisory locks canceled by a separate thread doing close()").
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final

_MAPS: Final = Path("/proc/self/maps")
"""What is mapped into this process; Linux has it."""

_HEADER_SIZE: Final = 48
_START: Final = struct.Struct("=I8xB")
"""The version of the format, and whether the index is in use; the header is in the machine's byte order."""

_IN_USE: Final = (3_007_000, 1)


def header_of(path: str) -> Callable[[], bytes] | None:
    """What reads the header for the database at ``path``, None where it cannot be found for certain.

    It may be called as long as a connection of this process that has read the database in WAL mode is open.
    """
    address = _address(os.path.realpath(path) + "-shm")
    if address is None:
        return None
    import ctypes  # numpy has imported it

    header = (ctypes.c_char * _HEADER_SIZE).from_address(address)
    if _START.unpack_from(header) != _IN_USE:
        return None
    return lambda: header.raw


def _address(shared: str) -> int | None:
    """Where this process has the beginning of the file ``shared`` in memory; None if nowhere, or in two places."""
    try:
        maps = _MAPS.read_bytes().splitlines()
    except OSError:
        return None
    found = []
    for line in maps:
        # address perms offset dev inode pathname: proc_pid_maps(5)
        parts = line.split(maxsplit=5)
        if len(parts) == 6 and parts[5] == os.fsencode(shared) and int(parts[2], 16) == 0:
            found.append(int(parts[0].partition(b"-")[0], 16))
    return found[0] if len(found) == 1 else None
