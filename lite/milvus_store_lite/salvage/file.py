"""One salvage of a file: from the damaged one to a new one that is sound."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress

from ..database_file import DatabaseFile
from ..errors import DatabaseWriteError, MilvusException
from ..storage.faults import FAULTS, said, translate
from ..storage.file.opening import initialise
from ..storage.transactions import transaction
from .definitions import FoundCatalog, Note, read_catalog
from .report import Ledger, Lost, Recovered, Recovery
from .rows import DamagedRows
from .workspace import copied, opened
from .writing import NewCollection, seal_names, write_databases


def recover_file(
    path: str | os.PathLike[str],
    target: str | os.PathLike[str],
    report: Callable[[Lost], object] = lambda lost: None,
) -> Recovery:
    """Write every row of the database at ``path`` that is what was written to a new file, ``target``.

    The damaged file is only read: a copy of it, made in the folder of ``target`` and removed at the end, is what
    this works on. No program may have it open meanwhile, this one included.

    Args:
        report: told of each row that is lost, as it is met.

    Raises:
        NotADatabaseError, DatabaseFormatError: there is no database of ours, or one that this version cannot read.
        DatabaseWriteError: ``target`` exists or cannot be written.
    """
    path, target = os.fsdecode(path), os.fsdecode(target)
    if "\0" in target:
        raise DatabaseWriteError(message=f"cannot write {target!r}: a path has no NUL")
    if os.path.lexists(target):
        raise _exists(target)
    folder = os.path.dirname(os.path.abspath(target))
    if not os.path.isdir(folder):
        raise DatabaseWriteError(message=f"cannot write {target}: the directory {folder} does not exist")
    try:
        workspace = tempfile.mkdtemp(prefix=".milvus-store-recover-", dir=folder)
    except OSError as error:
        raise DatabaseWriteError(message=f"cannot write {target}: {error}") from error
    notes: dict[str, None] = {}
    try:
        made = os.path.join(workspace, "new.db")
        note: Note = lambda text: notes.setdefault(text)  # noqa: E731
        with closing(opened(copied(path, workspace, note), path)) as damaged:
            found = read_catalog(damaged, note)
            collections = _write(damaged, made, found, report, note)
        _build_indexes(made, found, note)
        _publish(made, target)
    finally:
        shutil.rmtree(workspace, ignore_errors=True)
    return Recovery(path, target, tuple(collections), tuple(notes))


def _write(
    damaged: sqlite3.Connection,
    made: str,
    found: FoundCatalog,
    report: Callable[[Lost], object],
    note: Note,
) -> list[Recovered]:
    collections = []
    with closing(sqlite3.connect(made, isolation_level=None)) as connection:
        try:
            # Nobody else has the file, and until it is whole, nobody needs it.
            connection.execute("PRAGMA synchronous = OFF")
            initialise(connection, made)
            connection.execute("PRAGMA journal_mode = MEMORY")
            with transaction(connection):
                write_databases(connection, found)
            for one in found.collections:
                foreign = {
                    number for other in found.collections if other is not one for number in other.partitions
                }
                ledger = Ledger(one.name, report)
                try:
                    with transaction(connection):
                        rows = DamagedRows(damaged, one, ledger, note)
                        new = NewCollection(connection, one, rows, ledger, note, foreign)
                        collections.append(new.write())
                except (MilvusException, *FAULTS) as error:
                    _refuse_failing_disk(error, made)
                    reason = error.message if isinstance(error, MilvusException) else said(error)
                    note(f"{one.place}: it cannot be written, and is left out: {reason}")
            with transaction(connection):
                seal_names(connection, found)
        except FAULTS as error:
            raise translate(error, made, 0) from error
    return collections


def _refuse_failing_disk(error: Exception, made: str) -> None:
    """Raise what speaks of the disk, not of what was read."""
    if isinstance(error, FAULTS):
        error = translate(error, made, 0)
    if isinstance(error, DatabaseWriteError):
        raise error


def _build_indexes(made: str, found: FoundCatalog, note: Note) -> None:
    """Build the vector indexes, as they were not copied; this also brings the file to its lasting form."""
    with closing(DatabaseFile(made)) as file:
        for number, (name, _) in found.databases.items():
            database = file.database(name)
            there = set(database.list_collections())
            for one in found.collections:
                if one.database_id != number or one.name not in there:
                    continue
                for index in one.indexes:
                    if index.metric is not None:
                        try:
                            database.collection(one.name).build_index(index.field, wait=True)
                        except DatabaseWriteError:
                            raise
                        except MilvusException as error:
                            note(f"{one.place}: index {index.name!r} is not built yet: {error.message}")


def _publish(made: str, target: str) -> None:
    """Give the finished file its name, unless somebody else took it meanwhile."""
    with open(made, "r+b") as file:
        os.fsync(file.fileno())
    try:
        os.link(made, target)
    except FileExistsError:
        raise _exists(target) from None
    except OSError:  # a file system without links
        if os.path.lexists(target):
            raise _exists(target) from None
        os.rename(made, target)
    else:
        with suppress(OSError):
            os.remove(made)


def _exists(target: str) -> DatabaseWriteError:
    return DatabaseWriteError(message=f"cannot recover to {target}: it exists already; expected a new file")
