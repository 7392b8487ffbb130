"""Exact ranking of binary vectors by the number of bits they share with a query."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..columns.binary_vectors import BinaryColumn
from ..columns.bits import Words, bit_counts
from ..columns.column import BoolArray
from ..indexes.binary_types import minhash_parameters
from ..indexes.field_index import FieldIndex
from ..schema.fields import Field
from . import exact, signatures
from .family import SearchFamily
from .metrics import Metric
from .rankings import NOTHING, Ranking, leading
from .selection import Selection


def scan(
    metric: Metric, rows: BinaryColumn, queries: Words, limit: int, mask: BoolArray | None
) -> Iterator[Ranking]:
    """The ``limit`` nearest of the rows that ``mask`` shows, for each of ``queries`` (q, words)."""
    mask = exact.visible(mask, rows.valid)
    slots = None if mask is None else np.flatnonzero(mask)
    for query in queries:
        values = distances(metric, rows, query)
        if metric in (Metric.SUBSTRUCTURE, Metric.SUPERSTRUCTURE):
            yield _matching(values, mask, limit)
            continue
        if slots is not None:
            values = values[slots]
        best = _nearest(metric, values, limit)
        yield best if slots is None else (slots[best[0]], best[1])


def scan_at(
    metric: Metric, rows: BinaryColumn, slots: npt.NDArray[np.int64], queries: Words, limit: int
) -> Iterator[Ranking]:
    """The ``limit`` nearest of the rows at ``slots``, ascending, for each of ``queries`` (q, words)."""
    for found, values in scan(metric, rows.at(slots), queries, limit, None):
        yield slots[found], values


SCAN: Final = exact.Scan(BinaryColumn, scan, scan_at)


def nearest(
    metric: Metric,
    field: Field,
    selection: Selection,
    queries: Words,
    limit: int,
    params: Mapping[str, Any],
    index: FieldIndex | None = None,
) -> list[Ranking]:
    """The ``limit`` nearest rows of ``selection`` for each of ``queries``: every index type is an exact scan."""
    by = signatures.scan(field, params["mh_element_bit_width"]) if metric is Metric.MHJACCARD else SCAN
    return exact.nearest(by, metric, field, selection, queries, limit)


FAMILY: Final = SearchFamily(nearest, taken_over=minhash_parameters)


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
    best = candidates[leading(metric, values[candidates], limit)]
    return best, values[best]


def distances(metric: Metric, rows: BinaryColumn, query: Words) -> npt.NDArray[np.float64]:
    """(n,) the metric between every row and ``query``.

    HAMMING counts differing bits; JACCARD is 1 - |and| / |or|, 0 between two empty vectors. TANIMOTO is -log2 of
    the Jaccard similarity, as in Milvus 1.x and 2.2
    (https://en.wikipedia.org/wiki/Jaccard_index#Tanimoto_similarity_and_distance). The structural metrics are
    0 where the row holds the query (SUBSTRUCTURE: the query is a part of it) or lies in it
    (SUPERSTRUCTURE), else 1. All follow from the bits of the row, of the query, and those they share.
    """
    shared = bit_counts(rows.words, query).astype(np.float64)
    of_rows, of_query = rows.counts.astype(np.float64), float(bit_counts(query[np.newaxis])[0])
    if metric is Metric.HAMMING:
        return np.asarray(of_rows + of_query - 2 * shared)
    if metric is Metric.SUBSTRUCTURE:
        return np.asarray(shared < of_query).astype(np.float64)
    if metric is Metric.SUPERSTRUCTURE:
        return np.asarray(shared < of_rows).astype(np.float64)
    either = of_rows + of_query - shared
    similarity = np.divide(shared, either, out=np.ones_like(shared), where=either > 0)
    if metric is Metric.JACCARD:
        return np.asarray(1.0 - similarity)
    with np.errstate(divide="ignore"):
        return np.asarray(-np.log2(similarity)) + 0.0
