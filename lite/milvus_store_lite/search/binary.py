"""Exact ranking of binary vectors by the number of bits they share with a query."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from ..columns.column import BoolArray
from ..columns.vectors import BinaryColumn
from .metrics import Metric
from .rankings import NOTHING, Ranking, order

Bits = npt.NDArray[np.uint8]

_BYTES_AT_ONCE: Final = 4_000_000
"""Bytes compared at a time: what stays in the processor's cache is compared twice as fast."""

_ONES: Final = np.array([value.bit_count() for value in range(256)], dtype=np.uint8)
"""Bits set in each byte; numpy counts them by itself from version 2.0 on."""


def scan(
    metric: Metric, rows: BinaryColumn, queries: Bits, limit: int, mask: BoolArray | None
) -> Iterator[Ranking]:
    """The ``limit`` nearest of the rows that ``mask`` shows, for each of ``queries`` (q, dim / 8)."""
    slots = None if mask is None else np.flatnonzero(mask)
    for query in queries:
        values = _values(metric, rows.values, query)
        if metric in (Metric.SUBSTRUCTURE, Metric.SUPERSTRUCTURE):
            yield _matching(values, mask, limit)
            continue
        if slots is not None:
            values = values[slots]
        best = _nearest(metric, values, limit)
        yield best if slots is None else (slots[best[0]], best[1])


def _matching(values: npt.NDArray[np.float64], mask: BoolArray | None, limit: int) -> Ranking:
    """Rows at distance 0; the structural metrics know no other nearness."""
    inside = values == 0 if mask is None else (values == 0) & mask
    slots = np.flatnonzero(inside)[:limit]
    return slots, values[slots]


def _nearest(metric: Metric, values: npt.NDArray[np.float64], limit: int) -> Ranking:
    if len(values) == 0:
        return NOTHING
    if limit < len(values):
        # Everything as near as the limit-th is kept, so that older rows come first among equals.
        candidates = np.flatnonzero(values <= np.partition(values, limit - 1)[limit - 1])
    else:
        candidates = np.arange(len(values))
    best = candidates[order(metric, values[candidates])[:limit]]
    return best, values[best]


def _values(metric: Metric, rows: Bits, query: Bits) -> npt.NDArray[np.float64]:
    """(n,) the metric between every row and ``query``."""
    step = max(1, _BYTES_AT_ONCE // rows.shape[1])
    parts = [_distances(metric, rows[start : start + step], query) for start in range(0, len(rows), step)]
    return np.concatenate(parts) if parts else np.empty(0)


def _distances(metric: Metric, rows: Bits, query: Bits) -> npt.NDArray[np.float64]:
    """HAMMING counts differing bits; JACCARD is 1 - |and| / |or|, 0 between two empty vectors.

    TANIMOTO is -log2 of the Jaccard similarity, as in Milvus 1.x and 2.2
    (https://en.wikipedia.org/wiki/Jaccard_index#Tanimoto_similarity_and_distance). The structural metrics are
    0 where the row holds the query (SUBSTRUCTURE: the query is a part of it) or lies in it
    (SUPERSTRUCTURE), else 1.
    """
    if metric is Metric.HAMMING:
        return _count(rows ^ query)
    if metric in (Metric.SUBSTRUCTURE, Metric.SUPERSTRUCTURE):
        whole = query if metric is Metric.SUBSTRUCTURE else rows
        outside: BoolArray = ((rows & query) != whole).any(axis=1)
        return outside.astype(np.float64)
    shared, either = _count(rows & query), _count(rows | query)
    similarity = np.divide(shared, either, out=np.ones_like(shared), where=either > 0)
    if metric is Metric.JACCARD:
        return np.asarray(1.0 - similarity)
    with np.errstate(divide="ignore"):
        return np.asarray(-np.log2(similarity)) + 0.0


def _count(bits: Bits) -> npt.NDArray[np.float64]:
    return np.asarray(_ONES[bits].sum(axis=1, dtype=np.uint32)).astype(np.float64)
