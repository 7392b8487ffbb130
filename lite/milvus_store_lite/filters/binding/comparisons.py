"""Binds comparisons: both sides are of one kind, and a constant stands on the right."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from ..bound import (
    AnyOf,
    Calculation,
    Comparison,
    Constant,
    FieldValue,
    Fixed,
    Inverse,
    Kind,
    ListValue,
    Moment,
    Operand,
    Ordering,
    PathValue,
    Predicate,
)
from ..tree import CompareOp, Expression, Template
from .arrays import equals_list
from .context import Context
from .kinds import describe, kind_of
from .operands import bind_operand

_MIRRORED: dict[Ordering, Ordering] = {"==": "==", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_COMPARE: dict[Ordering, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def bind_comparison(context: Context, op: CompareOp, left: Expression, right: Expression) -> Predicate:
    if op == "!=":
        return Inverse(bind_comparison(context, "==", left, right))
    first, second = bind_operand(context, left), bind_operand(context, right)
    first, second = _as_moment(context, left, first, second), _as_moment(context, right, second, first)
    if _is_constant(first) and not _is_constant(second):
        return _compare_operands(context, _MIRRORED[op], second, first, left)
    blamed = left if isinstance(second, FieldValue) and isinstance(first, Calculation) else right
    return _compare_operands(context, op, first, second, blamed)


def _compare_operands(
    context: Context, op: Ordering, first: Operand, second: Operand, blamed: Expression
) -> Predicate:
    """The comparison; an error points at ``blamed`` if the two do not fit."""
    kinds = {kind_of(first), kind_of(second)} - {Kind.ANY}
    if len(kinds) == 2 or kinds == {Kind.GEOMETRY}:
        raise context.error(blamed, f"cannot compare {describe(first)} with {describe(second)}")
    if op != "==" and kinds & {Kind.BOOLEAN, Kind.ARRAY}:
        what = "booleans" if Kind.BOOLEAN in kinds else "arrays"
        raise context.error(
            blamed, f"{what} have no order: compare {describe(first)} with {describe(second)} by == or !="
        )
    if kinds == {Kind.ARRAY}:
        return _compare_arrays(context, first, second, blamed)
    if isinstance(first, Constant) and isinstance(second, Constant):
        return Fixed(_COMPARE[op](first.value, second.value))
    if isinstance(first, Moment) and isinstance(second, Moment):
        return Fixed(_COMPARE[op](first.micros, second.micros))
    if kinds == {Kind.INSTANT}:
        if Kind.ANY in (kind_of(first), kind_of(second)):
            raise context.error(blamed, f"cannot compare {describe(first)} with {describe(second)}")
        return Comparison(
            Kind.NUMBER, op, first, Constant(second.micros) if isinstance(second, Moment) else second
        )
    if kinds:
        return Comparison(kinds.pop(), op, first, second)
    # Two JSON paths: both values of a row may have any kind in common.
    both = [Kind.NUMBER, Kind.STRING] + ([Kind.BOOLEAN] if op == "==" else [])
    return AnyOf(tuple(Comparison(kind, op, first, second) for kind in both))


def _compare_arrays(context: Context, array: Operand, wanted: Operand, blamed: Expression) -> Predicate:
    if isinstance(array, ListValue) and isinstance(wanted, ListValue):
        raise context.error(blamed, "two lists are compared: one side must be an ARRAY field or a JSON path")
    if not isinstance(array, FieldValue | PathValue) or not isinstance(wanted, ListValue):
        raise context.error(blamed, f"cannot compare {describe(array)} with {describe(wanted)}")
    return context.located(blamed, lambda: equals_list(array, wanted))


def _as_moment(context: Context, node: Expression, operand: Operand, other: Operand) -> Operand:
    """``operand``, or its point in time if it is a text from a template and ``other`` a TIMESTAMPTZ field."""
    if isinstance(operand, Constant) and isinstance(operand.value, str) and kind_of(other) is Kind.INSTANT:
        if isinstance(node, Template):
            return Moment(context.instant(node, operand.value))
        raise context.error(node, f"{describe(other)} is compared with a time, write ISO before the string")
    return operand


def _is_constant(operand: Operand) -> bool:
    return isinstance(operand, Constant | Moment | ListValue)
