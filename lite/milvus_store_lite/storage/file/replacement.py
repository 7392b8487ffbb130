"""Puts a finished file in the place of another one, which processes may have open meanwhile, at one stroke.

Whoever has the former file open sees at the next call that it was replaced (``place.py``). Its log goes with it. A
process that is killed in between leaves that log, which the new file does not take for its own, because it has an
identity of its own (``lineage.py``).
"""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from ...errors import DatabaseCorruptError, DatabaseFormatError, DatabaseLockedError, DatabaseWriteError
from .admission import INDEX, JOURNAL, LOG
from .backup import failed
from .identity import Identity, identity_of, located, status
from .open_files import OPENING, find
from .opening import recognise

RESTORE: Final = "restore to"
PRIVATE: Final = 0o600
"""The permissions of a copy that is not finished: it may hold what others must not read."""

_PATIENCE: Final = 10.0
"""Seconds in which another process closes the file: the last one may have a log of 64 MiB to fold."""

_PAUSE: Final = 0.01


@dataclass(frozen=True, slots=True)
class Former:
    """A file that is to be replaced. ``found``: what the file system says of it; None if no file is there."""

    given: str
    path: str
    found: os.stat_result | None

    @property
    def identity(self) -> Identity | None:
        return None if self.found is None else Identity.of(self.found)


def replaceable(given: str) -> Former:
    """The file at ``given``, damaged or not, if it is a database of ours, or nothing.

    Raises:
        NotADatabaseError: it is something else.
        DatabaseWriteError: it has several names, or must not be written; its folder does not exist.
        ParamError: no file can have this name.
    """
    path = located(given)
    found = status(path)
    if found is not None and found.st_nlink > 1:
        raise DatabaseWriteError(
            message=f"cannot {RESTORE} {given}: it has {found.st_nlink} names (hard links), and only "
            f"one of them would lead to what is restored: remove the others"
        )
    if found is not None and not os.access(path, os.W_OK):
        raise DatabaseWriteError(message=f"cannot {RESTORE} {given}: the file is read-only")
    with OPENING.own:
        # A file that this process has open is ours, and would lose its locks by being looked into.
        if found is None or find(Identity.of(found)) is None:
            with suppress(DatabaseCorruptError, DatabaseFormatError):  # ours, and a reason to restore it
                recognise(path)
    return Former(given, path, found)


def replace(former: Former, part: str, permissions: os.stat_result) -> None:
    """Put the closed file ``part``, in the same folder, in the place of ``former``.

    Args:
        permissions: whose mode and owner the new file gets, as far as the system allows; its owner may write it.

    Raises:
        DatabaseWriteError: another file is there by now, or the system refuses.
        DatabaseLockedError: another process keeps on opening and closing the file.
    """
    try:
        _hand_over(part, permissions)
        with OPENING.own, _undisturbed(former, part):
            if identity_of(former.path) != former.identity:
                raise DatabaseWriteError(
                    message=f"cannot {RESTORE} {former.given}: another file came there meanwhile"
                )
            os.replace(part, former.path)
            # The new name is on the disk before the log of the former file is gone.
            _sync_folder(os.path.dirname(former.path))
            _remove_logs(former.path)
    except OSError as error:
        raise failed(former.given, RESTORE, error) from error


def _hand_over(part: str, permissions: os.stat_result) -> None:
    if hasattr(os, "chown"):
        with suppress(PermissionError):
            os.chown(part, permissions.st_uid, permissions.st_gid)
    os.chmod(part, stat.S_IMODE(permissions.st_mode) | stat.S_IWUSR)


if sys.platform == "win32":

    @contextmanager
    def _undisturbed(former: Former, part: str) -> Iterator[None]:
        """``part`` is on the disk. Windows neither replaces a file nor removes a log that a process has open."""
        with open(part, "r+b") as file:
            os.fsync(file.fileno())
        yield

else:
    from .file_locks import alone, kept_open

    @contextmanager
    def _undisturbed(former: Former, part: str) -> Iterator[None]:
        """``part`` is on the disk. During the block no other process opens it, or is the last to close ``former``.

        The one would make a log under the name of the former one, and the other would remove it.
        """
        with _opened(part) as descriptor, alone(descriptor):
            os.fsync(descriptor)
            if former.found is None or find(former.identity) is not None:  # as open here as can be
                yield
            else:
                with _opened(former.path) as kept, _kept_open(kept, former.given):
                    yield

    @contextmanager
    def _opened(path: str) -> Iterator[int]:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def _kept_open(descriptor: int, given: str) -> Iterator[None]:
        deadline = time.monotonic() + _PATIENCE
        while True:
            with kept_open(descriptor) as is_kept:
                if is_kept:
                    yield
                    return
            if time.monotonic() > deadline:
                raise DatabaseLockedError(
                    message=f"cannot {RESTORE} {given}: other processes are opening or closing it all the time"
                )
            time.sleep(_PAUSE)


def _remove_logs(path: str) -> None:
    """What cannot be removed is set aside by whoever opens the file next."""
    for end in (LOG, INDEX, JOURNAL):
        with suppress(OSError):
            os.remove(path + end)


def _sync_folder(folder: str) -> None:
    """Have the names in ``folder`` on the disk, where the system offers that."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
