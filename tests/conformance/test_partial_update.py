"""Partial updates beside Milvus Lite: what becomes of fields that are not given, null, or have a default.

Milvus Lite merges every upsert, and pymilvus sends rows of one call with the same fields: so do these.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pymilvus
import pytest

from milvus_store import MilvusClient

pytestmark = [
    pytest.mark.filterwarnings("default"),
    pytest.mark.skipif(sys.platform == "win32", reason="Milvus Lite does not run on Windows"),
]

ROWS: list[dict[str, Any]] = [
    {
        "id": 1,
        "vector": [1, 0],
        "n": 1,
        "d": 2,
        "doc": {"a": 1},
        "tags": ["x"],
        "text": "red sky",
        "extra": 1,
    },
    {"id": 2, "vector": [2, 0], "n": None, "d": None, "doc": None, "tags": None, "text": "blue"},
]
CHANGES: list[list[dict[str, Any]]] = [
    [{"id": 1, "n": 5}, {"id": 2, "n": 6}],
    [{"id": 1, "n": None}],
    [{"id": 1, "d": None}],
    [{"id": 2, "d": 9}],
    [{"id": 1, "doc": {"b": 2}}],
    [{"id": 1, "doc": None}],
    [{"id": 2, "tags": ["y", "z"]}, {"id": 1, "tags": []}],
    [{"id": 1, "tags": None}],
    [{"id": 1, "vector": [0, 5]}],
    [{"id": 1, "text": "green field"}],
    [{"id": 1, "extra": 3, "more": "m"}],
    [{"id": 3, "vector": [3, 0], "text": "new"}],
    [{"id": 4, "vector": [4, 0]}],
    [{"id": 5, "n": 1}],
    [{"id": 1, "text": None}],
    [{"id": 1}],
]


@pytest.fixture(scope="module")
def clients(
    lite_server: tuple[str, int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Any, Any]]:
    theirs = pymilvus.MilvusClient("http://{}:{}".format(*lite_server))
    ours = MilvusClient(tmp_path_factory.mktemp("partial") / "ours.db")
    for client in (theirs, ours):
        made(client)
    yield theirs, ours
    theirs.drop_collection("partial_updates")
    theirs.close()
    ours.close()


def made(client: Any) -> None:
    types = pymilvus.DataType
    schema = client.create_schema(enable_dynamic_field=True)
    schema.add_field("id", types.INT64, is_primary=True)
    schema.add_field("vector", types.FLOAT_VECTOR, dim=2)
    schema.add_field("n", types.INT64, nullable=True)
    schema.add_field("d", types.INT64, default_value=7)
    schema.add_field("doc", types.JSON, nullable=True)
    schema.add_field(
        "tags", types.ARRAY, element_type=types.VARCHAR, max_capacity=4, max_length=9, nullable=True
    )
    schema.add_field("text", types.VARCHAR, max_length=50, enable_analyzer=True)
    schema.add_field("terms", types.SPARSE_FLOAT_VECTOR)
    schema.add_function(pymilvus.Function("bm25", pymilvus.FunctionType.BM25, ["text"], ["terms"]))
    index = client.prepare_index_params()
    index.add_index("vector", index_type="FLAT", metric_type="L2")
    index.add_index("terms", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
    client.create_collection("partial_updates", schema=schema, index_params=index)
    client.load_collection("partial_updates")


def outcome(client: Any, rows: list[dict[str, Any]]) -> Any:
    client.delete("partial_updates", filter="id > 0")
    client.insert("partial_updates", ROWS)
    try:
        client.upsert("partial_updates", rows, partial_update=True)
        is_accepted = True
    except Exception:  # each library has its own
        is_accepted = False
    found = {
        row["id"]: dict(row) for row in client.query("partial_updates", filter="id > 0", output_fields=["*"])
    }
    for row in found.values():
        row.pop("terms", None)  # which Milvus Lite shows
    words = {
        word: sorted(
            hit["id"] for hit in client.search("partial_updates", [word], anns_field="terms", limit=9)[0]
        )
        for word in ("red", "green")
    }
    return is_accepted, found, words


@pytest.mark.parametrize("rows", CHANGES, ids=str)
def test_a_partial_update_leaves_the_same_rows(clients: tuple[Any, Any], rows: list[dict[str, Any]]) -> None:
    theirs, ours = (outcome(client, rows) for client in clients)
    assert ours == theirs
