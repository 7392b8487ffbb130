"""Exact ranking of lists of vectors: each vector of the query looks for its nearest in a row's list.

The value of MAX_SIM_IP and MAX_SIM_COSINE is the sum of the largest inner products or cosines, that of MAX_SIM_L2
the sum of the least squared distances; MAX_SIM is MAX_SIM_COSINE, as in Milvus. No search finds a row without
vectors.

As for single vectors, rows are ranked in float32, and all that rounding cannot exclude are scored in float64.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from ..codec.list_rows import VectorLists, parts_of
from ..codec.sparse_rows import starts_of
from ..columns.column import BoolArray
from ..columns.products import length, products_of_lists
from ..columns.vector_lists import DenseLists, ListColumn
from ..indexes.registry import SIMILARITIES
from . import exact
from .dense_metrics import TINY, Floats, can_rank, error_bound
from .metrics import Metric
from .rankings import NOTHING, Ranking, floor, leading

SIMILARITY: Final = {Metric(name): Metric(similarity) for name, similarity in SIMILARITIES.items()}
"""The metric between two vectors."""

_VECTORS_AT_ONCE: Final = 4_096
"""Vectors that are ranked in one step: their products with 32 query vectors take half a megabyte of the cache."""

_NUMBERS_AT_ONCE: Final = 1_000_000
"""Numbers in float64 that scoring makes at a time: 8 MB."""


def scan(
    metric: Metric, rows: DenseLists, queries: VectorLists, limit: int, mask: BoolArray | None
) -> Iterator[Ranking]:
    """The ``limit`` nearest of the rows that ``mask`` shows, for each of ``queries``."""
    has_vectors = np.diff(rows.starts) > 0
    slots = np.flatnonzero(has_vectors if mask is None else has_vectors & mask)
    for number in range(len(queries)):
        yield _nearest_at(metric, rows, slots, queries.list_at(number), limit)


def scan_at(
    metric: Metric, rows: DenseLists, slots: npt.NDArray[np.int64], queries: VectorLists, limit: int
) -> Iterator[Ranking]:
    """The ``limit`` nearest of the rows at ``slots``, ascending, for each of ``queries``."""
    slots = slots[np.diff(rows.starts)[slots] > 0]
    for number in range(len(queries)):
        yield _nearest_at(metric, rows, slots, queries.list_at(number), limit)


def _nearest_at(
    metric: Metric, rows: DenseLists, slots: npt.NDArray[np.int64], query: Floats, limit: int
) -> Ranking:
    """The nearest of the rows at ``slots``, which have vectors, to ``query`` (q, dim)."""
    if len(slots) == 0:
        return NOTHING
    norms = [length(vector) for vector in query]
    if len(slots) > limit and all(can_rank(rows.vectors, norm) for norm in norms):
        similarity = SIMILARITY[metric]
        if similarity is Metric.COSINE:
            query_as_ranked = (query / np.maximum(norms, TINY)[:, np.newaxis]).astype(np.float32)
            slack = sum(error_bound(similarity, query.shape[1] + 8, 1.0, 1.0) for _ in norms)
        else:
            query_as_ranked = query
            largest = rows.vectors.largest_norm
            slack = sum(error_bound(similarity, query.shape[1], largest, norm) for norm in norms)
        ranks = _ranks(similarity, rows, slots, query_as_ranked)
        slots = slots[ranks >= floor(ranks, limit) - 2 * slack]
    values = scores(metric, rows, slots, query)
    best = leading(metric, values, limit)
    return slots[best], values[best]


def _ranks(
    similarity: Metric, rows: DenseLists, slots: npt.NDArray[np.int64], query: Floats
) -> npt.NDArray[np.float64]:
    """(m,) ranks of the rows at ``slots``; larger is nearer. The metric differs by what is equal for all."""
    found = np.empty(len(slots), dtype=np.float64)
    for part in parts_of(_starts(rows, slots), _VECTORS_AT_ONCE):
        some = _rows_at(rows, slots[part])
        products = products_of_lists(some.vectors.values, query)
        if similarity is Metric.COSINE:
            products *= some.vectors.inverse_norms
        elif similarity is Metric.L2:
            products *= 2
            products -= some.vectors.square_norms
        largest = np.maximum.reduceat(products, some.starts[:-1], axis=1)
        found[part] = largest.sum(axis=0, dtype=np.float64)
    return found


def scores(
    metric: Metric, rows: DenseLists, slots: npt.NDArray[np.int64], query: Floats
) -> npt.NDArray[np.float64]:
    """(m,) float64: the metric's values of the rows at ``slots``, which have vectors, for ``query`` (q, dim)."""
    similarity = SIMILARITY[metric]
    wide = query.astype(np.float64)
    if similarity is Metric.COSINE:
        wide /= np.maximum(np.sqrt(np.einsum("ij,ij->i", wide, wide)), TINY)[:, np.newaxis]
    found = np.empty(len(slots), dtype=np.float64)
    for part in parts_of(_starts(rows, slots), max(1, _NUMBERS_AT_ONCE // query.size)):
        some = _rows_at(rows, slots[part])
        best = np.minimum if similarity is Metric.L2 else np.maximum
        values = _values(similarity, some, wide)
        found[part] = best.reduceat(values, some.starts[:-1], axis=1).sum(axis=0)
    return found


def _values(similarity: Metric, rows: DenseLists, query: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(q, t): the similarity of each vector of ``query`` (q, dim) and each of ``rows``."""
    vectors = rows.vectors.values.astype(np.float64)
    if similarity is Metric.L2:
        # Of the differences: an expanded square would lose the digits of vectors far from the origin.
        values = np.empty((len(query), len(vectors)))
        for number, vector in enumerate(query):
            apart = vectors - vector
            np.einsum("ij,ij->i", apart, apart, out=values[number])
        return values
    products = products_of_lists(vectors, query)
    if similarity is Metric.COSINE:
        products /= np.maximum(rows.vectors.norms, TINY)
    return products


def _starts(rows: DenseLists, slots: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """(m + 1,) where the vectors of the rows at ``slots`` would begin behind each other."""
    return starts_of(np.diff(rows.starts)[slots])  # type: ignore[arg-type]  # an array is a sequence


def _rows_at(rows: DenseLists, slots: npt.NDArray[np.int64]) -> DenseLists:
    """The rows at ``slots``, ascending; without a copy where they stand side by side."""
    first, last = int(slots[0]), int(slots[-1]) + 1
    return rows.between(first, last) if last - first == len(slots) else rows.at(slots)


SCAN: Final = exact.Scan(ListColumn, scan, scan_at)
