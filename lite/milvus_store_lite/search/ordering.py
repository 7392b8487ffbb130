"""Rows in the order of some fields: the first of them, without sorting all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from ..schema.model import Schema
from .arrangement import OrderBy
from .grouping import Labels
from .rankings import Ranking
from .selection import Selection
from .sort_keys import EVERY, Part, Slots, SortKey, sort_keys

ORDER_BY: Final = "order_by_fields"


def ordered(selection: Selection, schema: Schema, order: Sequence[OrderBy], count: int | None) -> Slots:
    """The selected slots in this order, the first ``count`` unless that is None; equal ones as they were written.

    Raises:
        ParamError: they have no such order, as ``sort_keys`` says.
    """
    keys = sort_keys(selection, schema, order, ORDER_BY)
    return first_in_order(
        keys, None if selection.rows is None else selection.slots, selection.view.count, count
    )


def first_in_order(keys: Sequence[SortKey], slots: Slots | None, total: int, count: int | None) -> Slots:
    """The same for any ``slots``, ascending; None for all of ``total``."""
    if count is None or count >= (total if slots is None else len(slots)):
        chosen = np.arange(total) if slots is None else slots
    else:
        chosen = _leading(keys, slots, total, count)
    return chosen[_places(keys, chosen)]


def reordered(keys: Sequence[SortKey], ranking: Ranking, offset: int, limit: int) -> Ranking:
    """The rows of ``ranking`` in the order of ``keys``, ``limit`` of them after ``offset``."""
    slots, values = ranking
    shown = _places(keys, slots)[offset : offset + limit]
    return slots[shown], values[shown]


def reordered_groups(
    keys: Sequence[SortKey], ranking: Ranking, labels: Labels, offset: int, limit: int
) -> Ranking:
    """The same for groups, which are in the order of their first rows; those of a group stay together.

    Args:
        labels: (m,) those of the rows of ``ranking``, where each group stands together.
    """
    slots, values = ranking
    starts = np.flatnonzero(np.diff(labels, prepend=labels[:1] + 1))
    ends = np.append(starts[1:], len(labels))
    groups = _places(keys, slots[starts])[offset : offset + limit]
    shown = np.concatenate(
        [np.arange(0), *(np.arange(starts[group], ends[group]) for group in groups.tolist())]
    )
    return slots[shown], values[shown]


def _places(keys: Sequence[SortKey], slots: Slots) -> npt.NDArray[np.int64]:
    """The places of ``slots`` in the order of ``keys``; of equal ones, the first one first."""
    return np.lexsort(ascending_columns(keys, slots)[::-1])


def ascending_columns(keys: Sequence[SortKey], slots: Slots) -> list[npt.NDArray[np.generic]]:
    """The keys at ``slots`` as columns of which each is ascending, the most important first."""
    return [column for key in keys for column in _columns(key, slots)]


def _leading(keys: Sequence[SortKey], slots: Slots | None, total: int, count: int) -> Slots:
    """``count`` slots that no other one precedes; those that are equal by all keys are in their order.

    Each step tells the slots that are among them for sure from those that the next key has to tell apart.
    """
    if count == 0:
        return np.zeros(0, dtype=np.int64)
    sure: list[Slots] = []

    def keep(before: npt.NDArray[np.bool_], tied: npt.NDArray[np.bool_]) -> None:
        nonlocal slots, count
        taken, left = np.flatnonzero(before), np.flatnonzero(tied)
        sure.append(taken if slots is None else slots[taken])
        slots = left if slots is None else slots[left]
        count -= len(taken)

    for key in keys:
        if key.nulls is not None:
            first = key.nulls(EVERY if slots is None else slots)
            first = first if key.nulls_first else ~first
            fills = int(np.count_nonzero(first)) >= count
            keep(first & (not fills), first if fills else ~first)
            if fills == key.nulls_first:
                continue  # the slots that are left are all null
        for part in key.parts:
            if slots is not None and len(slots) <= count:
                break
            values = part(EVERY if slots is None else slots)
            bound = _bound(values, count, key.descending)
            keep(values > bound if key.descending else values < bound, values == bound)
    rest = np.arange(total) if slots is None else slots
    return np.concatenate([*sure, rest[:count]])


def _bound(values: npt.NDArray[np.generic], count: int, descending: bool) -> np.generic:
    """The value that is number ``count`` in the order."""
    place = len(values) - count if descending else count - 1
    found: np.generic = np.partition(values, place)[place]
    return found


def _columns(key: SortKey, slots: Slots) -> list[npt.NDArray[np.generic]]:
    """The key as columns of which each is ascending, the most important first."""
    columns = [_ascending(part, slots, key.descending) for part in key.parts]
    if key.nulls is None:
        return columns
    nulls = key.nulls(slots)
    return [nulls != key.nulls_first, *(np.where(nulls, 0, column) for column in columns)]


def _ascending(part: Part, slots: Slots, descending: bool) -> npt.NDArray[np.generic]:
    values = part(slots)
    # The smallest integer has no negative, but places have.
    return -np.unique(values, return_inverse=True)[1] if descending else values
