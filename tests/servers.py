"""Milvus Lite's server as a process of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Server:
    process: subprocess.Popen[bytes]
    host: str
    port: int


@contextmanager
def running_server(folder: Path) -> Iterator[Server]:
    """A server that keeps its data in ``folder`` and ends with the block."""
    if sys.platform == "win32":
        pytest.skip("Milvus Lite does not run on Windows")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        host, port = probe.getsockname()
    command = [sys.executable, "-m", "milvus_lite", "server", "--host", host, "--port", str(port)]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([*command, "--data-dir", str(folder)], stdout=log, stderr=log)
    server = Server(process, host, port)
    try:
        _wait_for(server, folder / "log")
        yield server
    finally:
        process.kill()  # its data are the test's, and a stopped process hears nothing milder
        process.wait(timeout=30)


def _wait_for(server: Server, log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert server.process.poll() is None, log.read_text()
        try:
            socket.create_connection((server.host, server.port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"the server did not answer: {log.read_text()}")
