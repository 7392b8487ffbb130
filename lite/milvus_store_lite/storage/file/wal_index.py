"""The header of SQLite's index of the write-ahead log, read as the file that it is.

Every commit of any process writes these bytes anew, and comparing them is how SQLite itself tells that a
connection is behind (https://www.sqlite.org/walformat.html, "The WAL-Index File Format"; ``walIndexTryHdr`` in
its wal.c). Asking it, by ``PRAGMA data_version``, takes seven times as long.

SQLite has the index in memory; here the system copies a few bytes of it, so that no memory is touched that
somebody might have unmapped, and a file that was cut off gives a header that is too short. What is written to
memory and what is read from the file are one on the systems named below, as SQLite's own memory-mapped reading
needs it (https://www.sqlite.org/mmap.html; ``SQLITE_MAX_MMAP_SIZE`` in its sqliteInt.h).
"""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Callable
from functools import partial
from typing import Final

IS_READABLE: bool = sys.platform in ("linux", "darwin")

_HEADER_SIZE: Final = 48
_SIZE: Final = 136
"""Two copies of the header, and how far the log is folded into the file."""

_FRAMES: Final = struct.Struct("=16xI76xI36x")
"""How many frames the log has, and how many of them are in the file."""

_START: Final = struct.Struct("=I8xB")
"""The version of the format, and whether the index is in use; the header is in the machine's byte order."""

_IN_USE: Final = (3_007_000, 1)


class WalIndex:
    """The index that is open for reading at ``descriptor``, which nobody may close meanwhile."""

    __slots__ = ("_descriptor", "_read_header")

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._read_header: Callable[[], bytes] = partial(os.pread, descriptor, _HEADER_SIZE, 0)

    @property
    def is_known(self) -> bool:
        """Whether it is of the format that is read here, and in use."""
        header = self.header()
        return header is not None and _START.unpack_from(header) == _IN_USE

    def header(self) -> bytes | None:
        """What differs after each commit; None if the file was cut off."""
        header = self._read_header()
        return header if len(header) == _HEADER_SIZE else None

    def is_folded(self) -> bool:
        """Whether the whole log may be in the file, so that the next write may begin it anew."""
        content = os.pread(self._descriptor, _SIZE, 0)
        if len(content) < _SIZE:
            return True
        frames, folded = _FRAMES.unpack(content)
        return bool(frames == folded)
