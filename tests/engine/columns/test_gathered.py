"""Copies of the vectors that a filter leaves."""

from __future__ import annotations

import threading
from functools import partial

import numpy as np
import pytest

from milvus_store_lite.columns import gathered as module
from milvus_store_lite.columns.dense_vectors import DenseColumn
from milvus_store_lite.columns.gathered import Gathered, Kept, gathered
from milvus_store_lite.columns.masks import Mask

ROWS, DIM = 4_000, 64
_VALUES = np.random.default_rng(0).standard_normal((ROWS, DIM)).astype(np.float32)
_NORMS = np.linalg.norm(_VALUES.astype(np.float64), axis=1)
_QUERIES = np.random.default_rng(1).standard_normal((20, DIM)).astype(np.float32)


def column(*, nulls: bool = False, sign: int = 1) -> DenseColumn:
    valid = np.arange(ROWS) % 5 > 0 if nulls else None
    norms = _NORMS.astype(np.float32)
    largest, smallest = float(_NORMS.max()), float(_NORMS.min())
    return DenseColumn(sign * _VALUES, _NORMS, norms**2, 1 / norms, largest, smallest, valid)


def some(step: int, first: int = 0) -> Mask:
    flags = np.zeros(ROWS, dtype=np.bool_)
    flags[first::step] = True
    return Mask(flags)


def until_copied(
    kept: Kept, rows: Mask, whole: DenseColumn, field: str = "vector", metric: str = "L2"
) -> tuple[Gathered, int]:
    """The copy, and how many searches came before it."""
    for searches in range(100):
        found = gathered(kept, rows, field, whole, metric)
        if found is not None:
            return found, searches
    raise AssertionError("it is never copied")


def nearest(whole: DenseColumn, slots: list[int], query: np.ndarray, metric: str, limit: int) -> list[int]:
    vectors = whole.values[slots].astype(np.float64)
    if metric == "L2":
        keys = ((vectors - query) ** 2).sum(axis=1)
    else:
        keys = -(vectors @ query) / (whole.norms[slots] if metric == "COSINE" else 1)
    return [slots[place] for place in np.argsort(keys, kind="stable")[:limit]]


def norms_of(queries: np.ndarray) -> list[float]:
    return [float(norm) for norm in np.linalg.norm(queries, axis=1)]


def check(copy: Gathered, whole: DenseColumn, slots: list[int], metric: str) -> None:
    """The candidates have the nearest of ``slots``, and few others."""
    for query, found in zip(_QUERIES, copy.candidates(_QUERIES, norms_of(_QUERIES), 10), strict=True):
        assert found is not None
        assert found.tolist() == sorted(set(found.tolist()))
        assert set(nearest(whole, slots, query, metric, 10)) <= set(found.tolist()) <= set(slots)
        assert len(found) < 20


@pytest.mark.parametrize("metric", ["COSINE", "IP", "L2"])
@pytest.mark.parametrize("nulls", [False, True])
def test_the_candidates_of_a_copy_have_the_nearest_of_its_rows(
    monkeypatch: pytest.MonkeyPatch, nulls: bool, metric: str
) -> None:
    monkeypatch.setattr(module, "_BYTES_AT_ONCE", 10_000)
    kept: Kept = {}
    whole, rows = column(nulls=nulls), some(9)
    copy, searches = until_copied(kept, rows, whole, metric=metric)
    assert searches > 10, "no search copies all of it"
    check(copy, whole, [slot for slot in range(0, ROWS, 9) if not nulls or slot % 5], metric)
    assert gathered(kept, rows, "vector", whole, metric) is copy


def test_a_copy_says_so_where_it_cannot_tell_the_nearest() -> None:
    values = np.ones((100, DIM), dtype=np.float32)
    norms = np.full(100, np.sqrt(DIM))
    short = norms.astype(np.float32)
    equal = DenseColumn(values, norms, short**2, 1 / short, float(norms[0]), float(norms[0]), None)
    for metric in ("COSINE", "IP", "L2"):
        copy = Gathered(equal, np.arange(100), metric)
        assert copy.fill(equal)
        for limit, is_known in ((10, False), (90, True), (100, True)):  # all are as near, and candidates
            assert [found is not None for found in copy.candidates(values[:2], norms[:2], limit)] == [
                is_known
            ] * 2
        assert copy.candidates(0 * values[:1], [0.0], 10) == [None]
    # Of the last metric: from far away all are as near, though they differ.
    assert copy.candidates(values[:1] * np.float32(1e9), [1e9 * norms[0]], 10) == [None]
    many = column()
    copy = Gathered(many, np.arange(0, ROWS, 2), "L2")
    while not copy.fill(many):
        pass
    assert copy.candidates(_QUERIES[:1], norms_of(_QUERIES[:1]), 900)[0] is not None
    assert copy.candidates(_QUERIES[:1], norms_of(_QUERIES[:1]), 1_100) == [None]


def test_of_several_queries_one_may_be_beyond_a_copy() -> None:
    whole = column()
    copy = Gathered(whole, np.arange(0, ROWS, 9), "L2")
    while not copy.fill(whole):
        pass
    queries = np.concatenate(
        [_QUERIES[:1], _QUERIES[1:2] * np.float32(1e12), 0 * _QUERIES[:1], _QUERIES[2:3]]
    )
    found = copy.candidates(queries, norms_of(queries), 10, threads=2)
    assert [one is None for one in found] == [False, True, True, False]


def test_copies_take_an_eighth_of_the_memory_at_most() -> None:
    kept: Kept = {}
    whole = column()
    large = some(3)  # a third of all rows, and so a sixth of the memory
    assert all(gathered(kept, large, "vector", whole, "L2") is None for _ in range(9))
    masks = [some(10, first) for first in range(10)]
    for rows in masks:
        until_copied(kept, rows, whole)
        assert sum(copy.size for copy in kept.values()) <= whole.size / 7
    assert [rows for rows, *_ in kept] == masks[-2:]
    # The first one was forgotten: it is copied again after as many searches as at first.
    assert gathered(kept, masks[0], "vector", whole, "L2") is None
    assert until_copied(kept, masks[0], whole)[1] > 1


def test_fields_and_metrics_have_copies_of_their_own() -> None:
    kept: Kept = {}
    first, other, rows = column(), column(sign=-1), some(20)
    slots = list(range(0, ROWS, 20))
    made = {
        (field, metric): until_copied(kept, rows, whole, field, metric)[0]
        for field, whole in (("vector", first), ("other", other))
        for metric in ("L2", "IP")
    }
    for (field, metric), copy in made.items():
        check(copy, first if field == "vector" else other, slots, metric)


def test_threads_that_copy_at_the_same_time_copy_each_row_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BYTES_AT_ONCE", 1_000)
    whole = column()
    for _ in range(20):
        kept: Kept = {}
        rows = some(9)
        found: list[Gathered] = []
        ask = partial(copied, kept, rows, whole, found)
        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 4
        for copy in found:
            check(copy, whole, list(range(0, ROWS, 9)), "L2")


def copied(kept: Kept, rows: Mask, whole: DenseColumn, found: list[Gathered]) -> None:
    while (copy := gathered(kept, rows, "vector", whole, "L2")) is None:
        pass
    found.append(copy)
