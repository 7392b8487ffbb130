"""The header of SQLite's index of the write-ahead log, read as the file that it is.

Every commit of any process writes these bytes anew, and comparing them is how SQLite itself tells that a
connection is behind (https://www.sqlite.org/walformat.html, "The WAL-Index File Format"; ``walIndexTryHdr`` in
its wal.c). Asking it, by ``PRAGMA data_version``, takes seven times as long.

SQLite maps the index into memory. This module has the system copy a few bytes of it instead, so it never touches
memory that another thread might have unmapped, and a truncated file gives a header that is too short. On the
systems named below, a file read sees what was written to mapped memory; SQLite's own memory-mapped reading needs
the same (https://www.sqlite.org/mmap.html; ``SQLITE_MAX_MMAP_SIZE`` in its sqliteInt.h).
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
    """The index that is open for reading at ``descriptor``, which must stay open."""

    __slots__ = ("_descriptor", "_read_header")

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._read_header: Callable[[], bytes] = partial(os.pread, descriptor, _HEADER_SIZE, 0)

    @property
    def is_known(self) -> bool:
        """Whether the index has the known format and is in use."""
        header = self.header()
        return header is not None and _START.unpack_from(header) == _IN_USE

    def header(self) -> bytes | None:
        """A value that changes with each commit; None if the file is truncated."""
        header = self._read_header()
        return header if len(header) == _HEADER_SIZE else None

    def is_folded(self) -> bool:
        """Whether the whole log may be in the file, so that the next write may begin it anew."""
        content = os.pread(self._descriptor, _SIZE, 0)
        if len(content) < _SIZE:
            return True
        frames, folded = _FRAMES.unpack(content)
        return bool(frames == folded)
