"""``MilvusClient``: every group of calls in one class, and what they are served by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from milvus_store_lite import ParamError

from ..backends.address import is_server
from ..backends.credentials import refuse_credentials
from ..backends.file import FileBackend, FileSettings
from ..options import judge_options, options
from .access_calls import AccessCalls
from .aliases import AliasCalls
from .alterations import AlterationCalls
from .analysis import AnalysisCalls
from .collections import CollectionCalls
from .creation import CreationCalls
from .databases import DatabaseCalls
from .hybrid import HybridCalls
from .indexes import IndexCalls
from .iteration import IterationCalls
from .maintenance import MaintenanceCalls
from .one_node import OneNodeCalls
from .partitions import PartitionCalls
from .rows import RowCalls
from .search import SearchCalls
from .server_calls import ServerCalls
from .snapshots import SnapshotCalls
from .tenants import TenantCalls

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ..backends.remote.options import ServerOptions

_ARGUMENTS: Final = options(
    *("uri", "user", "password", "db_name", "token"),
    *("durability", "busy_timeout", "memory_limit", "read_only", "threads", "strict"),
)

Client = TypeVar("Client", bound="MilvusClient")


class MilvusClient(
    DatabaseCalls,
    CollectionCalls,
    CreationCalls,
    AlterationCalls,
    PartitionCalls,
    AliasCalls,
    IndexCalls,
    RowCalls,
    SearchCalls,
    HybridCalls,
    IterationCalls,
    TenantCalls,
    AnalysisCalls,
    SnapshotCalls,
    MaintenanceCalls,
    OneNodeCalls,
    AccessCalls,
    ServerCalls,
):
    """pymilvus's ``MilvusClient`` on a file, or through pymilvus on a server.

    >>> import tempfile
    >>> with MilvusClient(tempfile.mkdtemp() + "/demo.db") as client:
    ...     client.create_collection("docs", dimension=2)
    ...     _ = client.insert("docs", [{"id": 1, "vector": [0.0, 1.0], "color": "red"}])
    ...     client.search("docs", [[0.0, 2.0]], output_fields=["color"])
    data: [[{'id': 1, 'distance': 1.0, 'entity': {'color': 'red'}}]]
    """

    def __init__(
        self,
        uri: str | Path = "./milvus_demo.db",
        user: str = "",
        password: str = "",
        db_name: str = "",
        token: str = "",
        timeout: float | None = None,
        *,
        durability: Literal["full", "normal"] = "full",
        busy_timeout: float = 30.0,
        memory_limit: int | None = None,
        read_only: bool = False,
        threads: int | None = None,
        strict: bool = False,
        **kwargs: Unpack[ServerOptions],
    ) -> None:
        """Open the database at ``uri``, making the file if it does not exist, or connect to a server.

        Args:
            uri: path of the file, such as ``./milvus_demo.db``; ``:memory:`` for one that is removed on close; or
                the address of a server, such as ``http://localhost:19530``.
            user, password, token: those of a server; a file asks nobody, so they must be empty.
            db_name: which of the databases inside the file, or of the server.
            timeout: seconds to wait for a server; calls on a file do not wait for a network.
            durability: ``"full"`` (what a call wrote survives loss of power) or ``"normal"`` (it survives
                the end of the process, and the file stays sound).
            busy_timeout: seconds a write waits for other writers.
            memory_limit: bytes that vectors and columns may hold in memory; what does not fit is read from
                the file at every search, which is slower and just as right.
            read_only: refuse every write, and make no file.
            threads: the most that a call may use; one on each core by default. One team of threads works for the
                process, so of several open files the least one counts.
            strict: raise an error for every unknown argument, instead of ignoring it with a warning.
            kwargs: what pymilvus takes to connect to a server.

        Raises:
            ParamError: the uri is neither a path nor an address; credentials are given for a file; ``read_only``
                or ``strict`` is given for a server.
            DatabaseNotExistException: ``db_name`` is not in the file.
            MilvusException: the file cannot be opened or is not a database of ours; the server cannot be
                reached, or refuses the user.
            MissingExtraError: pymilvus, which servers are reached through, is not installed.
        """
        self.uri = uri
        self.strict = strict
        self._server = None
        settings = FileSettings(durability, busy_timeout, memory_limit, read_only, threads)
        if is_server(uri):
            from ..backends.remote import RemoteBackend  # not needed for files

            given = {
                "user": user,
                "password": password,
                "db_name": db_name,
                "token": token,
                "timeout": timeout,
            }
            arguments = {name: value for name, value in given.items() if value not in ("", None)}
            self._server = RemoteBackend(uri, {**asdict(settings), "strict": strict}, {**arguments, **kwargs})
            return
        judge_options("MilvusClient", kwargs, _ARGUMENTS, strict=bool(strict))
        settings.check()
        refuse_credentials(uri, user=user, password=password, token=token)
        if not isinstance(strict, bool):
            raise ParamError(message=f"strict must be a bool, got {strict!r}")
        self._local = FileBackend.open(uri, db_name, settings)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled and deep-copied, a client is one that opens the same file, or connects to the same server.

        Raises:
            TypeError: the database is in memory, where no other client can open it.
        """
        uri, arguments = self._backend.reopening()
        if self.strict:
            arguments["strict"] = True
        return _reopened, (type(self), uri, arguments)

    if not TYPE_CHECKING:  # to which a misspelt call is an error

        def __getattr__(self, name: str) -> Callable[..., Any]:
            """A call of a server that pymilvus has and a file has not."""
            if name.startswith("_") or self._server is None:
                return object.__getattribute__(self, name)  # raises the usual AttributeError
            return self._server.call_named(name)


def _reopened(kind: type[Client], uri: str, arguments: dict[str, Any]) -> Client:
    return kind(uri, **arguments)
