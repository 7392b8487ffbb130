"""The naive model of a search: rows in a list, distances by definition, everything sorted."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

LARGER_IS_NEARER = {"IP", "COSINE", "MHJACCARD"}
ONLY_MATCHES = {"SUBSTRUCTURE", "SUPERSTRUCTURE"}

Row = dict[str, Any]


def value(metric: str, row: Any, query: Any) -> float | None:
    """The metric's value between two vectors by its definition; None if such a row is never found."""
    if isinstance(row, dict):
        shared = sum(number * query.get(index, 0.0) for index, number in row.items())
        return shared if shared > 0 else None
    if metric == "MHJACCARD":  # the hashes of a signature are bytes, where an index does not say otherwise
        return float(np.mean([one == other for one, other in zip(row, query, strict=True)]))
    if isinstance(row, bytes):
        return _binary_value(metric, _bits(row), _bits(query))
    one, other = np.asarray(row, dtype=np.float64), np.asarray(query, dtype=np.float64)
    if metric == "L2":
        return float(((one - other) ** 2).sum())
    product = float(one @ other)
    if metric == "IP":
        return product
    norms = math.sqrt(one @ one) * math.sqrt(other @ other)
    return product / norms if norms else 0.0


def _bits(packed: bytes) -> set[int]:
    return set(np.flatnonzero(np.unpackbits(np.frombuffer(packed, dtype=np.uint8))).tolist())


def _binary_value(metric: str, row: set[int], query: set[int]) -> float | None:
    if metric == "HAMMING":
        return len(row ^ query)
    if metric in ONLY_MATCHES:
        holds = query <= row if metric == "SUBSTRUCTURE" else row <= query
        return 0.0 if holds else None
    similarity = len(row & query) / len(row | query) if row | query else 1.0
    if metric == "JACCARD":
        return 1 - similarity
    return -math.log2(similarity) if similarity else math.inf


@dataclass(frozen=True)
class Ranked:
    """A row and its value, ``nearness`` smaller for nearer ones."""

    row: Row
    value: float
    nearness: float


def rank(metric: str, rows: Sequence[Row], query: Any, matches: Callable[[Row], bool]) -> list[Ranked]:
    """The rows that match and have a vector, nearest first, of equals the one that was written first."""
    found = []
    for row in rows:
        number = None if row["v"] is None or not matches(row) else value(metric, row["v"], query)
        if number is not None:
            found.append(Ranked(row, number, -number if metric in LARGER_IS_NEARER else number))
    return sorted(found, key=lambda one: one.nearness)


def in_ring(
    metric: str, ranked: list[Ranked], radius: float | None, range_filter: float | None
) -> list[Ranked]:
    """Those between the bounds, as Milvus documents them, in float32."""

    def is_inside(one: Ranked) -> bool:
        number = np.float32(one.value)
        if metric in LARGER_IS_NEARER:
            return (radius is None or number > np.float32(radius)) and (
                range_filter is None or number <= np.float32(range_filter)
            )
        return (radius is None or number < np.float32(radius)) and (
            range_filter is None or number >= np.float32(range_filter)
        )

    return [one for one in ranked if is_inside(one)]


def grouped(ranked: list[Ranked], key: Callable[[Row], Any]) -> list[list[Ranked]]:
    """Groups of equal key, the group of the nearest row first, rows of a group nearest first."""
    groups: dict[Any, list[Ranked]] = {}
    for one in ranked:
        groups.setdefault(key(one.row), []).append(one)
    return list(groups.values())
