"""A database file: opened and closed, backed up, made smaller; and the databases inside it, by name.

It opens the file, keeps what is worth keeping between calls, and holds no truth of its own: every call begins by
asking the file, so other processes' changes are seen at once.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from .access_control import AccessControl
from .collection.opener import CollectionOpener
from .columns.memory import MemoryBudget
from .database import Database
from .errors import ConnectionNotExistException, DatabaseReplacedError, MilvusException, ParamError
from .process.calls import whole, whole_calls
from .process.cores import check_environment
from .process.progress import OnProgress
from .process.threads import ThreadBound
from .schema.fields import check_name
from .schema.properties import DATABASE_PROPERTIES, checked_properties
from .storage.catalog import Catalog
from .storage.catalog_tables import DEFAULT_DATABASE
from .storage.connections import Connections
from .storage.databases import Databases
from .storage.file.identity import Identity
from .storage.file.opening import Durability

IN_MEMORY: Final = ":memory:"

MAX_DATABASES: Final = 64
"""Milvus's bound, the default database included."""


@whole_calls
class DatabaseFile:
    """The file at ``path``, which is made if it does not exist.

    ``:memory:`` is a private file among the system's temporary ones, removed on close. Any number of threads
    may share one object; any number of processes may open the same file.

    Args:
        path: the file. Its directory must exist.
        durability: ``full`` survives loss of power, ``normal`` the end of the process.
        busy_timeout: seconds a writer waits for other writers.
        memory_limit: bytes that vectors and columns may hold in memory, None for no bound.
        read_only: refuse every write, and make no file.
        threads: the most that a call may use, 1 or more, None for one on each core. It holds for the process: of
            several open files the least one counts.

    Raises:
        ParamError: ``MILVUS_STORE_THREADS`` of the environment is not a number of threads.
        NotADatabaseError, DatabaseFormatError, DatabaseCorruptError: the file cannot be opened as a database.
    """

    @whole
    def __init__(
        self,
        path: str | Path,
        durability: Durability = "full",
        busy_timeout: float = 30.0,
        memory_limit: int | None = None,
        read_only: bool = False,
        threads: int | None = None,
    ) -> None:
        check_environment()
        scratch = _make_folder() if str(path) == IN_MEMORY else None
        if scratch is not None:
            path, durability = Path(scratch, "memory.db"), "normal"
        self.connections = Connections(str(path), durability, busy_timeout, read_only=read_only)
        self._remove_scratch = weakref.finalize(self.connections, _remove_folder, scratch, os.getpid())
        self._thread_bound = None if threads is None else ThreadBound(threads)
        self.memory = MemoryBudget(memory_limit)
        self.access = AccessControl(self.connections)
        self.opener = CollectionOpener(self.connections, self.memory, read_only=read_only)

    def close(self, *, waiting: bool = True) -> None:
        """Release the file. Calls on its databases and their collections raise from here on.

        Args:
            waiting: whether to wait for calls that use the file. Without it they end soon after. The garbage
                collection must not wait: it may run at any moment, whatever lock its thread holds.
        """
        self.opener.close(waiting=waiting)
        self.connections.close(waiting=waiting)
        self._remove_scratch()
        if self._thread_bound is not None:
            self._thread_bound.lift()

    @property
    def path(self) -> str:
        """Where the file is, wherever the process goes: an absolute path without links."""
        return self.connections.real_path

    @property
    def identity(self) -> Identity | None:
        """Which file it has open, whatever that is called."""
        return self.connections.identity

    def is_current(self) -> bool:
        """Whether the file is open, and still the one that was opened, where it was."""
        try:
            with self.connections.reading():
                return True
        except (ConnectionNotExistException, DatabaseReplacedError):
            return False

    def backup(self, target: str | os.PathLike[str], progress: OnProgress | None = None) -> None:
        """Copy the file, as it is now, to ``target``, while others read and write.

        Raises:
            DatabaseWriteError: ``target`` exists, or cannot be written.
            ParamError: ``target`` is not a path.
        """
        self.connections.backup(target, progress)

    def compact(self, progress: OnProgress | None = None) -> None:
        """Give the free pages of the file back to the file system."""
        self.connections.shrink(progress)

    def checkpoint(self) -> None:
        """Fold what the write-ahead log holds into the file, as far as readers allow."""
        self.connections.checkpoint()

    # The databases inside ------------------------------------------------------------------------------

    def database(self, name: str = DEFAULT_DATABASE) -> Database:
        """The database called ``name``; raises ``DatabaseNotExistException``."""
        with self.connections.reading() as connection:
            Databases(connection).require(name)
        return Database(self.connections, self.opener, name)

    def list_databases(self) -> list[str]:
        """All names, the default database's first, then oldest first."""
        with self.connections.reading() as connection:
            return Databases(connection).names()

    def create_database(self, name: str, properties: Mapping[str, Any] | None = None) -> None:
        """Make an empty database.

        Raises:
            ParamError: no database can have this name or these properties.
            MilvusException: the name is taken, or there are as many as Milvus allows (code 801).
        """
        check_name("database", name)
        checked = checked_properties("database", DATABASE_PROPERTIES, properties or {})
        with self.connections.writing() as connection:
            databases = Databases(connection)
            known = databases.names()
            if name in known:
                raise MilvusException(message=f"database {name!r} already exists")
            if len(known) >= MAX_DATABASES:
                raise MilvusException(801, f"a file holds at most {MAX_DATABASES} databases: drop one first")
            databases.add(name, checked)

    def drop_database(self, name: str) -> None:
        """Remove a database that holds no collections; nothing happens if there is none, as in Milvus.

        Raises:
            ParamError: it is the default database, or still holds collections.
        """
        with self.connections.writing() as connection:
            databases = Databases(connection)
            if not databases.exists(name):
                return
            if name == DEFAULT_DATABASE:
                raise ParamError(message=f"the default database {name!r} cannot be dropped")
            collections = [found.name for found in Catalog(connection).names().collections_of(name)]
            if collections:
                raise ParamError(
                    message=f"database {name!r} cannot be dropped while it holds collections: "
                    f"drop_collection() first: {', '.join(collections)}"
                )
            databases.remove(name)

    def database_properties(self, name: str) -> dict[str, Any]:
        """The properties of a database; raises DatabaseNotExistException."""
        with self.connections.reading() as connection:
            return Databases(connection).properties(name)

    def alter_database_properties(self, name: str, properties: Mapping[str, Any]) -> None:
        """Set ``properties``, leaving the others as they are."""
        checked = checked_properties("database", DATABASE_PROPERTIES, properties)
        with self.connections.writing() as connection:
            databases = Databases(connection)
            databases.set_properties(name, {**databases.properties(name), **checked})

    def drop_database_properties(self, name: str, keys: Iterable[str]) -> None:
        """Remove properties; a property that is not set is ignored."""
        gone = set(keys)
        with self.connections.writing() as connection:
            databases = Databases(connection)
            found = databases.properties(name)
            kept = {key: value for key, value in found.items() if key not in gone}
            databases.set_properties(name, kept)


def _make_folder() -> str:
    from tempfile import mkdtemp  # imports much that a database in a file never needs

    return mkdtemp(prefix="milvus-store-")


def _remove_folder(folder: str | None, owner: int) -> None:
    """Remove what the process ``owner`` has made, if anything; a child that it forked leaves it alone."""
    if folder is not None and os.getpid() == owner:
        import shutil

        shutil.rmtree(folder, ignore_errors=True)
