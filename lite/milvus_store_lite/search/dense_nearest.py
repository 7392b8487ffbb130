"""The nearest rows by a dense field: by an index where that takes less time than a scan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from ..indexes.field_index import FieldIndex
from ..schema.fields import Field
from . import dense, exact, plan
from .dense_metrics import Floats
from .family import SearchFamily
from .metrics import Metric
from .rankings import Ranking
from .selection import Selection


def nearest(
    metric: Metric,
    field: Field,
    selection: Selection,
    queries: Floats,
    limit: int,
    params: Mapping[str, Any],
    index: FieldIndex | None = None,
) -> list[Ranking]:
    """The ``limit`` nearest rows of ``selection`` for each of ``queries``, by dense field ``field``.

    Args:
        queries: (q, dim).
        params: the parameters that the search gives its index, checked.
        index: None for an exact scan.
    """
    view = selection.view
    column = view.resident_vectors(field)
    if column is not None and column.values.size <= dense.SCORED_AT_ONCE:
        return dense.score_all(metric, column, queries, limit, selection.mask)
    covered = None if index is None or not view.is_whole else index.covering(view.snapshot)
    if index is None or covered is None:
        return exact.nearest(dense.SCAN, metric, field, selection, queries, limit)
    if column is None:
        index.count_search()
        if index.is_warm and plan.should_keep(view.bytes_of(field)):
            view.load_vectors_beside(field)
    elif not plan.should_keep(column.values.nbytes):
        view.forget(field)
        column = None
    if not plan.pays_index(selection.count, resident=column is not None, refined=covered[0].ann.has_finer):
        return exact.nearest(dense.SCAN, metric, field, selection, queries, limit)
    newer = view.count - covered[1].indexed_slots
    if newer:
        index.count_scanned(4 * field.vector_dim * newer)
    return _approximate()(metric, field, selection, queries, limit, covered, column, params)


@cache
def _approximate() -> Callable[..., list[Ranking]]:
    """What asks an index; imported with the first index, because it imports faiss."""
    from . import approximate

    return approximate.nearest


FAMILY: Final = SearchFamily(nearest)
