"""A server with access control, and clients of it: pymilvus's own."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from pymilvus import DataType
from pymilvus import MilvusClient as Client

from milvus_store.access import hashes
from milvus_store.server.endpoint import MilvusServer
from milvus_store.server.protocol import METHODS, SERVICE_NAME

ROOT_PASSWORD = "only for tests"
PASSWORD = "long enough"

Connect = Callable[..., Client]


@pytest.fixture(autouse=True)
def _fast_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cost is part of each stored hash, so that cheap ones are verified like others."""
    monkeypatch.setattr(hashes.hashed, "__defaults__", (hashes.Cost(4, 1, 1),))


@pytest.fixture
def server(path: Path) -> Iterator[MilvusServer]:
    with MilvusServer(path, "127.0.0.1:0", access=True, root_password=ROOT_PASSWORD) as server:
        yield server


@pytest.fixture
def connect(server: MilvusServer) -> Iterator[Connect]:
    """Makes clients by user and password, or by ``token``."""
    clients: list[Client] = []

    def make(user: str = "root", password: str = ROOT_PASSWORD, **options: Any) -> Client:
        options = options if "token" in options else {"user": user, "password": password, **options}
        clients.append(Client(server.uri, **options))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def root(connect: Connect) -> Client:
    return connect()


@pytest.fixture
def ann(root: Client, connect: Connect) -> Client:
    """A user with the role ``reader``, which was granted nothing."""
    root.create_user("ann", PASSWORD)
    root.create_role("reader")
    root.grant_role("ann", "reader")
    return connect("ann", PASSWORD)


@pytest.fixture
def raw(server: MilvusServer) -> Iterator[Callable[..., Any]]:
    """Makes a call by name, with the metadata ``authorization`` if ``secret`` is not None."""
    with grpc.insecure_channel(server.uri.removeprefix("http://")) as channel:

        def call(name: str, secret: str | None, request: Any = None, **metadata: str) -> Any:
            method = METHODS[name]
            make = channel.unary_unary(
                f"/{SERVICE_NAME}/{name}",
                request_serializer=method.request.SerializeToString,
                response_deserializer=method.response.FromString,
            )
            if secret is not None:
                metadata["authorization"] = base64.b64encode(secret.encode()).decode()
            return make(request or method.request(), metadata=list(metadata.items()), timeout=10)

        yield call


def make_docs(client: Client, name: str = "docs") -> None:
    """A collection of the rows 0 to 5, whose tenants are ``ann``, ``bob`` and ``ann`` again."""
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("tenant", DataType.VARCHAR, max_length=20, is_partition_key=True)
    index = client.prepare_index_params()
    index.add_index("vector", index_type="FLAT", metric_type="L2")
    client.create_collection(name, schema=schema, index_params=index)
    client.insert(name, [{"id": n, "vector": [n, 1.0], "tenant": ("ann", "bob")[n % 2]} for n in range(6)])
