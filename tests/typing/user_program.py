"""What users write: it has no error for any type checker. It is read, and never run."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np

from milvus_store import AsyncMilvusClient, DataType, MilvusClient
from milvus_store.filters import And, Compare, Expression, field, parse


class Counting(MilvusClient):
    """A class of a user's own, on files and servers."""

    def __init__(self, uri: str | Path, *, read_only: bool = False, **kwargs: Any) -> None:
        super().__init__(uri, read_only=read_only, **kwargs)
        self.inserted = 0

    def insert(self, collection_name: str, *args: Any, **kwargs: Any) -> Any:
        result = super().insert(collection_name, *args, **kwargs)
        self.inserted += int(result["insert_count"])
        return result


class Prefixed(AsyncMilvusClient):
    async def drop_collection(self, collection_name: str, *args: Any, **kwargs: Any) -> None:
        await super().drop_collection(f"mine_{collection_name}", *args, **kwargs)


def opened(settings: dict[str, Any]) -> list[MilvusClient]:
    return [
        MilvusClient(),
        MilvusClient(Path("demo.db"), durability="normal", busy_timeout=5, memory_limit=2**30),
        MilvusClient("demo.db", db_name="shop", read_only=True, strict=True),
        MilvusClient(
            "http://localhost:19530", token="root:Milvus", timeout=3.0, secure=True, server_name="milvus"
        ),
        MilvusClient("demo.db", **settings),
        Counting("demo.db", durability="full"),
    ]


class Frame:
    """What a table of pandas, polars or Arrow has."""

    shape = (2, 1)
    columns = ("id",)


def fill(client: MilvusClient, frame: Frame) -> None:
    client.insert("docs", {"id": 1, "vector": [0.0, 1.0]})
    client.insert("docs", ({"id": number, "vector": [0.0, 1.0]} for number in range(5)))
    client.upsert("docs", {"id": np.arange(5), "vector": np.ones((5, 2), np.float32)})
    client.insert("docs", frame)


def use(client: MilvusClient) -> list[float]:
    schema = client.create_schema(enable_dynamic_field=True)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    index = client.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
    client.create_collection("docs", schema=schema, index_params=index)
    client.insert("docs", [{"id": 1, "vector": [0.0, 1.0]}, {"id": 2, "vector": np.ones(2, np.float32)}])
    client.upsert("docs", {"id": 1, "vector": [0.5, 1.0]}, partial_update=True)
    rows: list[dict[str, Any]] = client.get("docs", [1], output_fields=["vector"])
    names: list[str] = client.list_collections()
    found = client.search("docs", [[0.0, 1.0]], filter="id > 0", limit=3, offset=1, output_fields=["*"])
    with MilvusClient("other.db") as other:
        other.create_and_insert("copy", rows, schema, index)
    client.create_user("ada", "secret")
    bound = client.for_tenant("docs", "ada")
    bound.delete("docs", filter="id in [1, 2]")
    return [hit.distance for hits in found for hit in hits] if names else []


async def use_awaited() -> int:
    async with AsyncMilvusClient("demo.db", durability="normal") as client:
        await client.create_collection("docs", dimension=2)
        await client.insert("docs", [{"id": 1, "vector": [0.0, 1.0]}])
        one, other = await asyncio.gather(
            client.search("docs", [[0.0, 2.0]], limit=1), client.query("docs", "id > 0", limit=1)
        )
        ids: list[Any] = one[0].ids
        async for page in await client.query_iterator("docs", batch_size=10):
            ids += [row["id"] for row in page]
        await client.create_role("reader")
        return len(ids) + len(other)


def filtered(client: MilvusClient) -> tuple[Compare, Expression]:
    cheap = field("price") < 3
    old = parse("year < {since}", {"since": 1900})
    client.query("docs", filter=And((cheap, old)) & ~cheap)
    return cheap, old


if __name__ == "__main__":
    for made in opened({"timeout": 1.0}):
        fill(made, Frame())
        print(use(made))
    print(asyncio.run(use_awaited()), Prefixed.over(MilvusClient()).uri)
