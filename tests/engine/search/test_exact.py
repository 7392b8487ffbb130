from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milvus_store_lite.columns.dense_vectors import DenseColumn
from milvus_store_lite.columns.gathered import Gathered
from milvus_store_lite.columns.products import length
from milvus_store_lite.columns.vectors import vectors_of
from milvus_store_lite.schema.data_types import DataType
from milvus_store_lite.schema.fields import Field
from milvus_store_lite.search.dense import nearest_of, scan, scan_at, scan_copied
from milvus_store_lite.search.dense_metrics import Floats
from milvus_store_lite.search.metrics import Metric
from milvus_store_lite.search.rankings import Ranking

DENSE = [Metric.L2, Metric.IP, Metric.COSINE]


def column(vectors: Floats) -> DenseColumn:
    one = Field("v", DataType.FLOAT_VECTOR, dim=vectors.shape[1])
    found = vectors_of(one, [vector.tobytes() for vector in vectors])
    assert isinstance(found, DenseColumn)
    return found


def nearest(
    metric: Metric, rows: DenseColumn, queries: Floats, limit: int, mask: np.ndarray | None
) -> list[Ranking]:
    """The nearest in place, having made sure that the survivors, gathered first or copied, have the same."""
    found = list(scan(metric, rows, queries, limit, mask))
    if mask is not None:
        slots = np.flatnonzero(mask)
        gathered = [(slots[at], values) for at, values in scan(metric, rows.at(slots), queries, limit, None)]
        copied = scan_copied(metric, rows, copy_of(rows, slots, metric), queries, limit)
        for (in_place, same), *others in zip(found, gathered, copied, strict=True):
            for at, values in others:
                assert at.tolist() == in_place.tolist()
                assert values.tolist() == same.tolist()
    return found


def copy_of(rows: DenseColumn, slots: npt.NDArray[np.int64], metric: Metric) -> Gathered:
    copied = Gathered(rows, slots, metric.value)
    while not copied.fill(rows):
        pass
    return copied


def truth(metric: Metric, vectors: Floats, query: Floats, mask: np.ndarray, limit: int) -> list[int]:
    """The nearest rows by the metric's definition, in float64, older rows first among equals."""
    wide, asked = vectors.astype(np.float64), query.astype(np.float64)
    if metric is Metric.L2:
        keys = [float(((row - asked) ** 2).sum()) for row in wide]
    else:
        keys = [-float(row @ asked) for row in wide]
        if metric is Metric.COSINE:
            norms = [float(np.sqrt(row @ row) * np.sqrt(asked @ asked)) for row in wide]
            keys = [key / norm if norm else 0.0 for key, norm in zip(keys, norms, strict=True)]
    slots = [slot for slot in range(len(vectors)) if mask[slot]]
    return sorted(slots, key=lambda slot: (keys[slot], slot))[:limit]


@settings(max_examples=150, deadline=None)
@given(
    metric=st.sampled_from(DENSE),
    count=st.integers(0, 400),
    dim=st.integers(2, 24),
    limit=st.integers(1, 50),
    share=st.sampled_from([0.0, 0.02, 0.2, 0.6, 1.0]),
    offset=st.sampled_from([0.0, 1.0, 300.0]),
    grid=st.booleans(),
    seed=st.integers(0, 2**16),
)
def test_nearest_is_exact_whatever_the_data(
    metric: Metric, count: int, dim: int, limit: int, share: float, offset: float, grid: bool, seed: int
) -> None:
    """Vectors far from the origin lose digits in float32, vectors on a grid tie: neither may show."""
    random = np.random.default_rng(seed)
    vectors = random.standard_normal((count, dim)).astype(np.float32)
    if grid:
        vectors = np.round(vectors)
    vectors += np.float32(offset)
    queries = vectors[:1] if count else np.ones((1, dim), dtype=np.float32)
    queries = np.concatenate([queries, random.standard_normal((2, dim)).astype(np.float32)])
    mask = random.random(count) < share
    found = nearest(metric, column(vectors), queries, limit, None if share == 1.0 else mask)
    for query, (slots, values) in zip(queries, found, strict=True):
        expected = truth(metric, vectors, query, mask if share < 1 else np.ones(count, bool), limit)
        assert len(slots) == len(expected)
        assert set(slots.tolist()) <= set(np.flatnonzero(mask | (share == 1.0)).tolist())
        if grid and metric is not Metric.COSINE:
            assert slots.tolist() == expected
        else:
            same = nearest(metric, column(vectors[expected]), query[np.newaxis], limit, None)[0][1]
            assert values == pytest.approx(same, rel=1e-12, abs=1e-12)


@settings(max_examples=150, deadline=None)
@given(
    metric=st.sampled_from(DENSE),
    dim=st.sampled_from([2, 24, 400]),
    queries=st.integers(1, 20),
    each=st.one_of(st.integers(1, 60), st.none()),
    limit=st.integers(1, 40),
    offset=st.sampled_from([0.0, 300.0, 1e25]),
    nulls=st.booleans(),
    grid=st.booleans(),
    seed=st.integers(0, 2**16),
)
def test_several_queries_find_in_rows_of_their_own_what_each_finds_alone(
    metric: Metric,
    dim: int,
    queries: int,
    each: int | None,
    limit: int,
    offset: float,
    nulls: bool,
    grid: bool,
    seed: int,
) -> None:
    random = np.random.default_rng(seed)
    vectors = random.standard_normal((300, dim)).astype(np.float32)
    asked = random.standard_normal((queries, dim)).astype(np.float32)
    if grid:
        vectors, asked = np.round(vectors), np.round(asked)
    rows = column(vectors + np.float32(offset))
    if nulls:
        rows = replace(rows, valid=random.random(300) < 0.8)
    sizes = random.integers(1, 60, queries) if each is None else [each] * queries
    slots = [np.sort(random.choice(300, size, replace=False)) for size in sizes]
    found = nearest_of(metric, rows, slots, asked, [length(query) for query in asked], limit)
    assert len(found) == queries
    for (at, values), query, own in zip(found, asked, slots, strict=True):
        ((alone, same),) = scan_at(metric, rows, own, query[np.newaxis], limit)
        assert at.tolist() == alone.tolist()
        assert values.tolist() == same.tolist()


def test_many_rows_and_large_limits_take_every_way_of_choosing_candidates() -> None:
    random = np.random.default_rng(0)
    vectors = random.standard_normal((20_000, 8)).astype(np.float32)
    rows, query = column(vectors), vectors[:1]
    everything = np.argsort(-(vectors.astype(np.float64) @ query[0].astype(np.float64)), kind="stable")
    for limit in (1, 10, 500, 5000, 16_384, 20_000, 30_000):
        ((slots, _),) = nearest(Metric.IP, rows, query, limit, None)
        assert slots.tolist() == everything[:limit].tolist()


@pytest.mark.parametrize("metric", DENSE)
@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
@pytest.mark.parametrize("offset", [0.0, 0.5, 20.0])
def test_copies_name_the_nearest_of_vectors_of_any_length(
    metric: Metric, scale: float, offset: float
) -> None:
    random = np.random.default_rng(2)
    vectors = random.standard_normal((3_000, 48)) * random.lognormal(size=(3_000, 1)) + offset
    rows = column((scale * vectors).astype(np.float32))
    queries = (scale * (random.standard_normal((12, 48)) + offset)).astype(np.float32)
    for limit in (1, 10, 200, 1_200):
        nearest(metric, rows, queries, limit, random.random(3_000) < 0.5)


def test_equal_vectors_come_in_the_order_they_were_written() -> None:
    rows = column(np.ones((5000, 4), dtype=np.float32))
    for metric in DENSE:
        ((slots, _),) = nearest(metric, rows, np.ones((1, 4), dtype=np.float32), 7, None)
        assert slots.tolist() == list(range(7))


def test_huge_and_tiny_vectors_do_not_overflow() -> None:
    vectors = np.array([[3e38, 3e38], [1e-40, 0], [1, 1]], dtype=np.float32)
    ((slots, values),) = nearest(Metric.COSINE, column(vectors), np.ones((1, 2), dtype=np.float32), 3, None)
    assert values.tolist() == pytest.approx([1.0, 1.0, np.sqrt(0.5)])
    ((slots, values),) = nearest(Metric.L2, column(vectors), np.ones((1, 2), dtype=np.float32), 3, None)
    assert slots.tolist() == [2, 1, 0]
    assert np.isfinite(values).all()
