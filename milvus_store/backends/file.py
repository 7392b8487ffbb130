"""The backend for files: the engine's database, how it is opened, and what is closed with it."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from milvus_store_lite import (
    DEFAULT_DATABASE,
    IN_MEMORY,
    ConnectionNotExistException,
    Database,
    DatabaseFile,
    DatabaseWriteError,
    NotADatabaseError,
    OnProgress,
    ParamError,
    PerProcess,
    restore_file,
)

from .address import local_path
from .lite_data import refuse_lite_data
from .shared import acquire, release, release_forgotten

Durability = Literal["full", "normal"]


@dataclass(frozen=True)
class FileSettings:
    """How a file is opened; ``MilvusClient`` documents each setting."""

    durability: Durability = "full"
    busy_timeout: float = 30.0
    memory_limit: int | None = None
    read_only: bool = False
    threads: int | None = None

    def check(self) -> None:
        """Raise ParamError for a value that a setting does not take."""
        for name, (expected, is_met) in self._expectations().items():
            if not is_met:
                raise ParamError(message=f"{name} must be {expected}, got {getattr(self, name)!r}")

    def _expectations(self) -> Mapping[str, tuple[str, bool]]:
        """Setting → what it takes, and whether it has that."""
        return {
            "durability": ("'full' or 'normal'", self.durability in ("full", "normal")),
            "busy_timeout": ("seconds, 0 or more", _is_number(self.busy_timeout, (int, float))),
            "memory_limit": (
                "bytes, 0 or more, or None",
                self.memory_limit is None or _is_number(self.memory_limit, int),
            ),
            "read_only": ("a bool", isinstance(self.read_only, bool)),
            "threads": (
                "a number of threads, 1 or more, or None",
                self.threads is None or (_is_number(self.threads, int) and self.threads > 0),
            ),
        }


class Closing(Protocol):
    """What is closed with its client."""

    def close(self) -> None: ...


Iterating = TypeVar("Iterating", bound=Closing)


class FileBackend:
    """One of the databases inside an open file. A client that goes to another one takes another backend."""

    __slots__ = ("_database", "_file", "_opened")

    def __init__(self, opened: OpenFile, database: Database) -> None:
        self._opened = opened
        self._file = opened.file
        self._database = database

    @classmethod
    def open(cls, uri: str | Path, db_name: str, settings: FileSettings) -> FileBackend:
        """The file at ``uri``, which is made if it does not exist.

        Raises:
            ParamError: the uri is not a path.
            DatabaseNotExistException: ``db_name`` is not in the file.
            MilvusException: the file cannot be opened or is not a database of ours.
        """
        try:
            opened = OpenFile(uri, settings)
        except NotADatabaseError as error:
            refuse_lite_data(local_path(uri), error)
            raise
        try:
            return cls(opened, opened.file.database(db_name or DEFAULT_DATABASE))
        except BaseException:
            opened.close()
            raise

    @property
    def database(self) -> Database:
        """
        Raises:
            ConnectionNotExistException: the file was closed.
            DatabaseNotExistException: it was restored from a backup that has no such database.
        """
        if self._opened.is_closed:
            raise self._opened.error()
        if self._opened.file is not self._file:
            file = self._opened.file
            self._database, self._file = file.database(self._database.name), file
        return self._database

    @property
    def file(self) -> DatabaseFile:
        """
        Raises:
            ConnectionNotExistException: the file was closed.
        """
        if self._opened.is_closed:
            raise self._opened.error()
        return self._opened.file

    def using(self, db_name: str) -> FileBackend:
        """Another database of the same file.

        Raises:
            DatabaseNotExistException: the file has no database of this name.
        """
        return FileBackend(self._opened, self.file.database(db_name))

    def restore(self, backup: str | os.PathLike[str], progress: OnProgress | None = None) -> None:
        """Put a copy of the file ``backup`` in the place of this one, for every backend that shares this opening.

        Raises:
            ParamError: the database is in memory.
            DatabaseWriteError: it was opened for reading only.
            MilvusException: as ``restore_file`` says. The backends go on with the file as it was.
        """
        path = self.file.path
        if str(self._opened.uri) == IN_MEMORY:
            raise ParamError(message="a database in memory has no file to restore: open the backup itself")
        if self._opened.settings.read_only:
            raise DatabaseWriteError(message=f"{path} was opened read-only: open it anew to restore it")
        self._opened.restore(backup, path, progress)

    def closing(self, iterator: Iterating) -> Iterating:
        """``iterator``, which is closed with the file if not before."""
        self._opened.end_with_this(iterator)
        return iterator

    def close(self) -> None:
        """Release the file, for every backend that shares this opening of it."""
        self._opened.close()

    def reopening(self) -> tuple[str, dict[str, Any]]:
        """The address and the arguments by which a client reaches the same database again.

        Raises:
            TypeError: the database is in memory, where no other client can open it.
        """
        database = self.database
        if str(self._opened.uri) == IN_MEMORY:
            raise TypeError(
                "a database in memory belongs to its client and can be neither pickled nor deep-copied: "
                "use a file, or copy.copy(), which shares the client"
            )
        return self.file.path, {"db_name": database.name, **asdict(self._opened.settings)}


class OpenFile:
    """One opening of a file: it ends with ``close``, or when the garbage collection takes the last owner."""

    def __init__(self, uri: str | Path, settings: FileSettings) -> None:
        self.uri = uri
        self.settings = settings
        self.is_closed = False
        self._iterators: weakref.WeakSet[Closing] = weakref.WeakSet()
        self._lock = PerProcess(threading.Lock)  # of the iterators
        self._acquire(local_path(uri))

    def _acquire(self, path: str) -> None:
        self.file = acquire(self, path, **asdict(self.settings))
        # Not the file itself: a finalizer that an exception breaks off keeps its arguments for good.
        self._release = weakref.finalize(self, release_forgotten, weakref.ref(self.file))
        self._release.atexit = False  # ``shared`` closes all files then

    def restore(self, backup: str | os.PathLike[str], path: str, progress: OnProgress | None) -> None:
        """Close the file at ``path``, put a copy of ``backup`` there, and open that.

        It is closed no sooner than the copy is complete, and because Windows replaces no open file.
        """
        former = self.file

        def close_former() -> None:
            self._release.detach()
            release(former, self)

        try:
            restore_file(backup, path, close_former, progress)
        finally:
            if not self._release.alive:
                self.is_closed = True
                self._acquire(path)
                self.is_closed = False

    def close(self) -> None:
        """Release the file. After its last user, everything is in that one file. Closing again does no harm."""
        self.is_closed = True
        with self._lock.own:
            iterators = list(self._iterators)
        for iterator in iterators:
            iterator.close()
        release(self.file, self)
        self._release.detach()

    def end_with_this(self, iterator: Closing) -> None:
        """Close ``iterator`` when this closes, or at once if another thread has closed it."""
        with self._lock.own:
            self._iterators.add(iterator)
        if self.is_closed:
            iterator.close()

    def error(self) -> ConnectionNotExistException:
        """What a call raises once this is closed."""
        return ConnectionNotExistException(message=f"the client of {self.uri} is closed: open a new one")


def _is_number(value: object, kind: type | tuple[type, ...]) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool) and value >= 0  # type: ignore[operator]
