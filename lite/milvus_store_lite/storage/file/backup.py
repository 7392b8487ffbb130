"""Copies of a file that is in use."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Final

from ...errors import DatabaseWriteError, ParamError
from ...process.progress import OnProgress, Reports, heard
from ..transactions import transaction
from .admission import INDEX, JOURNAL, LOG
from .identity import located, path_of
from .lineage import become_another
from .place import Place

_BACK_UP: Final = "back up to"
_MODE: Final = 0o644  # as SQLite makes files
_FLAGS: Final = os.O_CREAT | os.O_EXCL | os.O_WRONLY

_PAGES_AT_ONCE: Final = 256
"""4 MiB, a few milliseconds: SQLite copies so many pages between two reports."""


def target_of(given: object, place: Place) -> str:
    """The file that a copy of the one at ``place`` is to become.

    Raises:
        ParamError: ``given`` is not a path, or SQLite would take it for a part of the file itself.
        DatabaseWriteError: the target exists already, or the system cannot create it.
    """
    target = path_of(given, "target must be the path of a new file")
    real = located(target)
    if real in {place.path + end for end in (LOG, INDEX, JOURNAL)}:
        raise ParamError(
            message=f"target must not be a name that {place.given} itself may need, got {target!r}"
        )
    if os.path.lexists(target):
        raise DatabaseWriteError(message=f"cannot back up to {target}: it exists already")
    return target


def copy_to(target: str, connection: sqlite3.Connection, progress: OnProgress | None) -> None:
    """Copy the file that ``connection`` has open to ``target``, while others may write.

    Raises:
        DatabaseWriteError: ``target`` exists by now, or the system cannot create it.
    """
    with unfinished(target, _BACK_UP) as part:
        fill(part, connection, progress)
        _name(part, target)


def fill(part: str, connection: sqlite3.Connection, progress: OnProgress | None) -> None:
    """Copy the file that ``connection`` has open to the empty file ``part``, as a database of its own."""
    heard(lambda reports: _fill(part, connection, reports), progress)


def _fill(part: str, connection: sqlite3.Connection, reports: Reports) -> None:
    def report(_: int, left: int, total: int) -> None:
        reports.tell("copying", total - left, total, "pages")

    with closing(sqlite3.connect(part, isolation_level=None)) as copy:
        # One transaction for all steps: the pages are of one state, and writers go on in the WAL.
        with transaction(connection):
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            connection.backup(copy, pages=_PAGES_AT_ONCE, progress=report)
        become_another(copy)


@contextmanager
def unfinished(target: str, purpose: str, mode: int = _MODE) -> Iterator[str]:
    """An empty file of this call alone, beside ``target``; whatever is left of it is removed.

    Args:
        purpose: what the call cannot do where this fails: ``"back up to"``.
        mode: the permissions of the file, without those that the process withholds.
    """
    part = f"{target}.{os.urandom(6).hex()}.part"
    try:
        os.close(os.open(part, _FLAGS, mode))
    except (OSError, ValueError) as error:
        raise failed(target, purpose, error) from error
    try:
        yield part
    finally:
        for name in (part, part + LOG, part + INDEX, part + JOURNAL):
            with suppress(FileNotFoundError):
                os.remove(name)


def _name(part: str, target: str) -> None:
    """Rename the file ``part`` to ``target``, unless that exists."""
    try:
        if os.name == "nt":
            os.rename(part, target)  # on Windows this never replaces a file
            return
        try:
            os.link(part, target)
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links
            os.close(os.open(target, _FLAGS, _MODE))
            os.replace(part, target)
    except OSError as error:
        raise failed(target, _BACK_UP, error) from error


def failed(target: str, purpose: str, error: OSError | ValueError) -> DatabaseWriteError:
    """The error of a call that cannot write ``target``."""
    if isinstance(error, FileExistsError):
        return DatabaseWriteError(message=f"cannot {purpose} {target}: it exists already")
    reason = error.strerror if isinstance(error, OSError) else error
    return DatabaseWriteError(message=f"cannot {purpose} {target}: {reason}")
