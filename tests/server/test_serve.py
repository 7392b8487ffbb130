"""``milvus-store serve``: how it begins, what it refuses, how it ends, and that nothing acknowledged is lost."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from pymilvus import MilvusClient as Remote
from pymilvus.exceptions import MilvusException

from milvus_store import MilvusClient
from milvus_store.server.operations import process
from milvus_store.server.settings import ServerSettings

from .serving import Serving, command, health_as_logged, serving

pytestmark = [
    pytest.mark.filterwarnings("default"),  # pymilvus's own are not ours
    pytest.mark.skipif(sys.platform == "win32", reason="programs on Windows hear no SIGTERM"),
]


def rows(first: int, count: int = 1) -> list[dict[str, Any]]:
    return [{"id": number, "vector": [float(number), 1.0]} for number in range(first, first + count)]


@pytest.fixture
def server(path: Path) -> Iterator[Serving]:
    with serving(path) as server:
        yield server


def test_it_serves_a_new_file_to_pymilvus_and_ends_with_code_0(path: Path, server: Serving) -> None:
    client = Remote(server.uri)
    client.create_collection("docs", dimension=2)
    client.insert("docs", rows(0, 10))
    assert (
        client.search("docs", [[9.0, 1.0]], limit=1, search_params={"metric_type": "COSINE"})[0][0]["id"] == 9
    )
    client.close()
    assert server.stop() == 0
    assert [one.name for one in path.parent.iterdir()] == [path.name]  # the log is folded in
    with MilvusClient(path) as local:
        assert local.get_collection_stats("docs")["row_count"] == 10


def test_ctrl_c_ends_it_like_sigterm(server: Serving) -> None:
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(timeout=60) == 0
    assert not any("Traceback" in line for line in server.lines)


def run(*arguments: object) -> tuple[int, str]:
    done = subprocess.run(
        command(*arguments, "--port", 0, "--metrics-port", 0),  # type: ignore[arg-type]
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_no_database_is_refused(tmp_path: Path, workers: int) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("these are my notes, " * 50)
    code, said = run(text, "--workers", workers)
    assert code == 2
    assert "milvus-store: error: " in said
    assert "not a SQLite file" in said
    assert "Traceback" not in said


def test_an_address_is_no_file() -> None:
    code, said = run("http://localhost:19530")
    assert (code, said.count("\n")) == (2, 1)
    assert "is the address of a server; expected the path of a database file" in said


def test_other_machines_are_not_let_in_without_protection(path: Path) -> None:
    code, said = run(path, "--host", "0.0.0.0")
    assert code == 2
    assert "host 0.0.0.0 is open to other machines" in said
    assert not path.exists()
    with serving(path, "--host", "0.0.0.0", "--allow-anyone", "--allow-plaintext") as server:
        assert server.stop() == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_a_port_that_is_taken_is_an_error(path: Path, workers: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            command(path, "--port", port, "--workers", workers, "--no-metrics"),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 2
    assert f"the address 127.0.0.1:{port} cannot be used" in done.stderr
    assert "Traceback" not in done.stderr


class Writer(threading.Thread):
    """Inserts rows one after the other, and keeps the keys of those that the server said it has."""

    def __init__(self, uri: str, first: int = 0) -> None:
        super().__init__()
        self.acknowledged: list[int] = []
        self._next = first
        self._client = Remote(uri, timeout=10, dedicated=True)
        self._enough = threading.Event()
        self.refused: Exception | None = None

    def run(self) -> None:
        try:
            while not self._enough.is_set():
                self._client.insert("docs", rows(self._next), retry_times=0, timeout=5)
                self.acknowledged.append(self._next)
                self._next += 1
        except MilvusException as error:
            self.refused = error
        finally:
            self._client.close()

    def wait_for(self, count: int) -> None:
        end = time.monotonic() + 60
        while len(self.acknowledged) < count:
            assert self.is_alive(), self.refused
            assert time.monotonic() < end
            time.sleep(0.005)

    def finish(self) -> None:
        self._enough.set()
        self.join(timeout=60)


def keys(path: Path) -> list[int]:
    with MilvusClient(path) as client:
        client.load_collection("docs")
        return sorted(row["id"] for row in client.query("docs", "id >= 0", output_fields=["id"]))


def make(path: Path) -> None:
    with MilvusClient(path) as client:
        client.create_collection("docs", dimension=2)


@pytest.mark.parametrize("how", ["kill", "terminate"])
def test_nothing_acknowledged_is_lost_when_it_ends_amid_writes(path: Path, how: str) -> None:
    make(path)
    with serving(path) as server:
        writers = [Writer(server.uri, first) for first in (0, 1_000_000)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.wait_for(20)
        getattr(server.process, how)()
        code = server.process.wait(timeout=60)
        for writer in writers:
            writer.finish()
    assert code == (0 if how == "terminate" else -signal.SIGKILL)
    acknowledged = sorted(key for writer in writers for key in writer.acknowledged)
    found = keys(path)
    assert set(acknowledged) <= set(found)
    # A call that was broken off may be there or not; one that the draining server refused is not there.
    assert len(found) - len(acknowledged) <= (len(writers) if how == "kill" else 0)


def test_a_call_under_way_ends_and_new_ones_are_refused_while_it_drains(path: Path) -> None:
    make(path)
    with serving(path) as server, MilvusClient(path) as local:
        client, other = Remote(server.uri), Remote(server.uri, dedicated=True)
        with local._backend.file.connections.writing():  # the server's write waits for this one
            answer: list[Any] = []
            call = threading.Thread(target=lambda: answer.append(client.insert("docs", rows(7), timeout=30)))
            call.start()
            wait_for_an_insert(server)
            server.process.terminate()
            server.wait_for("stopping")
            assert server.get("/healthz") == (503, "the server is stopping\n")
            with pytest.raises(MilvusException):
                other.list_collections(retry_times=0, timeout=2)
            assert answer == []
        call.join(timeout=30)
        assert server.process.wait(timeout=60) == 0
        assert answer[0]["insert_count"] == 1
        client.close()
        other.close()
    assert keys(path) == [7]


def test_the_log_tells_what_is_true_by_then(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    health = health_as_logged(monkeypatch, process)
    assert process.serve_alone(str(path), ServerSettings(port=0, metrics_port=0)) == 0
    assert health == {"serving": (200, "OK\n"), "stopping": (503, "the server is stopping\n")}


@pytest.mark.parametrize("workers", [1, 2])
def test_a_call_that_takes_longer_than_the_grace_keeps_nobody(path: Path, workers: int) -> None:
    make(path)
    flags = ("--workers", workers, "--grace", 0.2, "--busy-timeout", 3600)
    with serving(path, *flags) as server, MilvusClient(path) as local:
        client = Remote(server.uri, dedicated=True)
        client.insert("docs", rows(0))
        with local._backend.file.connections.writing():  # until the server has ended
            refused: list[Exception] = []

            def insert() -> None:
                try:
                    client.insert("docs", rows(7), timeout=60, retry_times=0)
                except MilvusException as error:
                    refused.append(error)

            call = threading.Thread(target=insert)
            call.start()
            wait_for_an_insert(server)
            assert server.stop() == 0
        call.join(timeout=60)
        assert len(refused) == 1
        assert any("calls took too long and are broken off" in line for line in server.lines)
        client.close()
    assert keys(path) == [0]


def wait_for_an_insert(server: Serving) -> None:
    deadline = time.monotonic() + 60
    while not re.search(r'calls_under_way{method="Insert"(,pid="\d+")?} 1.0', server.get("/metrics")[1]):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_file_that_other_processes_have_open_is_served_as_it_changes(path: Path) -> None:
    make(path)
    with MilvusClient(path) as local, serving(path) as server:
        client = Remote(server.uri)
        for number in range(5):
            local.insert("docs", rows(number))
            assert client.get("docs", number)[0]["id"] == number
            client.insert("docs", rows(100 + number))
            assert local.get("docs", 100 + number)[0]["id"] == 100 + number
        client.close()
        assert server.stop() == 0


def test_a_read_only_server_refuses_writes_and_leaves_the_file_alone(path: Path) -> None:
    make(path)
    with MilvusClient(path) as local:
        local.insert("docs", rows(0, 3))
    before = path.read_bytes()
    path.chmod(0o444)
    with serving(path, "--read-only") as server:
        client = Remote(server.uri)
        assert client.get("docs", 2)[0]["id"] == 2
        with pytest.raises(MilvusException, match="read_only"):
            client.insert("docs", rows(5))
        client.close()
        assert server.stop() == 0
    path.chmod(0o644)
    assert path.read_bytes() == before


def test_a_read_only_server_makes_no_file(path: Path) -> None:
    code, said = run(path, "--read-only")
    assert code == 2
    assert "does not exist" in said
    assert not path.exists()


def test_grpcs_health_service_says_that_it_serves(server: Serving) -> None:
    with grpc.insecure_channel(server.uri.removeprefix("http://")) as channel:
        check = channel.unary_unary("/grpc.health.v1.Health/Check")
        assert check(b"", timeout=10) == b"\x08\x01"  # HealthCheckResponse(status=SERVING)
        name = b"milvus.proto.milvus.MilvusService"
        assert check(b"\x0a" + bytes([len(name)]) + name, timeout=10) == b"\x08\x01"
        with pytest.raises(grpc.RpcError) as caught:
            check(b"\x0a\x01x", timeout=10)
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND


PASSWORD = "a long password"


def test_with_auth_it_asks_who_is_there_and_logs_no_password(path: Path, tmp_path: Path) -> None:
    file = tmp_path / "root.txt"
    file.write_text(PASSWORD + "\n")
    with serving(path, "--auth", "--root-password-file", file, "--log-calls") as server:
        for wrong in ("", "root:a wrong one"):
            with pytest.raises(MilvusException):
                Remote(server.uri, token=wrong, dedicated=True)
        client = Remote(server.uri, token=f"root:{PASSWORD}")
        assert client.list_collections() == []
        client.close()
        with grpc.insecure_channel(server.uri.removeprefix("http://")) as channel:
            assert channel.unary_unary("/grpc.health.v1.Health/Check")(b"", timeout=10) == b"\x08\x01"
        assert 'code="UNAUTHENTICATED"' in server.get("/metrics")[1]
        assert server.stop() == 0
        log = "".join(server.lines)
    assert '"code": "UNAUTHENTICATED"' in log
    assert not any(secret in log for secret in (PASSWORD, "a wrong one", "cm9vd"))  # base64 of "root"


@pytest.mark.parametrize("workers", [1, 2])
def test_a_password_of_root_is_made_up_once_and_shown(path: Path, workers: int) -> None:
    with serving(path, "--auth", "--workers", workers) as server:
        (line,) = (line for line in server.lines if "password of root" in line)
        client = Remote(server.uri, token="root:" + line.split()[-1], dedicated=True)
        assert client.list_users() == ["root"]
        client.close()
        assert server.stop() == 0
    with serving(path, "--auth", "--workers", workers) as server:
        assert server.stop() == 0
        assert not any("password of root" in line for line in server.lines)


def test_a_password_file_that_is_not_there_is_an_error(path: Path) -> None:
    code, said = run(path, "--auth", "--root-password-file", "nowhere.txt")
    assert (code, said.count("\n")) == (2, 1)
    assert "root_password_file nowhere.txt cannot be read: No such file" in said
