"""Search of single vectors within structs through the server, by pymilvus and by our client on it."""

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
    not hasattr(pymilvus, "SearchAggregation"), reason="pymilvus 2 inserts no null in place of structs"
)

LISTS: list[Any] = [[(1, 0), (0, 2)], [(3, 4)], [], None, [(-1, 1), (2, 2), (5, -1)]]


def _create(client: Any, library: Any) -> None:
    types = library.DataType
    chunk = client.create_struct_field_schema()
    chunk.add_field("page", types.INT64)
    chunk.add_field("emb", types.FLOAT_VECTOR, dim=2)
    chunk.add_field("small", types.INT8_VECTOR, dim=2)
    chunk.add_field("bits", types.BINARY_VECTOR, dim=8)
    schema = client.create_schema()
    schema.add_field("id", types.INT64, is_primary=True)
    array = {"element_type": types.STRUCT, "struct_schema": chunk, "max_capacity": 5, "nullable": True}
    schema.add_field("chunks", types.ARRAY, **array)
    indexes = client.prepare_index_params()
    for member, metric in (("emb", "COSINE"), ("small", "L2"), ("bits", "HAMMING")):
        indexes.add_index(f"chunks[{member}]", index_type="HNSW", metric_type=metric, params={"M": 8})
    client.create_collection("c", schema=schema, index_params=indexes)
    client.insert(
        "c",
        [
            {
                "id": number,
                "chunks": vectors and [_struct(page, *vector) for page, vector in enumerate(vectors)],
            }
            for number, vectors in enumerate(LISTS)
        ],
    )


def _struct(page: int, x: int, y: int) -> dict[str, Any]:
    small = np.array([x, y], dtype=np.int8)
    return {"page": page, "emb": [float(x), float(y)], "small": small, "bits": bytes([x % 256])}


def _hits(found: Any) -> list[Any]:
    return [
        [(hit["id"], hit["offset"], round(hit["distance"], 5), str(hit["entity"])) for hit in hits]
        for hits in found
    ]


QUERIES = [[1.0, 0.1], [0.0, -1.0]]


def _pages(iterator: Any) -> list[Any]:
    pages = []
    while page := iterator.next():
        pages.append([(hit["id"], hit["offset"]) for hit in page])
    iterator.close()
    return pages


def _on_page(client: Any) -> Any:
    indexes = client.prepare_index_params()
    indexes.add_index("chunks[page]", index_type="INVERTED")
    return indexes


def _requests(**params: Any) -> list[Any]:
    return [
        pymilvus.AnnSearchRequest([[1.0, 0.1]], "chunks[emb]", {"params": params}, limit=4),
        pymilvus.AnnSearchRequest([b"\x03"], "chunks[bits]", {"params": {}}, limit=4),
    ]


STEPS: dict[str, Callable[[Any], Any]] = {
    "search": lambda client: _hits(client.search("c", QUERIES, anns_field="chunks[emb]")),
    "limit, offset": lambda client: _hits(
        client.search("c", QUERIES, anns_field="chunks[emb]", limit=3, offset=1)
    ),
    "nothing found": lambda client: [
        len(hits) for hits in client.search("c", QUERIES, "id > 90", anns_field="chunks[emb]")
    ],
    "output_fields": lambda client: _hits(
        client.search("c", QUERIES, anns_field="chunks[emb]", limit=2, output_fields=["id", "chunks[page]"])
    ),
    "small": lambda client: _hits(
        client.search("c", [np.array([1, 1], dtype=np.int8)], anns_field="chunks[small]")
    ),
    "bits": lambda client: _hits(client.search("c", [b"\x03"], anns_field="chunks[bits]")),
    "filter": lambda client: _hits(
        client.search(
            "c", QUERIES, "id != 1 and element_filter(chunks, $[page] >= 1)", anns_field="chunks[emb]"
        )
    ),
    "group": lambda client: _hits(
        client.search("c", QUERIES, anns_field="chunks[emb]", group_by_field="id", limit=2)
    ),
    "range": lambda client: _hits(
        client.search("c", QUERIES, anns_field="chunks[emb]", search_params={"params": {"radius": 0.2}})
    ),
    "iterator": lambda client: _pages(
        client.search_iterator("c", [QUERIES[0]], batch_size=2, anns_field="chunks[emb]")
    ),
    "hybrid": lambda client: _hits(client.hybrid_search("c", _requests(), pymilvus.RRFRanker(), limit=4)),
    "hybrid, groups": lambda client: _hits(
        client.hybrid_search("c", _requests(), pymilvus.RRFRanker(), limit=2, group_by_field="id")
    ),
    "hybrid, scope": lambda client: client.hybrid_search(
        "c", _requests(element_scope={"collapse": {"strategy": "max"}}), pymilvus.RRFRanker()
    ),
    "describe_index": lambda client: client.describe_index("c", "chunks[emb]")["metric_type"],
    "index on a member": lambda client: [
        client.create_index("c", _on_page(client)),
        client.describe_index("c", "chunks[page]")["index_type"],
        sorted(client.list_indexes("c")),
        client.drop_index("c", "chunks[page]"),
    ],
    "a list": lambda client: client.search(
        "c", [EmbeddingList(np.ones((1, 2), np.float32))], anns_field="chunks[emb]"
    ),
    "other groups": lambda client: client.search(
        "c", QUERIES, anns_field="chunks[emb]", group_by_field="tag"
    ),
    "not": lambda client: client.search(
        "c", QUERIES, "not element_filter(chunks, $[page] == 1)", anns_field="chunks[emb]"
    ),
}


@pytest.mark.parametrize("through", [pymilvus, milvus_store], ids=["pymilvus", "ours"])
def test_a_server_answers_what_a_file_answers(server: MilvusServer, path: Path, through: Any) -> None:
    assert not served_unlike(server, path, through, _create, STEPS)


async def test_asynchronous_clients_find_structs(server: MilvusServer) -> None:
    client = pymilvus.MilvusClient(server.uri)
    _create(client, pymilvus)
    client.close()
    for kind in (pymilvus.AsyncMilvusClient, milvus_store.AsyncMilvusClient):
        other = kind(server.uri)
        (hits,) = await other.search("c", [[3.0, 4.0]], anns_field="chunks[emb]", limit=2)
        await other.close()
        assert [(hit["id"], hit["offset"]) for hit in hits] == [(1, 0), (4, 1)]
