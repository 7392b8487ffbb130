"""Exact nearest neighbours by a scan, along the path that the plan chooses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from ..columns.column import BoolArray
from ..columns.masks import Mask
from ..columns.postings import SparseColumn
from ..columns.terms import TermColumn
from ..columns.vectors import VectorColumn
from ..columns.view import View
from ..schema.data_types import DataType
from ..schema.model import Field
from . import binary, dense, plan, sparse
from .metrics import Metric
from .rankings import NOTHING, Ranking, merge
from .selection import Selection

Scan = Callable[[Metric, Any, Any, int, "BoolArray | None"], Iterator[Ranking]]
"""``scan(metric, column, queries, limit, mask)``: the nearest rows of a column for each of the queries."""


def nearest(
    metric: Metric, one: Field, selection: Selection, queries: Any, limit: int, after: int = 0
) -> list[Ranking]:
    """The ``limit`` nearest rows of ``selection`` for each of ``queries``, by vector field ``one``.

    Args:
        queries: a matrix of the form that the field's column has, a query in each row.
        after: only rows beyond this seq.
    """
    view = selection.view
    first = view.snapshot.first_slot(after)
    count, chosen = view.count - first, selection.rows
    if first > 0 and chosen is not None:
        chosen = Mask(chosen.flags[first:])
    survivors, mask = (count, None) if chosen is None else (chosen.count, chosen.flags)
    path = plan.choose(
        count, survivors, resident=view.holds(one, after), can_be_resident=view.can_hold(one, after)
    )
    if path is plan.Path.NOTHING:
        return [NOTHING] * len(queries)
    scan = _scan_of(one)
    if path is plan.Path.SCAN or (path is plan.Path.GATHER and one.dtype is DataType.SPARSE_FLOAT_VECTOR):
        # Postings are never gathered: a search touches those of the query's indices only.
        found = scan(metric, view.vectors(one, after), queries, limit, mask)
    elif path is plan.Path.STREAM:
        chunks = ((slots - first, rows) for slots, rows in view.vector_chunks(one, after))
        found = iter(_stream(scan, metric, chunks, queries, limit, mask))
    else:
        slots = np.arange(count) if chosen is None else chosen.slots
        found = _some(scan, metric, one, view, after, slots, path, queries, limit)
    return [(slots + first, values) for slots, values in found]


def _some(
    scan: Scan,
    metric: Metric,
    one: Field,
    view: View,
    after: int,
    slots: npt.NDArray[np.int64],
    path: plan.Path,
    queries: Any,
    limit: int,
) -> Iterator[Ranking]:
    """The nearest of the rows at ``slots``, which count from the first row beyond ``after``."""
    if path is plan.Path.GATHER:
        rows = view.vectors(one, after)
        if isinstance(rows, VectorColumn) and rows.valid is None:
            yield from dense.scan_at(metric, rows, slots, queries, limit)
            return
        assert not isinstance(rows, (SparseColumn, TermColumn))
        rows = rows.at(slots)
    else:
        rows = view.vectors_at(one, slots + view.snapshot.first_slot(after))
    for found, values in scan(metric, rows, queries, limit, None):
        yield slots[found], values


def _scan_of(one: Field) -> Scan:
    """How the family of the field's type scans, passing over slots that have no vector."""
    if one.dtype is DataType.SPARSE_FLOAT_VECTOR:
        return sparse.scan
    family: Scan = binary.scan if one.dtype is DataType.BINARY_VECTOR else dense.scan

    def scan(
        metric: Metric, rows: Any, queries: Any, limit: int, mask: BoolArray | None
    ) -> Iterator[Ranking]:
        if rows.valid is not None:
            mask = rows.valid if mask is None else mask & rows.valid
        return family(metric, rows, queries, limit, mask)

    return scan


def _stream(
    scan: Scan,
    metric: Metric,
    chunks: Iterable[tuple[npt.NDArray[np.int64], Any]],
    queries: Any,
    limit: int,
    mask: BoolArray | None,
) -> list[Ranking]:
    """The nearest over ``chunks`` of (slots, rows), keeping no more than the nearest so far."""
    best = [NOTHING] * len(queries)
    for slots, rows in chunks:
        inside = None if mask is None else mask[slots]
        found = scan(metric, rows, queries, limit, inside)
        best = [
            merge(metric, so_far, (slots[at], values), limit)
            for so_far, (at, values) in zip(best, found, strict=True)
        ]
    return best
