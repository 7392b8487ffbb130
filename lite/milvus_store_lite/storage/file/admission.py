"""Checks before SQLite opens a file: whether the log beside it, and the log's index, are its own.

SQLite goes by names. It would read a file that replaced another one through the log of the old file, by way of an
index that other processes may still have in memory. SQLite's locks tell whether a process has this file open; the
lineage tells which file a log belongs to.
"""

from __future__ import annotations

import os
import time
import warnings
from contextlib import suppress
from typing import Final, NamedTuple

from ...errors import DatabaseReplacedError, DatabaseWriteError
from .file_locks import alone, is_index_in_use
from .lineage import Lineage, in_page
from .log_file import Log, first_row, read_log

_PATIENCE: Final = 2.0
"""Seconds in which another process finishes opening or closing the file."""

_PAUSE: Final = 0.001
_LONGEST_PAUSE: Final = 0.05
_WRITE_VERSION: Final = 18
"""The byte of a file that is 2 if it has a write-ahead log (https://www.sqlite.org/fileformat.html)."""

LOG, INDEX, JOURNAL = "-wal", "-shm", "-journal"


class Predecessor(NamedTuple):
    """A file that was at the path before, and that this process still has open: the log there belongs to it."""

    is_gone: bool
    """Whether no name leads to it any more, so that its log is needed no longer."""


def admit(path: str, descriptor: int, *, may_write: bool, predecessor: Predecessor | None = None) -> None:
    """Check that the files beside the one at ``path`` are its own, and set aside those that are not.

    No connection of this process is open to the file.

    Args:
        descriptor: of the file.
        may_write: whether files may be moved or removed.

    Raises:
        DatabaseReplacedError: what lies there is not the file's, and cannot be set aside: another process uses
            it, or nothing may be written.
    """
    deadline, pause = time.monotonic() + _PATIENCE, _PAUSE
    while True:
        with alone(descriptor) as is_alone:
            if is_alone:
                aside = _clear(path, descriptor, may_write=may_write, predecessor=predecessor)
                break
            fault = _fault_in_use(path, descriptor)
        if fault is None:
            return
        if time.monotonic() > deadline:
            raise DatabaseReplacedError(message=f"{path}: {fault}")
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
    for name, kept in aside:
        warnings.warn(
            f"{path}: {name} is the log of another file, or of another state of this one, that was here before; "
            f"the file is opened as it is, and that log is kept as {kept}",
            RuntimeWarning,
            stacklevel=2,
        )


def remove_remains(path: str) -> None:
    """Remove the log, and its index, of a former file at ``path``, before a new file is made there.

    The caller has the lock of the new one, which has no log yet. SQLite would use what is left: it removes the log
    of an empty file only if that is not empty, too.
    """
    for name in (path + LOG, path + INDEX):
        with suppress(FileNotFoundError):
            os.remove(name)


def _clear(
    path: str, descriptor: int, *, may_write: bool, predecessor: Predecessor | None
) -> list[tuple[str, str]]:
    """No process has the file open: keep its own log, and nothing else. Returns what was kept under which name."""
    if os.fstat(descriptor).st_size == 0:
        if may_write:
            remove_remains(path)
        return []
    log, index, journal = path + LOG, path + INDEX, path + JOURNAL
    aside = []
    if os.path.lexists(journal) and _is_foreign_journal(journal, descriptor):
        aside.append(journal)
    is_needless = _size(log) == 0 or (predecessor is not None and predecessor.is_gone)
    # Closing an index that this process has in memory would drop its locks on it.
    if not is_needless and (predecessor or is_index_in_use(index) or _is_foreign(read_log(log), descriptor)):
        aside.append(log)
    if aside and not may_write:
        raise DatabaseReplacedError(
            message=f"{path}: {aside[0]} is the log of another file, or of another state of this one: open the "
            f"file once without read_only, which sets that log aside"
        )
    kept = [(name, _set_aside(name)) for name in aside]
    # SQLite makes an index anew from the log. Processes with another file open may have this one in memory.
    for name in (log, index) if is_needless else (index,):
        with suppress(FileNotFoundError, PermissionError):
            os.remove(name)
    if predecessor is None and is_index_in_use(index):
        raise DatabaseReplacedError(
            message=f"{path}: {index} is used by another process, for another file, and cannot be removed"
        )
    return kept


def _fault_in_use(path: str, descriptor: int) -> str | None:
    """Why a file that another process has open must not be opened, None if it may."""
    if not _has_log(descriptor):
        return None  # another process is creating it
    log, index = path + LOG, path + INDEX
    try:
        row, is_whole = first_row(log), os.path.exists(index)
    except FileNotFoundError:  # or it has just closed the file, and removed them
        is_whole = False
    if not is_whole:
        if not os.access(path, os.W_OK):
            return None  # and so a lock cannot show whether a process has it open
        return (
            f"another process has the file open under another name, or {log} or {index} was removed "
            f"meanwhile: close it there, so that what was written is in the file"
        )
    if row is None:
        return None
    found, mine = row_in(descriptor, row.page), row.lineage
    if (
        found is not None
        and found.identity == mine.identity
        and (found.session == mine.session or found.current == mine.parent)
    ):
        return None
    return (
        "another process has the file open, and what it holds was overwritten meanwhile: close it there, then "
        "open it anew"
    )


def _is_foreign(log: Log, descriptor: int) -> bool:
    """Whether ``log`` began on another file. Checkpoints may have copied some or all of its pages since."""
    if log.frames == 0:
        return False  # SQLite ignores such a log
    found = _rows_of_file(log, descriptor)
    return not found or not _belongs(log, found)


def contradicts_file(log_path: str, descriptor: int) -> bool:
    """Whether a log says of itself that it is another file's. Where the file's own row is damaged, none does."""
    log = read_log(log_path)
    found = _rows_of_file(log, descriptor)
    return bool(found) and not _belongs(log, found)


def _rows_of_file(log: Log, descriptor: int) -> list[Lineage]:
    """The row of the lineage at the pages of the file where ``log`` has it."""
    found = (row_in(descriptor, row.page, log.page_size) for row in log.rows)
    return [lineage for lineage in found if lineage is not None]


def _belongs(log: Log, found: list[Lineage]) -> bool:
    first = log.rows[0].lineage
    known = {first.parent, *(row.lineage.current for row in log.rows)}
    return any(row.identity == first.identity and row.current in known for row in found)


def _is_foreign_journal(path: str, descriptor: int) -> bool:
    """Whether a rollback journal is not the file's. It has one only while it is made, or switched to WAL.

    Rolling back the journal of a file that was being made would empty this one.
    """
    with open(path, "rb") as file:
        header = file.read(28)
    if len(header) < 28 or not _has_log(descriptor):
        return False
    pages = int.from_bytes(header[16:20], "big")
    return pages != int.from_bytes(read_at(descriptor, 4, 28), "big")


def _has_log(descriptor: int) -> bool:
    """Whether the file was switched to a write-ahead log."""
    return read_at(descriptor, 1, _WRITE_VERSION) == b"\2"


def row_in(descriptor: int, page: int, page_size: int | None = None) -> Lineage | None:
    """The row of the lineage at ``page`` of the file itself, whatever its log holds."""
    if page_size is None:
        page_size = int.from_bytes(read_at(descriptor, 2, 16), "big")
        page_size = 65_536 if page_size == 1 else page_size
    return in_page(read_at(descriptor, page_size, (page - 1) * page_size))


if hasattr(os, "pread"):
    read_at = os.pread
else:

    def read_at(descriptor: int, length: int, offset: int, /) -> bytes:
        """``length`` bytes from ``offset``."""
        os.lseek(descriptor, offset, os.SEEK_SET)
        return os.read(descriptor, length)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0


def empty_log(path: str) -> None:
    """Leave nothing in the log of a file that was overwritten; a copy is kept."""
    import shutil  # rarely needed

    if _size(path + LOG) == 0:
        return
    shutil.copyfile(path + LOG, _name_aside(path + LOG))
    os.truncate(path + LOG, 0)


def _set_aside(path: str) -> str:
    """Give a log a name that SQLite does not know; returns it."""
    kept = _name_aside(path)
    os.replace(path, kept)
    return kept


def _name_aside(path: str) -> str:
    """A new name for a foreign log; an empty file reserves it."""
    for number in range(1, 10_000):
        kept = f"{path}.foreign-{number}"
        try:
            os.close(os.open(kept, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            continue
        return kept
    raise DatabaseWriteError(message=f"{path} is the log of another file: move it away")
