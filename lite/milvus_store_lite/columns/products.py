"""Inner products of many vectors, computed by the calling thread alone unless the caller allows more.

A product of large matrices would be shared by all threads of numpy's BLAS, which then wait busily for the next one
for some 25 ms, on cores that other searches could have. A stack of small products stays in the calling thread:
OpenBLAS shares a product only beyond a size (``interface/gemv.c`` and ``gemm.c`` of its sources), and numpy goes
through a stack by itself, without a Python step for each.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
AnyFloats = TypeVar("AnyFloats", npt.NDArray[np.float32], npt.NDArray[np.float64])

_VECTOR_PRODUCT: Final = 9_000
"""Numbers of a matrix whose product with a vector stays in one thread (2,304 x 4)."""

_MATRIX_PRODUCT: Final = 260_000
"""Multiplications of a product of matrices that stays in one thread (65,536 x 4)."""

_QUERIES_AT_ONCE: Final = 16
"""Of 8, 16 and 32 the fastest for 32 and for 160 queries of 384 dimensions."""

_QUERIES_OF_LISTS: Final = 32
"""As many as ColBERT's queries have: 60,000 vectors of 128 dimensions take 6.4 ms so, and 11.2 by 16 at once."""

NUMBERS_FOR_THREADS: Final = 10_000_000
"""Numbers of the rows to rank that are worth waking other threads: some four milliseconds of one thread."""

_DOT_PRODUCT: Final = 10_000
"""Numbers of a vector whose product with another one stays in one thread."""


def dot(left: npt.NDArray[Any], right: npt.NDArray[Any]) -> float:
    """The inner product of two vectors of the same type."""
    return float(left @ right if len(left) <= _DOT_PRODUCT else np.einsum("i,i->", left, right))


def length(vector: Floats) -> float:
    """|vector|, whatever its range: the squares of its numbers may be out of that of float32."""
    wide = vector.astype(np.float64)
    return math.sqrt(dot(wide, wide))


def inner_products(rows: AnyFloats, queries: AnyFloats, at_once: int = _QUERIES_AT_ONCE) -> AnyFloats:
    """(q, n): those of each of ``queries`` (q, dim) with each of ``rows`` (n, dim), so many ``at_once``."""
    found = np.empty((len(queries), len(rows)), dtype=rows.dtype)
    if len(queries) == 1:
        _stacked(rows, queries[0], _VECTOR_PRODUCT, found[0])
        return found
    for start in range(0, len(queries), at_once):
        part = queries[start : start + at_once]
        products = np.empty((len(rows), len(part)), dtype=rows.dtype)
        _stacked(rows, part.T, _MATRIX_PRODUCT // len(part), products)
        found[start : start + len(part)] = products.T
    return found


def products_of_lists(rows: AnyFloats, queries: AnyFloats) -> AnyFloats:
    """The same, in float32 or float64, for vectors of lists, of which few thousand are given at a time."""
    return inner_products(rows, queries, _QUERIES_OF_LISTS)


def _stacked(rows: AnyFloats, factor: AnyFloats, numbers: int, found: AnyFloats) -> None:
    """Multiply ``rows`` (n, dim) by ``factor`` into ``found``, so many of their numbers at a time."""
    count, dim = rows.shape
    height = max(1, numbers // max(1, dim))
    layers = count // height
    whole = layers * height
    if layers:
        stack = rows[:whole].reshape(layers, height, dim)
        np.matmul(stack, factor, out=found[:whole].reshape(layers, height, *found.shape[1:]))
    if whole < count:
        np.matmul(rows[whole:], factor, out=found[whole:])


def inner_products_at(rows: Floats, slots: npt.NDArray[np.int64], query: Floats, threads: int) -> Floats:
    """(m,) float32: those of ``query`` (dim,) with the rows at ``slots`` (m,), by so many threads."""
    threads = max(1, min(threads, len(slots)))
    # faiss gives each query to one thread: asking the same one about shares of the slots uses several.
    surplus = -len(slots) % threads
    if surplus:
        slots = np.concatenate([slots, slots[:surplus]])
    shares = slots.reshape(threads, -1)
    found = inner_products_of_each(rows, shares, np.repeat(query[np.newaxis], threads, axis=0), threads)
    return found.reshape(-1)[: found.size - surplus]


def inner_products_of_each(
    rows: Floats, slots: npt.NDArray[np.int64], queries: Floats, threads: int = 1
) -> Floats:
    """(q, m) float32: those of each of ``queries`` (q, dim) with the rows at its own ``slots`` (q, m)."""
    openmp = _openmp()
    faiss = openmp.faiss
    slots, queries = np.ascontiguousarray(slots), np.ascontiguousarray(queries)
    found = np.empty(slots.shape, dtype=np.float32)
    pointers = map(faiss.swig_ptr, (found, queries, rows, slots))
    with openmp.Threads(threads):
        faiss.fvec_inner_products_by_idx(*pointers, rows.shape[1], *slots.shape)
    return found


@cache
def _openmp() -> Any:
    """The module with faiss, imported with the first need: faiss reads rows where they are, and takes no longer to
    import than copying some of them together takes."""
    from ..process import openmp

    return openmp
