"""Credentials for a file: an error that says so, wherever they are given, and never a file that is made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from milvus_store import AsyncMilvusClient, MilvusClient
from milvus_store.errors import ParamError


@pytest.mark.parametrize("kind", [MilvusClient, AsyncMilvusClient])
@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"user": "root"}, "no user for"),
        ({"password": "Secret-1"}, "no password for"),
        ({"token": "root:Secret-1"}, "no token for"),
        ({"user": "root", "password": "Secret-1"}, "no user and no password for"),
    ],
)
def test_a_file_takes_no_credentials_and_says_what_to_do(
    path: Path, kind: Any, given: dict[str, str], named: str
) -> None:
    with pytest.raises(ParamError, match="a file asks nobody who he is") as caught:
        kind(str(path), **given)
    assert named in caught.value.message
    assert "permissions of the file system" in caught.value.message
    assert "Secret" not in caught.value.message
    assert not path.exists()


def test_a_database_in_memory_takes_none_either() -> None:
    with pytest.raises(ParamError, match="no token for the file ':memory:'"):
        MilvusClient(":memory:", token="t")


@pytest.mark.parametrize("nothing", ["", None])
def test_empty_credentials_are_none(path: Path, nothing: Any) -> None:
    with MilvusClient(str(path), user=nothing, password=nothing, token=nothing) as client:
        assert client.list_collections() == []


def test_positional_credentials_are_found_as_well(path: Path) -> None:
    with pytest.raises(ParamError, match="no user and no password"):
        MilvusClient(str(path), "root", "Milvus")


def test_langchain_tells_of_credentials_in_its_connection_args(path: Path) -> None:
    from langchain_core.embeddings import DeterministicFakeEmbedding

    from langchain_milvus_store import Milvus

    with pytest.raises(ParamError, match="no token for the file"):
        Milvus(DeterministicFakeEmbedding(size=2), connection_args={"uri": str(path), "token": "t"})
    Milvus(DeterministicFakeEmbedding(size=2), connection_args={"uri": str(path), "token": ""})


def test_llamaindex_tells_of_a_token_for_a_file(path: Path) -> None:
    from llama_index.vector_stores.milvus_store import MilvusVectorStore

    with pytest.raises(ParamError, match="no token for the file"):
        MilvusVectorStore(str(path), token="t", dim=2)
    MilvusVectorStore(str(path), token="", dim=2)
