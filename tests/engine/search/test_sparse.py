from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from milvus_store_lite.codec import encode_queries, encode_vectors
from milvus_store_lite.columns.vectors import vectors_of
from milvus_store_lite.schema.data_types import DataType
from milvus_store_lite.schema.fields import Field
from milvus_store_lite.search.metrics import Metric
from milvus_store_lite.search.sparse import scan, without_small

FIELD = Field("v", DataType.SPARSE_FLOAT_VECTOR, nullable=True)
# Eighths add and multiply without rounding, so that equal scores are equal.
VECTORS = st.dictionaries(st.integers(0, 9), st.integers(0, 80).map(lambda n: n / 8), max_size=6)


@given(
    rows=st.lists(st.none() | VECTORS, max_size=40),
    queries=st.lists(VECTORS, min_size=1, max_size=3),
    limit=st.integers(1, 45),
    hidden=st.none() | st.sets(st.integers(0, 39)),
)
def test_the_largest_inner_products_are_found_the_older_row_first(
    rows: list[dict[int, float] | None],
    queries: list[dict[int, float]],
    limit: int,
    hidden: set[int] | None,
) -> None:
    column = vectors_of(
        FIELD, [None if blob is None else bytes(blob) for blob in encode_vectors(FIELD, rows)]
    )
    mask = None if hidden is None else np.array([slot not in hidden for slot in range(len(rows))], dtype=bool)
    rankings = list(scan(Metric.IP, column, encode_queries(FIELD, queries), limit, mask))
    assert len(rankings) == len(queries)
    for query, (slots, values) in zip(queries, rankings, strict=True):
        scored = [
            (-sum(value * (row or {}).get(index, 0) for index, value in query.items()), slot)
            for slot, row in enumerate(rows)
            if hidden is None or slot not in hidden
        ]
        expected = sorted((score, slot) for score, slot in scored if score < 0)[:limit]
        assert slots.tolist() == [slot for _, slot in expected]
        assert values.tolist() == [-score for score, _ in expected]


def test_the_smallest_values_of_each_query_are_dropped_equal_ones_kept() -> None:
    queries = encode_queries(FIELD, [{1: 1, 2: 2, 3: 3, 4: 4}, {}, {5: 2, 6: 2, 7: 9}])
    kept = without_small(queries, 0.5)
    assert [dict(zip(*map(np.ndarray.tolist, kept.row(n)), strict=True)) for n in range(3)] == [
        {3: 3, 4: 4},
        {},
        {5: 2, 6: 2, 7: 9},
    ]
    assert len(without_small(queries, 0.99).values) == 2
