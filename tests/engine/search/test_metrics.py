"""Distances beyond float32 are infinities, and no warning of numpy reaches a user.

Warnings are errors in these tests, as everywhere in this suite.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from milvus_store import AnnSearchRequest, DataType, MilvusClient, RRFRanker, WeightedRanker
from milvus_store_lite.search.metrics import as_shown
from tests import thresholds

LARGEST = {DataType.FLOAT_VECTOR: 3e38, DataType.FLOAT16_VECTOR: 65_000.0, DataType.BFLOAT16_VECTOR: 3e38}


def test_what_is_beyond_float32_becomes_an_infinity() -> None:
    assert as_shown(np.array([1e300, -1e300, 1.0, np.nan])).tolist()[:3] == [math.inf, -math.inf, 1.0]


@pytest.mark.parametrize("dtype", LARGEST)
@pytest.mark.parametrize("metric", ["L2", "IP", "COSINE"])
@pytest.mark.parametrize("index", ["FLAT", "HNSW", "IVF_FLAT"])
def test_vectors_of_any_magnitude_are_searched_without_a_warning(
    dtype: DataType, metric: str, index: str
) -> None:
    most = LARGEST[dtype]
    client = MilvusClient(":memory:")
    schema = client.create_schema().add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("v", dtype, dim=4).add_field("w", DataType.FLOAT_VECTOR, dim=4)
    params = client.prepare_index_params("v", index_type=index, metric_type=metric)
    params.add_index("w", index_type="FLAT", metric_type=metric)
    client.create_collection("docs", schema=schema, index_params=params)
    vectors: list[Any] = [
        [most] * 4,
        [-most, most, -most, most],
        [0.0] * 4,
        [1e-45, 0, 0, 0],
        [most, 0, 0, 0],
        [1, 2, 3, 4],
    ]
    client.insert("docs", [{"id": n, "v": v, "w": v} for n, v in enumerate(vectors)])
    client.flush("docs")
    near, far = (-1e300, 1e300) if metric == "L2" else (1e300, -1e300)
    for query in vectors:
        for options in (
            {},
            {"filter": "id < 4"},
            {"search_params": {"params": {"radius": far, "range_filter": near}}},
            {"search_params": {"params": {"radius": 10**400 if metric == "L2" else -(10**400)}}},
        ):
            [hits] = client.search("docs", [query], anns_field="v", limit=10, **options)
            assert not any(math.isnan(hit["distance"]) for hit in hits)
        for ranker in (RRFRanker(), WeightedRanker(0.5, 0.5), WeightedRanker(0.5, 0.5, norm_score=False)):
            asked = [AnnSearchRequest([query], name, {"metric_type": metric}, limit=5) for name in ("v", "w")]
            client.hybrid_search("docs", asked, ranker, limit=5)
    if metric == "L2" and dtype is not DataType.FLOAT16_VECTOR:
        [hits] = client.search("docs", [vectors[0]], anns_field="v", limit=10)
        assert hits[-1]["distance"] == math.inf
    client.search("docs", vectors, anns_field="v", limit=10)
    client.close()


@pytest.mark.parametrize("metric", ["L2", "IP", "COSINE"])
@pytest.mark.parametrize("index", ["FLAT", "AUTOINDEX", "HNSW"])
@pytest.mark.parametrize("first", [0, 300])
def test_a_query_beyond_the_range_of_products_is_answered_without_a_warning(
    metric: str, index: str, first: int
) -> None:
    vectors = np.random.default_rng(0).standard_normal((600, 64)).astype(np.float32)
    sums = vectors.sum(axis=1, dtype=np.float64)
    ranks = {"L2": None, "IP": sums, "COSINE": sums / np.linalg.norm(vectors, axis=1)}[metric]
    with thresholds.lowered(), MilvusClient(":memory:") as client:
        params = client.prepare_index_params("vector", index_type=index, metric_type=metric)
        schema = client.create_schema().add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=64)
        client.create_collection("docs", schema=schema, index_params=params)
        client.insert("docs", [{"id": number, "vector": vector} for number, vector in enumerate(vectors)])
        client.flush("docs")
        for large in (1e25, 3e38):
            query = np.full(64, large, np.float32)
            [hits] = client.search("docs", [query], limit=5, filter=f"id >= {first}")
            found = [hit["id"] for hit in hits]
            assert len(found) == 5
            assert min(found) >= first
            if ranks is not None:  # by L2, all are equally far
                assert found == (first + np.argsort(-ranks[first:])[:5]).tolist()


def test_sparse_vectors_of_any_magnitude_are_searched_without_a_warning() -> None:
    client = MilvusClient(":memory:")
    schema = client.create_schema().add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("v", DataType.SPARSE_FLOAT_VECTOR)
    index = client.prepare_index_params("v", index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
    client.create_collection("docs", schema=schema, index_params=index)
    client.insert(
        "docs", [{"id": 0, "v": {1: 3e38, 2: 3e38}}, {"id": 1, "v": {1: 1e-45}}, {"id": 2, "v": {5: 1.0}}]
    )
    [hits] = client.search("docs", [{1: 3e38, 2: 3e38}], limit=10)
    assert hits[0]["distance"] == math.inf
    client.search(
        "docs", [{1: 3e38}], limit=10, search_params={"params": {"radius": 0.0, "range_filter": 1e300}}
    )
    client.close()
