"""Several processes that serve one file at one port."""

from __future__ import annotations

import os
import re
import signal
import socket
import sys
import time
from pathlib import Path

import pytest
from pymilvus import MilvusClient as Remote

from milvus_store.errors import ParamError
from milvus_store.server.operations import workers
from milvus_store.server.settings import ServerSettings

from .serving import Serving, health_as_logged, serving
from .test_serve import Writer, keys, make, rows

pytestmark = [
    pytest.mark.filterwarnings("default"),  # pymilvus's own are not ours
    pytest.mark.skipif(not hasattr(socket, "SO_REUSEPORT"), reason="workers share a port"),
]


def wait_until_nobody_listens(uri: str) -> None:
    host, _, port = uri.removeprefix("http://").rpartition(":")
    end = time.monotonic() + 60
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=5).close()
        except OSError:
            return
        assert time.monotonic() < end
        time.sleep(0.02)


def wait_until(server: Serving, page: str, status: int) -> str:
    end = time.monotonic() + 60
    while True:
        found, text = server.get(page)
        if found == status:
            return text
        assert time.monotonic() < end, "".join(server.lines)
        time.sleep(0.02)


def test_all_workers_answer_and_a_dead_one_is_replaced(path: Path) -> None:
    make(path)
    with serving(path, "--workers", 2) as server:
        first, second = server.workers
        clients = [Remote(server.uri, dedicated=True, timeout=20) for _ in range(8)]
        for number, client in enumerate(clients):
            client.insert("docs", rows(number))
            assert [row["id"] for row in clients[0].get("docs", list(range(9)))] == list(range(number + 1))
        wait_until(server, "/healthz", 200)

        text = server.get("/metrics")[1]
        assert 'milvus_store_calls_total{code="0",method="Insert"} 8.0' in text
        assert 'milvus_store_written_rows_total{method="Insert"} 8.0' in text
        if sys.platform == "linux":
            shown = set(re.findall(r'process_resident_memory_bytes{pid="(\d+)"}', text))
            assert shown == {str(first), str(second)}

        os.kill(first, signal.SIGKILL)
        assert server.wait_for("a worker has ended")["exit_code"] == -signal.SIGKILL
        wait_until(server, "/healthz", 200)
        for client in clients:  # half of them had a connection to the one that died
            assert len(client.get("docs", list(range(9)))) == 8
            client.close()
        text = server.get("/metrics")[1]
        assert 'milvus_store_calls_total{code="0",method="Insert"} 8.0' in text  # what it did still counts
        assert server.stop() == 0
        wait_until_nobody_listens(server.uri)
    assert keys(path) == list(range(8))


def test_all_drain_when_the_supervisor_is_told_to_end(path: Path) -> None:
    make(path)
    with serving(path, "--workers", 2) as server:
        writers = [Writer(server.uri, first) for first in (0, 1_000_000, 2_000_000, 3_000_000)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.wait_for(10)
        assert server.stop() == 0
        for writer in writers:
            writer.finish()
        wait_until_nobody_listens(server.uri)
        assert not any("Traceback" in line for line in server.lines)
    assert keys(path) == sorted(key for writer in writers for key in writer.acknowledged)


def test_ctrl_c_of_a_terminal_which_all_processes_get_ends_them_the_same_way(path: Path) -> None:
    with serving(path, "--workers", 2) as server:
        for process in (*server.workers, server.process.pid):
            os.kill(process, signal.SIGINT)
        assert server.process.wait(timeout=60) == 0
        assert not any("Traceback" in line for line in server.lines)


def test_workers_end_when_their_supervisor_is_killed(path: Path) -> None:
    with serving(path, "--workers", 2) as server:
        server.process.kill()
        wait_until_nobody_listens(server.uri)


def test_a_second_signal_ends_workers_that_do_not(path: Path) -> None:
    with serving(path, "--workers", 2) as server:
        os.kill(server.workers[0], signal.SIGSTOP)
        server.process.terminate()
        server.wait_for("stopping")
        server.process.terminate()
        server.process.wait(timeout=60)
        wait_until_nobody_listens(server.uri)


def test_the_log_tells_what_is_true_by_then(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    health = health_as_logged(monkeypatch, workers)
    assert workers.Supervisor(str(path), ServerSettings(port=0, metrics_port=0, workers=2)).run() == 0
    assert health == {"serving": (200, "OK\n"), "stopping": (503, "the server is stopping\n")}


def test_a_platform_without_shared_ports_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "SO_REUSEPORT")
    with pytest.raises(ParamError, match="SO_REUSEPORT, which this platform has not"):
        workers.Supervisor("x.db", ServerSettings(workers=2))


def test_a_database_in_memory_is_an_error() -> None:
    with pytest.raises(ParamError, match="in memory belongs to one process"):
        workers.Supervisor(":memory:", ServerSettings(workers=2))
