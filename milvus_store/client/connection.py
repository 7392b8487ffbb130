"""Where a client's calls go: what a uri means, opening and closing."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any, Protocol, TypeVar

from milvus_store_lite import (
    DEFAULT_DATABASE,
    IN_MEMORY,
    Collection,
    ConnectionNotExistException,
    Database,
    DatabaseFile,
    ParamError,
)

from ..options import judge_options, options
from .address import local_path
from .shared import acquire, release

_SETTINGS: dict[str, Any] = {
    "durability": "full",
    "busy_timeout": 30.0,
    "memory_limit": None,
    "read_only": False,
    "strict": False,
}
_OPTIONS = options("user", "password", "token", "db_name", "uri", *_SETTINGS)

Client = TypeVar("Client", bound="Connection")


class Closing(Protocol):
    """What is closed with its client."""

    def close(self) -> None: ...


Iterating = TypeVar("Iterating", bound=Closing)


class Connection:
    """An open database file. Base of the groups of calls; also a context manager that closes."""

    strict: bool
    """Whether arguments that nobody knows are errors."""

    def __init__(
        self,
        uri: str | Path = "./milvus_demo.db",
        user: str = "",
        password: str = "",
        db_name: str = "",
        token: str = "",
        timeout: float | None = None,
        **kwargs: Any,
    ) -> None:
        """Open the database at ``uri``, making the file if there is none.

        Args:
            uri: path of the file, such as ``./milvus_demo.db``; ``:memory:`` for one that is gone on close.
            user, password, token: taken for pymilvus's sake; a file has no users.
            db_name: which of the databases inside the file.
            timeout: taken for pymilvus's sake; calls on a file do not wait for a network.
            durability: ``"full"`` (what a call wrote survives loss of power) or ``"normal"`` (it survives
                the end of the process, and the file stays sound).
            busy_timeout: seconds a write waits for other writers.
            memory_limit: bytes that vectors and columns may hold in memory; what does not fit is read from
                the file at every search, which is slower and just as right.
            read_only: refuse every write, and make no file.
            strict: make an error of every argument that nobody knows, instead of ignoring it with a warning.

        Raises:
            ParamError: the uri is no path.
            DatabaseNotExistException: ``db_name`` is not in the file.
            MilvusException: the file cannot be opened or is not a database of ours.
        """
        self.uri = uri
        self.__settings = _checked_settings(kwargs)
        self.strict = self.__settings["strict"]
        opened = acquire(
            self, local_path(uri), **{name: one for name, one in self.__settings.items() if name != "strict"}
        )
        # When the client is forgotten. That may be at any moment and in any thread, so nothing is waited for.
        self.__release = weakref.finalize(self, release, opened, waiting=False)
        self.__release.atexit = False  # all are closed then
        self.__opened = opened
        self.__database: Database | None = None
        self.__iterators: weakref.WeakSet[Closing] = weakref.WeakSet()
        try:
            self.__database = opened.database(db_name or DEFAULT_DATABASE)
        except BaseException:
            self.close()
            raise

    _original: Connection | None = None
    """Of a copy, the client that it was made from."""

    @property
    def _database(self) -> Database:
        if self.__database is None:
            raise self.__closed()
        return self.__database

    @property
    def _file(self) -> DatabaseFile:
        """The file, while the client is open."""
        if self.__database is None:
            raise self.__closed()
        return self.__opened

    def __closed(self) -> ConnectionNotExistException:
        return ConnectionNotExistException(message=f"the client of {self.uri} is closed: open a new one")

    def _collection(self, collection_name: str) -> Collection:
        """The collection that a call on rows is about."""
        return self._database.collection(collection_name)

    def _switch(self, db_name: str) -> None:
        """Go on in another database of the file; nothing changes if there is none of this name."""
        self.__database = self._file.database(db_name)

    def _closing_with_client(self, iterator: Iterating) -> Iterating:
        """``iterator``, which is closed with the client if not before."""
        self.__iterators.add(iterator)
        return iterator

    def close(self) -> None:
        """Release the file. Once no client has it open, it is one file, with everything in it."""
        self.__database = None
        for iterator in list(self.__iterators):
            iterator.close()
        release(self.__opened, self._original or self)
        self.__release.detach()

    def __copy__(self: Client) -> Client:
        """The same open database; what is closed is closed for both."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._original = (
            self._original or self
        )  # which has the file open, so it must not be forgotten before
        return other

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled and deep-copied, a client is one that opens the same file, with the same settings.

        Raises:
            TypeError: the database is in memory, where nobody else can open it.
        """
        database = self._database
        if str(self.uri) == IN_MEMORY:
            raise TypeError(
                "a database in memory belongs to its client and can be neither pickled nor deep-copied: "
                "use a file, or copy.copy(), which shares the client"
            )
        return _reopened, (type(self), self._file.path, {"db_name": database.name, **self.__settings})

    def __enter__(self: Client) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _reopened(kind: type[Client], path: str, settings: dict[str, Any]) -> Client:
    return kind(path, **settings)


def _checked_settings(given: dict[str, Any]) -> dict[str, Any]:
    """``given`` over the defaults; raises ParamError for a name or value that is none."""
    if not _OPTIONS.issuperset(given):
        judge_options("MilvusClient", given, _OPTIONS, strict=bool(given.get("strict", False)))
    settings: dict[str, Any] = {name: given.get(name, default) for name, default in _SETTINGS.items()}
    expected = {
        "durability": ("'full' or 'normal'", settings["durability"] in ("full", "normal")),
        "busy_timeout": ("seconds, 0 or more", _is_number(settings["busy_timeout"], (int, float))),
        "memory_limit": (
            "bytes, 0 or more, or None",
            settings["memory_limit"] is None or _is_number(settings["memory_limit"], int),
        ),
        "read_only": ("a bool", isinstance(settings["read_only"], bool)),
        "strict": ("a bool", isinstance(settings["strict"], bool)),
    }
    for name, (expectation, is_met) in expected.items():
        if not is_met:
            raise ParamError(message=f"{name} must be {expectation}, got {settings[name]!r}")
    return settings


def _is_number(value: object, kind: type | tuple[type, ...]) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool) and value >= 0  # type: ignore[operator]
