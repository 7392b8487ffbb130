from __future__ import annotations

import asyncio

import pytest

from milvus_store import AnnSearchRequest, AsyncMilvusClient, RRFRanker, WeightedRanker
from milvus_store.errors import CollectionNotExistException

pytestmark = pytest.mark.filterwarnings("default")


async def test_calls_to_a_server_are_awaited_beside_each_other(milvus_server: tuple[str, int]) -> None:
    host, port = milvus_server
    async with AsyncMilvusClient(f"http://{host}:{port}") as client:
        await client.create_collection("awaited", dimension=2)
        await asyncio.gather(*(client.insert("awaited", [{"id": n, "vector": [n, 1.0]}]) for n in range(10)))
        found = await asyncio.gather(
            *(
                client.search("awaited", [[float(n), 1.0]], limit=1, search_params={"metric_type": "COSINE"})
                for n in range(10)
            )
        )
        assert [result[0][0]["id"] for result in found] == list(range(10))
        with pytest.raises(CollectionNotExistException):
            await client.describe_collection("nope")
        await client.drop_collection("awaited")


async def test_our_hybrid_searches_go_to_a_server(milvus_server: tuple[str, int]) -> None:
    host, port = milvus_server
    async with AsyncMilvusClient(f"http://{host}:{port}") as client:
        await client.create_collection("hybrid", dimension=2)
        await client.insert("hybrid", [{"id": n, "vector": [n, 1.0]} for n in range(10)])
        reqs = [AnnSearchRequest([[float(n), 1.0]], "vector", {}, 3) for n in (2, 7)]
        for ranker in (RRFRanker(), WeightedRanker(0.5, 0.5)):
            (hits,) = await client.hybrid_search("hybrid", reqs, ranker, limit=6)
            assert {2, 7} <= {hit["id"] for hit in hits}
        await client.drop_collection("hybrid")
