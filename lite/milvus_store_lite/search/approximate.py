"""Nearest neighbours by an index: candidates from it, exact scores for them, and a scan of newer rows.

Nothing is ever invisible: rows that the index does not have yet are scanned, and a search that comes back with
fewer rows than match looks harder until it has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..columns.dense_vectors import DenseColumn
from ..columns.masks import Mask
from ..columns.products import length
from ..columns.view import View
from ..indexes.built import BuiltIndex, Coverage, Slots
from ..schema.model import Field
from . import dense, exact, plan
from .dense_metrics import Floats, can_rank_query
from .metrics import Metric
from .rankings import NOTHING, Ranking, merge
from .selection import Selection

if TYPE_CHECKING:
    from ..indexes.ann import AnnIndex, SearchEffort


def nearest(
    metric: Metric,
    field: Field,
    selection: Selection,
    queries: Floats,
    limit: int,
    index: tuple[BuiltIndex, Coverage],
    vectors: DenseColumn | None,
    params: Mapping[str, Any],
) -> list[Ranking]:
    """The ``limit`` nearest rows of ``selection`` for each of ``queries`` (q, dim).

    Args:
        vectors: those of every slot, if they are in memory.
        params: those of the search that the index takes, checked.
    """
    built, coverage = index
    found = _indexed(metric, field, selection, queries, limit, built, coverage, vectors, params)
    if found is None:
        return exact.nearest(dense.SCAN, metric, field, selection, queries, limit)
    if selection.view.count > coverage.indexed_slots:
        newer = exact.nearest(dense.SCAN, metric, field, selection, queries, limit, after=built.through_seq)
        found = [
            None if first is None else merge(metric, first, second, limit)
            for first, second in zip(found, newer, strict=True)
        ]
    return [
        exact.nearest(dense.SCAN, metric, field, selection, queries[number : number + 1], limit)[0]
        if ranking is None
        else ranking
        for number, ranking in enumerate(found)
    ]


def _indexed(
    metric: Metric,
    field: Field,
    selection: Selection,
    queries: Floats,
    limit: int,
    built: BuiltIndex,
    coverage: Coverage,
    vectors: DenseColumn | None,
    params: Mapping[str, Any],
) -> list[Ranking | None] | None:
    """The nearest among the rows in the index; None where the index cannot tell, or would take too long."""
    allowed = coverage.allowed(selection.rows)
    survivors = coverage.labels if allowed is None else allowed.count
    if survivors == 0:
        return [NOTHING] * len(queries)
    ann = built.ann
    effort = ann.effort_for(limit, survivors / coverage.labels, params)
    cost = ann.cost(effort, is_filtered=allowed is not None)
    if not plan.pays_effort(cost, survivors, resident=vectors is not None):
        return None
    prepared = ann.prepare_queries(queries)
    task = _Task(metric, field, selection.view, vectors, coverage, ann, queries, prepared, limit)
    if plan.pays_lists(cost, survivors, refined=ann.has_finer):
        return task.by_lists(allowed, effort)
    return task.one_by_one(allowed, effort)


@dataclass(slots=True)
class _Task:
    """The target of a search: rows near ``queries`` (q, dim), in the index's form ``prepared``.

    ``vectors``: those of every slot of ``view``, if they are in memory.
    """

    metric: Metric
    field: Field
    view: View
    vectors: DenseColumn | None
    coverage: Coverage
    ann: AnnIndex
    queries: Floats
    prepared: Floats
    limit: int

    def by_lists(self, allowed: Mask | None, effort: SearchEffort) -> list[Ranking | None]:
        """By the lists or the graph of the index, of the labels that are ``allowed``."""
        found: list[Ranking | None] = [None] * len(self.queries)
        survivors = self.coverage.labels if allowed is None else allowed.count
        wanted = min(self.limit, survivors)
        pending, harder = self._rankable(), effort
        while pending:
            asked = self.prepared if len(pending) == len(self.prepared) else self.prepared[pending]
            try:
                proposed = self.ann.candidates(asked, harder, allowed)
            except MemoryError:
                break  # a scan takes a piece at a time
            short = []
            for number, labels in zip(pending, proposed, strict=True):
                if len(labels) < wanted:
                    short.append(number)
                else:
                    found[number] = self._rerank(number, labels)
            if not short:
                break
            wider = self.ann.wider(harder)
            if wider is None:
                break
            pending, harder = short, wider
        return found

    def one_by_one(self, allowed: Mask | None, effort: SearchEffort) -> list[Ranking | None]:
        """By the finer codes of the few ``allowed`` labels."""
        found: list[Ranking | None] = [None] * len(self.queries)
        labels = np.arange(self.coverage.labels) if allowed is None else allowed.slots
        for number in self._rankable():
            near = self.ann.preselect(self.prepared[number], labels, effort.rerank_k or effort.candidates)
            found[number] = self._rerank(number, near)
        return found

    def _rankable(self) -> list[int]:
        return [number for number, query in enumerate(self.queries) if can_rank_query(length(query))]

    def _rerank(self, number: int, labels: Slots) -> Ranking:
        """The nearest of the rows with ``labels``, ascending as their slots are."""
        query, slots = self.queries[number], self.coverage.slots(labels)
        if self.vectors is not None:
            return next(dense.scan_at(self.metric, self.vectors, slots, query[np.newaxis], self.limit))
        vectors, norms = self.view.dense_at(self.field, slots)
        best, values = dense.best(self.metric, vectors, norms, query, self.limit)
        return slots[best], values
