"""Restores a file from a backup: copied, checked, and then put in the place of what was there."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing

from ..errors import DatabaseCorruptError, NotADatabaseError, ParamError
from ..process.calls import whole
from ..process.progress import OnProgress, Reports, heard
from .catalog import Catalog
from .connections import Connections
from .faults import FAULTS, translate
from .file.backup import unfinished
from .file.identity import Identity, located, path_of, status
from .file.open_files import OPENING, find
from .file.opening import require_database
from .file.replacement import PRIVATE, RESTORE, replace, replaceable
from .transactions import transaction


@whole
def restore_file(
    backup: str | os.PathLike[str],
    target: str | os.PathLike[str],
    when_ready: Callable[[], object] = lambda: None,
    progress: OnProgress | None = None,
) -> None:
    """Put a copy of the database at ``backup`` in the place of the one at ``target``, or make a new file of it.

    Others may have either file open: those with the former ``target`` get ``DatabaseReplacedError`` at their next
    call. Whatever ends the call, the former file or the restored one is there, whole.

    Args:
        when_ready: called when the copy is checked, before anything is replaced.
        progress: is told how much is copied and checked. If it raises, nothing is replaced.

    Raises:
        ParamError: the two are one file, or no paths.
        NotADatabaseError: either is no database of ours. DatabaseFormatError: this version cannot read the backup.
        DatabaseCorruptError: the backup is damaged, as far as its pages, names and definitions tell.
        DatabaseWriteError: the target has several names, or cannot be replaced or written.
    """
    source = path_of(backup, "backup must be the path of a database file")
    former = replaceable(path_of(target, "target must be the path of a database file"))
    found = status(located(source))
    if found is None:
        raise NotADatabaseError(message=f"{source} does not exist; expected a backup")
    if Identity.of(found) == former.identity:
        raise ParamError(message=f"{source} is the file {former.given} itself; expected a backup of it")
    with OPENING.own:
        if (
            find(Identity.of(found)) is None
        ):  # one that is open here would lose its locks by being looked into
            require_database(source)
    with unfinished(former.path, RESTORE, PRIVATE) as part:
        with closing(Connections(source, read_only=True)) as connections:
            connections.fill(part, progress)
        heard(lambda reports: _check(part, source, reports), progress)
        when_ready()
        replace(former, part, former.found or found)


def _check(part: str, source: str, reports: Reports) -> None:
    """Refuse a copy whose pages, names or definitions are damaged. Rows are verified when they are read."""
    try:
        with (
            closing(sqlite3.connect(part, isolation_level=None)) as connection,
            transaction(connection),
            reports.interrupting(connection),
        ):
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            reports.tell("checking the copy", 0, pages, "pages")
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if found != "ok":
                raise DatabaseCorruptError(message=found)
            catalog = Catalog(connection)
            catalog.names()
            for (collection,) in connection.execute("SELECT id FROM collections").fetchall():
                catalog.load(collection)
                catalog.position(collection)
            reports.tell("checking the copy", pages, pages, "pages")
    except (DatabaseCorruptError, *FAULTS) as error:
        fault = error if isinstance(error, DatabaseCorruptError) else translate(error, part, 0)
        if not isinstance(fault, DatabaseCorruptError):
            raise fault from error
        raise DatabaseCorruptError(
            message=f"{source} is damaged, and nothing was restored: {fault.message}"
        ) from error
