"""A server as what serves a client: calls go to ``pymilvus.MilvusClient``, types and errors are translated."""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable, Mapping
from typing import Any, Final

from ...errors import ConnectionNotExistException, ParamError
from ...extras import import_extra
from ..address import server_address
from .calls import OWN_CALLS
from .errors import translated_errors
from .types import to_pymilvus

_OF_FILES: Final = {
    "read_only": "give its user the privilege to read and no other",
    "strict": "pymilvus ignores the arguments that it does not know",
}

_GRPC_OPTIONS: Final = {
    # Servers take pings of an idle client for a nuisance, and hang up after some.
    "grpc.keepalive_permit_without_calls": False,
    # Each connection of its own: else a new one waits as long as the old one, which failed again and again.
    "grpc.use_local_subchannel_pool": 1,
}


class RemoteBackend:
    """A connection to the server at ``uri``. Results are pymilvus's own, of the same shape as on a file.

    Args:
        settings: those of a file, which a server cannot keep.
        arguments: of ``pymilvus.MilvusClient``.

    Raises:
        ParamError: ``read_only`` or ``strict`` is given, which only a file supports.
        MissingExtraError: pymilvus is not installed.
        MilvusException: the server cannot be reached, or refuses the user.
    """

    def __init__(self, uri: str, settings: Mapping[str, Any], arguments: Mapping[str, Any]) -> None:
        self.uri = uri
        self._arguments = dict(arguments)
        self._client: Any = None
        for name, instead in _OF_FILES.items():
            if settings[name]:
                raise ParamError(message=f"{name}=True is for files, and {uri!r} is a server: {instead}")
        pymilvus = import_extra("pymilvus", f"servers such as {uri!r}")
        grpc_options = {**_GRPC_OPTIONS, **(self._arguments.get("grpc_options") or {})}
        with translated_errors():
            # pymilvus lends one connection to all clients of an address, with the options of whoever came first.
            given = {"dedicated": True, **self._arguments, "grpc_options": grpc_options}
            self._client = pymilvus.MilvusClient(server_address(uri), **given)
        # pymilvus holds such a connection until it is closed.
        self._closing = weakref.finalize(self, self._client.close)
        self._closing.atexit = False

    @property
    def pymilvus_client(self) -> Any:
        """
        Raises:
            ConnectionNotExistException: the connection was closed.
        """
        if self._client is None:
            raise ConnectionNotExistException(message=f"the client of {self.uri} is closed: open a new one")
        return self._client

    def answer(self, described: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """What the server answers to the call ``described``: pymilvus's call of its name, or one of our own."""
        own = OWN_CALLS.get(described.__name__)
        if own is None:
            return self.ask(described.__name__, *args, **kwargs)
        return own(self, **_by_name(described, args, kwargs))

    def ask(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """What pymilvus's call ``name`` answers."""
        call = getattr(self.pymilvus_client, name, None)
        if call is None:
            raise ParamError(message=f"this version of pymilvus has no call {name!r}: upgrade it")
        # None is "not given" here; pymilvus refuses it for some keywords.
        given = {key: to_pymilvus(value) for key, value in kwargs.items() if value is not None}
        with translated_errors():
            return call(*map(to_pymilvus, args), **given)

    def call_named(self, name: str) -> Callable[..., Any]:
        """pymilvus's call ``name``, which a file does not have.

        Raises:
            AttributeError: pymilvus has none either.
        """
        if not hasattr(self.pymilvus_client, name):
            raise AttributeError(f"neither milvus-store nor pymilvus has a call {name!r}")

        def call(*args: Any, **kwargs: Any) -> Any:
            return self.ask(name, *args, **kwargs)

        call.__name__ = name
        return call

    def use_database(self, db_name: str, **options: Any) -> None:
        """Let the calls go to another database."""
        self.ask("use_database", db_name, **options)
        self._arguments["db_name"] = db_name

    def close(self) -> None:
        """Give up the connection."""
        self._client = None
        self._closing()

    def reopening(self) -> tuple[str, dict[str, Any]]:
        """The address and the arguments, the password among them, that reach the same database again."""
        self.pymilvus_client  # noqa: B018  # raises when it is closed
        return self.uri, dict(self._arguments)


def _by_name(
    described: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """The arguments that a call is given by the names that its description gives them."""
    _self, *parameters = inspect.signature(described).parameters.values()
    bound = inspect.Signature(parameters).bind(*args, **kwargs).arguments
    return {**bound.pop("kwargs", {}), **bound}
