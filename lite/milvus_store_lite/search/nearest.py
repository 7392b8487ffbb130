"""The nearest rows by one vector field, by whatever serves it best."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from ..indexes.field_index import FieldIndex
from ..schema.data_types import DataType
from ..schema.model import Field
from . import bm25, dense, exact, plan, sparse_nearest
from .metrics import Metric
from .rankings import Ranking
from .selection import Selection


def nearest(
    metric: Metric,
    one: Field,
    selection: Selection,
    queries: Any,
    limit: int,
    params: Mapping[str, Any],
    index: FieldIndex | None = None,
) -> list[Ranking]:
    """The ``limit`` nearest rows of ``selection`` for each of ``queries``, by vector field ``one``.

    Args:
        queries: a matrix of the form that the field's column has, a query in each row.
        params: the parameters that the search gives its index, checked.
        index: None for an exact scan.
    """
    if metric is Metric.BM25:
        return bm25.nearest(one, selection, queries, limit, params)
    if one.dtype is DataType.SPARSE_FLOAT_VECTOR:
        return sparse_nearest.nearest(metric, one, selection, queries, limit, params)
    view = selection.view
    column = view.resident_vectors(one)
    if column is not None and column.values.size <= dense.SCORED_AT_ONCE:
        return dense.score_all(metric, column, queries, limit, selection.mask)
    covered = None if index is None or not view.is_whole else index.covering(view.snapshot)
    if index is None or covered is None:
        return exact.nearest(metric, one, selection, queries, limit)
    if column is None:
        index.count_search()
    if column is None and index.is_warm and plan.should_keep(view.bytes_of(one)):
        view.vectors(one)
        column = view.resident_vectors(one)
    elif column is not None and not plan.should_keep(column.values.nbytes):
        view.forget(one)
        column = None
    if not plan.pays_index(selection.count, resident=column is not None, refined=covered[0].ann.has_finer):
        return exact.nearest(metric, one, selection, queries, limit)
    return _approximate()(metric, one, selection, queries, limit, covered, column, params)


@cache
def _approximate() -> Callable[..., list[Ranking]]:
    """What asks an index; imported with the first one, because it imports faiss."""
    from . import approximate

    return approximate.nearest
