"""Exact nearest neighbours by a scan, along the path that the plan chooses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from ..columns.column import BoolArray
from ..columns.postings import SparseColumn
from ..data_types import DataType
from ..schema import Field
from . import binary, dense, plan, sparse
from .metrics import Metric
from .rankings import NOTHING, Ranking, merge
from .selection import Selection

Scan = Callable[[Metric, Any, Any, int, "BoolArray | None"], Iterator[Ranking]]
"""``scan(metric, column, queries, limit, mask)``: the nearest rows of a column for each of the queries."""


def nearest(metric: Metric, one: Field, selection: Selection, queries: Any, limit: int) -> list[Ranking]:
    """The ``limit`` nearest rows of ``selection`` for each of ``queries``, by vector field ``one``.

    Args:
        queries: a matrix of the form that the field's column has, a query in each row.
    """
    view, mask = selection.view, selection.mask
    path = plan.choose(
        view.count,
        selection.count,
        resident=view.holds(one),
        can_be_resident=view.can_hold(one),
    )
    scan = _scan_of(one)
    if path is plan.Path.NOTHING:
        return [NOTHING] * len(queries)
    if path in (plan.Path.SCAN, plan.Path.GATHER):
        column = view.vectors(one)
        # Postings are never gathered: a search touches those of the query's indices only.
        if path is plan.Path.SCAN or isinstance(column, SparseColumn):
            return list(scan(metric, column, queries, limit, mask))
        slots = selection.slots
        return _at(slots, scan(metric, column.at(slots), queries, limit, None))
    if path is plan.Path.STREAM:
        return _stream(scan, metric, view.vector_chunks(one), queries, limit, mask)
    slots = selection.slots
    return _at(slots, scan(metric, view.vectors_at(one, slots), queries, limit, None))


def _at(slots: npt.NDArray[np.int64], rankings: Iterable[Ranking]) -> list[Ranking]:
    """``rankings`` of the rows at ``slots``, as rankings of slots."""
    return [(slots[found], values) for found, values in rankings]


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
