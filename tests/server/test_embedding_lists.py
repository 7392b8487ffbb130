"""Lists of embeddings through the server: pymilvus, and our client on it, get what a file answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pymilvus
import pytest
from pymilvus.client.embedding_list import EmbeddingList

import milvus_store
from milvus_store.server.endpoint import MilvusServer

from .both_ways import served_unlike

pytestmark = pytest.mark.skipif(
    not hasattr(pymilvus, "StructFieldSchema"), reason="this pymilvus has no arrays of structs"
)

KINDS = {
    "f32": "FLOAT_VECTOR",
    "f16": "FLOAT16_VECTOR",
    "bf16": "BFLOAT16_VECTOR",
    "i8": "INT8_VECTOR",
    "bits": "BINARY_VECTOR",
}
METRICS = ["MAX_SIM_COSINE", "MAX_SIM_IP", "MAX_SIM_L2", "MAX_SIM", "MAX_SIM_JACCARD"]
NULL = None if hasattr(pymilvus, "SearchAggregation") else []
"""pymilvus 2 sends no arrays that are null."""

CHUNKS = [[(1, 0), (0, 2)], [(3, 4)], [], NULL, [(-1, 1)] * 3]


def _vector(kind: str, numbers: tuple[int, ...]) -> Any:
    """A vector in a form that pymilvus takes for the type."""
    if kind == "f32":
        return [float(number) for number in numbers]
    if kind == "bits":
        return bytes(number % 256 for number in numbers)
    if kind == "i8":
        return np.array(numbers, dtype=np.int8)
    if kind == "f16":
        return np.array(numbers, dtype=np.float16)
    return (np.array(numbers, dtype=np.float32).view(np.uint32) >> 16).astype(np.uint16).tobytes()


def _rows() -> list[dict[str, Any]]:
    return [
        {
            "id": number,
            "chunks": None
            if vectors is None
            else [
                {"page": page, **{kind: _vector(kind, numbers) for kind in KINDS}}
                for page, numbers in enumerate(vectors)
            ],
        }
        for number, vectors in enumerate(CHUNKS)
    ]


def _create(client: Any, library: Any) -> None:
    types = library.DataType
    chunk = client.create_struct_field_schema()
    chunk.add_field("page", types.INT64)
    for name, kind in KINDS.items():
        chunk.add_field(name, getattr(types, kind), dim=16 if name == "bits" else 2)
    schema = client.create_schema()
    schema.add_field("id", types.INT64, is_primary=True)
    array = {"element_type": types.STRUCT, "struct_schema": chunk, "max_capacity": 5, "nullable": True}
    schema.add_field("chunks", types.ARRAY, **array)
    indexes = client.prepare_index_params()
    for name, metric in zip(KINDS, METRICS, strict=True):
        indexes.add_index(f"chunks[{name}]", index_type="HNSW", metric_type=metric, params={"M": 8})
    client.create_collection("c", schema=schema, index_params=indexes)


def _hits(found: Any) -> list[list[tuple[Any, ...]]]:
    return [
        [(hit["id"], pytest.approx(hit["distance"]), _plain(hit["entity"])) for hit in one] for one in found
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, dict) or hasattr(value, "items"):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.item() if isinstance(value, np.generic) else value


def _queries(kind: str) -> list[Any]:
    dtype = {"i8": np.int8, "f16": np.float16, "bits": np.uint8}.get(kind, np.float32)
    return [
        EmbeddingList(np.array([[1, 0], [0, 1]], dtype=dtype)),
        EmbeddingList(np.array([[2, 2]], dtype=dtype)),
    ]


STEPS: dict[str, Callable[[Any], Any]] = {
    "describe": lambda client: [
        (one["name"], one["type"], int(one.get("params", {}).get("dim", 0)))
        for field in client.describe_collection("c")["fields"]
        for one in field.get("struct_fields", ())
    ],
    "indexes": lambda client: sorted(client.list_indexes("c")),
    "metric": lambda client: client.describe_index("c", "chunks[f16]")["metric_type"],
    "insert": lambda client: client.insert("c", _rows()),
    "query": lambda client: _plain([dict(row) for row in client.query("c", "id >= 0", ["chunks"])]),
    "query, member": lambda client: _plain(
        [dict(row) for row in client.query("c", "id == 0", ["chunks[i8]"])]
    ),
    "upsert": lambda client: client.upsert("c", [{**_rows()[1], "id": 9}])["upsert_count"],
    **{
        f"search, {kind}": lambda client, kind=kind: _hits(
            client.search("c", _queries(kind), anns_field=f"chunks[{kind}]", output_fields=["*"], limit=3)
        )
        for kind in KINDS
    },
    "search, filter": lambda client: _hits(
        client.search("c", _queries("f32"), "match_any(chunks, $[page] == 2)", anns_field="chunks[f32]")
    ),
    "hybrid_search": lambda client: _hits(
        client.hybrid_search(
            "c",
            [
                pymilvus.AnnSearchRequest([_queries(kind)[0]], f"chunks[{kind}]", {"params": {}}, limit=4)
                for kind in ("f32", "i8")
            ],
            pymilvus.RRFRanker(),
            limit=3,
        )
    ),
    "plain query": lambda client: client.search("c", [[1.0, 0.0]], anns_field="chunks[f32]"),
    "range": lambda client: client.search(
        "c", _queries("f32"), anns_field="chunks[f32]", search_params={"params": {"radius": 0.1}}
    ),
    "dimension": lambda client: client.search(
        "c", [EmbeddingList(np.ones((1, 3), np.float32))], anns_field="chunks[f32]"
    ),
}


@pytest.mark.parametrize("through", [pymilvus, milvus_store], ids=["pymilvus", "ours"])
def test_a_server_answers_what_a_file_answers(server: MilvusServer, path: Path, through: Any) -> None:
    assert not served_unlike(server, path, through, _create, STEPS)


async def test_asynchronous_clients_search_by_lists(server: MilvusServer) -> None:
    client = pymilvus.MilvusClient(server.uri)
    _create(client, pymilvus)
    client.insert("c", _rows())
    client.close()
    for kind in (pymilvus.AsyncMilvusClient, milvus_store.AsyncMilvusClient):
        other = kind(server.uri)
        (hits,) = await other.search("c", _queries("f32")[:1], anns_field="chunks[f32]", limit=1)
        await other.close()
        assert [(hit["id"], hit["distance"]) for hit in hits] == [(0, pytest.approx(2.0))]
