"""Fixtures that every part of the suite may use."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from milvus_store import MilvusClient


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a database may be made."""
    return tmp_path / "test.db"


@pytest.fixture
def client(path: Path) -> Iterator[MilvusClient]:
    """A client of a new file."""
    with MilvusClient(path) as client:
        yield client


@pytest.fixture(scope="session")
def milvus_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    """Host and port of Milvus Lite's server, run as a process of its own."""
    if sys.platform == "win32":
        pytest.skip("Milvus Lite does not run on Windows")
    folder = tmp_path_factory.mktemp("server")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        host, port = probe.getsockname()
    command = [sys.executable, "-m", "milvus_lite", "server", "--host", host, "--port", str(port)]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([*command, "--data-dir", str(folder)], stdout=log, stderr=log)
    try:
        _wait_for_server(process, host, port, folder / "log")
        yield host, port
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_for_server(process: subprocess.Popen[bytes], host: str, port: int, log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        try:
            socket.create_connection((host, port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"the server did not answer: {log.read_text()}")
