"""One salvage of a file: from the damaged file to a new, sound one."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress

from ..database_file import DatabaseFile
from ..errors import DatabaseWriteError, MilvusException
from ..storage.faults import FAULTS, message_of, translate
from ..storage.file.opening import initialise
from ..storage.transactions import transaction
from .definitions import FoundCatalog, Note, read_catalog
from .report import Losses, Lost, Recovered, Recovery
from .rows import DamagedRows
from .snapshots import read_snapshots, write_snapshots
from .workspace import copied, opened
from .writing import NewCollection, seal_names, write_access, write_databases


def recover_file(
    path: str | os.PathLike[str],
    target: str | os.PathLike[str],
    report: Callable[[Lost], object] = lambda lost: None,
) -> Recovery:
    """Write every sound row of the database at ``path`` to a new file, ``target``.

    The damaged file is only read: the salvage works on a copy in the folder of ``target``, and removes it at the
    end. No program may have the file open meanwhile, this one included.

    Args:
        report: receives each row that is lost.

    Raises:
        NotADatabaseError, DatabaseFormatError: it is not a database of milvus-store, or this version cannot read
            it. DatabaseWriteError: ``target`` exists or cannot be written.
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
            read_snapshots(damaged, found, note)
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
            # No one else has the file, and it is useless until it is complete.
            connection.execute("PRAGMA synchronous = OFF")
            initialise(connection, made)
            connection.execute("PRAGMA journal_mode = MEMORY")
            with transaction(connection):
                write_databases(connection, found)
            for collection in found.collections:
                foreign = {
                    number
                    for other in found.collections
                    if other is not collection
                    for number in other.partitions
                }
                losses = Losses(collection.shown_name, report)
                try:
                    with transaction(connection):
                        rows = DamagedRows(damaged, collection, losses, note)
                        new = NewCollection(connection, collection, rows, losses, note, foreign)
                        collections.append(new.write())
                except (MilvusException, *FAULTS) as error:
                    _refuse_failing_disk(error, made)
                    reason = error.message if isinstance(error, MilvusException) else message_of(error)
                    note(f"{collection.where}: it cannot be written, and is left out: {reason}")
            with transaction(connection):
                write_snapshots(connection, found, note)
                seal_names(connection, found)
                write_access(damaged, connection, note)
        except FAULTS as error:
            raise translate(error, made, 0) from error
    return collections


def _refuse_failing_disk(error: Exception, made: str) -> None:
    """Raise an error of the disk, as against one of the data."""
    if isinstance(error, FAULTS):
        error = translate(error, made, 0)
    if isinstance(error, DatabaseWriteError):
        raise error


def _build_indexes(made: str, found: FoundCatalog, note: Note) -> None:
    """Build the vector indexes, which were not copied. This also gives the file its final form."""
    with closing(DatabaseFile(made)) as file:
        for number, (name, _) in found.databases.items():
            database = file.database(name)
            there = set(database.list_collections())
            for collection in found.collections:
                if collection.database_id != number or collection.name not in there:
                    continue
                for index in collection.indexes:
                    if index.metric is not None:
                        try:
                            database.collection(collection.name).build_index(index.field, wait=True)
                        except DatabaseWriteError:
                            raise
                        except MilvusException as error:
                            note(
                                f"{collection.where}: index {index.name!r} is not built yet: {error.message}"
                            )


def _publish(made: str, target: str) -> None:
    """Give the finished file its name, unless another file has taken it meanwhile."""
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
