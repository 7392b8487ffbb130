"""Exact ranking of dense vectors: rank in float32, then score every possible winner in float64.

The result is exact whatever the data: a row is dropped only when rounding cannot have hidden that it
belongs to the nearest.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from ..columns.column import BoolArray
from ..columns.vectors import VectorColumn
from .dense_metrics import Floats, can_rank, rank, rank_error, score
from .metrics import Metric
from .rankings import NOTHING, Ranking, floor, order

_RANKS_AT_ONCE: Final = 16_000_000
"""Ranks held at a time (64 MB of float32): bounds what a batch of queries needs."""

_SCORES_AT_ONCE: Final = 8_192
"""Candidates widened to float64 at a time."""


def scan(
    metric: Metric, rows: VectorColumn, queries: Floats, limit: int, mask: BoolArray | None
) -> Iterator[Ranking]:
    """Rank every row for each of ``queries``, drop those that ``mask`` hides, and score the candidates."""
    step = max(1, _RANKS_AT_ONCE // max(1, len(rows.values)))
    for start in range(0, len(queries), step):
        part = queries[start : start + step]
        if not all(can_rank(rows, query) for query in part):
            everything = np.arange(len(rows.values)) if mask is None else np.flatnonzero(mask)
            yield from (_best(metric, rows.values, query, everything, limit) for query in part)
            continue
        ranks = rank(metric, rows, part)
        if mask is not None:
            ranks[:, ~mask] = -np.inf
        for query, row in zip(part, ranks, strict=True):
            candidates = _candidates(row, limit, 2 * rank_error(metric, rows, query))
            yield _best(metric, rows.values, query, candidates, limit)


def _candidates(ranks: Floats, limit: int, slack: float) -> npt.NDArray[np.int64]:
    """Slots whose rank is within ``slack`` of the ``limit``-th largest; masked slots rank -inf."""
    least = floor(ranks, limit) - slack
    return np.flatnonzero(ranks >= least) if least > -np.inf else np.flatnonzero(ranks > -np.inf)


def _best(
    metric: Metric, vectors: Floats, query: Floats, candidates: npt.NDArray[np.int64], limit: int
) -> Ranking:
    if len(candidates) == 0:
        return NOTHING
    values = np.concatenate(
        [
            score(metric, vectors[candidates[start : start + _SCORES_AT_ONCE]], query)
            for start in range(0, len(candidates), _SCORES_AT_ONCE)
        ]
    )
    best = order(metric, values)[:limit]
    return candidates[best], values[best]
