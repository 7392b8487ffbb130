"""Exact ranking of signatures by MHJACCARD: the share of their elements that are equal."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from ..columns.binary_vectors import BinaryColumn
from ..columns.bits import Words
from ..columns.column import BoolArray
from ..schema.fields import Field
from . import exact
from .metrics import Metric
from .rankings import Ranking, leading

_BYTES_AT_ONCE: Final = 1_000_000
"""Bytes compared at a time, as ``columns.bits`` counts them."""


def scan(field: Field, bits: int) -> exact.Scan[BinaryColumn, Words]:
    """How rows are ranked by signatures whose elements have so many bits each."""
    elements = field.vector_dim // bits
    return exact.Scan(BinaryColumn, partial(_rank, bits, elements), partial(_rank_at, bits, elements))


def _rank(
    bits: int,
    elements: int,
    metric: Metric,
    rows: BinaryColumn,
    queries: Words,
    limit: int,
    mask: BoolArray | None,
) -> Iterator[Ranking]:
    mask = exact.visible(mask, rows.valid)
    slots = None if mask is None else np.flatnonzero(mask)
    for query in queries:
        values = _similarities(rows.words, query, bits, elements)
        if slots is not None:
            values = values[slots]
        best = leading(metric, values, limit)
        yield best if slots is None else slots[best], values[best]


def _rank_at(
    bits: int,
    elements: int,
    metric: Metric,
    rows: BinaryColumn,
    slots: npt.NDArray[np.int64],
    queries: Words,
    limit: int,
) -> Iterator[Ranking]:
    for found, values in _rank(bits, elements, metric, rows.at(slots), queries, limit, None):
        yield slots[found], values


def _similarities(words: Words, query: Words, bits: int, elements: int) -> npt.NDArray[np.float64]:
    """(n,) the share of equal elements; the bits that pad the last word are none."""
    kind = np.dtype(f"u{bits // 8}")
    wanted = query.view(kind)[:elements]
    equal = np.empty(len(words), dtype=np.int64)
    step = max(1, _BYTES_AT_ONCE // (8 * words.shape[1]))
    for start in range(0, len(words), step):
        part = words[start : start + step].view(kind)[:, :elements]
        equal[start : start + step] = np.count_nonzero(part == wanted, axis=1)
    return equal / elements
