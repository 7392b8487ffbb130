"""Nearest neighbours by an index: candidates from it, exact scores for them, and a scan of newer rows.

Nothing is ever invisible: rows that the index does not have yet are scanned, and a search that comes back with
fewer rows than match looks harder until it has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..indexes.built import BuiltIndex, Coverage
from ..schema import Field
from . import dense, exact
from .dense_metrics import Floats, can_rank_query
from .metrics import Metric
from .rankings import NOTHING, Ranking, merge
from .selection import Selection


def nearest(
    metric: Metric,
    one: Field,
    selection: Selection,
    queries: Floats,
    limit: int,
    index: tuple[BuiltIndex, Coverage],
    params: Mapping[str, Any],
) -> list[Ranking]:
    """The ``limit`` nearest rows of ``selection`` for each of ``queries`` (q, dim).

    Args:
        params: those of the search that the index takes, checked.
    """
    built, coverage = index
    found = _indexed(metric, one, selection, queries, limit, built, coverage, params)
    if selection.view.count > coverage.indexed_slots:
        newer = exact.nearest(metric, one, selection, queries, limit, after=built.through_seq)
        found = [
            None if first is None else merge(metric, first, second, limit)
            for first, second in zip(found, newer, strict=True)
        ]
    return [
        exact.nearest(metric, one, selection, queries[place : place + 1], limit)[0]
        if ranking is None
        else ranking
        for place, ranking in enumerate(found)
    ]


def _indexed(
    metric: Metric,
    one: Field,
    selection: Selection,
    queries: Floats,
    limit: int,
    built: BuiltIndex,
    coverage: Coverage,
    params: Mapping[str, Any],
) -> list[Ranking | None]:
    """The nearest among the rows in the index; None where the index cannot tell."""
    allowed = coverage.allowed(selection.mask)
    survivors = coverage.labels if allowed is None else int(np.count_nonzero(allowed))
    found: list[Ranking | None] = [NOTHING] * len(queries)
    if survivors == 0:
        return found
    ann = built.ann
    prepared = ann.prepare(queries)
    effort = ann.effort(limit, survivors / coverage.labels, params)
    bits = None if allowed is None else np.packbits(allowed, bitorder="little")
    pending = [place for place, query in enumerate(queries) if can_rank_query(query)]
    for place in set(range(len(queries))) - set(pending):
        found[place] = None
    while pending:
        short = []
        for place, labels in zip(pending, ann.candidates(prepared[pending], effort, bits), strict=True):
            if len(labels) < min(limit, survivors):
                short.append(place)
                continue
            slots = np.sort(coverage.slots(labels))
            vectors, norms = selection.view.dense_at(one, slots)
            best, values = dense.best(metric, vectors, norms, queries[place], limit)
            found[place] = slots[best], values
        wider = ann.wider(effort)
        if wider is None:
            for place in short:
                found[place] = None
            break
        pending, effort = short, wider
    return found
