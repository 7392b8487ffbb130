"""Exact nearest neighbours: rank in float32, then score every possible winner in float64.

The result is exact whatever the data: a row is dropped only when rounding cannot have hidden that it
belongs to the nearest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from ..columns.column import BoolArray, VectorColumn
from ..schema import Field
from . import plan
from .metrics import Floats, Metric, can_rank, rank, rank_error, score
from .selection import Selection

Ranking = tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]
"""Slots (m,) int64 and the metric's values (m,) float64, nearest first, the older row first among equals."""

_NOTHING: Final[Ranking] = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float64)

_RANKS_AT_ONCE: Final = 16_000_000
"""Ranks held at a time (64 MB of float32): bounds what a batch of queries needs."""

_SCORES_AT_ONCE: Final = 8_192
"""Candidates widened to float64 at a time."""


def nearest(metric: Metric, one: Field, selection: Selection, queries: Floats, limit: int) -> list[Ranking]:
    """The ``limit`` nearest rows of ``selection`` for each of ``queries`` (q, dim), by vector field ``one``."""
    view, mask = selection.view, selection.mask
    path = plan.choose(
        view.count,
        selection.count,
        resident=view.holds(one),
        can_be_resident=view.can_hold(one),
    )
    if path is plan.Path.NOTHING:
        return [_NOTHING] * len(queries)
    if path is plan.Path.SCAN:
        return list(scan(metric, view.vectors(one), queries, limit, mask))
    if path is plan.Path.STREAM:
        return _stream(metric, view.vector_chunks(one), queries, limit, mask)
    slots = selection.slots
    if path is plan.Path.FETCH:
        rows = view.vectors_at(one, slots)
    else:
        rows = gather(view.vectors(one), slots)
    return [(slots[found], values) for found, values in scan(metric, rows, queries, limit, None)]


def gather(rows: VectorColumn, slots: npt.NDArray[np.int64]) -> VectorColumn:
    """The rows at ``slots`` as a column of their own."""
    return replace(
        rows,
        values=rows.values[slots],
        square_norms=rows.square_norms[slots],
        inverse_norms=rows.inverse_norms[slots],
    )


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


def _stream(
    metric: Metric,
    chunks: Iterable[tuple[npt.NDArray[np.int64], VectorColumn]],
    queries: Floats,
    limit: int,
    mask: BoolArray | None,
) -> list[Ranking]:
    """The nearest over ``chunks`` of (slots, rows), keeping no more than the nearest so far."""
    best = [_NOTHING] * len(queries)
    for slots, rows in chunks:
        inside = None if mask is None else mask[slots]
        found = scan(metric, rows, queries, limit, inside)
        best = [
            _merge(metric, so_far, (slots[at], values), limit)
            for so_far, (at, values) in zip(best, found, strict=True)
        ]
    return best


def _merge(metric: Metric, first: Ranking, second: Ranking, limit: int) -> Ranking:
    """The nearest of two rankings; slots of ``second`` are the later ones."""
    slots = np.concatenate([first[0], second[0]])
    values = np.concatenate([first[1], second[1]])
    order = _order(metric, values)[:limit]
    return slots[order], values[order]


def _order(metric: Metric, values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Nearest first, and what came first first among equals."""
    return np.argsort(-values if metric.larger_is_nearer else values, kind="stable")


def _candidates(ranks: Floats, limit: int, slack: float) -> npt.NDArray[np.int64]:
    """Slots whose rank is within ``slack`` of the ``limit``-th largest; masked slots rank -inf."""
    floor = _floor(ranks, limit) - slack
    return np.flatnonzero(ranks >= floor) if floor > -np.inf else np.flatnonzero(ranks > -np.inf)


def _floor(ranks: Floats, limit: int) -> float:
    """A value that at least ``limit`` of ``ranks`` reach, and few more.

    The ranks are dealt into columns, and the limit-th largest column maximum is the answer: ten times
    cheaper than partitioning all of them, since the maxima come from vectorised comparisons.
    """
    columns = max(1024, 16 * limit)
    depth = len(ranks) // columns
    if depth < 4:
        return float(np.partition(ranks, -limit)[-limit]) if limit < len(ranks) else -np.inf
    maxima = ranks[: depth * columns].reshape(depth, columns).max(axis=0)
    maxima = np.concatenate([maxima, ranks[depth * columns :]])
    return float(np.partition(maxima, -limit)[-limit])


def _best(
    metric: Metric, vectors: Floats, query: Floats, candidates: npt.NDArray[np.int64], limit: int
) -> Ranking:
    if len(candidates) == 0:
        return _NOTHING
    values = np.concatenate(
        [
            score(metric, vectors[candidates[start : start + _SCORES_AT_ONCE]], query)
            for start in range(0, len(candidates), _SCORES_AT_ONCE)
        ]
    )
    order = _order(metric, values)[:limit]
    return candidates[order], values[order]
