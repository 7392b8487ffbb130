from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from milvus_store_lite.codec.binary import matrix
from milvus_store_lite.columns.binary_vectors import BinaryColumn
from milvus_store_lite.columns.vectors import vectors_of
from milvus_store_lite.schema.data_types import DataType
from milvus_store_lite.schema.fields import Field
from milvus_store_lite.search.binary import scan
from milvus_store_lite.search.metrics import Metric

BINARY = [Metric.HAMMING, Metric.JACCARD, Metric.TANIMOTO, Metric.SUBSTRUCTURE, Metric.SUPERSTRUCTURE]


def naive(metric: Metric, row: set[int], query: set[int]) -> float:
    """The metric by its definition over sets of bits."""
    if metric is Metric.HAMMING:
        return len(row ^ query)
    if metric is Metric.SUBSTRUCTURE:
        return 0.0 if query <= row else 1.0
    if metric is Metric.SUPERSTRUCTURE:
        return 0.0 if row <= query else 1.0
    similarity = len(row & query) / len(row | query) if row | query else 1.0
    if metric is Metric.JACCARD:
        return 1 - similarity
    return -math.log2(similarity) if similarity else math.inf


def bits(packed: bytes) -> set[int]:
    return set(np.flatnonzero(np.unpackbits(np.frombuffer(packed, dtype=np.uint8))).tolist())


@given(
    metric=st.sampled_from(BINARY),
    rows=st.lists(st.binary(min_size=2, max_size=2), min_size=1, max_size=40),
    query=st.binary(min_size=2, max_size=2),
    limit=st.integers(1, 45),
    hidden=st.sets(st.integers(0, 39)),
)
def test_the_nearest_are_those_of_the_definition(
    metric: Metric, rows: list[bytes], query: bytes, limit: int, hidden: set[int]
) -> None:
    field = Field("v", DataType.BINARY_VECTOR, dim=16)
    column = vectors_of(field, rows)
    assert isinstance(column, BinaryColumn)
    mask = np.array([slot not in hidden for slot in range(len(rows))])
    truth = [(naive(metric, bits(row), bits(query)), slot) for slot, row in enumerate(rows)]
    expected = sorted((value, slot) for value, slot in truth if slot not in hidden)
    if metric in (Metric.SUBSTRUCTURE, Metric.SUPERSTRUCTURE):
        expected = [(value, slot) for value, slot in expected if value == 0]
    ((slots, found),) = scan(metric, column, matrix(field, [query]), limit, mask)
    assert slots.tolist() == [slot for _, slot in expected[:limit]]
    np.testing.assert_allclose(found, [value for value, _ in expected[:limit]])
