"""Copies of the vectors that a filter leaves."""

from __future__ import annotations

import threading
from functools import partial

import numpy as np
import pytest

from milvus_store_lite.columns import gathered as module
from milvus_store_lite.columns.dense_vectors import DenseColumn
from milvus_store_lite.columns.gathered import Kept, gathered
from milvus_store_lite.columns.masks import Mask

ROWS, DIM = 4_000, 64
_VALUES = np.random.default_rng(0).random((ROWS, DIM), dtype=np.float32)
_NORMS = np.linalg.norm(_VALUES.astype(np.float64), axis=1)


def column(*, nulls: bool = False) -> DenseColumn:
    valid = np.arange(ROWS) % 5 > 0 if nulls else None
    norms = _NORMS.astype(np.float32)
    return DenseColumn(_VALUES, _NORMS, norms**2, 1 / norms, float(_NORMS.max()), float(_NORMS.min()), valid)


def some(step: int, first: int = 0) -> Mask:
    flags = np.zeros(ROWS, dtype=np.bool_)
    flags[first::step] = True
    return Mask(flags)


def until_copied(kept: Kept, rows: Mask, whole: DenseColumn) -> tuple[DenseColumn, int]:
    """The copy, and how many searches came before it."""
    for searches in range(100):
        found = gathered(kept, rows, "vector", whole)
        if found is not None:
            return found, searches
    raise AssertionError("it is never copied")


@pytest.mark.parametrize("nulls", [False, True])
def test_a_copy_is_what_was_asked_for(monkeypatch: pytest.MonkeyPatch, nulls: bool) -> None:
    monkeypatch.setattr(module, "_BYTES_AT_ONCE", 10_000)
    kept: Kept = {}
    whole, rows = column(nulls=nulls), some(7)
    copy, searches = until_copied(kept, rows, whole)
    assert searches > 10, "no search copies all of it"
    expected = whole.at(rows.slots)
    for name in ("values", "norms", "square_norms", "inverse_norms"):
        np.testing.assert_array_equal(getattr(copy, name), getattr(expected, name))
    assert (copy.largest_norm, copy.smallest_norm) == (whole.largest_norm, whole.smallest_norm)
    assert (copy.valid is None) is not nulls
    assert copy.valid is None or copy.valid.tolist() == whole.valid[rows.slots].tolist()  # type: ignore[index]
    assert gathered(kept, rows, "vector", whole) is copy


def test_copies_take_a_quarter_of_the_memory_at_most() -> None:
    kept: Kept = {}
    whole = column()
    assert all(gathered(kept, some(3), "vector", whole) is None for _ in range(9))
    large = some(3)  # a third of all rows
    assert all(gathered(kept, large, "vector", whole) is None for _ in range(9))
    masks = [some(10, first) for first in range(10)]
    for rows in masks:
        until_copied(kept, rows, whole)
        assert sum(copy.size for copy in kept.values()) <= whole.size / 4
    assert [rows for rows, _ in kept] == masks[-2:]
    # The first one was forgotten: it is copied again after as many searches as at first.
    assert gathered(kept, masks[0], "vector", whole) is None
    assert until_copied(kept, masks[0], whole)[1] > 1


def test_fields_have_copies_of_their_own() -> None:
    kept: Kept = {}
    first, rows = column(), some(20)
    other = DenseColumn(
        -_VALUES,
        _NORMS,
        first.square_norms,
        first.inverse_norms,
        first.largest_norm,
        first.smallest_norm,
        None,
    )
    copy, _ = until_copied(kept, rows, first)
    for _ in range(9):
        found = gathered(kept, rows, "other", other)
    assert found is not None
    np.testing.assert_array_equal(found.values, -copy.values)


def test_threads_that_copy_at_the_same_time_copy_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BYTES_AT_ONCE", 1_000)
    whole = column()
    for _ in range(20):
        kept: Kept = {}
        rows = some(5)
        found: list[DenseColumn] = []
        ask = partial(copied, kept, rows, whole, found)
        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 4
        for copy in found:
            np.testing.assert_array_equal(copy.values, _VALUES[::5])


def copied(kept: Kept, rows: Mask, whole: DenseColumn, found: list[DenseColumn]) -> None:
    while (copy := gathered(kept, rows, "vector", whole)) is None:
        pass
    found.append(copy)
