"""Numbers of many rows at once, each integer or float, and their exact comparison by value.

Integers and floats are kept in two lanes, because no numpy type holds both without loss. A row whose
value is not a number (a string at a JSON path) is in neither lane and so compares with nothing.
"""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...columns.column import JsonColumn, JsonKind, NumberColumn
from ..bound import Ordering
from .truth import BoolArray, some

_COMPARE: dict[Ordering, Callable[[Any, Any], BoolArray]] = {
    "==": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_EXACT_IN_FLOAT = 2**53
_INT64 = np.iinfo(np.int64)
_LARGEST_TABLE = 1 << 22
FEW_CHOICES = 16
"""Up to this many values of a list are compared one by one (numpy's ``sort`` does that for short lists): over
1,000,000 integers, 3 values take 0.3 ms this way and 12 ms by a table."""


@dataclass(frozen=True, slots=True)
class Lane:
    """``values``: (n,) or (1,) for a constant. ``where``: (n,) rows that are in the lane; None: all."""

    values: npt.NDArray[Any]
    where: BoolArray | None = None

    def only(self, holds: BoolArray) -> BoolArray:
        """``holds`` without the rows outside the lane."""
        return holds if self.where is None else holds & self.where


@dataclass(frozen=True, slots=True)
class Numbers:
    """``ints``: int8 to int64, or Python ints as objects where int64 is too small. ``floats``: float32
    or float64. ``unknown``: (n,) rows whose value is null or undefined; None: there are none.
    ``rounds``: integers beyond int64 are among the floats, rounded, as JSON columns hold them.
    """

    ints: Lane | None
    floats: Lane | None
    unknown: BoolArray | None
    rounds: bool = False

    @property
    def lanes(self) -> list[Lane]:
        return [lane for lane in (self.ints, self.floats) if lane is not None]


def numbers_of_column(column: NumberColumn) -> Numbers:
    lane = Lane(column.values)
    unknown = None if column.valid is None else ~column.valid
    return Numbers(None, lane, unknown) if column.values.dtype.kind == "f" else Numbers(lane, None, unknown)


def numbers_of_json(column: JsonColumn) -> Numbers:
    ints = some(column.kinds == JsonKind.INT)
    floats = some(column.kinds == JsonKind.FLOAT)
    return Numbers(
        None if ints is None else Lane(column.ints, ints),
        None if floats is None else Lane(column.floats, floats),
        some(column.kinds == JsonKind.NO_DOCUMENT),
        rounds=True,
    )


def numbers_of_constant(value: int | float) -> Numbers:
    if isinstance(value, float):
        return Numbers(None, Lane(np.array([value], dtype=np.float64)), None)
    dtype = np.int64 if _INT64.min <= value <= _INT64.max else object
    return Numbers(Lane(np.array([value], dtype=dtype)), None, None)


def compare_to_constant(count: int, op: Ordering, numbers: Numbers, constant: int | float) -> BoolArray:
    """(count,) bool: rows that are a number for which ``number op constant``."""
    holds = np.zeros(count, dtype=np.bool_)
    if numbers.ints is not None:
        holds |= numbers.ints.only(_ints_to_constant(op, numbers.ints.values, constant))
    if numbers.rounds:
        constant = _rounded(constant)
    if numbers.floats is not None:
        holds |= numbers.floats.only(_floats_to_constant(op, numbers.floats.values, constant))
    return holds


def compare(count: int, op: Ordering, left: Numbers, right: Numbers) -> BoolArray:
    """(count,) bool: rows where both are numbers and ``left op right``."""
    holds = np.zeros(count, dtype=np.bool_)
    for first in left.lanes:
        for second in right.lanes:
            holds |= second.only(first.only(_compare_arrays(op, first.values, second.values)))
    return holds


def is_among(count: int, numbers: Numbers, choices: Iterable[int | float]) -> BoolArray:
    """(count,) bool: rows that are a number equal to one of ``choices``."""
    choices = tuple(choices)
    holds = np.zeros(count, dtype=np.bool_)
    if numbers.ints is not None:
        holds |= numbers.ints.only(_ints_among(numbers.ints.values, choices))
    if numbers.floats is not None:
        if numbers.rounds:
            choices = tuple(map(_rounded, choices))
        holds |= numbers.floats.only(_floats_among(numbers.floats.values, choices))
    return holds


def which_of(
    numbers: Numbers, count: int, choices: Iterable[int | float]
) -> tuple[npt.NDArray[np.int64], int]:
    """(count,) int64, which of the distinct ``choices`` each row is, -1 for none; and how many there are."""
    wanted = list(dict.fromkeys(choices))
    floats, ints = numbers.floats, numbers.ints
    if floats is not None and floats.values.dtype == np.float32:
        wanted = list(dict.fromkeys(float(nearest_float32(value)) for value in wanted))
    elif numbers.rounds:
        wanted = list(dict.fromkeys(map(_rounded, wanted)))
    found = np.full(count, -1, dtype=np.int64)
    if ints is not None:
        limits = np.iinfo(ints.values.dtype)
        whole = {
            int(value): number
            for number, value in enumerate(wanted)
            if limits.min <= value <= limits.max and value == int(value)
        }
        _number_in(found, ints, whole)
    if floats is not None:
        _number_in(
            found,
            floats,
            {
                nearest_float(value): number
                for number, value in enumerate(wanted)
                if nearest_float(value) == value
            },
        )
    return found, len(wanted)


def _number_in(found: npt.NDArray[np.int64], lane: Lane, numbered: Mapping[Any, int]) -> None:
    """Write the number of the value of each row of ``lane`` into ``found``."""
    if not numbered:
        return
    keys = np.array(list(numbered), dtype=lane.values.dtype)
    order = np.argsort(keys)
    keys = keys[order]
    indices = np.minimum(np.searchsorted(keys, lane.values), len(keys) - 1)
    same = lane.only(keys[indices] == lane.values)
    found[same] = np.array(list(numbered.values()), dtype=np.int64)[order][indices[same]]


def _rounded(constant: int | float) -> int | float:
    """The constant as a JSON column would hold it; an infinity, which no column holds, stays an infinity."""
    if isinstance(constant, int) and not _INT64.min <= constant <= _INT64.max:
        near = nearest_float(constant)
        return constant if math.isinf(near) else near
    return constant


def nearest_float(value: int | float) -> float:
    """``value`` as a float; integers beyond the range of floats become the infinity on their side."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def nearest_float32(value: int | float) -> np.float32:
    """What a FLOAT field would have stored for ``value``."""
    with np.errstate(over="ignore"):
        stored: np.float32 = np.float32(nearest_float(value))
    return stored


def _ints_to_constant(op: Ordering, values: npt.NDArray[Any], constant: int | float) -> BoolArray:
    if values.dtype == object:
        return _COMPARE[op](values, constant)
    limits = np.iinfo(values.dtype)
    if isinstance(constant, float):
        if math.isnan(constant) or (op == "==" and not constant.is_integer()):
            return np.zeros(values.shape, dtype=np.bool_)
        op, constant = _between_integers(op, constant)
    if not limits.min <= constant <= limits.max:
        holds = op in ("<", "<=") if constant > limits.max else op in (">", ">=")
        return np.full(values.shape, holds, dtype=np.bool_)
    return _COMPARE[op](values, values.dtype.type(constant))


def _between_integers(op: Ordering, constant: float) -> tuple[Ordering, int]:
    """The comparison with an integer that says the same about integers as ``op constant``."""
    if math.isinf(constant):
        beyond_int64 = 2**64
        return op, beyond_int64 if constant > 0 else -beyond_int64
    if constant.is_integer():
        return op, int(constant)
    return ("<=", math.floor(constant)) if op in ("<", "<=") else (">=", math.ceil(constant))


def _floats_to_constant(op: Ordering, values: npt.NDArray[Any], constant: int | float) -> BoolArray:
    if values.dtype == np.float32:
        return _COMPARE[op](values, nearest_float32(constant))
    if isinstance(constant, int):
        op, constant = _between_floats(op, constant)
    return _COMPARE[op](values, np.float64(constant))


def _between_floats(op: Ordering, constant: int) -> tuple[Ordering, float]:
    """The comparison with a float that says the same about floats as ``op constant``."""
    largest = sys.float_info.max
    near = min(max(nearest_float(constant), -largest), largest)
    if near == constant:
        return op, near
    if op == "==":
        return op, math.nan
    if near > constant:
        return ("<" if op in ("<", "<=") else ">="), near
    return ("<=" if op in ("<", "<=") else ">"), near


def _compare_arrays(op: Ordering, left: npt.NDArray[Any], right: npt.NDArray[Any]) -> BoolArray:
    if object in (left.dtype, right.dtype):
        with np.errstate(invalid="ignore"):  # NaN compares as false, here as everywhere
            return _COMPARE[op](left.astype(object), right.astype(object)).astype(np.bool_)
    if left.dtype.kind == right.dtype.kind:
        return _COMPARE[op](left, right)
    left_floats, right_floats = left.astype(np.float64), right.astype(np.float64)
    holds = _COMPARE[op](left_floats, right_floats)
    # Rounding an integer to a float keeps the order but may make neighbours equal: look again at those.
    tied = np.flatnonzero((left_floats == right_floats) & (np.abs(left_floats) >= _EXACT_IN_FLOAT))
    if tied.size:
        holds[tied] = _COMPARE[op](left[tied].astype(object), right[tied].astype(object))
    return holds


def _ints_among(values: npt.NDArray[Any], choices: tuple[int | float, ...]) -> BoolArray:
    if values.dtype == object:
        wanted = set(choices)
        return np.array([value in wanted for value in values], dtype=np.bool_)
    limits = np.iinfo(values.dtype)
    possible = [
        int(choice)
        for choice in choices
        if limits.min <= choice <= limits.max and (isinstance(choice, int) or choice.is_integer())
    ]
    if len(possible) <= FEW_CHOICES:
        return np.isin(values, np.array(possible, dtype=values.dtype), kind="sort")
    low, high = min(possible), max(possible)
    if high - low <= _LARGEST_TABLE and limits.min < low and high < limits.max:
        return _among_by_table(values, possible, low, high)
    return _among_by_search(values, np.unique(np.array(possible, dtype=values.dtype)))


def _among_by_table(values: npt.NDArray[Any], choices: list[int], low: int, high: int) -> BoolArray:
    """By a table of the answers from ``low - 1`` to ``high + 1``; values outside map to its ends."""
    table = np.zeros(high - low + 3, dtype=np.bool_)
    table[np.array(choices, dtype=np.int64) - (low - 1)] = True
    indices = np.clip(values, values.dtype.type(low - 1), values.dtype.type(high + 1)).astype(np.int64)
    indices -= low - 1
    found: BoolArray = table[indices]
    return found


def _among_by_search(values: npt.NDArray[Any], choices: npt.NDArray[Any]) -> BoolArray:
    """By a search of each value in the ascending choices."""
    indices = np.searchsorted(choices, values)
    indices[indices == len(choices)] = 0
    found: BoolArray = choices[indices] == values
    return found


def _floats_among(values: npt.NDArray[Any], choices: tuple[int | float, ...]) -> BoolArray:
    if values.dtype == np.float32:
        return np.isin(values, np.array([nearest_float32(choice) for choice in choices], dtype=np.float32))
    possible = [nearest_float(choice) for choice in choices if nearest_float(choice) == choice]
    return np.isin(values, np.array(possible, dtype=np.float64))
