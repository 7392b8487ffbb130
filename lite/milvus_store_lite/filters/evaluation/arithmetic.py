"""``+ - * / % **``, the minus sign and the operators on bits over numbers of many rows, exact for integers
of any size.

Division and remainder of two integers truncate toward zero, as in C; a row whose divisor is zero becomes
unknown. ``**`` is computed in 64-bit floats, and so is everything else with a float on one side, but for the
operators on bits, which take integers only.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from ..tree import ArithmeticOp
from .numbers import Lane, Numbers, nearest_float, numbers_of_constant
from .truth import BoolArray, intersection, some, union

_Array = npt.NDArray[Any]
_INT64 = np.iinfo(np.int64)

_EXACT: dict[ArithmeticOp, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
}

BIT_OPERATORS = frozenset({"&", "|", "^", "<<", ">>"})
MAX_SHIFT = 63
"""By how many bits ``<<`` and ``>>`` shift at most; a row with another count becomes unknown."""


def calculate(op: ArithmeticOp, left: Numbers, right: Numbers) -> Numbers:
    """``left op right``, row by row; a row that has no number on one side has none in the result."""
    unknown = union(left.unknown, right.unknown)
    with np.errstate(all="ignore"):
        ints = None
        if op != "**" and left.ints is not None and right.ints is not None:
            ints, undefined = _calculate_ints(op, left.ints, right.ints)
            unknown = union(unknown, undefined)
        if op in BIT_OPERATORS:
            return Numbers(ints, None, unknown)
        floats, undefined = _calculate_floats(op, left, right, ints)
    return Numbers(ints, floats, union(unknown, undefined))


def negative(numbers: Numbers) -> Numbers:
    """``-numbers``. A float32 stays a float32, so that ``-f == -1.1`` matches the rows of ``f == 1.1``."""
    zero = numbers_of_constant(0).ints
    assert zero is not None
    ints = numbers.ints and Lane(_subtract(zero.values, numbers.ints.values), numbers.ints.where)
    floats = numbers.floats and Lane(-numbers.floats.values, numbers.floats.where)
    return Numbers(ints, floats, numbers.unknown)


def calculate_constants(op: ArithmeticOp, left: int | float, right: int | float) -> int | float:
    """``left op right`` by the same rules; ``right`` is not zero if ``op`` divides."""
    if op in _EXACT and isinstance(left, int) and isinstance(right, int):
        return int(_EXACT[op](left, right))  # as below, without the arrays, which take ten times as long
    lane = calculate(op, numbers_of_constant(left), numbers_of_constant(right)).lanes[0]
    value = lane.values[0]
    return float(value) if isinstance(value, np.floating) else int(value)


def _calculate_ints(op: ArithmeticOp, left: Lane, right: Lane) -> tuple[Lane, BoolArray | None]:
    where = intersection(left.where, right.where)
    operand, undefined = _defined(op, right.values, where)
    return Lane(_INT_OPERATIONS[op](left.values, operand), where), undefined


def _calculate_floats(
    op: ArithmeticOp, left: Numbers, right: Numbers, done: Lane | None
) -> tuple[Lane | None, BoolArray | None]:
    """The rows that are not ``done`` as integers."""
    if done is not None and left.floats is None and right.floats is None:
        return None, None
    first, second = _as_floats(left), _as_floats(right)
    if first is None or second is None:
        return None, None
    where = intersection(first.where, second.where)
    if done is not None and done.where is not None:
        where = intersection(where, ~done.where)
    operand, undefined = _defined(op, second.values, where)
    return Lane(_FLOAT_OPERATIONS[op](first.values, operand), where), undefined


def _as_floats(numbers: Numbers) -> Lane | None:
    """All the numbers as float64."""
    ints, floats = numbers.ints, numbers.floats
    if ints is None:
        return floats and Lane(floats.values.astype(np.float64), floats.where)
    if floats is None:
        return Lane(_to_floats(ints.values), ints.where)
    assert ints.where is not None, "two lanes share the rows, so each says which are its own"
    return Lane(np.where(ints.where, _to_floats(ints.values), floats.values), union(ints.where, floats.where))


def _to_floats(ints: _Array) -> _Array:
    if ints.dtype == object:
        return np.array([nearest_float(value) for value in ints], dtype=np.float64)
    return ints.astype(np.float64)


def _defined(op: ArithmeticOp, right: _Array, where: BoolArray | None) -> tuple[_Array, BoolArray | None]:
    """The right operand with 1 where the operation is not defined, and the rows of ``where`` that are so."""
    if op in ("/", "%"):
        undefined = some(right == 0)
    elif op in ("<<", ">>"):
        undefined = some(((right < 0) | (right > MAX_SHIFT)).astype(np.bool_))
    else:
        undefined = None
    if undefined is None:
        return right, None
    neutral = 1 if right.dtype == object else right.dtype.type(1)
    return np.where(undefined, neutral, right), intersection(undefined, where)


def _add(left: _Array, right: _Array) -> _Array:
    (low, high), (other_low, other_high) = _bounds(left), _bounds(right)
    left, right = _wide_enough(left, right, (low + other_low, high + other_high))
    return left + right


def _subtract(left: _Array, right: _Array) -> _Array:
    (low, high), (other_low, other_high) = _bounds(left), _bounds(right)
    left, right = _wide_enough(left, right, (low - other_high, high - other_low))
    return left - right


def _multiply(left: _Array, right: _Array) -> _Array:
    products = [first * second for first in _bounds(left) for second in _bounds(right)]
    left, right = _wide_enough(left, right, products)
    return left * right


def _divide(left: _Array, right: _Array) -> _Array:
    left, right = _wide_enough(left, right, (-_bounds(left)[0], -_bounds(right)[0]))
    quotient = np.abs(left) // np.abs(right)
    return np.where((left < 0) != (right < 0), -quotient, quotient)


def _remainder(left: _Array, right: _Array) -> _Array:
    left, right = _wide_enough(left, right, (-_bounds(left)[0], -_bounds(right)[0]))
    remainder = np.abs(left) % np.abs(right)
    return np.where(left < 0, -remainder, remainder)


def _and(left: _Array, right: _Array) -> _Array:
    left, right = _wide_enough(left, right, ())
    return np.bitwise_and(left, right)


def _or(left: _Array, right: _Array) -> _Array:
    left, right = _wide_enough(left, right, ())
    return np.bitwise_or(left, right)


def _exclusive_or(left: _Array, right: _Array) -> _Array:
    left, right = _wide_enough(left, right, ())
    return np.bitwise_xor(left, right)


def _shift_left(left: _Array, right: _Array) -> _Array:
    most = _bounds(right)[1]
    left, right = _wide_enough(left, right, [bound << most for bound in _bounds(left)])
    return np.left_shift(left, right)


def _shift_right(left: _Array, right: _Array) -> _Array:
    left, right = _wide_enough(left, right, ())
    return np.right_shift(left, right)


def _bounds(values: _Array) -> tuple[int, int]:
    return (int(values.min()), int(values.max())) if values.size else (0, 0)


def _wide_enough(left: _Array, right: _Array, results: Iterable[int]) -> tuple[_Array, _Array]:
    """Both as int64 if the operands and the extreme ``results`` fit into it, else as Python integers."""
    extremes = (*results, *_bounds(left), *_bounds(right))
    fits = _INT64.min <= min(extremes) and max(extremes) <= _INT64.max
    dtype: Any = np.int64 if fits else object
    return left.astype(dtype, copy=False), right.astype(dtype, copy=False)


_INT_OPERATIONS: dict[ArithmeticOp, Callable[[_Array, _Array], _Array]] = {
    "+": _add,
    "-": _subtract,
    "*": _multiply,
    "/": _divide,
    "%": _remainder,
    "&": _and,
    "|": _or,
    "^": _exclusive_or,
    "<<": _shift_left,
    ">>": _shift_right,
}
_FLOAT_OPERATIONS: dict[ArithmeticOp, Callable[[_Array, _Array], _Array]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.fmod,
    "**": np.power,
}
