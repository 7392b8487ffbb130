"""The metrics of dense vectors, each in two forms.

``rank`` is fast float32 over many rows, larger is nearer, good enough to choose candidates. ``score`` is
what the user sees, computed in float64 over few rows: squared distance for L2, inner product for IP, cosine
similarity for COSINE (0 for a zero vector), as Milvus reports them.
"""

from __future__ import annotations

import math
import threading
from typing import Final

import numpy as np
import numpy.typing as npt

from ..columns.vectors import VectorColumn
from ..storage.forks import GATE
from .metrics import Metric

Floats = npt.NDArray[np.float32]

_EPSILON: Final = float(np.finfo(np.float32).eps)


_ONE_AT_A_TIME: Final = threading.Lock()
"""Held while products are made: each uses every core, and two at once fight for them. With eight threads, searches
took five times as long."""

TINY: Final = float(np.finfo(np.float64).tiny)

_SLOTS_FOR_THREADS: Final = 2_000
"""Rows to rank by their slots that are worth waking other threads: 5,000 of 384 dimensions take one 1.1 ms and two
0.7 ms, though 0.2 ms more than one while another process has a core."""

_SHARES_PER_THREAD: Final = 10
"""A search whose filter leaves 5,000 rows takes 3 to 13 % longer with one."""

_RANKED_NORMS: Final = (1e-15, 1e15)
"""Vectors outside these lengths may overflow or vanish in float32 products."""


def can_rank(rows: VectorColumn, query: Floats) -> bool:
    """Whether float32 is wide enough for the products of ``rows`` with ``query``."""
    low, high = _RANKED_NORMS
    return rows.largest_norm <= high and rows.smallest_norm >= low and can_rank_query(query)


def can_rank_query(query: Floats) -> bool:
    """Whether float32 is wide enough for products of ``query`` with vectors of ordinary length."""
    low, high = _RANKED_NORMS
    norm = length(query)
    return norm == 0 or low <= norm <= high


def length(query: Floats) -> float:
    """|query|, whatever its range."""
    square = float(query @ query)
    low, high = _RANKED_NORMS
    if low**2 <= square <= high**2:
        return math.sqrt(square)
    return float(np.linalg.norm(query.astype(np.float64)))


def rank(metric: Metric, rows: VectorColumn, queries: Floats) -> Floats:
    """(q, n) float32 ranks of all ``rows`` for ``queries`` (q, dim); larger is nearer.

    They order rows as the metric does, up to rounding; they are not what the metric's value is.
    """
    with _ONE_AT_A_TIME:
        if len(queries) == 1:
            # One query is a matrix-vector product, which reads the matrix once, in its own order.
            products: Floats = (rows.values @ queries[0])[np.newaxis]
        else:
            products = queries @ rows.values.T
    if metric is Metric.COSINE:
        products *= rows.inverse_norms
    elif metric is Metric.L2:
        products *= 2
        products -= rows.square_norms
    return products


def rank_at(metric: Metric, rows: VectorColumn, slots: npt.NDArray[np.int64], query: Floats) -> Floats:
    """(m,) float32 ranks, as ``rank`` has them, of the rows at ``slots`` (m,)."""
    # Imported with the first need: faiss reads the rows where they are, and takes no longer to import than
    # copying some of them together takes.
    import faiss

    # faiss gives each query to one thread: asking the same several times about a share of the slots uses all.
    threads = GATE.cores if len(slots) >= _SLOTS_FOR_THREADS else 1
    shares = 1 if threads == 1 else _SHARES_PER_THREAD * threads
    share = -(-len(slots) // shares)
    values, asked = rows.values, np.empty((shares, len(query)), dtype=np.float32)
    asked[:] = query
    found = np.empty((shares, share), dtype=np.float32)
    surplus = shares * share - len(slots)
    places = np.concatenate([slots, slots[:surplus]]) if surplus else np.ascontiguousarray(slots)
    faiss.omp_set_num_threads(threads)
    pointers = map(faiss.swig_ptr, (found, asked, values, places))
    faiss.fvec_inner_products_by_idx(*pointers, values.shape[1], shares, share)
    products: Floats = found.reshape(-1)[: len(slots)]
    if metric is Metric.COSINE:
        products *= rows.inverse_norms[slots]
    elif metric is Metric.L2:
        products *= 2
        products -= rows.square_norms[slots]
    return products


def rank_error(metric: Metric, rows: VectorColumn, query: Floats) -> float:
    """A bound on how far rounding may move a rank, so that candidates within it are scored exactly."""
    return error_bound(metric, rows.values.shape[1], rows.largest_norm, query)


def error_bound(metric: Metric, dim: int, largest_norm: float, query: Floats) -> float:
    """A bound on the rounding error of a rank, for vectors no longer than ``largest_norm``.

    A float32 inner product of length d strays by at most d·ε·|x||q|
    (Higham, Accuracy and Stability of Numerical Algorithms, §3.1); vectorised summation in at least eight
    lanes divides d by eight.
    """
    terms: float = dim / 8 + 8
    norm = length(query)
    if metric is Metric.COSINE:
        return terms * _EPSILON * norm
    product = terms * _EPSILON * largest_norm * norm
    if metric is Metric.IP:
        return product
    return 2 * product + 4 * _EPSILON * (largest_norm**2 + 2 * largest_norm * norm)


def score(
    metric: Metric, vectors: Floats, norms: npt.NDArray[np.float64], query: Floats
) -> npt.NDArray[np.float64]:
    """(m,) float64: the metric's value between each of ``vectors`` (m, dim), so long, and ``query`` (dim,)."""
    values: npt.NDArray[np.float64]
    if metric is Metric.L2:
        apart = vectors - query.astype(np.float64)
        values = np.einsum("ij,ij->i", apart, apart)
        return values
    values = np.einsum("ij,j->i", vectors, query, dtype=np.float64)
    if metric is Metric.COSINE:
        wide = query.astype(np.float64)
        values /= np.maximum(norms * math.sqrt(wide.dot(wide)), TINY)
    return values
