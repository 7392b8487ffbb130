"""``MilvusClient`` on a server: every call goes to ``pymilvus.MilvusClient``, types and errors translated."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn

from ..client.address import server_address
from ..client.milvus_client import MilvusClient
from ..errors import ConnectionNotExistException, ParamError
from .errors import translated_errors
from .types import to_pymilvus


class RemoteMilvusClient(MilvusClient):
    """What ``MilvusClient("http://localhost:19530")`` gives.

    Results are pymilvus's own, of the same shape as on a file. Calls that only pymilvus has, such as
    ``create_user``, go through as well.
    """

    def __init__(self, uri: str, *args: Any, **kwargs: Any) -> None:
        """Connect to the server at ``uri``; the other arguments are those of ``pymilvus.MilvusClient``.

        Raises:
            ImportError: pymilvus is not installed.
            MilvusException: the server cannot be reached, or refuses the user.
        """
        self.uri = uri
        self._server: Any = None
        try:
            import pymilvus
        except ImportError as error:
            raise ImportError(
                f"{uri!r} is a server, which needs pymilvus: pip install 'milvus-store[server]'"
            ) from error
        # Servers take pings of an idle client for a nuisance, and hang up after some.
        options = {"grpc.keepalive_permit_without_calls": False, **kwargs.pop("grpc_options", {})}
        with translated_errors():
            self._server = pymilvus.MilvusClient(server_address(uri), *args, grpc_options=options, **kwargs)

    def close(self) -> None:
        """Give up the connection."""
        server, self._server = self._server, None
        if server is not None:
            server.close()

    def backup(self, target: str | os.PathLike[str]) -> NoReturn:
        """Refused: it copies a file."""
        raise ParamError(
            message=f"backup({str(target)!r}) copies a file, and {self.uri} is a server: use Milvus Backup"
        )

    def build_index(self, collection_name: str, index_name: str, report: object = None) -> NoReturn:
        """Refused: a server builds its indexes by itself."""
        raise ParamError(
            message=f"build_index({collection_name!r}, {index_name!r}) builds the index of a file, and {self.uri} "
            f"is a server, which does that by itself: describe_index() says how far it is"
        )

    def for_tenant(self, collection_name: str, tenant: str | int) -> NoReturn:
        """Refused: what a server lets a user see is the server's to enforce."""
        raise ParamError(
            message=f"for_tenant({collection_name!r}, {tenant!r:.80}) confines calls on a file, "
            f"and {self.uri} is a server: use its users, or add the tenant to each filter as a template"
        )

    def __getattr__(self, name: str) -> Any:
        """A call that pymilvus has and a file has not."""
        if name.startswith("_"):
            raise AttributeError(name)
        if not hasattr(self._connected, name):
            raise AttributeError(f"neither milvus-store nor pymilvus has a call {name!r}")

        def call(*args: Any, **kwargs: Any) -> Any:
            return self._forward(name, args, kwargs)

        call.__name__ = name
        return call

    @property
    def _connected(self) -> Any:
        if self._server is None:
            raise ConnectionNotExistException(message=f"the client of {self.uri} is closed: open a new one")
        return self._server

    def _forward(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        call = getattr(self._connected, name, None)
        if call is None:
            raise ParamError(message=f"this version of pymilvus has no call {name!r}: upgrade it")
        # None is "not given" here; pymilvus refuses it for some keywords.
        given = {key: to_pymilvus(value) for key, value in kwargs.items() if value is not None}
        with translated_errors():
            return call(*map(to_pymilvus, args), **given)


def _forwarding(name: str, on_file: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(on_file)
    def call(self: RemoteMilvusClient, *args: Any, **kwargs: Any) -> Any:
        return self._forward(name, args, kwargs)

    return call


# Every public call of a file's client is one of the server's, also those that a file refuses, save those written
# above and the static ones, which build values and ask nobody.
for _name, _on_file in inspect.getmembers(MilvusClient, callable):
    _is_static = isinstance(inspect.getattr_static(MilvusClient, _name), staticmethod)
    if not _name.startswith("_") and not _is_static and _name not in vars(RemoteMilvusClient):
        setattr(RemoteMilvusClient, _name, _forwarding(_name, _on_file))
