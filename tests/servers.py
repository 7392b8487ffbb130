"""Servers as processes of their own: Milvus Lite's, and a real Milvus."""

from __future__ import annotations

import platform
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
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


_SERVE_OURS = """
import sys
from milvus_store.server.endpoint import MilvusServer
with MilvusServer(sys.argv[1], "127.0.0.1:0") as server:
    print("port", server.uri.rpartition(":")[2], flush=True)
    sys.stdin.read()  # until the tests are done, or gone
"""


@contextmanager
def running_our_server(folder: Path) -> Iterator[tuple[str, int]]:
    """Host and port of our server over a file in ``folder``; it ends with the block."""
    with _started(_SERVE_OURS, folder / "served.db", folder / "log") as port:
        yield "127.0.0.1", port


_SERVE = """
import os, sys, time
from pathlib import Path
from milvus import MilvusServer, MilvusServerConfig

def started(folder):
    server = MilvusServer(MilvusServerConfig(), wait_for_started=False)
    server.set_base_dir(str(folder))
    # Its etcd listens at the ports of every other etcd, unless a file of its own says otherwise.
    ports = [server.config.resolve_port(first) for first in (23_790, 23_890)]
    for _, probe in ports:
        probe.close()
    client, peer = (f"http://127.0.0.1:{port}" for port, _ in ports)
    settings = folder / "etcd.yaml"
    settings.write_text(
        f"name: default\\nlisten-client-urls: {client}\\nadvertise-client-urls: {client}\\n"
        f"listen-peer-urls: {peer}\\ninitial-advertise-peer-urls: {peer}\\ninitial-cluster: default={peer}\\n"
    )
    os.environ["ETCD_CONFIG_PATH"] = str(settings)
    server.config.update(etcd_port=ports[0][0])
    server.start()
    end = time.monotonic() + 90
    while server.server_proc.poll() is None and time.monotonic() < end:
        try:
            server.wait_started(timeout=2_000)  # would wait for a process that has ended, too
            return server
        except TimeoutError:
            pass
    server.stop()
    said = (folder / "logs" / "milvus-stdout.log").read_text(errors="replace")
    print("Milvus did not start:", said[-5_000:], file=sys.stderr, flush=True)
    return None

attempts = (started(Path(sys.argv[1]) / str(attempt)) for attempt in range(3))
server = next(filter(None, attempts), None) or sys.exit(1)
print("port", server.listen_port, flush=True)
sys.stdin.read()  # until the test is done, or gone
server.stop()
"""


@contextmanager
def running_milvus(folder: Path) -> Iterator[str]:
    """The address of a real Milvus 2.3.5, which PyPI has for one platform; it starts in some ten seconds."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64") or find_spec("milvus") is None:
        pytest.skip("a real Milvus needs Linux on x86-64 and the package milvus==2.3.5")
    with _started(_SERVE, folder / "data", folder / "log") as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _started(program: str, argument: Path, log: Path) -> Iterator[int]:
    """The port of the server that ``program`` starts: it prints the port, and reads its input until that ends."""
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(argument)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        # Others print a banner first.
        said = next((line for line in process.stdout if line.startswith("port ")), None)
        assert said, log.read_text()
        yield int(said.split()[1])
    finally:
        process.stdin.close()
        process.wait(timeout=60)
        process.stdout.close()
