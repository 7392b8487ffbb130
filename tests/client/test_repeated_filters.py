"""Searches that use one filter again and again: what the process keeps for them changes no answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from milvus_store import DataType, MilvusClient

ROWS, DIM = 3_000, 32
_VECTORS = np.random.default_rng(1).standard_normal((ROWS + 100, DIM)).astype(np.float32)
_QUERIES = np.random.default_rng(2).standard_normal((12, DIM)).astype(np.float32)


@pytest.fixture
def client(path: Path) -> Iterator[MilvusClient]:
    with MilvusClient(path, durability="normal") as client:
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("n", DataType.INT64)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=DIM)
        schema.add_field("other", DataType.FLOAT_VECTOR, dim=DIM, nullable=True)
        index = client.prepare_index_params()
        for field in ("vector", "other"):
            index.add_index(field, index_type="FLAT", metric_type="L2")
        client.create_collection("docs", schema=schema, index_params=index)
        client.insert("docs", [row(number) for number in range(ROWS)])
        yield client


def row(number: int) -> dict[str, Any]:
    other = None if number % 4 == 0 else -_VECTORS[number]
    return {"id": number, "n": number % 50, "vector": _VECTORS[number], "other": other}


def expected(field: str, ids: list[int], query: Any) -> list[int]:
    kept = [one for one in ids if field == "vector" or one % 4]
    vectors = _VECTORS[kept] * (1 if field == "vector" else -1)
    order = np.argsort(((vectors - query) ** 2).sum(axis=1), kind="stable")[:10]
    return [kept[place] for place in order]


def test_every_answer_is_exact_however_often_a_filter_is_used(client: MilvusClient) -> None:
    def check(ids: list[int], searches: int = 12) -> None:
        for number in range(searches):
            query = _QUERIES[number % len(_QUERIES)]
            for field in ("vector", "other"):
                for chosen, left in (("n < 5", range(5)), ("n == 7", [7])):
                    (hits,) = client.search("docs", [query], chosen, anns_field=field, limit=10)
                    wanted = expected(field, [one for one in ids if one % 50 in left], query)
                    assert [hit["id"] for hit in hits] == wanted
        found = client.search("docs", _QUERIES, "n < 5", anns_field="vector", limit=10)
        few = [one for one in ids if one % 50 < 5]
        assert [[hit["id"] for hit in hits] for hits in found] == [
            expected("vector", few, query) for query in _QUERIES
        ]

    ids = list(range(ROWS))
    for query in _QUERIES:  # the vectors come into memory
        client.search("docs", [query], anns_field="vector")
        client.search("docs", [query], anns_field="other")
    check(ids)
    client.delete("docs", ids=[0, 1, 50, 57])
    check([one for one in ids if one not in (0, 1, 50, 57)])
    client.insert("docs", [row(number) for number in range(ROWS, ROWS + 100)])
    check([one for one in range(ROWS + 100) if one not in (0, 1, 50, 57)])


def test_copies_are_made_of_what_is_asked_for_often(client: MilvusClient) -> None:
    for query in _QUERIES:
        client.search("docs", [query], anns_field="vector")
    cache = client._collection("docs")
    with cache._reading() as session:
        snapshot = session.state.snapshot_caches.whole.at(session.reader)
    for searches, query in enumerate(_QUERIES):
        client.search("docs", [query], "n < 5", anns_field="vector")
        assert bool(snapshot.gathered) is (searches >= 3)
