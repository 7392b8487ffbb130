"""Calls of a client: each is described once; a file carries it out there, or a server gets it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from milvus_store_lite import Collection, Database, DatabaseFile

from ..backends.file import FileBackend
from ..options import COMMON, check_keywords, keywords_of

if TYPE_CHECKING:
    from ..backends.remote import RemoteBackend

Client = TypeVar("Client", bound="Calls")
Described = TypeVar("Described", bound=Callable[..., Any])


class Calls:
    """Base of the groups of calls. It holds their backend: a file or a server."""

    _local: FileBackend
    _server: RemoteBackend | None = None

    uri: str | Path
    """The path or address that the client was given."""

    strict: bool
    """Whether unknown arguments are errors."""

    @property
    def _database(self) -> Database:
        """The database of the file that calls go to."""
        return self._local.database

    @property
    def _file(self) -> DatabaseFile:
        """The file that calls go to."""
        return self._local.file

    def _collection(self, collection_name: str) -> Collection:
        """The collection that a call on rows is about."""
        return self._local.database.collection(collection_name)

    @property
    def _backend(self) -> FileBackend | RemoteBackend:
        return self._local if self._server is None else self._server

    def close(self) -> None:
        """Release the file or the server. A file that no client has open is one file, with everything in it."""
        self._backend.close()

    def __copy__(self: Client) -> Client:
        """The same open database; closing either client closes both."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        return other

    def __enter__(self: Client) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def call_taking(options: frozenset[str]) -> Callable[[Described], Described]:
    """Make a call of a method that says what a file does. A client that holds a server hands the call over.

    Args:
        options: the keywords that the method takes beside its own parameters; others are errors or warnings.
    """

    def decorate(described: Described) -> Described:
        known = options | keywords_of(described)
        are_fine = (known - {"consistency_level"}).issuperset  # their values need no check here
        takes_more = bool(described.__code__.co_flags & inspect.CO_VARKEYWORDS)

        @wraps(described)
        def run(self: Calls, /, *args: Any, **kwargs: Any) -> Any:
            server = self._server
            if server is not None:
                return server.answer(described, args, kwargs)
            if not kwargs:
                return described(self, *args)
            if not are_fine(kwargs) and takes_more:
                check_keywords(described.__name__, kwargs, known, strict=self.strict)
            return described(self, *args, **kwargs)

        return cast(Described, run)

    return decorate


call: Final = call_taking(COMMON)
"""``call_taking`` without further options."""
