from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from milvus_store_lite.columns.growable import Growable


@given(st.lists(st.lists(st.integers(-9, 9), max_size=7), max_size=30))
def test_every_view_stays_what_it_was(parts: list[list[int]]) -> None:
    growable: Growable[np.int64] = Growable(np.int64)
    views, expected = [], []
    for part in parts:
        growable.append(np.array(part, dtype=np.int64))
        expected.append([*(expected[-1] if expected else []), *part])
        views.append(growable.view())
    assert [view.tolist() for view in views] == expected


def test_growing_by_single_rows_moves_them_rarely() -> None:
    growable: Growable[np.float32] = Growable(np.float32, (4,))
    bases = set()
    for _ in range(1000):
        growable.append(np.ones((1, 4), dtype=np.float32))
        bases.add(growable.view().__array_interface__["data"][0])
    assert growable.view().shape == (1000, 4)
    assert len(bases) <= 12


def test_rows_begin_with_a_cache_line_however_often_they_move() -> None:
    growable: Growable[np.float32] = Growable(np.float32, (16,))
    for count in (1_024, 5, 5_000):
        growable.append(np.ones((count, 16), dtype=np.float32))
        assert growable.view().__array_interface__["data"][0] % 64 == 0


def test_rows_may_be_python_objects() -> None:
    growable: Growable[np.object_] = Growable(object)
    rows = np.array([(1, 2), None, "text"], dtype=object)
    growable.append(rows)
    growable.append(rows)
    assert growable.view().tolist() == [*rows, *rows]
