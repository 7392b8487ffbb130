"""What a uri names: a file, a server, or an error instead of a file that nobody wanted."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from milvus_store import AsyncMilvusClient, MilvusClient
from milvus_store.backends.address import is_server, local_path
from milvus_store.errors import ParamError

HOSTS = [
    *("localhost:19530", "localhost", "LOCALHOST:19530", " localhost:19530 ", "localhost:19530/default"),
    *("127.0.0.1:19530", "127.0.0.1", "0.0.0.0:19530", "10.1.2.3", "[::1]:19530", "[::1]", "::1"),
    *(
        "milvus.example.com:443",
        "milvus.example.com",
        "milvus-standalone:19530",
        "my_host:19530",
        "db1:19530",
    ),
    *("in01-abc.aws-us-west-2.vectordb.zillizcloud.com", "root:Milvus@localhost:19530"),
    *("http:/localhost:19530", "http:localhost:19530", "tcp:localhost:19530", "HTTPS:/example.com"),
]
OTHER_SCHEMES = ["grpc://localhost:19530", "grpcs://x:1", "ws://localhost", "redis://localhost:6379"]
PATHS = [
    *("demo.db", "./localhost", "./localhost:19530", "sub/demo", "demo", "milvus_demo.db", "a.b.c.db"),
    *(r"C:\x.db", r"C:\sub\x", "C:/x.db", "c:x.db", "/tmp/localhost", "localhost.db", "notes.org", "v1.2.3"),
    *(":memory:", "data:latest", "12:30 notes", "milvus:///localhost", "~/demo", "../127.0.0.1"),
]


@pytest.mark.parametrize("uri", HOSTS)
def test_a_host_without_a_scheme_is_an_error_that_gives_it_one(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for kind in (MilvusClient, AsyncMilvusClient):
        with pytest.raises(ParamError, match=r"expected 'http://"):
            kind(uri)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("uri", OTHER_SCHEMES)
def test_a_scheme_that_no_server_has_is_an_error_that_names_http(uri: str) -> None:
    with pytest.raises(ParamError, match=f"did you mean 'http://{uri.partition('://')[2]}'"):
        MilvusClient(uri)


def test_the_address_of_a_file_is_an_error_that_names_its_path() -> None:
    with pytest.raises(ParamError, match="did you mean '/tmp/x.db'"):
        MilvusClient("file:///tmp/x.db")


@pytest.mark.parametrize("uri", PATHS)
def test_paths_stay_paths(uri: str) -> None:
    assert not is_server(uri)
    assert local_path(uri) == uri.removeprefix("milvus:///")


@pytest.mark.parametrize("name", ["localhost", "localhost:19530", "127.0.0.1"])
def test_a_path_object_is_a_path_whatever_its_name(name: str) -> None:
    assert local_path(Path(name)) == name


def test_a_host_that_is_a_file_already_can_be_opened_by_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with MilvusClient("./localhost") as client:
        client.create_collection("c", dimension=2)
    assert (tmp_path / "localhost").exists()
    with pytest.raises(ParamError, match=r"would be './localhost'"):
        MilvusClient("localhost")


def test_nothing_is_left_behind_by_a_refused_asynchronous_client() -> None:
    async def refused() -> None:
        with pytest.raises(ParamError):
            AsyncMilvusClient("localhost:19530")

    asyncio.run(refused())
