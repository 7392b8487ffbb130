"""``MilvusClient`` on a server: every call goes to ``pymilvus.MilvusClient``, types and errors translated."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from functools import wraps
from typing import Any, Final, NoReturn

from ..client.address import server_address
from ..client.data import as_rows
from ..client.milvus_client import MilvusClient
from ..errors import ConnectionNotExistException, ParamError
from ..extras import import_extra
from ..results import WriteResult
from .creation import create_and_insert, taking_back, taking_back_indexes
from .errors import translated_errors
from .types import to_pymilvus

_OF_FILES: Final = {
    "read_only": "give its user the privilege to read and no other",
    "strict": "pymilvus ignores the arguments that it does not know",
}


class RemoteMilvusClient(MilvusClient):
    """What ``MilvusClient("http://localhost:19530")`` gives.

    Results are pymilvus's own, of the same shape as on a file. Calls that only pymilvus has, such as
    ``create_user``, go through as well.
    """

    def __init__(self, uri: str, *args: Any, **kwargs: Any) -> None:
        """Connect to the server at ``uri``; the other arguments are those of ``pymilvus.MilvusClient``.

        Raises:
            ParamError: what is asked for only a file can keep: ``read_only`` or ``strict``.
            MissingExtraError: pymilvus is not installed.
            MilvusException: the server cannot be reached, or refuses the user.
        """
        self.uri = uri
        self._arguments = args, dict(kwargs)
        self._database_name: str | None = None
        self._server: Any = None
        for name, instead in _OF_FILES.items():
            if kwargs.pop(name, False):
                raise ParamError(message=f"{name}=True is for files, and {uri!r} is a server: {instead}")
        pymilvus = import_extra("pymilvus", f"servers such as {uri!r}")
        # Servers take pings of an idle client for a nuisance, and hang up after some.
        options = {"grpc.keepalive_permit_without_calls": False, **kwargs.pop("grpc_options", {})}
        with translated_errors():
            self._server = pymilvus.MilvusClient(server_address(uri), *args, grpc_options=options, **kwargs)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled and deep-copied, a client is one that connects to the same server, with the same password."""
        self._connected  # noqa: B018  # raises when it is closed
        kinds = [one for one in type(self).__mro__ if not issubclass(one, RemoteMilvusClient)]
        return _reconnected, (kinds[0], self.uri, *self._arguments, self._database_name)

    def close(self) -> None:
        """Give up the connection."""
        server, self._server = self._server, None
        if server is not None:
            server.close()

    def create_collection(self, collection_name: str, *args: Any, **kwargs: Any) -> None:
        """Create a collection; if its index or loading it is refused, there is none, as on a file."""
        with taking_back(self, collection_name, kwargs.get("index_params")):
            self._forward("create_collection", (collection_name, *args), kwargs)

    def create_and_insert(
        self,
        collection_name: str,
        data: dict[str, Any] | list[dict[str, Any]],
        schema: Any = None,
        index_params: Any = None,
        partition_name: str | None = "",
        replace: bool = False,
        batch_size: int | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> WriteResult:
        """Make a collection that has rows from the start; if one is refused, the collection is dropped again.

        With ``replace`` the old collection is dropped when the new one is filled, which takes its name then.
        """
        return create_and_insert(
            self,
            collection_name,
            as_rows(data),
            {"schema": schema, "index_params": index_params, "timeout": timeout, **kwargs},
            replace=replace,
            batch_size=batch_size,
            writing={"partition_name": partition_name or None, "timeout": timeout},
        )

    def create_index(self, collection_name: str, *args: Any, **kwargs: Any) -> Any:
        """As on a file, all indexes or none: pymilvus asks for one after the other.

        Raises:
            MilvusException: the server refuses one of them; those before it are gone again.
        """
        with taking_back_indexes(self, collection_name):
            return self._forward("create_index", (collection_name, *args), kwargs)

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
            answer = call(*map(to_pymilvus, args), **given)
        if name in ("use_database", "using_database"):
            self._database_name = args[0] if args else kwargs["db_name"]
        return answer


def _reconnected(
    kind: type[MilvusClient], uri: str, args: tuple[Any, ...], kwargs: dict[str, Any], database: str | None
) -> MilvusClient:
    client = kind(uri, *args, **kwargs)
    if database is not None:
        client.use_database(database)
    return client


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
