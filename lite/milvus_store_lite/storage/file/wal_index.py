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
_SIZE: Final = 136
"""Two copies of the header, and how far the log is folded into the file."""

_FRAMES: Final = struct.Struct("=16xI76xI")
"""How many frames the log has, and how many of them are in the file."""

_START: Final = struct.Struct("=I8xB")
"""The version of the format, and whether the index is in use; the header is in the machine's byte order."""

_IN_USE: Final = (3_007_000, 1)


class WalIndex:
    """The index at ``address``. It may be read as long as a connection of this process that has read the database
    in WAL mode is open."""

    __slots__ = ("_bytes", "header")

    def __init__(self, address: int) -> None:
        import ctypes  # numpy has imported it

        self._bytes = (ctypes.c_char * _SIZE).from_address(address)
        first = (ctypes.c_char * _HEADER_SIZE).from_address(address)
        self.header: Callable[[], bytes] = lambda: first.raw

    @property
    def is_known(self) -> bool:
        """Whether it is of the format that is read here, and in use."""
        return _START.unpack_from(self._bytes) == _IN_USE

    def is_folded(self) -> bool:
        """Whether the whole log is in the file, so that the next write may begin it anew."""
        frames, folded = _FRAMES.unpack_from(self._bytes)
        return bool(frames == folded)


def index_of(path: str) -> WalIndex | None:
    """The index of the log of the database at ``path``, None where it cannot be found for certain."""
    address = _address(os.path.realpath(path) + "-shm")
    if address is None:
        return None
    index = WalIndex(address)
    return index if index.is_known else None


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
