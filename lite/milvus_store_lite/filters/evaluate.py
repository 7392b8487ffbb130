"""A checked filter over rows: one boolean for each row, computed a column at a time.

It trusts what ``check`` made: kinds agree, constants stand on the right. Rows are only ever asked for
whole columns, and no Python code runs for a single row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..columns.column import JsonKind, NumberColumn, StringColumn
from . import numbers, strings
from .arithmetic import calculate, negative
from .bound import (
    AllOf,
    AnyOf,
    Calculation,
    Comparison,
    Constant,
    FieldValue,
    Fixed,
    Inverse,
    Kind,
    Match,
    Membership,
    Negative,
    Nullness,
    Operand,
    PathValue,
    Predicate,
)
from .numbers import Lane, Numbers
from .rows import Rows
from .truth import BoolArray, Truth, all_of, any_of, everywhere, some, union


def evaluate(predicate: Predicate, rows: Rows) -> Truth:
    """The truth of ``predicate`` in each of ``rows``."""
    match predicate:
        case Fixed(value=value):
            return everywhere(rows.count, value)
        case AllOf(parts=parts):
            return all_of(*(evaluate(part, rows) for part in parts))
        case AnyOf(parts=parts):
            return any_of(*(evaluate(part, rows) for part in parts))
        case Inverse(part=part):
            return ~evaluate(part, rows)
        case Nullness(operand=operand):
            return Truth.of(_is_null(operand, rows))
        case Match(operand=operand, pattern=pattern):
            text = _strings(operand, rows)
            return Truth.of(strings.match(text.column, pattern), text.unknown)
        case Comparison():
            return _compare(predicate, rows)
        case Membership():
            return _is_among(predicate, rows)


def _compare(comparison: Comparison, rows: Rows) -> Truth:
    op, left, right = comparison.op, comparison.left, comparison.right
    constant = right.value if isinstance(right, Constant) else None
    if comparison.kind is Kind.NUMBER:
        one = _numbers(left, rows)
        if isinstance(constant, int | float):
            return Truth.of(numbers.compare_to_constant(rows.count, op, one, constant), one.unknown)
        other = _numbers(right, rows)
        return Truth.of(numbers.compare(rows.count, op, one, other), union(one.unknown, other.unknown))
    if comparison.kind is Kind.STRING:
        text = _strings(left, rows)
        if isinstance(constant, str):
            return Truth.of(strings.compare_to_constant(op, text.column, constant), text.unknown)
        other_text = _strings(right, rows)
        holds = strings.compare(op, text.column, other_text.column)
        return Truth.of(holds, union(text.unknown, other_text.unknown))
    flag, unknown = _flags(left, rows)
    if isinstance(constant, bool):
        return Truth.of(flag.only(flag.values == constant), unknown)
    other_flag, other_unknown = _flags(right, rows)
    holds = other_flag.only(flag.only(flag.values == other_flag.values))
    return Truth.of(holds, union(unknown, other_unknown))


def _is_among(membership: Membership, rows: Rows) -> Truth:
    operand, choices = membership.operand, membership.choices
    if membership.kind is Kind.NUMBER:
        one = _numbers(operand, rows)
        sizes = (choice for choice in choices if isinstance(choice, int | float))
        return Truth.of(numbers.is_among(rows.count, one, sizes), one.unknown)
    if membership.kind is Kind.STRING:
        text = _strings(operand, rows)
        words = (choice for choice in choices if isinstance(choice, str))
        return Truth.of(strings.is_among(text.column, words), text.unknown)
    flag, unknown = _flags(operand, rows)
    holds = (flag.values & (True in choices)) | (~flag.values & (False in choices))
    return Truth.of(flag.only(holds), unknown)


def _is_null(operand: FieldValue | PathValue, rows: Rows) -> BoolArray:
    if isinstance(operand, PathValue):
        last = JsonKind.NULL if operand.path else JsonKind.NO_DOCUMENT
        return rows.json_path(operand.field_name, operand.path).kinds <= last
    column = rows.column(operand.field)
    if isinstance(column, StringColumn):
        return column.codes < 0
    return np.zeros(rows.count, dtype=np.bool_) if column.valid is None else ~column.valid


def _numbers(operand: Operand, rows: Rows) -> Numbers:
    match operand:
        case FieldValue(field=field):
            column = rows.column(field)
            assert isinstance(column, NumberColumn)
            return numbers.numbers_of_column(column)
        case PathValue(field_name=field_name, path=path):
            return numbers.numbers_of_json(rows.json_path(field_name, path))
        case Calculation(op=op, left=left, right=right):
            return calculate(op, _numbers(left, rows), _numbers(right, rows))
        case Negative(operand=inner):
            return negative(_numbers(inner, rows))
        case Constant(value=value):
            assert isinstance(value, int | float)
            return numbers.numbers_of_constant(value)


@dataclass(frozen=True, slots=True)
class _Strings:
    column: StringColumn
    unknown: BoolArray | None


def _strings(operand: Operand, rows: Rows) -> _Strings:
    if isinstance(operand, PathValue):
        json = rows.json_path(operand.field_name, operand.path)
        return _Strings(json.strings, some(json.kinds == JsonKind.NO_DOCUMENT))
    assert isinstance(operand, FieldValue)
    column = rows.column(operand.field)
    assert isinstance(column, StringColumn)
    return _Strings(column, column.codes < 0 if operand.field.nullable else None)


def _flags(operand: Operand, rows: Rows) -> tuple[Lane, BoolArray | None]:
    """The booleans of ``operand``, and the rows where they are unknown."""
    if isinstance(operand, PathValue):
        json = rows.json_path(operand.field_name, operand.path)
        lane = Lane(json.ints != 0, json.kinds == JsonKind.BOOL)
        return lane, some(json.kinds == JsonKind.NO_DOCUMENT)
    assert isinstance(operand, FieldValue)
    column = rows.column(operand.field)
    assert isinstance(column, NumberColumn)
    return Lane(column.values), None if column.valid is None else ~column.valid
