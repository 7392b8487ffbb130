"""Exact ranking of dense vectors: rank in float32, then score every possible winner in float64.

The result is exact whatever the data: a row is dropped only when rounding cannot have hidden that it
belongs to the nearest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from ..columns.column import BoolArray
from ..columns.dense_vectors import DenseColumn
from ..columns.gathered import Gathered
from ..columns.products import NUMBERS_FOR_THREADS, inner_products, length
from ..process.threads import TEAM
from .dense_metrics import TINY, Floats, can_rank, error_bound, rank, rank_at, rank_each, rank_error, score
from .exact import Scan, visible
from .metrics import Metric
from .rankings import NOTHING, Ranking, floor, leading

_RANKS_AT_ONCE: Final = 16_000_000
"""Ranks held at a time (64 MB of float32): bounds what a batch of queries needs."""

SCORED_AT_ONCE: Final = 16_384
"""A column of at most so many numbers is scored as a whole: choosing candidates first takes longer."""

_QUERIES_AT_ONCE: Final = 64
"""Queries whose candidates are held at a time."""

_SCORES_AT_ONCE: Final = 8_192
"""Candidates widened to float64 at a time."""

_PAIRS_AT_ONCE: Final = 16_384
"""Pairs of a query and a row that are ranked in one step, and widened to float64 if need be."""


def scan(
    metric: Metric, rows: DenseColumn, queries: Floats, limit: int, mask: BoolArray | None
) -> Iterator[Ranking]:
    """Rank every row for each of ``queries``, drop those that ``mask`` hides, and score the candidates."""
    mask = visible(mask, rows.valid)
    step = max(1, _RANKS_AT_ONCE // max(1, len(rows.values)))
    for start in range(0, len(queries), step):
        part = queries[start : start + step]
        norms = [length(query) for query in part]
        if not all(can_rank(rows, norm) for norm in norms):
            everything = np.arange(len(rows.values)) if mask is None else np.flatnonzero(mask)
            for query, norm in zip(part, norms, strict=True):
                yield _best(metric, rows.values, rows.norms, query, norm, everything, limit)
            continue
        ranks = rank(metric, rows, part)
        if mask is not None:
            ranks[:, ~mask] = -np.inf
        for query, norm, row in zip(part, norms, ranks, strict=True):
            candidates = _candidates(row, limit, 2 * rank_error(metric, rows, norm))
            yield _best(metric, rows.values, rows.norms, query, norm, candidates, limit)


def score_all(
    metric: Metric, rows: DenseColumn, queries: Floats, limit: int, mask: BoolArray | None
) -> list[Ranking]:
    """Like ``scan``, for so few rows that all are scored without ranking them first."""
    mask = visible(mask, rows.valid)
    if mask is None:
        return [_scored(metric, rows.values, rows.norms, query, limit) for query in queries]
    slots = mask.nonzero()[0]
    vectors, norms = rows.values[slots], rows.norms[slots]
    found = [_scored(metric, vectors, norms, query, limit) for query in queries]
    return [(slots[offsets], values) for offsets, values in found]


def scan_at(
    metric: Metric, rows: DenseColumn, slots: npt.NDArray[np.int64], queries: Floats, limit: int
) -> Iterator[Ranking]:
    """Like ``scan`` over the rows at ``slots``, ascending, but without copying them together."""
    if rows.valid is not None:
        slots = slots[rows.valid[slots]]
    for query in queries:
        yield _nearest_at(metric, rows, slots, query, length(query), limit)


def scan_copied(
    metric: Metric, rows: DenseColumn, copied: Gathered, queries: Floats, limit: int
) -> Iterator[Ranking]:
    """Like ``scan_at`` of the rows that were ``copied``: the copies name the candidates."""
    for start in range(0, len(queries), _QUERIES_AT_ONCE):
        part = queries[start : start + _QUERIES_AT_ONCE]
        norms = [length(query) for query in part]
        pays_threads = part.size * len(copied.slots) >= NUMBERS_FOR_THREADS
        with TEAM.shared() if pays_threads else nullcontext(1) as threads:
            found = copied.candidates(part, norms, limit, threads)
        for query, norm, near in zip(part, norms, found, strict=True):
            if near is None or not can_rank(rows, norm):
                yield _nearest_at(metric, rows, copied.slots, query, norm, limit)
            else:
                yield _best(metric, rows.values, rows.norms, query, norm, near, limit)


def _nearest_at(
    metric: Metric, rows: DenseColumn, slots: npt.NDArray[np.int64], query: Floats, norm: float, limit: int
) -> Ranking:
    """The nearest of the rows at ``slots``, which have vectors, to ``query`` (dim,), as long as ``norm``."""
    if len(slots) * rows.values.shape[1] > SCORED_AT_ONCE and can_rank(rows, norm):
        ranks = rank_at(metric, rows, slots, query)
        slots = slots[_candidates(ranks, limit, 2 * rank_error(metric, rows, norm))]
    return _best(metric, rows.values, rows.norms, query, norm, slots, limit)


def nearest_of(
    metric: Metric,
    rows: DenseColumn,
    slots: Sequence[npt.NDArray[np.int64]],
    queries: Floats,
    norms: Sequence[float],
    limit: int,
) -> list[Ranking]:
    """The nearest to each of ``queries`` (q, dim), as long as ``norms``, of the rows at its own ``slots``."""
    if rows.valid is not None:
        slots = [at[rows.valid[at]] for at in slots]
    are_alike = len(slots) > 1 and len(set(map(len, slots))) == 1
    if not are_alike or not all(can_rank(rows, norm) for norm in norms):
        each = zip(slots, queries, norms, strict=True)
        return [_nearest_at(metric, rows, at, query, norm, limit) for at, query, norm in each]
    step = max(1, _PAIRS_AT_ONCE // max(1, len(slots[0])))
    found: list[Ranking] = []
    for start in range(0, len(slots), step):
        part = slice(start, start + step)
        found += _nearest_in_step(metric, rows, np.stack(slots[part]), queries[part], norms[part], limit)
    return found


def _nearest_in_step(
    metric: Metric,
    rows: DenseColumn,
    slots: npt.NDArray[np.int64],
    queries: Floats,
    norms: Sequence[float],
    limit: int,
) -> list[Ranking]:
    """``nearest_of`` for as many ``slots`` for each query, (q, m): all queries take each step together."""
    ranks = rank_each(metric, rows, slots, queries)
    slack = np.array([2 * rank_error(metric, rows, norm) for norm in norms], dtype=np.float32)
    owners, places = _candidates_of_each(ranks, limit, slack)
    near = slots[owners, places]
    values = score(metric, rows.values[near], rows.norms[near], queries[owners], np.array(norms)[owners])
    order = np.lexsort((-values if metric.larger_is_nearer else values, owners))
    ends = np.searchsorted(owners, np.arange(len(slots) + 1)).tolist()
    firsts = [order[start : min(start + limit, end)] for start, end in pairwise(ends)]
    return [(near[first], values[first]) for first in firsts]


def best(
    metric: Metric, vectors: Floats, norms: npt.NDArray[np.float64], query: Floats, limit: int
) -> Ranking:
    """Offsets and values of the ``limit`` nearest of few ``vectors`` (m, dim) with lengths ``norms``."""
    if vectors.size <= SCORED_AT_ONCE:
        return _scored(metric, vectors, norms, query, limit)
    norm = length(query)
    products = inner_products(vectors, query[np.newaxis])[0]
    if metric is Metric.COSINE:
        products = products / np.maximum(norms, TINY)
    elif metric is Metric.L2:
        products = 2 * products - norms * norms
    slack = 2 * error_bound(metric, vectors.shape[1], float(norms.max()), norm)
    return _best(metric, vectors, norms, query, norm, _candidates(products, limit, slack), limit)


def _candidates(ranks: Floats, limit: int, slack: float) -> npt.NDArray[np.int64]:
    """Slots whose rank is within ``slack`` of the ``limit``-th largest; masked slots rank -inf."""
    least = floor(ranks, limit) - slack
    return (ranks >= least if least > -np.inf else ranks > -np.inf).nonzero()[0]


def _candidates_of_each(
    ranks: Floats, limit: int, slack: Floats
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The queries and places of the ranks (q, m) that are within ``slack`` (q,) of the query's ``limit``-th
    largest, in order."""
    if limit >= ranks.shape[1]:
        owners, places = (ranks > -np.inf).nonzero()
    else:
        floors = np.partition(ranks, -limit, axis=1)[:, -limit]
        owners, places = (ranks >= (floors - slack)[:, np.newaxis]).nonzero()
    return owners, places


def _best(
    metric: Metric,
    vectors: Floats,
    norms: npt.NDArray[np.float64],
    query: Floats,
    norm: float,
    candidates: npt.NDArray[np.int64],
    limit: int,
) -> Ranking:
    if len(candidates) == 0:
        return NOTHING
    if len(candidates) <= _SCORES_AT_ONCE:
        values = score(metric, vectors[candidates], norms[candidates], query, norm)
    else:
        parts = np.split(candidates, range(_SCORES_AT_ONCE, len(candidates), _SCORES_AT_ONCE))
        values = np.concatenate([score(metric, vectors[part], norms[part], query, norm) for part in parts])
    best = leading(metric, values, limit)
    return candidates[best], values[best]


def _scored(
    metric: Metric, vectors: Floats, norms: npt.NDArray[np.float64], query: Floats, limit: int
) -> Ranking:
    """Offsets and values of the ``limit`` nearest of ``vectors`` (m, dim); scores all of them."""
    values = score(metric, vectors, norms, query)
    best = leading(metric, values, limit)
    return best, values[best]


SCAN: Final = Scan(DenseColumn, scan, scan_at, scan_copied)
