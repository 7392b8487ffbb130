"""MAX_SIM: exact, whatever the data, against the sum written out in Python."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milvus_store_lite.codec.list_rows import VectorLists
from milvus_store_lite.columns.vector_lists import ListBuilder, ListColumn
from milvus_store_lite.schema.data_types import DataType
from milvus_store_lite.schema.fields import Field, lists_of
from milvus_store_lite.search import max_sim
from milvus_store_lite.search.metrics import Metric

METRICS = list(max_sim.SIMILARITY)


def field(dim: int) -> Field:
    member = Field("emb", DataType.FLOAT_VECTOR, dim=dim)
    array = Field(
        "chunks",
        DataType.ARRAY,
        element_type=DataType.STRUCT,
        max_capacity=9,
        members=(member,),
        nullable=True,
    )
    (found,) = lists_of(array)
    return found


def column(lists: list[np.ndarray[Any, Any] | None], dim: int) -> ListColumn:
    builder = ListBuilder(field(dim))
    for some in (lists[:2], lists[2:]):
        builder.append([None if one is None else one.astype("<f4").tobytes() for one in some])
    return builder.view()


def similarity(metric: Metric, left: Any, right: Any) -> float:
    if metric is Metric.MAX_SIM_L2:
        return sum((a - b) ** 2 for a, b in zip(left, right, strict=True))
    product = sum(a * b for a, b in zip(left, right, strict=True))
    if metric is Metric.MAX_SIM_IP:
        return product
    length = (sum(a * a for a in left) * sum(b * b for b in right)) ** 0.5
    return product / length if length else 0.0


def value(metric: Metric, query: Any, vectors: Any) -> float:
    best = min if metric is Metric.MAX_SIM_L2 else max
    return sum(
        best(similarity(metric, one, vector) for vector in vectors.astype(float).tolist())
        for one in query.astype(float).tolist()
    )


@pytest.mark.parametrize("metric", METRICS)
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_rows_are_those_of_the_formula(metric: Metric, data: st.DataObject) -> None:
    random = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    dim = data.draw(st.integers(2, 5))
    lengths = data.draw(st.lists(st.one_of(st.none(), st.integers(0, 4)), max_size=30))
    spread, far = data.draw(st.sampled_from([(1.0, 0.0), (1.0, 1e4), (1e-20, 0.0), (1e18, 0.0)]))

    def some(count: int) -> Any:
        return (random.integers(-3, 4, (count, dim)) * spread + far).astype(np.float32)

    lists = [None if length is None else some(length) for length in lengths]
    queries = [some(data.draw(st.integers(1, 3))) for _ in range(2)]
    limit = data.draw(st.integers(1, 6))
    mask = None if data.draw(st.booleans()) else random.random(len(lists)) < 0.6
    starts = np.cumsum([0, *map(len, queries)])
    asked = VectorLists(starts, np.concatenate(queries))
    rows = column(lists, dim)
    is_scaled = metric in (Metric.MAX_SIM_IP, Metric.MAX_SIM_L2)
    largest = dim * (3 * spread + far) ** 2 if is_scaled else 1.0
    near = {"rtol": 1e-9, "atol": 1e-12 * largest}  # a sum of large numbers may be small
    shown = [slot for slot in range(len(lists)) if mask is None or mask[slot]]
    for found in (
        list(max_sim.scan(metric, rows, asked, limit, mask)),
        list(max_sim.scan_at(metric, rows, np.array(shown, dtype=np.int64), asked, limit)),
    ):
        for query, (slots, values) in zip(queries, found, strict=True):
            expected = {
                slot: value(metric, query, vectors)
                for slot in shown
                if (vectors := lists[slot]) is not None and len(vectors)
            }
            best = sorted(expected.values(), reverse=metric.larger_is_nearer)[:limit]
            np.testing.assert_allclose(values, best, **near)
            np.testing.assert_allclose([expected[slot] for slot in slots.tolist()], best, **near)
            assert len(set(slots.tolist())) == len(slots)


@pytest.mark.parametrize("metric", METRICS)
def test_many_vectors_are_ranked_in_parts(metric: Metric, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    lists: list[Any] = [random.standard_normal((length, 4)).astype("f4") for length in [3, 0, 7, 1, 2] * 20]
    query = random.standard_normal((5, 4)).astype("f4")
    asked = VectorLists(np.array([0, 5]), query)
    rows = column(lists, 4)
    [(slots, values)] = max_sim.scan(metric, rows, asked, 10, None)
    monkeypatch.setattr(max_sim, "_VECTORS_AT_ONCE", 5)
    monkeypatch.setattr(max_sim, "_NUMBERS_AT_ONCE", 1)
    [(again, same)] = max_sim.scan(metric, rows, asked, 10, None)
    assert (slots.tolist(), values.tolist()) == (again.tolist(), pytest.approx(same.tolist(), rel=1e-12))


def test_rows_among_many_equal_ones_come_in_their_order() -> None:
    lists: list[Any] = [np.ones((2, 4), dtype="f4")] * 2_000
    asked = VectorLists(np.array([0, 3]), np.ones((3, 4), dtype="f4"))
    [(slots, values)] = max_sim.scan(Metric.MAX_SIM_COSINE, column(lists, 4), asked, 3, None)
    assert (slots.tolist(), values.tolist()) == ([0, 1, 2], pytest.approx([3.0, 3.0, 3.0]))
