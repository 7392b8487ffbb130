"""Exact nearest neighbours by a scan, along the path that the plan chooses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from ..codec import QueryVectors
from ..columns.column import BoolArray
from ..columns.gathered import Gathered
from ..columns.masks import Mask
from ..columns.vectors import AnyVectorColumn
from ..columns.view import View
from ..schema.fields import Field
from . import plan
from .metrics import Metric
from .rankings import NOTHING, Ranking, merge
from .selection import Selection

Slots = npt.NDArray[np.int64]
Column = TypeVar("Column", bound=AnyVectorColumn)
Q = TypeVar("Q", bound=QueryVectors)


@dataclass(frozen=True, slots=True)
class Scan(Generic[Column, Q]):
    """How a family ranks the rows of its ``column`` by queries ``Q``, passing over slots that have no vector.

    ``rank``: ``rank(metric, column, queries, limit, mask)`` is the nearest of the rows that ``mask`` shows, for
    each of the queries. ``rank_at``: ``rank_at(metric, column, slots, queries, limit)`` is the same of the rows at
    ``slots``, ascending; None where ``rank`` looks at few rows anyway. ``rank_copied`` is the same of rows that
    were copied, for families whose vectors are.
    """

    column: type[Column]
    rank: Callable[[Metric, Column, Q, int, BoolArray | None], Iterator[Ranking]]
    rank_at: Callable[[Metric, Column, Slots, Q, int], Iterator[Ranking]] | None
    rank_copied: Callable[[Metric, Column, Gathered, Q, int], Iterator[Ranking]] | None = None


def nearest(
    scan: Scan[Column, Q],
    metric: Metric,
    field: Field,
    selection: Selection,
    queries: Q,
    limit: int,
    after: int = 0,
) -> list[Ranking]:
    """The ``limit`` nearest rows of ``selection`` for each of ``queries``, by vector field ``field``.

    Args:
        after: only rows beyond this seq.
    """
    view = selection.view
    first = view.snapshot.first_slot(after)
    count, chosen = view.count - first, selection.rows
    if first > 0 and chosen is not None:
        chosen = Mask(chosen.flags[first:])
    survivors, mask = (count, None) if chosen is None else (chosen.count, chosen.flags)
    path = plan.choose(
        count, survivors, resident=view.holds(field, after), can_be_resident=view.can_hold(field, after)
    )
    if path is plan.Path.NOTHING:
        return [NOTHING] * len(queries)
    if path is plan.Path.STREAM:
        found = iter(_streamed(scan, metric, field, view, after, queries, limit, mask))
    elif path is plan.Path.FETCH:
        slots = np.arange(count) if chosen is None else chosen.slots
        rows = _column_of(scan, view.vectors_at(field, slots + first))
        found = ((slots[at], values) for at, values in scan.rank(metric, rows, queries, limit, None))
    else:
        rows = _column_of(scan, view.vectors(field, after))
        if path is plan.Path.GATHER and scan.rank_at is not None:
            slots = np.arange(count) if chosen is None else chosen.slots
            copied = None
            if scan.rank_copied is not None and chosen is not None and first == 0:
                copied = view.gathered(field, chosen, metric.value)
            if copied is None or scan.rank_copied is None:
                found = scan.rank_at(metric, rows, slots, queries, limit)
            else:
                found = scan.rank_copied(metric, rows, copied, queries, limit)
        else:
            found = scan.rank(metric, rows, queries, limit, mask)
    return [(slots + first, values) for slots, values in found]


def _streamed(
    scan: Scan[Column, Q],
    metric: Metric,
    field: Field,
    view: View,
    after: int,
    queries: Q,
    limit: int,
    mask: BoolArray | None,
) -> list[Ranking]:
    """The nearest of the rows beyond ``after``, read some at a time; no more than the nearest so far are kept."""
    first = view.snapshot.first_slot(after)
    best = [NOTHING] * len(queries)
    for chunk_slots, chunk in view.vector_chunks(field, after):
        slots = chunk_slots - first
        inside = None if mask is None else mask[slots]
        found = scan.rank(metric, _column_of(scan, chunk), queries, limit, inside)
        best = [
            merge(metric, so_far, (slots[at], values), limit)
            for so_far, (at, values) in zip(best, found, strict=True)
        ]
    return best


def _column_of(scan: Scan[Column, Q], column: AnyVectorColumn) -> Column:
    assert isinstance(column, scan.column)
    return column


def visible(mask: BoolArray | None, valid: BoolArray | None) -> BoolArray | None:
    """The rows that ``mask`` shows and that have a vector; None for all."""
    if valid is None:
        return mask
    return valid if mask is None else mask & valid
