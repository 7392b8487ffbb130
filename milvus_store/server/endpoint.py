"""A server at an address: it opens a file, answers, and stops without losing a call that is under way."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import grpc

from ..client.milvus_client import MilvusClient
from ..errors import MilvusException
from .access.guard import AccessGuard
from .access.setup import switch_on
from .calls import calls_with
from .databases import Databases
from .iterators import SearchIterators
from .service import Guard, OpenDoor, handlers

_THREADS: Final = 4 * min(16, os.cpu_count() or 1) + 4
"""Calls at a time: most are short; a few may wait for a write or an index, and others go on meanwhile."""

_MESSAGE_BYTES: Final = 256 << 20
"""The largest request: what pymilvus sends at most, unless it is told otherwise."""

_GRACE: Final = 30.0
"""Seconds that calls under way may take when the server stops."""


class MilvusServer:
    """Milvus's protocol at ``address``, over the file ``path``.

    >>> import tempfile
    >>> with MilvusServer(tempfile.mkdtemp() + "/demo.db", "127.0.0.1:0") as server:
    ...     server.uri.startswith("http://127.0.0.1:")
    True

    Args:
        address: ``host:port``, where port 0 is a free one, or ``unix:/path``.
        guard: decides who may make which call; everybody may make all by default.
        access: whether the users and roles in the file decide that.
        root_password: the one that the user ``root`` gets when access control is first switched on.
        settings: how the file is opened, as ``MilvusClient`` takes them.

    ``made_password`` is the password of ``root`` if it was made up now; nobody can learn it later.

    Raises:
        MilvusException: the file cannot be opened, or the address cannot be used.
    """

    def __init__(
        self,
        path: str | Path,
        address: str,
        *,
        guard: Guard | None = None,
        access: bool = False,
        root_password: str | None = None,
        **settings: Any,
    ) -> None:
        self._client = MilvusClient(path, **settings)
        self._server = grpc.server(
            ThreadPoolExecutor(_THREADS, "milvus-store"),
            options=[
                ("grpc.max_receive_message_length", _MESSAGE_BYTES),
                ("grpc.max_send_message_length", -1),
                ("grpc.so_reuseport", 0),
            ],
        )
        self._iterators = SearchIterators()
        databases = Databases(self._client)
        self.made_password: str | None = None
        try:
            if access:
                self.made_password = switch_on(self._client._file.access, root_password)
                guard = AccessGuard(self._client._file.access, databases)
        except BaseException:
            self._client.close()
            raise
        calls = handlers(databases, calls_with(self._iterators), guard or OpenDoor())
        self._server.add_generic_rpc_handlers((calls,))
        try:
            port = self._server.add_insecure_port(address)
        except RuntimeError as error:
            self._client.close()
            raise MilvusException(message=f"the address {address} cannot be used: {error}") from error
        host = address.rpartition(":")[0]
        self.uri = address if address.startswith("unix:") else f"http://{host}:{port}"

    def start(self) -> None:
        """Begin to answer; this returns at once."""
        self._server.start()

    def stop(self, grace: float = _GRACE) -> None:
        """Refuse new calls, wait up to ``grace`` seconds for those under way, and close the file."""
        self._server.stop(grace).wait()
        self._iterators.close()
        self._client.close()

    def __enter__(self) -> MilvusServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
