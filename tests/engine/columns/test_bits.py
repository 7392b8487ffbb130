from __future__ import annotations

import numpy as np
import pytest

from milvus_store_lite.columns import bits


@pytest.mark.parametrize("words", [1, 3, 512])
@pytest.mark.parametrize("count", ["by numpy", "by table"])
def test_bits_are_counted_exactly(monkeypatch: pytest.MonkeyPatch, words: int, count: str) -> None:
    if count == "by table":  # what numpy 1.x is served by
        monkeypatch.setattr(bits, "_count", bits._counts_in_bytes)
    rows = np.random.default_rng(1).integers(0, 2**64, (700, words), dtype=np.uint64)
    rows[3] = 2**64 - 1
    counted = [sum(int(word).bit_count() for word in row) for row in rows]
    assert bits.bit_counts(rows).tolist() == counted
    query = rows[5]
    shared = [sum(int(word).bit_count() for word in row & query) for row in rows]
    assert bits.bit_counts(rows, query).tolist() == shared
