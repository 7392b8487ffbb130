"""A store and a collection that do not fit are an error at opening, or at the first call that sees it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores.types import VectorStoreQuery

from llama_index.vector_stores.milvus_store import BM25BuiltInFunction, IndexManagement, MilvusVectorStore
from milvus_store import DataType, MilvusClient

from .conftest import Words, node

NEAR = VectorStoreQuery(query_embedding=[1.0, 0.0], similarity_top_k=9)


def made(path: Path, nodes: list[TextNode] | None = None, **arguments: Any) -> None:
    store = MilvusVectorStore(str(path), **{"dim": 2, **arguments})
    store.add(nodes or [node("a", "a red apple", [1.0, 0.0])])
    store.client.close()


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        (
            {"similarity_metric": "IP"},
            {"similarity_metric": "L2"},
            "has the metric IP, similarity_metric asks for L2",
        ),
        ({"similarity_metric": "cosine"}, {"similarity_metric": "IP"}, "has the metric COSINE"),
        ({"index_config": {"metric_type": "L2"}}, {"similarity_metric": "IP"}, "has the metric L2"),
        ({}, {"index_config": {"metric_type": "COSINE"}}, "asks for COSINE"),
        ({}, {"dim": 3}, "have the dimension 2, the store asks for dim=3"),
        ({}, {"enable_sparse": True}, "no field 'sparse_embedding'"),
        ({"enable_sparse": True}, {}, r"has the vector field 'sparse_embedding' \(SPARSE_FLOAT_VECTOR\) too"),
        ({"enable_sparse": True}, {"enable_sparse": True, "enable_dense": False}, "'embedding' .* too"),
        (
            {"enable_sparse": True},
            {"enable_sparse": True, "sparse_embedding_function": Words()},
            "computes its sparse vectors by itself",
        ),
        (
            {"enable_sparse": True, "sparse_embedding_function": Words()},
            {"enable_sparse": True},
            "computes no sparse vectors by itself",
        ),
        (
            {"enable_sparse": True, "sparse_embedding_function": Words()},
            {
                "enable_sparse": True,
                "sparse_embedding_function": Words(),
                "embedding_field": "sparse_embedding",
                "sparse_embedding_field": "embedding",
            },
            "'sparse_embedding' is SPARSE_FLOAT_VECTOR there",
        ),
        (
            {"scalar_field_names": ["n"], "scalar_field_types": [DataType.INT64]},
            {"scalar_field_names": ["n"], "scalar_field_types": [DataType.VARCHAR]},
            "'n' is INT64 there, the store needs VARCHAR",
        ),
        ({}, {"text_key": "doc_id", "doc_id_field": "body"}, "no field 'body'"),
    ],
)
def test_a_collection_that_is_made_otherwise_is_an_error(
    path: Path, first: dict[str, Any], second: dict[str, Any], reason: str
) -> None:
    made(path, **first)
    before = MilvusClient(path)
    state = before.describe_collection("llamacollection"), before.list_indexes("llamacollection")
    with pytest.raises(ValueError, match=reason):
        MilvusVectorStore(str(path), **{"dim": 2, **second})
    assert (before.describe_collection("llamacollection"), before.list_indexes("llamacollection")) == state
    before.close()
    assert [one.name for one in path.parent.iterdir()] == [path.name]  # the store that was refused is closed
    made(path, overwrite=True, **second) if "dim" not in second else None
    made(path, overwrite=True, **first)


@pytest.mark.parametrize("metric", ["IP", "L2", "COSINE"])
def test_what_is_left_out_is_as_the_collection_has_it(path: Path, metric: str, nodes: list[TextNode]) -> None:
    made(path, nodes, similarity_metric=metric)
    store = MilvusVectorStore(str(path))
    assert store.similarity_metric == metric
    other = MilvusVectorStore(str(path), dim=2, similarity_metric=metric.lower())
    assert store.query(NEAR) == other.query(NEAR)
    store.close()
    other.close()


def test_a_collection_without_a_dynamic_field_or_with_other_keys_is_an_error(path: Path) -> None:
    with MilvusClient(path) as client:
        for name, dtype, dynamic in (("a", DataType.VARCHAR, False), ("b", DataType.INT64, True)):
            schema = client.create_schema(enable_dynamic_field=dynamic)
            options = {"max_length": 99} if dtype is DataType.VARCHAR else {}
            schema.add_field("id", dtype, is_primary=True, **options)
            schema.add_field("text", DataType.VARCHAR, max_length=99)
            schema.add_field("doc_id", DataType.VARCHAR, max_length=99)
            schema.add_field("embedding", DataType.FLOAT_VECTOR, dim=2)
            client.create_collection(name, schema=schema)
    for name, reason in (("a", "no dynamic field"), ("b", "'id' is INT64 there")):
        with pytest.raises(ValueError, match=reason):
            MilvusVectorStore(str(path), dim=2, collection_name=name)


@pytest.mark.parametrize("is_async", [True, False])
async def test_a_collection_that_another_store_makes_later_is_looked_at_too(
    path: Path, is_async: bool
) -> None:
    store = MilvusVectorStore(str(path), similarity_metric="L2")
    assert store.query(NEAR).ids == []
    made(path, similarity_metric="IP")
    with pytest.raises(ValueError, match="has the metric IP"):
        await store.aquery(NEAR) if is_async else store.query(NEAR)
    added = [node("b", "b", [0.0, 1.0])]
    with pytest.raises(ValueError, match="has the metric IP"):
        await store.async_add(added) if is_async else store.add(added)
    made(path, similarity_metric="L2", overwrite=True)
    assert (await store.aquery(NEAR) if is_async else store.query(NEAR)).ids == ["a"]
    made(path, similarity_metric="COSINE", overwrite=True)
    with pytest.raises(ValueError, match="has the metric COSINE"):
        await store.aquery(NEAR) if is_async else store.query(NEAR)
    store.close()


def test_a_store_that_does_not_fit_releases_the_file(path: Path) -> None:
    made(path)
    with pytest.raises(ValueError, match="dim=3") as caught:
        MilvusVectorStore(str(path), dim=3)
    assert caught.tb is not None  # which keeps the frames, and what they hold, alive
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_overwriting_keeps_the_old_nodes_when_the_new_collection_is_refused(path: Path) -> None:
    made(path)
    for refused in (
        {"index_config": {"index_type": "HNSWX"}},
        {"collection_properties": {"collection.ttl.seconds": "x"}},
    ):
        with pytest.raises(Exception, match=r"HNSWX|ttl"):
            MilvusVectorStore(str(path), dim=2, overwrite=True, **refused)  # type: ignore[arg-type]
    store = MilvusVectorStore(str(path), dim=2)
    assert store.query(NEAR).ids == ["a"]
    store.close()


def test_an_index_is_not_left_behind_when_the_properties_are_refused(path: Path) -> None:
    made(path, index_management=IndexManagement.NO_VALIDATION)
    with pytest.raises(Exception, match="ttl"):
        MilvusVectorStore(str(path), dim=2, collection_properties={"collection.ttl.seconds": "soon"})
    with MilvusClient(path) as client:
        assert client.list_indexes("llamacollection") == []


@pytest.mark.parametrize("is_async", [True, False])
@pytest.mark.parametrize("batch_size", [1, 100])
async def test_first_nodes_that_are_refused_leave_no_collection(
    path: Path, is_async: bool, batch_size: int
) -> None:
    store = MilvusVectorStore(str(path), batch_size=batch_size)
    good = node("a", "a", [1.0, 0.0])
    for refused, options, message in (
        ([good, node("b", "b", [1.0, 0.0, 0.0])], {}, "row 1.*dimension 3"),
        ([good, node("b", "b", [1.0, float("nan")])], {}, "row 1"),
        ([good], {"milvus_partition_name": "nope"}, "'nope' does not exist"),
    ):
        with pytest.raises(Exception, match=message):
            await store.async_add(refused, **options) if is_async else store.add(refused, **options)
        assert store.client.list_collections() == []
    store.add([node("c", "c", [1.0, 0.0, 0.0])])
    more = [node(name, name, [1.0] * size) for name, size in (("d", 3), ("e", 3), ("f", 2))]
    with pytest.raises(Exception, match="row 2"):
        await store.async_add(more) if is_async else store.add(more)
    assert [one.node_id for one in store.get_nodes(["c", "d", "e"])] == ["c"]
    store.close()


@pytest.mark.parametrize("first", ["store", "store awaited", "client", "aclient"])
@pytest.mark.parametrize("use_async_client", [True, False])
async def test_closing_the_store_or_a_client_of_it_releases_the_file_for_good(
    path: Path, nodes: list[TextNode], first: str, use_async_client: bool
) -> None:
    store = MilvusVectorStore(str(path), dim=2, use_async_client=use_async_client)
    await store.async_add(nodes)
    await store.aquery(NEAR)
    if first == "store":
        store.close()
    elif first == "store awaited":
        await store.aclose()
    elif first == "client" or store.aclient is None:
        store.client.close()
    else:
        await store.aclient.close()
    for _ in range(2):
        for call in (
            lambda: store.query(NEAR),
            lambda: store.add(nodes),
            lambda: store.get_nodes(["a"]),
            lambda: store.delete("fruit"),
            store.clear,
        ):
            with pytest.raises(Exception, match="is closed: open a new one"):
                call()
        for awaited in (store.aquery(NEAR), store.async_add(nodes), store.adelete("fruit"), store.aclear()):
            with pytest.raises(Exception, match="is closed: open a new one"):
                await awaited
        assert [one.name for one in path.parent.iterdir()] == [path.name]
        store.close()
        await store.aclose()
    path.unlink()
    made(path)


def test_a_built_in_function_is_made_of_its_settings() -> None:
    function = BM25BuiltInFunction("body", "words", analyzer_params={"type": "english"}, enable_match=True)
    again = BM25BuiltInFunction(**function.settings())
    assert (again.to_dict(), again.get_field_kwargs()) == (function.to_dict(), function.get_field_kwargs())


def test_nodes_of_a_store_with_a_lifetime_expire(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(path, collection_properties={"collection.ttl.seconds": 60})
    store = MilvusVectorStore(str(path), dim=2)
    assert store.query(NEAR).ids == ["a"]
    later = time.time() + 62
    monkeypatch.setattr(time, "time", lambda: later)
    assert store.query(NEAR).ids == []
    assert store.get_nodes(["a"]) == []
    store.client.close()
