"""SQLite's locks on a file, probed from outside: they show whether another process has the file open.

Every connection in WAL mode holds a shared lock on bytes of the database file that hold no data
(https://www.sqlite.org/lockingv3.html, os.h), and one on a byte of its index of the log as long as it uses that
(https://www.sqlite.org/walformat.html, "WAL Locks"). A process does not see its own locks.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_SHARED_FIRST: Final = 0x40000002
_SHARED_SIZE: Final = 510
_IN_USE: Final = 128
"""The byte of an index that each process locks while it has the index in memory."""


@contextmanager
def alone(descriptor: int, *, is_open_here: bool = False) -> Iterator[bool]:
    """Whether no other process has the file open; if so, none can open it during the block.

    Args:
        descriptor: of the file, open for writing.
        is_open_here: by connections of this process, whose own lock is there again afterwards.
    """
    if not _locked(descriptor):
        yield False
        return
    try:
        yield True
    finally:
        _release(descriptor, shared=is_open_here)


if sys.platform == "win32":
    import msvcrt

    def _locked(descriptor: int) -> bool:
        try:
            os.lseek(descriptor, _SHARED_FIRST, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, _SHARED_SIZE)
        except OSError:
            return False
        return True

    def _release(descriptor: int, *, shared: bool) -> None:
        os.lseek(descriptor, _SHARED_FIRST, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, _SHARED_SIZE)

    def is_index_in_use(path: str) -> bool:
        """False: a file that is open cannot be taken from its name on Windows, nor its index."""
        return False

else:
    import fcntl

    def _locked(descriptor: int) -> bool:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, _SHARED_SIZE, _SHARED_FIRST)
        except OSError:
            return False
        return True

    def _release(descriptor: int, *, shared: bool) -> None:
        fcntl.lockf(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_UN, _SHARED_SIZE, _SHARED_FIRST)

    @contextmanager
    def kept_open(descriptor: int) -> Iterator[bool]:
        """Whether the file could be locked as SQLite locks one that it has open: then no other process closes it
        as the last one, and removes its log by its name, during the block.

        Args:
            descriptor: of the file, which this process does not have open.
        """
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB, _SHARED_SIZE, _SHARED_FIRST)
        except OSError:
            yield False
            return
        try:
            yield True
        finally:
            _release(descriptor, shared=False)

    def is_index_in_use(path: str) -> bool:
        """Whether another process has the index of a log at ``path`` in memory. This one must not have it."""
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _IN_USE)
        except OSError:
            return True
        finally:
            os.close(descriptor)
        return False
