"""Ranking of sparse vectors by inner product over their postings: exact, in float64.

Only rows that share an index with the query are found, as in Milvus; the others have inner product 0.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ..codec.sparse import SparseRows
from ..columns.column import BoolArray
from ..columns.postings import SparseColumn
from .metrics import Metric
from .rankings import Ranking, floor, leading


def scan(
    metric: Metric, rows: SparseColumn, queries: SparseRows, limit: int, mask: BoolArray | None
) -> Iterator[Ranking]:
    """The ``limit`` nearest of the rows that ``mask`` shows, for each of ``queries``."""
    for place in range(len(queries)):
        scores = inner_products(rows, *queries.row(place))
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
    for place, slots, values in found:
        part = slice(start, start + len(slots))
        all_slots[part] = slots
        # numpy 1 would let the type of an array outweigh that of a scalar, and multiply 32 bits wide.
        np.multiply(values, wide[place], out=products[part], dtype=np.float64)
        start = part.stop
    return np.bincount(all_slots, products, minlength=rows.count).astype(np.float64, copy=False)


def best(metric: Metric, scores: npt.NDArray[np.float64], limit: int) -> Ranking:
    """The ``limit`` largest of the scores above 0."""
    least = floor(scores, limit)
    candidates = np.flatnonzero(scores >= least) if least > 0 else np.flatnonzero(scores > 0)
    nearest = candidates[leading(metric, scores[candidates], limit)]
    return nearest, scores[nearest]
