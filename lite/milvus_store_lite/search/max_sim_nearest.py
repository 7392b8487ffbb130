"""The nearest rows by lists of vectors: by an index where that takes less time than a scan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import numpy.typing as npt

from ..codec.list_rows import VectorLists, places_of
from ..columns.masks import Mask
from ..columns.products import length
from ..columns.vector_lists import DenseLists, ListColumn
from ..columns.view import View
from ..indexes.built import BuiltIndex, Coverage
from ..indexes.field_index import FieldIndex
from ..schema.fields import Field
from . import exact, max_sim, plan
from .dense_metrics import Floats, can_rank_query
from .family import SearchFamily
from .metrics import Metric
from .rankings import NOTHING, Ranking, merge
from .selection import Selection

if TYPE_CHECKING:
    from ..indexes.list_codes import ListCodes

Ints = npt.NDArray[np.int64]

_FEW_ROWS: Final = 1_000
"""Of so few rows that pass the filter, all are ranked by their codes or vectors."""


def nearest(
    metric: Metric,
    field: Field,
    selection: Selection,
    queries: VectorLists,
    limit: int,
    params: Mapping[str, Any],
    index: FieldIndex | None = None,
) -> list[Ranking]:
    """The ``limit`` nearest rows of ``selection`` for each of ``queries``, by a field of lists."""
    view = selection.view
    covered = None if index is None or not view.is_whole else index.covering(view.snapshot)
    if index is None or covered is None:
        return exact.nearest(max_sim.SCAN, metric, field, selection, queries, limit)
    built, coverage = covered
    column = _resident(view, field, index, 4 * field.vector_dim * len(built.seqs))
    if selection.count <= (_FEW_ROWS if column is not None else limit):
        return exact.nearest(max_sim.SCAN, metric, field, selection, queries, limit)
    task = _Task(metric, field, selection, built, coverage, column, limit, params)
    found = [task.nearest(queries.list_at(number)) for number in range(len(queries))]
    if view.count > coverage.indexed_slots:
        size = 4 * field.vector_dim * len(built.seqs) // built.rows
        index.count_scanned(size * (view.count - coverage.indexed_slots))
        newer = exact.nearest(max_sim.SCAN, metric, field, selection, queries, limit, after=built.through_seq)
        found = [
            None if first is None else merge(metric, first, second, limit)
            for first, second in zip(found, newer, strict=True)
        ]
    return [
        exact.nearest(max_sim.SCAN, metric, field, selection, queries[number : number + 1], limit)[0]
        if ranking is None
        else ranking
        for number, ranking in enumerate(found)
    ]


def _resident(view: View, field: Field, index: FieldIndex, size: int) -> DenseLists | None:
    """The vectors of every slot, where they are in memory and not too large to be there beside an index."""
    column = view.resident(field)
    if column is None:
        index.count_search()
        if index.is_warm and plan.should_keep(size):
            view.load_vectors_beside(field)
        return None
    if not plan.should_keep(size):
        view.forget(field)
        return None
    assert isinstance(column, ListColumn)
    return column


@dataclass(slots=True)
class _Task:
    """The target of a search: the ``limit`` rows of ``selection`` near a query, by an index.

    ``column``: the vectors of every slot, if they are in memory.
    """

    metric: Metric
    field: Field
    selection: Selection
    built: BuiltIndex
    coverage: Coverage
    column: DenseLists | None
    limit: int
    params: Mapping[str, Any]

    def nearest(self, query: Floats) -> Ranking | None:
        """The nearest to ``query`` (q, dim) of the rows in the index; None where it cannot tell."""
        norms = [length(vector) for vector in query]
        allowed = self.coverage.allowed(self.selection.rows)
        if allowed is not None and allowed.count == 0:
            return NOTHING
        if not all(map(can_rank_query, norms)):
            return None
        ann = cast("ListCodes", self.built.ann)
        prepared = ann.prepare(query)
        if allowed is not None and self.selection.count <= _FEW_ROWS:
            rows = np.unique(self.built.row_of_label[allowed.flags]).astype(np.int64)
        else:
            proposed = self._proposed(ann, prepared, allowed)
            if proposed is None or len(proposed) < self.limit:
                return None
            rows = proposed
        if self.column is None:
            rows = self._refined(ann, prepared, rows)
        slots = self.coverage.slots(self.built.starts[rows])
        if self.column is not None:
            [found] = max_sim.scan_at(self.metric, self.column, slots, _alone(query), self.limit)
            return found
        column = self.selection.view.vectors_at(self.field, slots)
        assert isinstance(column, ListColumn)
        [(best, values)] = max_sim.scan(self.metric, column, _alone(query), self.limit, None)
        return slots[best], values

    def _proposed(self, ann: ListCodes, query: Floats, allowed: Mask | None) -> Ints | None:
        """The rows that the vectors of ``query`` propose, ascending; None where memory is short."""
        labels = self.coverage.labels
        effort = ann.effort_for(
            self.limit, (labels if allowed is None else allowed.count) / labels, self.params
        )
        try:
            gains, found = ann.proposals(query, effort, allowed)
        except MemoryError:
            return None
        rows = self.built.row_of_label[found]
        best = np.zeros((len(query), self.built.rows), dtype=np.float32)
        # Of a row that is proposed several times, what is written last stays: its nearest vector.
        number = np.repeat(np.arange(len(query)), found.shape[1])
        best[number, rows[:, ::-1].reshape(-1)] = gains[:, ::-1].reshape(-1)
        return _leading(best.sum(axis=0), ann.rows_to_rank(self.limit))

    def _refined(self, ann: ListCodes, query: Floats, rows: Ints) -> Ints:
        """The ``rows`` that are nearest by codes of eight bits, as many as are scored; all without such codes."""
        count = ann.rows_to_score(self.limit)
        if not ann.has_finer or len(rows) <= count:
            return rows
        labels, starts = places_of(self.built.starts, rows)
        sums = ann.sums(query, labels, starts)
        near = np.argpartition(-sums, count)[:count]
        near.sort()
        chosen: Ints = rows[near]
        return chosen


def _leading(sums: npt.NDArray[np.float32], count: int) -> Ints:
    """The places of the ``count`` largest of ``sums``, ascending; only of those above 0."""
    if np.count_nonzero(sums) > count:
        places = np.argpartition(-sums, count)[:count]
        places.sort()
        return places
    return np.flatnonzero(sums)


def _alone(query: Floats) -> VectorLists:
    return VectorLists(np.array([0, len(query)]), query)


FAMILY: Final = SearchFamily(nearest, is_plain=True)
