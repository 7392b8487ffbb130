"""Nearest neighbours by an index: candidates from it, exact scores for them, and a scan of newer rows.

Nothing is ever invisible: rows that the index does not have yet are scanned, and a search that comes back with
fewer rows than match looks harder until it has them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..columns.dense_vectors import DenseColumn
from ..columns.masks import Mask
from ..columns.products import length
from ..columns.view import View
from ..indexes.built import BuiltIndex, Coverage, Slots
from ..schema.fields import Field
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
    task = _Task(metric, field, selection.view, vectors, coverage, ann, allowed, effort, limit)
    if plan.pays_lists(cost, survivors, refined=ann.has_finer):
        return task.by_lists(queries)
    return task.one_by_one(queries)


@dataclass(slots=True)
class _Task:
    """The target of a search: the ``limit`` rows near a query, among the ``allowed`` labels of an index.

    ``vectors``: those of every slot of ``view``, if they are in memory.
    """

    metric: Metric
    field: Field
    view: View
    vectors: DenseColumn | None
    coverage: Coverage
    ann: AnnIndex
    allowed: Mask | None
    effort: SearchEffort
    limit: int

    def by_lists(self, queries: Floats) -> list[Ranking | None]:
        """The nearest to each of ``queries`` (q, dim), by the lists or the graph of the index."""
        found: list[Ranking | None] = [None] * len(queries)
        survivors = self.coverage.labels if self.allowed is None else self.allowed.count
        wanted = min(self.limit, survivors)
        norms = [length(query) for query in queries]
        prepared = self.ann.prepare_queries(queries, norms)
        pending, harder = _rankable(norms), self.effort
        while pending:
            asked = prepared if len(pending) == len(prepared) else prepared[pending]
            try:
                proposed = self.ann.candidates(asked, harder, self.allowed)
            except MemoryError:
                break  # a scan takes a piece at a time
            enough = [place for place, labels in enumerate(proposed) if len(labels) >= wanted]
            numbers = [pending[place] for place in enough]
            ranked = self._rerank(queries, norms, numbers, [proposed[place] for place in enough])
            for number, ranking in zip(numbers, ranked, strict=True):
                found[number] = ranking
            wider = self.ann.wider(harder)
            if len(enough) == len(proposed) or wider is None:
                break
            pending, harder = [number for number in pending if found[number] is None], wider
        return found

    def one_by_one(self, queries: Floats) -> list[Ranking | None]:
        """The nearest to each of ``queries`` (q, dim), by the finer codes of the few ``allowed`` labels."""
        found: list[Ranking | None] = [None] * len(queries)
        labels = np.arange(self.coverage.labels) if self.allowed is None else self.allowed.slots
        norms = [length(query) for query in queries]
        prepared = self.ann.prepare_queries(queries, norms)
        for number in _rankable(norms):
            near = self.ann.preselect(
                prepared[number], labels, self.effort.rerank_k or self.effort.candidates
            )
            [found[number]] = self._rerank(queries, norms, [number], [near])
        return found

    def _rerank(
        self, queries: Floats, norms: Sequence[float], numbers: Sequence[int], proposed: Sequence[Slots]
    ) -> list[Ranking]:
        """For each of the queries with these ``numbers``, the nearest of the rows with the labels proposed for it,
        ascending as their slots are."""
        slots = [self.coverage.slots(labels) for labels in proposed]
        if len(numbers) < len(queries):
            queries, norms = queries[numbers], [norms[number] for number in numbers]
        if self.vectors is not None:
            return dense.nearest_of(self.metric, self.vectors, slots, queries, norms, self.limit)
        return [self._fetched(query, at) for query, at in zip(queries, slots, strict=True)]

    def _fetched(self, query: Floats, slots: Slots) -> Ranking:
        """The nearest of the rows at ``slots``, whose vectors are read from the file."""
        vectors, norms = self.view.dense_at(self.field, slots)
        best, values = dense.best(self.metric, vectors, norms, query, self.limit)
        return slots[best], values


def _rankable(norms: Sequence[float]) -> list[int]:
    """The numbers of the queries, as long as ``norms``, that an index can rank by."""
    return [number for number, norm in enumerate(norms) if can_rank_query(norm)]
