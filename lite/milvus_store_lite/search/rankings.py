"""Rankings: the rows found for one query vector, in order."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from .metrics import Metric

Ranking = tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]
"""Slots (m,) int64 and the metric's values (m,) float64, nearest first, the older row first among equals."""

NOTHING: Final[Ranking] = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float64)

_DEPTH_OF_COLUMNS: Final = 8
"""Ranks in a column below which all of them are partitioned as fast."""

_SORTED_AT_ONCE: Final = 300
_SORTED_SHARE: Final = 4
"""Sorting so few, or so few times as many as are wanted, takes less time than looking for those first."""


def order(metric: Metric, values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Nearest first, and what came first first among equals."""
    return (-values if metric.larger_is_nearer else values).argsort(kind="stable")


def leading(metric: Metric, values: npt.NDArray[np.float64], limit: int) -> npt.NDArray[np.int64]:
    """The first ``limit`` offsets of ``order``; sorts no more than it has to."""
    if len(values) <= max(_SORTED_AT_ONCE, _SORTED_SHARE * limit):
        return order(metric, values)[:limit]
    keys = -values if metric.larger_is_nearer else values
    near = (keys <= np.partition(keys, limit - 1)[limit - 1]).nonzero()[0]
    offsets: npt.NDArray[np.int64] = near[keys[near].argsort(kind="stable")[:limit]]
    return offsets


def merge(metric: Metric, first: Ranking, second: Ranking, limit: int) -> Ranking:
    """The nearest of two rankings; slots of ``second`` are the later ones."""
    slots = np.concatenate([first[0], second[0]])
    values = np.concatenate([first[1], second[1]])
    best = leading(metric, values, limit)
    return slots[best], values[best]


def floor(ranks: npt.NDArray[np.floating[Any]], limit: int) -> float:
    """A value that at least ``limit`` of ``ranks`` reach, and few more.

    The ranks are dealt into columns, and the limit-th largest column maximum is the answer: ten times
    cheaper than partitioning all of them, since the maxima come from vectorised comparisons.
    """
    columns = max(1024, 16 * limit)
    depth = len(ranks) // columns
    if depth < _DEPTH_OF_COLUMNS:
        return _largest(ranks, limit) if limit < len(ranks) else -np.inf
    maxima = ranks[: depth * columns].reshape(depth, columns).max(axis=0)
    maxima = np.concatenate([maxima, ranks[depth * columns :]])
    return _largest(maxima, limit)


def _largest(ranks: npt.NDArray[np.floating[Any]], place: int) -> float:
    """The rank at ``place``, counted from the largest, 1."""
    ranks = ranks.copy()
    ranks.partition(-place)
    return float(ranks[-place])
