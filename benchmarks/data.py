"""Data that every benchmark shares: clustered vectors and scalar fields, the same for the same seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


def clustered(
    count: int, dim: int, clusters: int = 1000, spread: float = 0.6, seed: int = 7, part: int = 0
) -> Floats:
    """(count, dim) float32 unit vectors around ``clusters`` centres, as embeddings lie.

    Args:
        part: other vectors around the same centres, for data that is made part by part.
    """
    random = np.random.default_rng(seed)
    centres = random.standard_normal((clusters, dim), dtype=np.float32)
    if part:
        random = np.random.default_rng((seed, part))
    vectors = centres[random.integers(0, clusters, count)]
    vectors = vectors + spread * random.standard_normal((count, dim), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def rows(vectors: Floats, first_id: int = 0) -> list[dict[str, Any]]:
    """A row with six scalar fields for each vector."""
    return [
        {
            "id": first_id + place,
            "vector": vector,
            "tenant": f"tenant-{place % 100:03d}",
            "color": ("red", "green", "blue")[place % 3],
            "price": place * 0.25,
            "stock": place % 1000,
            "on_sale": place % 7 == 0,
            "title": f"document number {place} of the benchmark",
        }
        for place, vector in enumerate(vectors)
    ]


def filtered_rows(vectors: Floats, first: int, end: int) -> list[dict[str, Any]]:
    """Rows ``first`` to ``end`` of ``vectors``: thousandths of all rows in ``bucket``, tenants of 1,000 rows."""
    tenants = max(1, len(vectors) // 1000)
    return [
        {
            "id": row,
            "vector": vectors[row],
            "bucket": bucket_of(row),
            "tenant": f"t{row % tenants}",
            "color": ("red", "green", "blue")[row % 3],
        }
        for row in range(first, end)
    ]


def bucket_of(row: Any) -> Any:
    """The thousandth that a row, or each of many, falls into."""
    return row * 7919 % 1000
