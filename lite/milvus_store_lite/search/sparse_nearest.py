"""The nearest rows by a sparse field, with what a search on its index may leave out."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final

import numpy as np

from ..codec.sparse import SparseRows
from ..columns.postings import SparseColumn
from ..schema.model import Field
from . import exact, sparse
from .metrics import Metric
from .rankings import Ranking
from .selection import Selection

_REFINED: Final = 10
"""Candidates for each row asked for, when the query's small values are dropped; Milvus's default as well."""


def nearest(
    metric: Metric,
    one: Field,
    selection: Selection,
    queries: SparseRows,
    limit: int,
    params: Mapping[str, Any],
) -> list[Ranking]:
    """The ``limit`` nearest rows of ``selection`` for each of ``queries``, by sparse field ``one``.

    With ``drop_ratio_search`` that share of a query's values, the smallest, has no say in which rows are
    candidates; the candidates are then scored by the whole query.
    """
    ratio = params.get("drop_ratio_search", 0.0)
    if not ratio:
        return exact.nearest(metric, one, selection, queries, limit)
    candidates = exact.nearest(metric, one, selection, without_small(queries, ratio), _REFINED * limit)
    rankings = []
    for place, (slots, _) in enumerate(candidates):
        slots = np.sort(slots)
        query = SparseRows(np.array([0, len(queries.row(place)[0])]), *queries.row(place))
        rows = selection.view.vectors_at(one, slots)
        assert isinstance(rows, SparseColumn)
        ((found, values),) = sparse.scan(metric, rows, query, limit, None)
        rankings.append((slots[found], values))
    return rankings


def without_small(queries: SparseRows, ratio: float) -> SparseRows:
    """``queries`` without the smallest ``ratio`` of each one's values."""
    kept = np.ones(len(queries.values), dtype=np.bool_)
    for start, end in pairwise(queries.starts.tolist()):
        if end > start:
            values = queries.values[start:end]
            kept[start:end] = values >= np.sort(values)[int(ratio * len(values))]
    return queries.only(kept)
