"""Connections that fail: what an error says, and that the next call works again."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from milvus_store import MilvusClient
from milvus_store.errors import MilvusException
from milvus_store.server.endpoint import MilvusServer

pytestmark = pytest.mark.filterwarnings("default")  # pymilvus's own warnings are not ours to answer for


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def test_calls_work_again_when_the_server_is_back(path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    with MilvusServer(path, address):
        client = MilvusClient(f"http://{address}")
        client.create_collection("c", dimension=2)
        client.insert("c", [{"id": 1, "vector": [1, 2]}])
    for _ in range(3):  # each failure makes gRPC wait longer before it tries again
        with pytest.raises(MilvusException, match=address):
            client.query("c", filter="id > 0", timeout=5)
    with MilvusServer(path, address):
        assert client.query("c", filter="id > 0", output_fields=["id"]) == [{"id": 1}]
        client.close()


def test_a_dead_address_is_named(path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    with pytest.raises(MilvusException, match=f"{address}.*UNAVAILABLE"):
        MilvusClient(f"http://{address}", timeout=3)


def test_a_wrong_password_is_told_from_a_dead_address(path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    with (
        MilvusServer(path, address, access=True, root_password="a-good-one"),
        pytest.raises(MilvusException, match="UNAUTHENTICATED"),
    ):
        MilvusClient(f"http://{address}", token="root:a-bad-one")
