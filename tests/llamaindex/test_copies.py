"""Pickled, copied and written down, a store is one that works or a clear error, and overwrites nothing."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from llama_index.core import MockEmbedding, StorageContext, VectorStoreIndex, load_index_from_storage
from llama_index.core.llms import MockLLM
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores.types import VectorStoreQuery, VectorStoreQueryMode

from llama_index.vector_stores.milvus_store import BM25BuiltInFunction, MilvusVectorStore
from milvus_store import DataType
from milvus_store.errors import ConnectionNotExistException, MilvusException

from .conftest import Words

HYBRID = VectorStoreQuery([1.0, 0.0], 3, query_str="red car", mode=VectorStoreQueryMode.HYBRID)

COPIES: dict[str, Callable[[MilvusVectorStore], MilvusVectorStore]] = {
    "pickle": lambda store: pickle.loads(pickle.dumps(store)),
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
    "model_copy": lambda store: store.model_copy(),
    "to_dict": lambda store: MilvusVectorStore.from_dict(store.to_dict()),
    "json of to_dict": lambda store: MilvusVectorStore.from_dict(json.loads(json.dumps(store.to_dict()))),
    "to_json": lambda store: MilvusVectorStore.from_json(store.to_json()),
    "model_dump": lambda store: MilvusVectorStore.from_dict(store.model_dump()),
}


@pytest.mark.parametrize("way", COPIES)
async def test_a_copy_answers_as_the_store_does(
    path: Path,
    nodes: list[TextNode],
    way: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    monkeypatch.chdir(path.parent)
    store = MilvusVectorStore(
        path.name if way != "model_dump" else str(path),
        dim=2,
        overwrite=True,
        enable_sparse=True,
        sparse_embedding_function=BM25BuiltInFunction(analyzer_params={"type": "english"}),
        similarity_metric="COSINE",
        scalar_field_names=["color", "price"],
        scalar_field_types=[DataType.VARCHAR, DataType.INT64],
        hybrid_ranker="WeightedRanker",
        hybrid_ranker_params={"weights": [0.1, 0.9]},
        collection_name="mine",
    )
    store.add(nodes)
    expected = store.query(HYBRID)
    if way not in ("copy", "model_copy"):
        monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    other = COPIES[way](store)
    assert other.query(HYBRID) == await other.aquery(HYBRID) == expected
    assert (other.class_name(), other.to_dict()) == (
        "MilvusVectorStore",
        {**store.to_dict(), "uri": str(path)},
    )
    if other.client is not store.client:
        other.close()
    assert store.query(HYBRID) == expected
    store.close()


def test_options_of_the_client_go_along(path: Path, nodes: list[TextNode]) -> None:
    store = MilvusVectorStore(str(path), dim=2)
    store.add(nodes)
    store.close()
    reader = MilvusVectorStore(str(path), dim=2, read_only=True)
    for way in ("pickle", "deepcopy", "to_dict", "to_json"):
        other = COPIES[way](reader)
        with pytest.raises(MilvusException, match=r"read.only"):
            other.add(nodes)
        other.close()
    reader.close()


def test_arguments_of_from_dict_go_before_those_written_down(path: Path, nodes: list[TextNode]) -> None:
    store = MilvusVectorStore(str(path), dim=2)
    store.add(nodes)
    other = MilvusVectorStore.from_dict(store.to_dict(), collection_name="other")
    assert other.query(VectorStoreQuery([1.0, 0.0], 3)).ids == []
    assert sorted(store.client.list_collections()) == ["llamacollection", "other"]
    for one in (store, other):
        one.close()


def test_a_function_of_the_callers_is_kept_where_it_can_be(path: Path, nodes: list[TextNode]) -> None:
    store = MilvusVectorStore(str(path), dim=2, enable_sparse=True, sparse_embedding_function=Words())
    store.add(nodes)
    for way in ("pickle", "deepcopy", "to_dict"):
        other = COPIES[way](store)
        assert other.query(HYBRID) == store.query(HYBRID)
        other.close()
    with pytest.raises(ValueError, match="sparse_embedding_function .* cannot be written as JSON"):
        store.to_json()
    store.close()


def test_a_store_in_memory_says_that_it_cannot_be_copied(nodes: list[TextNode]) -> None:
    store = MilvusVectorStore(":memory:", dim=2)
    store.add(nodes)
    for way, error in (
        ("pickle", TypeError),
        ("deepcopy", TypeError),
        ("to_dict", ValueError),
        ("to_json", ValueError),
    ):
        with pytest.raises(error, match="in memory"):
            COPIES[way](store)
    shared = copy.copy(store)
    assert shared.query(VectorStoreQuery([1.0, 0.0], 1)).ids == ["a"]
    store.close()


def test_a_closed_store_is_not_opened_by_a_copy(path: Path) -> None:
    store = MilvusVectorStore(str(path), dim=2)
    store.close()
    for way in ("pickle", "deepcopy"):
        with pytest.raises(ConnectionNotExistException, match="is closed: open a new one"):
            COPIES[way](store)


def test_an_index_over_a_store_is_found_again_in_a_persisted_context(path: Path, tmp_path: Path) -> None:
    def store() -> MilvusVectorStore:
        return MilvusVectorStore(str(path), dim=4)

    models: dict[str, Any] = {"embed_model": MockEmbedding(embed_dim=4)}
    first = store()
    context = StorageContext.from_defaults(vector_store=first)
    VectorStoreIndex(nodes=[TextNode(text="kept", id_="k")], storage_context=context, **models)
    folder = str(tmp_path / "persisted")
    context.persist(folder)
    first.client.close()
    second = store()
    loaded = load_index_from_storage(
        StorageContext.from_defaults(vector_store=second, persist_dir=folder), **models
    )
    engine: Any = loaded
    answer = engine.as_query_engine(llm=MockLLM()).query("what?")
    assert [one.node.get_content() for one in answer.source_nodes] == ["kept"]
    second.client.close()
