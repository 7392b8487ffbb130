"""Every call is awaited inside a running event loop, and does what its synchronous form does."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores.types import (
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryMode,
)

from llama_index.vector_stores.milvus_store import MilvusVectorStore

from .conftest import Words

RED = MetadataFilters(filters=[MetadataFilter(key="color", value="red")])


@pytest.mark.parametrize("use_async_client", [True, False])
async def test_a_life_of_awaited_calls(path: Path, nodes: list[TextNode], use_async_client: bool) -> None:
    store = MilvusVectorStore(
        str(path),
        enable_sparse=True,
        sparse_embedding_function=Words(),
        similarity_metric="COSINE",
        use_async_client=use_async_client,
    )
    assert (store.aclient is not None) == use_async_client
    assert await store.async_add(nodes, force_flush=True) == ["a", "b", "c", "d", "e"]
    for mode in (
        VectorStoreQueryMode.DEFAULT,
        VectorStoreQueryMode.HYBRID,
        VectorStoreQueryMode.TEXT_SEARCH,
        VectorStoreQueryMode.MMR,
    ):
        query = VectorStoreQuery([1.0, 0.0], 3, query_str="red car", mode=mode, filters=RED)
        assert await store.aquery(query) == store.query(query)
    queries = [VectorStoreQuery([1.0, n / 10], 2) for n in range(20)]
    together = await asyncio.gather(*(store.aquery(query) for query in queries))
    assert together == [store.query(query) for query in queries]
    assert await store.aget_nodes(filters=RED) == store.get_nodes(filters=RED)
    await store.adelete_nodes(["b"])
    await store.adelete("fruit")
    assert {one.node_id for one in await store.aget_nodes(["a", "b", "c"])} == {"c"}
    await store.aclear()
    assert (await store.aquery(queries[0])).ids == []
    assert await store.aget_nodes(["c"]) == []
    await store.adelete("cars")
    await store.adelete_nodes(["c"])
    await store.async_add(nodes[:1])
    assert (await store.aquery(queries[0])).ids == ["a"]
    if store.aclient is not None:
        await store.aclient.close()
    store.client.close()


async def test_synchronous_calls_work_inside_a_running_loop(path: Path, nodes: list[TextNode]) -> None:
    store = MilvusVectorStore(str(path), dim=2)
    store.add(nodes)
    assert len(store.query(VectorStoreQuery([1.0, 0.0], 3)).ids or []) == 3
    store.client.close()


def test_one_store_serves_one_loop_after_another(path: Path, nodes: list[TextNode]) -> None:
    store = MilvusVectorStore(str(path), dim=2)
    asyncio.run(store.async_add(nodes))
    for _ in range(2):
        assert asyncio.run(store.aquery(VectorStoreQuery([1.0, 0.0], 1))).ids == ["a"]
    store.client.close()
