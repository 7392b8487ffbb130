"""Data that every benchmark shares: clustered vectors and scalar fields, the same for the same seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


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


def filtered_rows(vectors: Floats, first_id: int, tenants: int) -> list[dict[str, Any]]:
    """A row for each vector, with thousandths of all rows in ``bucket`` and ``tenants`` tenants of one size."""
    return [
        {
            "id": row,
            "vector": vector,
            "bucket": bucket_of(row),
            "tenant": f"t{row % tenants}",
            "color": ("red", "green", "blue")[row % 3],
        }
        for row, vector in enumerate(vectors, first_id)
    ]


def bucket_of(row: Any) -> Any:
    """The thousandth that a row, or each of many, falls into."""
    return row * 7919 % 1000


def tenants_of(count: int) -> int:
    """How many tenants ``count`` rows have, so that each has 1,000 or half of them."""
    return max(2, count // 1000)


class Filter(NamedTuple):
    """``field`` of ``filtered_rows`` compared with ``value``."""

    field: Literal["bucket", "tenant"]
    operator: Literal["<", "=="]
    value: int | str

    def __str__(self) -> str:
        return f"{self.field} {self.operator} {self.value!r}"

    def kept(self, count: int) -> Mask:
        """Which of the first ``count`` rows it keeps."""
        rows = np.arange(count)
        if self.field == "bucket":
            values = bucket_of(rows)
            found: Mask = values < self.value if self.operator == "<" else values == self.value
        else:
            found = rows % tenants_of(count) == int(str(self.value)[1:])
        return found


def named(filter: Filter | None) -> str:
    """As tables and results call it."""
    return "no filter" if filter is None else str(filter)


HALF = Filter("bucket", "<", 500)
TWENTIETH = Filter("bucket", "<", 50)
ONE_TENANT = Filter("tenant", "==", "t1")

QUERIES_AT_ONCE = 100
"""Queries whose similarities to all rows are in memory together: 400 MB for a million rows."""


def nearest(vectors: Floats, queries: Floats, kept: Mask | None, limit: int) -> Ints:
    """(queries, limit) rows of ``vectors`` most similar to each query among those ``kept``, the nearest first.

    Fewer than ``limit`` where fewer are kept, which must be one at least.
    """
    rows = np.arange(len(vectors)) if kept is None else np.flatnonzero(kept)
    among = vectors if kept is None else vectors[rows]
    count = min(limit, len(rows))
    parts = []
    for first in range(0, len(queries), QUERIES_AT_ONCE):
        distances = -(queries[first : first + QUERIES_AT_ONCE] @ among.T)
        best = np.argpartition(distances, count - 1, axis=1)[:, :count]
        order = np.argsort(np.take_along_axis(distances, best, axis=1), axis=1)
        parts.append(np.take_along_axis(best, order, axis=1))
    return rows[np.concatenate(parts)]


def as_sets(rows: Ints) -> Sequence[set[int]]:
    """Each row of ``rows`` as a set, to compare answers with."""
    return [set(row) for row in rows.tolist()]
