"""A server at an address: it opens a file, answers, and stops without losing a call that is under way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import grpc

from ..errors import MilvusException
from .call_threads import THREADS, CallThreads
from .health import health_service
from .served_file import ServedFile
from .service import Guard, handlers

_MESSAGE_BYTES: Final = 256 << 20
"""The largest request: what pymilvus sends at most, unless it is told otherwise."""

_PING_MS: Final = 5000
"""The least time between two questions of a client whether the server is still there. pymilvus asks every 10 s,
also while it has no calls; gRPC by itself hangs up on whoever asks more often than every five minutes."""

_GRACE: Final = 30.0
"""Seconds that calls under way may take when the server stops."""


_LAST_STEPS: Final = 0.5
"""Seconds for what a thread does after its answer is sent."""


@dataclass(frozen=True)
class Transport:
    """How a server listens.

    Args:
        credentials: gRPC's, for TLS.
        threads: which answer the calls.
        interceptors: gRPC's, which see every call first.
        message_bytes: the largest request.
        shares_port: whether other processes may listen at the same port.
    """

    credentials: Any | None = None
    threads: CallThreads | None = None
    interceptors: Sequence[Any] = ()
    message_bytes: int = _MESSAGE_BYTES
    shares_port: bool = False


class MilvusServer:
    """Milvus's protocol at ``address``, over the file ``path``.

    >>> import tempfile
    >>> with MilvusServer(tempfile.mkdtemp() + "/demo.db", "127.0.0.1:0") as server:
    ...     server.uri.startswith("http://127.0.0.1:")
    True

    Args:
        address: ``host:port``, where port 0 is a free one, or ``unix:/path``.
        guard, access, root_password, settings: as ``ServedFile`` takes them, whose ``made_password`` this has.

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
        transport: Transport = Transport(),  # it is immutable
        **settings: Any,
    ) -> None:
        self._closed_for = "the server has not begun"
        self._file = ServedFile(path, guard=guard, access=access, root_password=root_password, **settings)
        self.made_password = self._file.made_password
        try:
            self._threads = transport.threads or CallThreads(THREADS)
            self._server = grpc.server(
                self._threads,
                interceptors=tuple(transport.interceptors),
                options=[
                    ("grpc.max_receive_message_length", transport.message_bytes),
                    ("grpc.max_send_message_length", -1),
                    ("grpc.so_reuseport", int(transport.shares_port)),
                    ("grpc.http2.min_ping_interval_without_data_ms", _PING_MS),
                    ("grpc.keepalive_permit_without_calls", 1),
                ],
            )
            self._server.add_generic_rpc_handlers(
                (handlers(self._file.answers), health_service(self.problem))
            )
            self.uri = self._listen(address, transport.credentials)
        except BaseException:
            self._file.close()
            raise

    def _listen(self, address: str, credentials: Any | None) -> str:
        try:
            if credentials is None:
                port = self._server.add_insecure_port(address)
            else:
                port = self._server.add_secure_port(address, credentials)
        except RuntimeError as error:
            raise MilvusException(message=f"the address {address} cannot be used: {error}") from error
        if address.startswith("unix:"):
            return address
        return f"{'http' if credentials is None else 'https'}://{address.rpartition(':')[0]}:{port}"

    def problem(self) -> str:
        """What keeps the server from answering; nothing if it can."""
        return self._closed_for or self._file.problem()

    def start(self) -> None:
        """Begin to answer; this returns at once."""
        self._server.start()
        self._closed_for = ""

    def stop(self, grace: float = _GRACE) -> None:
        """Refuse new calls, break off those that take longer than ``grace`` seconds, and close the file."""
        self.refuse(grace)
        self.drain()
        self.close()

    def refuse(self, grace: float) -> None:
        """Refuse new calls from now on, and give those under way ``grace`` seconds. This returns at once."""
        self._closed_for = "the server is stopping"
        self._drained = self._server.stop(grace)

    def drain(self) -> int:
        """Wait for the calls that were under way when new ones were refused.

        Returns:
            How many are at work still, whose clients have been told that nothing comes of them.
        """
        self._drained.wait()
        return self._threads.wait(_LAST_STEPS)

    def close(self) -> None:
        """Close the file, once no call is at work any more."""
        self._file.close()

    def __enter__(self) -> MilvusServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
