"""The metrics of dense vectors, each in two forms.

``rank`` is fast float32 over many rows, larger is nearer, good enough to choose candidates. ``score`` is
what the user sees, computed in float64 over few rows: squared distance for L2, inner product for IP, cosine
similarity for COSINE (0 for a zero vector), as Milvus reports them.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from ..columns.dense_vectors import DenseColumn
from ..columns.products import (
    NUMBERS_FOR_THREADS,
    inner_products,
    inner_products_at,
    inner_products_of_each,
    length,
)
from ..process.threads import TEAM
from .metrics import Metric

Floats = npt.NDArray[np.float32]

_EPSILON: Final = float(np.finfo(np.float32).eps)


TINY: Final = float(np.finfo(np.float64).tiny)

_RANKED_NORMS: Final = (1e-15, 1e15)
"""Vectors outside these lengths may overflow or vanish in float32 products."""


def can_rank(rows: DenseColumn, norm: float) -> bool:
    """Whether float32 is wide enough for the products of ``rows`` with a query as long as ``norm``."""
    low, high = _RANKED_NORMS
    return rows.largest_norm <= high and rows.smallest_norm >= low and can_rank_query(norm)


def can_rank_query(norm: float) -> bool:
    """Whether float32 is wide enough for products of a query as long as ``norm`` with ordinary vectors."""
    low, high = _RANKED_NORMS
    return norm == 0 or low <= norm <= high


def rank(metric: Metric, rows: DenseColumn, queries: Floats) -> Floats:
    """(q, n) float32 ranks of all ``rows`` for ``queries`` (q, dim); larger is nearer.

    They order rows as the metric does, up to rounding; they are not what the metric's value is.
    """
    if len(queries) == 1 and rows.values.size >= NUMBERS_FOR_THREADS:
        products = _shared(rows, np.arange(len(rows.values)), queries[0])[np.newaxis]
    else:
        products = inner_products(rows.values, queries)
    if metric is Metric.COSINE:
        products *= rows.inverse_norms
    elif metric is Metric.L2:
        products *= 2
        products -= rows.square_norms
    return products


def rank_at(metric: Metric, rows: DenseColumn, slots: npt.NDArray[np.int64], query: Floats) -> Floats:
    """(m,) float32 ranks, as ``rank`` has them, of the rows at ``slots`` (m,)."""
    if len(slots) * rows.values.shape[1] >= NUMBERS_FOR_THREADS:
        products = _shared(rows, slots, query)
    else:
        products = inner_products_at(rows.values, slots, query, threads=1)
    return _as_ranks(metric, rows, slots, products)


def rank_each(metric: Metric, rows: DenseColumn, slots: npt.NDArray[np.int64], queries: Floats) -> Floats:
    """(q, m) float32 ranks for each of ``queries`` (q, dim) of the rows at its own ``slots`` (q, m)."""
    return _as_ranks(metric, rows, slots, inner_products_of_each(rows.values, slots, queries))


def _as_ranks(metric: Metric, rows: DenseColumn, slots: npt.NDArray[np.int64], products: Floats) -> Floats:
    """The ranks of rows at ``slots`` that have these ``products``, which it changes."""
    if metric is Metric.COSINE:
        products *= rows.inverse_norms[slots]
    elif metric is Metric.L2:
        products *= 2
        products -= rows.square_norms[slots]
    return products


def _shared(rows: DenseColumn, slots: npt.NDArray[np.int64], query: Floats) -> Floats:
    """(m,) products of the rows at ``slots`` with ``query``, by as many threads as are free."""
    with TEAM.shared() as threads:
        return inner_products_at(rows.values, slots, query, threads)


def rank_error(metric: Metric, rows: DenseColumn, norm: float) -> float:
    """A bound on how far rounding may move a rank for a query as long as ``norm``, so that candidates within it
    are scored exactly."""
    return error_bound(metric, rows.values.shape[1], rows.largest_norm, norm)


def error_bound(metric: Metric, dim: int, largest_norm: float, norm: float) -> float:
    """A bound on the rounding error of a rank, for vectors no longer than ``largest_norm`` and a query as long as
    ``norm``.

    A float32 inner product of length d strays by at most d·ε·|x||q|
    (Higham, Accuracy and Stability of Numerical Algorithms, §3.1); vectorised summation in at least four
    lanes divides d by four.
    """
    terms: float = dim / 4 + 8
    if metric is Metric.COSINE:
        return terms * _EPSILON * norm
    product = terms * _EPSILON * largest_norm * norm
    if metric is Metric.IP:
        return product
    return 2 * product + 4 * _EPSILON * (largest_norm**2 + 2 * largest_norm * norm)


def score(
    metric: Metric,
    vectors: Floats,
    norms: npt.NDArray[np.float64],
    query: Floats,
    norm: float | npt.NDArray[np.float64] | None = None,
) -> npt.NDArray[np.float64]:
    """(m,) float64: the metric's value between each of ``vectors`` (m, dim), as long as ``norms``, and ``query``.

    Args:
        query: (dim,), or one for each vector, (m, dim).
        norm: its length, where it is known, or their lengths (m,).
    """
    values: npt.NDArray[np.float64]
    if metric is Metric.L2:
        apart = np.subtract(vectors, query, dtype=np.float64)
        values = np.einsum("ij,ij->i", apart, apart)
        return values
    # Widened first: einsum would widen a few numbers at a time, which takes twice as long.
    pairs = "ij,j->i" if query.ndim == 1 else "ij,ij->i"
    values = np.einsum(pairs, vectors.astype(np.float64), query.astype(np.float64))
    if metric is Metric.COSINE:
        values /= np.maximum(norms * (length(query) if norm is None else norm), TINY)
    return values
