"""What a server does as an end of a connection."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import grpc
import pytest

from milvus_store.errors import MilvusException
from milvus_store.server import endpoint
from milvus_store.server.endpoint import MilvusServer

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_SETTINGS, _PING, _GOAWAY = 4, 6, 7


def frame(kind: int, content: bytes = b"") -> bytes:
    return len(content).to_bytes(3, "big") + bytes([kind, 0, 0, 0, 0, 0]) + content


def frames(received: bytes) -> list[tuple[int, bytes]]:
    found = []
    while len(received) >= 9:
        size = int.from_bytes(received[:3], "big")
        found.append((received[3], received[9 : 9 + size]))
        received = received[9 + size :]
    return found


def test_an_idle_client_may_ask_again_and_again_whether_the_server_is_there(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pymilvus does so every 10 s; here it is every 30 ms, to a server that takes it every 10."""
    monkeypatch.setattr(endpoint, "_PING_MS", 10)
    with MilvusServer(path, "127.0.0.1:0") as server:
        host, _, port = server.uri.removeprefix("http://").rpartition(":")
        with socket.create_connection((host, int(port)), timeout=30) as client:
            client.sendall(_PREFACE + frame(_SETTINGS))
            received = b""
            for number in range(8):
                client.sendall(frame(_PING, number.to_bytes(8, "big")))
                time.sleep(0.03)
            while (7).to_bytes(8, "big") not in received and _GOAWAY not in dict(frames(received)):
                received += client.recv(1 << 16)
    assert _GOAWAY not in dict(frames(received))
    assert {content for kind, content in frames(received) if kind == _PING} >= {
        number.to_bytes(8, "big") for number in range(8)
    }


def test_a_server_tells_what_keeps_it_from_answering(path: Path) -> None:
    server = MilvusServer(path, "127.0.0.1:0")
    assert server.problem() == "the server has not begun"
    server.start()
    assert server.problem() == ""
    with grpc.insecure_channel(server.uri.removeprefix("http://")) as channel:
        check = channel.unary_unary("/grpc.health.v1.Health/Check")
        assert check(b"", timeout=30) == b"\x08\x01"  # SERVING
        path.rename(path.with_name("elsewhere.db"))
        assert check(b"", timeout=30) == b"\x08\x02"  # NOT_SERVING
    assert str(path) in server.problem()
    server.stop()
    assert server.problem() == "the server is stopping"


def test_an_address_that_cannot_be_used_leaves_no_file_open(path: Path) -> None:
    with pytest.raises(MilvusException, match=r"the address 127\.0\.0\.1:1:1 cannot be used"):
        MilvusServer(path, "127.0.0.1:1:1")
    assert [one.name for one in path.parent.iterdir()] == [path.name]
