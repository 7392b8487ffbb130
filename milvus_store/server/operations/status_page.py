"""``/healthz`` and ``/metrics`` over HTTP, for those who watch a server."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import Any, Final

from ...errors import MilvusException

_TEXT: Final = "text/plain; charset=utf-8"
_METRICS: Final = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus's own text format."""

_PATIENCE: Final = 10.0
"""Seconds that a connection may keep a thread waiting for its request."""


class StatusPage:
    """An HTTP server in threads of its own.

    Args:
        problem: says what keeps the server from answering; nothing if it can.
        metrics: all numbers, as Prometheus reads them.

    Raises:
        MilvusException: the port cannot be used.
    """

    def __init__(
        self, host: str, port: int, problem: Callable[[], str], metrics: Callable[[], bytes]
    ) -> None:
        pages = {"/healthz": lambda: _health(problem()), "/metrics": lambda: (200, _METRICS, metrics())}
        try:
            self._server = _Server((host, port), type("_PageHandler", (_Handler,), {"pages": pages}))
        except OSError as error:
            raise MilvusException(
                message=f"the address of the metrics, {host}:{port}, cannot be used: {error.strerror or error}; "
                f"set another metrics_port, or metrics to false"
            ) from error
        shown = f"[{host}]" if ":" in host else host
        self.uri = f"http://{shown}:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="milvus-store-http", daemon=True
        )

    def __enter__(self) -> StatusPage:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _health(problem: str) -> tuple[int, str, bytes]:
    return (503, _TEXT, f"{problem}\n".encode()) if problem else (200, _TEXT, b"OK\n")


class _Server(ThreadingMixIn, TCPServer):
    """Not ``HTTPServer``, which asks the network for the name of the host before it listens."""

    daemon_threads = True
    allow_reuse_address = os.name == "posix"  # elsewhere it would share the port with another program

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, handler)

    def handle_error(self, *_: Any) -> None:
        """A client that went away is nobody's error."""


class _Handler(BaseHTTPRequestHandler):
    pages: dict[str, Callable[[], tuple[int, str, bytes]]]
    timeout = _PATIENCE

    def do_GET(self) -> None:
        page = self.pages.get(self.path.partition("?")[0])
        if page is None:
            self.send_error(404, "the pages here are /healthz and /metrics")
            return
        status, kind, content = page()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Who looks is not logged."""
