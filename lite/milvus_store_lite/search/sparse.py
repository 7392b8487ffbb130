"""Ranking of sparse vectors by inner product over their postings: exact, in float64.

Only rows that share an index with the query are found, as in Milvus; the others have inner product 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..codec.sparse_rows import SparseRows
from ..columns.column import BoolArray
from ..columns.postings import SparseColumn
from ..indexes.field_index import FieldIndex
from ..schema.fields import Field
from . import exact
from .family import SearchFamily
from .metrics import Metric
from .rankings import Ranking, floor, leading
from .selection import Selection

_REFINED: Final = 10
"""Candidates for each row asked for, when the query's small values are dropped; Milvus's default as well."""


def scan(
    metric: Metric, rows: SparseColumn, queries: SparseRows, limit: int, mask: BoolArray | None
) -> Iterator[Ranking]:
    """The ``limit`` nearest of the rows that ``mask`` shows, for each of ``queries``."""
    for number in range(len(queries)):
        scores = inner_products(rows, *queries.row(number))
        if mask is not None:
            scores[~mask] = 0.0
        yield best(metric, scores, limit)


def inner_products(
    rows: SparseColumn, indices: npt.NDArray[np.uint32], weights: npt.NDArray[np.float32]
) -> npt.NDArray[np.float64]:
    """(n,) the inner product of each row with the query, 0 where they share no index."""
    wide = weights.astype(np.float64)
    found = list(rows.postings(indices))
    total = sum(len(slots) for _, slots, _ in found)
    # One summation over all postings: three times faster than adding term by term.
    all_slots, products = np.empty(total, dtype=np.int64), np.empty(total, dtype=np.float64)
    start = 0
    for index, slots, values in found:
        part = slice(start, start + len(slots))
        all_slots[part] = slots
        # numpy 1 would let the type of an array outweigh that of a scalar, and multiply 32 bits wide.
        np.multiply(values, wide[index], out=products[part], dtype=np.float64)
        start = part.stop
    return np.bincount(all_slots, products, minlength=rows.count).astype(np.float64, copy=False)


def best(metric: Metric, scores: npt.NDArray[np.float64], limit: int) -> Ranking:
    """The ``limit`` largest of the scores above 0."""
    least = floor(scores, limit)
    candidates = np.flatnonzero(scores >= least) if least > 0 else np.flatnonzero(scores > 0)
    nearest = candidates[leading(metric, scores[candidates], limit)]
    return nearest, scores[nearest]


SCAN: Final = exact.Scan(SparseColumn, scan, None)  # postings: a search touches those of its query alone


def nearest(
    metric: Metric,
    field: Field,
    selection: Selection,
    queries: SparseRows,
    limit: int,
    params: Mapping[str, Any],
    index: FieldIndex | None = None,
) -> list[Ranking]:
    """The ``limit`` nearest rows of ``selection`` for each of ``queries``, by sparse field ``field``.

    With ``drop_ratio_search`` that share of a query's values, the smallest, has no say in which rows are
    candidates; the candidates are then scored by the whole query.
    """
    ratio = params.get("drop_ratio_search", 0.0)
    if not ratio:
        return exact.nearest(SCAN, metric, field, selection, queries, limit)
    candidates = exact.nearest(
        SCAN, metric, field, selection, without_small(queries, ratio), _REFINED * limit
    )
    rankings = []
    for number, (slots, _) in enumerate(candidates):
        slots = np.sort(slots)
        query = queries[number : number + 1]
        rows = selection.view.vectors_at(field, slots)
        assert isinstance(rows, SparseColumn)
        ((found, values),) = scan(metric, rows, query, limit, None)
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


FAMILY: Final = SearchFamily(nearest)
