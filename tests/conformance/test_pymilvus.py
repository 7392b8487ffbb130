"""The same calls through pymilvus on Milvus Lite and through our client give the same answers."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pymilvus
import pytest

from milvus_store import DataType, LoadState, MilvusClient

# The peers are what they are: their deprecations are not ours to answer for.
pytestmark = [
    pytest.mark.filterwarnings("default"),
    pytest.mark.skipif(sys.platform == "win32", reason="Milvus Lite does not run on Windows"),
]

RANDOM = np.random.default_rng(11)
ROWS = [
    {
        "id": i,
        "vector": RANDOM.standard_normal(8).tolist(),
        "color": ("red", "green", "blue")[i % 3],
        "n": i,
        "doc": {"a": {"b": i % 4}, "list": [i, i + 1]},
    }
    for i in range(200)
]
EXPRESSIONS = [
    "",
    "n > 150",
    "n >= 10 && n < 20",
    'color == "red"',
    'color in ["red", "blue"] and n < 30',
    'color not in ["red"]',
    'not (color == "red") and n < 10',
    'color like "gr%" or n == 0',
    'doc["a"]["b"] == 3 and n < 50',
    'doc["list"][1] == 5',
    "n + 1 > 198",
    "id in [1, 5, 199, 777]",
]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, MilvusClient]]:
    """pymilvus's client on Milvus Lite, and ours, with the same three collections."""
    folder = tmp_path_factory.mktemp("conformance")
    theirs = pymilvus.MilvusClient(str(folder / "lite.db"))
    ours = MilvusClient(folder / "ours.db")
    for client in (theirs, ours):
        for metric in ("L2", "IP", "COSINE"):
            client.create_collection(metric, dimension=8, metric_type=metric)
            client.insert(metric, ROWS)
            client.upsert(metric, [{**ROWS[7], "color": "blue"}])
            client.delete(metric, ids=[3, 4])
    yield theirs, ours
    theirs.close()
    ours.close()


@pytest.mark.parametrize("metric", ["L2", "IP", "COSINE"])
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_search_finds_the_same_rows_and_scores(both: Any, metric: str, expression: str) -> None:
    queries = np.random.default_rng(4).standard_normal((2, 8)).tolist()
    theirs, ours = (
        client.search(metric, queries, filter=expression, limit=15, output_fields=["color", "n"])
        for client in both
    )
    for their_hits, our_hits in zip(theirs, ours, strict=True):
        assert [dict(hit)["id"] for hit in our_hits] == [hit["id"] for hit in their_hits]
        assert [hit["distance"] for hit in our_hits] == pytest.approx(
            [hit["distance"] for hit in their_hits], rel=1e-5, abs=1e-6
        )
        assert [hit["entity"] for hit in our_hits] == [dict(hit["entity"]) for hit in their_hits]


@pytest.mark.parametrize("expression", EXPRESSIONS[1:])
def test_query_and_count_agree(both: Any, expression: str) -> None:
    theirs, ours = (
        sorted(
            map(dict, client.query("L2", filter=expression, output_fields=["color", "doc"])),
            key=lambda row: row["id"],
        )
        for client in both
    )
    assert ours == theirs
    counts = [client.query("L2", filter=expression, output_fields=["count(*)"]) for client in both]
    assert list(counts[0]) == list(counts[1])


def test_get_and_write_results_agree(both: Any) -> None:
    for client in both:
        assert list(client.get("IP", [5, 999], output_fields=["n"])) == [{"id": 5, "n": 5}]
        assert client.get_collection_stats("IP") == {"row_count": 198}
        assert set(client.list_collections()) == {"L2", "IP", "COSINE"}
        assert int(client.get_load_state("IP")["state"]) == int(LoadState.Loaded)
    rows = [{"id": 1000, "vector": [0.0] * 8}]
    written = [client.insert("IP", rows) for client in both]
    assert dict(written[0]) == dict(written[1])
    replaced = [client.upsert("IP", rows) for client in both]
    assert dict(replaced[0]) == dict(replaced[1])
    for client in both:
        client.delete("IP", ids=[1000])


def test_a_partial_update_leaves_the_same_rows(both: Any) -> None:
    updates: list[list[dict[str, Any]]] = [
        [{"id": 5, "color": "pink"}, {"id": 6, "color": "grey"}],
        [{"id": 5, "fresh": {"a": [1]}, "n": None}],
        [{"id": 8, "vector": [0.5] * 8}],
        [{"id": 9, "doc": {"a": 1}}],
        [{"id": 1001, "vector": [1.0] * 8, "color": "new"}],
    ]
    found = []
    for client in both:
        for rows in updates:
            assert client.upsert("COSINE", rows, partial_update=True)["upsert_count"] == len(rows)
        with pytest.raises(Exception, match="vector"):
            client.upsert("COSINE", [{"id": 1002, "color": "incomplete"}], partial_update=True)
        found.append(
            [dict(row) for row in client.get("COSINE", [5, 6, 8, 9, 1001, 1002], output_fields=["*"])]
        )
        client.delete("COSINE", ids=[5, 6, 8, 9, 1001])
        client.insert("COSINE", [ROWS[n] for n in (5, 6, 8, 9)])
    assert found[0] == found[1]


def test_describe_has_the_keys_that_pymilvus_gives(both: Any) -> None:
    theirs, ours = (client.describe_collection("L2") for client in both)
    assert set(theirs) - set(ours) <= {"enable_namespace", "schema_version"}
    for their_field, our_field in zip(theirs["fields"], ours["fields"], strict=True):
        for key in ("name", "description", "params"):
            assert our_field[key] == their_field[key]
        assert int(our_field["type"]) == int(their_field["type"])
    their_index, our_index = (client.describe_index("L2", "vector") for client in both)
    assert set(our_index) == set(their_index)


def test_pymilvus_own_schema_and_index_params_are_taken(path: Path) -> None:
    schema = pymilvus.MilvusClient.create_schema(
        auto_id=True, enable_dynamic_field=True, description="theirs"
    )
    schema.add_field("pk", pymilvus.DataType.VARCHAR, max_length=30, is_primary=True)
    schema.add_field("vector", pymilvus.DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("tenant", pymilvus.DataType.INT64, is_partition_key=True)
    schema.add_field("price", pymilvus.DataType.DOUBLE, nullable=True)
    schema.add_field("stock", pymilvus.DataType.INT8, default_value=7)
    index = pymilvus.MilvusClient.prepare_index_params()
    index.add_index("vector", index_type="FLAT", metric_type="IP")
    with MilvusClient(path) as client:
        client.create_collection("theirs", schema=schema, index_params=index)
        client.insert("theirs", {"vector": [1, 2], "tenant": 5, "extra": True})
        (row,) = client.query("theirs", "tenant == 5")
        assert row["stock"] == 7
        assert row["price"] is None
        assert row["extra"] is True
        described = client.describe_collection("theirs")
        assert described["auto_id"] is True
        assert [field["type"] for field in described["fields"]] == [
            DataType.VARCHAR,
            DataType.FLOAT_VECTOR,
            DataType.INT64,
            DataType.DOUBLE,
            DataType.INT8,
        ]


def test_data_types_and_states_have_pymilvus_numbers() -> None:
    for member in DataType:
        their_member = getattr(pymilvus.DataType, member.name, None)
        if their_member is not None:
            assert int(member) == int(their_member), member.name
    assert DataType.FLOAT_VECTOR == pymilvus.DataType.FLOAT_VECTOR


def test_faults_have_the_codes_of_milvus(both: Any) -> None:
    """Milvus Lite gives some faults codes of its own; where it gives Milvus's, ours is the same."""
    for call in (
        lambda client: client.describe_collection("nope"),
        lambda client: client.insert("nope", ROWS[:1]),
        lambda client: client.search("nope", [[0.0] * 8]),
        lambda client: client.rename_collection("nope", "other"),
    ):
        codes = []
        for client in both:
            with pytest.raises(Exception) as caught:
                call(client)
            codes.append(caught.value.code)
        assert codes[0] == codes[1] == 100
