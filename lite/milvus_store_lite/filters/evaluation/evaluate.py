"""Evaluates a bound filter over rows: one boolean for each row, computed a column at a time.

It relies on ``binding``: kinds agree, and constants stand on the right. It reads whole columns only, and runs no
Python code for a single row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...columns.column import ArrayColumn, JsonKind, NumberColumn, StringColumn
from ...schema import times
from ...schema.data_types import DataType
from ...schema.fields import Field
from ..bound import (
    AllOf,
    AnyOf,
    Calculation,
    Comparison,
    Composite,
    Constant,
    ContainsAll,
    ElementAt,
    Existence,
    FieldValue,
    Fixed,
    InOrder,
    Inverse,
    KeyMatch,
    Kind,
    Length,
    ListValue,
    Match,
    Membership,
    Moment,
    Negative,
    Nullness,
    Operand,
    OverElements,
    PathValue,
    PhraseMatch,
    Predicate,
    Shifted,
    Spatial,
    TextMatch,
)
from . import elements, numbers, strings
from .arithmetic import calculate, negative
from .elements import ElementRows, StructRows
from .key_sets import of_column, of_json
from .numbers import Lane, Numbers
from .rows import Rows
from .similar import similar
from .spatial import missing as missing_geometries
from .spatial import related
from .truth import BoolArray, Truth, all_of, any_of, everywhere, some, union
from .words import phrase_match, text_match


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
        case Existence(operand=path):
            return Truth.of(rows.json_path(path.field_name, path.path).kinds > JsonKind.NULL)
        case Match(operand=operand, pattern=pattern):
            text = _strings(operand, rows)
            return Truth.of(strings.match(text.column, pattern), text.unknown)
        case Comparison():
            return _compare(predicate, rows)
        case Membership():
            return _is_among(predicate, rows)
        case KeyMatch(operand=operand, keys=keys):
            if isinstance(operand, PathValue):
                return of_json(rows.json_path(operand.field_name, operand.path), keys)
            return of_column(rows.column(operand.field), keys)
        case OverElements():
            return _over_elements(predicate, rows)
        case InOrder():
            return _in_order(predicate, rows)
        case Spatial(relation=relation, field=field, other=other, distance=distance):
            return related(relation, rows.geometries(field).geometries, other, distance)
        case TextMatch(field=field, words=words, at_least=at_least, edits=edits):
            column = rows.tokens(field, positions=False)
            return text_match(column, similar(column, words, edits), at_least)
        case PhraseMatch(field=field, words=phrase, slop=slop):
            return phrase_match(rows.tokens(field, positions=True), phrase, slop)
        case ContainsAll():
            return _contains_all(predicate, rows)
        case Composite(operand=element, texts=texts):
            composites = rows.json_path(element.field_name, element.path).composites
            assert composites is not None, "the element of an array"
            return Truth.of(strings.is_among(composites, texts))


def element_hits(
    operand: FieldValue | PathValue, condition: Predicate, rows: Rows
) -> tuple[ArrayColumn, BoolArray]:
    """The arrays of the rows, and (t,) bool: of all their elements those that ``condition`` holds for."""
    arrays = _arrays(operand, rows)
    return arrays, evaluate(condition, _elements(operand, arrays, rows)).certain


def _over_elements(over: OverElements, rows: Rows) -> Truth:
    arrays, hits = element_hits(over.operand, over.condition, rows)
    found = elements.counts(arrays, hits)
    if over.least is None:
        holds = found == elements.lengths(arrays)
    else:
        holds = found >= over.least
        if over.most is not None:
            holds &= found <= over.most
    return _where_array(arrays, holds)


def _in_order(predicate: InOrder, rows: Rows) -> Truth:
    arrays = _arrays(predicate.operand, rows)
    candidates = np.flatnonzero(
        elements.is_array(arrays) & (elements.lengths(arrays) == len(predicate.conditions))
    )
    for position, condition in enumerate(predicate.conditions):
        if not candidates.size:
            break
        one_each = ElementRows.at(arrays, arrays.offsets[candidates] + position)
        candidates = candidates[evaluate(condition, one_each).certain]
    holds = np.zeros(rows.count, dtype=np.bool_)
    holds[candidates] = True
    return _where_array(arrays, holds)


def _contains_all(predicate: ContainsAll, rows: Rows) -> Truth:
    arrays = _arrays(predicate.operand, rows)
    element_rows = _elements(predicate.operand, arrays, rows)
    if predicate.kind is Kind.NUMBER:
        wanted = tuple(choice for choice in predicate.choices if isinstance(choice, int | float))
        which, count = numbers.which_of(_numbers(predicate.element, element_rows), element_rows.count, wanted)
    else:
        words = tuple(choice for choice in predicate.choices if isinstance(choice, str))
        which, count = strings.which_of(_strings(predicate.element, element_rows).column, words)
    return _where_array(arrays, elements.distinct_counts(arrays, which, count) == count)


def _where_array(arrays: ArrayColumn, holds: BoolArray) -> Truth:
    """``holds`` for rows with an array, false for other values, unknown without a document."""
    return Truth.of(holds & elements.is_array(arrays), some(arrays.kinds == JsonKind.NO_DOCUMENT))


def _arrays(operand: FieldValue | PathValue, rows: Rows) -> ArrayColumn:
    if isinstance(operand, PathValue):
        return rows.json_array(operand.field_name, operand.path)
    return _array(operand.field, operand.member, rows)


def _array(field: Field, member: Field | None, rows: Rows) -> ArrayColumn:
    """The arrays of ``field``; where only their lengths matter, any member of structs stands for all."""
    return rows.array(field, member or (field.members[0] if field.members else None))


def _elements(operand: FieldValue | PathValue, arrays: ArrayColumn, rows: Rows) -> ElementRows:
    if isinstance(operand, FieldValue) and operand.field.members and operand.member is None:
        return StructRows.of(rows, operand.field, arrays)
    return ElementRows.all_of(arrays)


def _compare(comparison: Comparison, rows: Rows) -> Truth:
    op, left, right = comparison.op, comparison.left, comparison.right
    constant = right.value if isinstance(right, Constant) else None
    if comparison.kind is Kind.NUMBER:
        left_numbers = _numbers(left, rows)
        if isinstance(constant, int | float):
            return Truth.of(
                numbers.compare_to_constant(rows.count, op, left_numbers, constant), left_numbers.unknown
            )
        right_numbers = _numbers(right, rows)
        return Truth.of(
            numbers.compare(rows.count, op, left_numbers, right_numbers),
            union(left_numbers.unknown, right_numbers.unknown),
        )
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
        operand_numbers = _numbers(operand, rows)
        sizes = (choice for choice in choices if isinstance(choice, int | float))
        return Truth.of(numbers.is_among(rows.count, operand_numbers, sizes), operand_numbers.unknown)
    if membership.kind is Kind.STRING:
        text = _strings(operand, rows)
        words = (choice for choice in choices if isinstance(choice, str))
        return Truth.of(strings.is_among(text.column, words), text.unknown)
    flag, unknown = _flags(operand, rows)
    holds = (flag.values & (True in choices)) | (~flag.values & (False in choices))
    return Truth.of(flag.only(holds), unknown)


def _is_null(operand: FieldValue | PathValue | ElementAt, rows: Rows) -> BoolArray:
    if isinstance(operand, PathValue):
        last = JsonKind.NULL if operand.path else JsonKind.NO_DOCUMENT
        return rows.json_path(operand.field_name, operand.path).kinds <= last
    if operand.field.dtype is DataType.ARRAY:
        missing: BoolArray = _array(operand.field, None, rows).kinds == JsonKind.NO_DOCUMENT
        return missing
    if operand.field.dtype is DataType.GEOMETRY:
        return missing_geometries(rows.geometries(operand.field).geometries)
    column = _column(operand, rows)
    if isinstance(column, StringColumn):
        return column.codes < 0
    return np.zeros(rows.count, dtype=np.bool_) if column.valid is None else ~column.valid


def _column(operand: FieldValue | ElementAt, rows: Rows) -> NumberColumn | StringColumn:
    if isinstance(operand, ElementAt):
        member = operand.field if operand.array.members else None
        return elements.element_at(rows.array(operand.array, member), operand.position)
    return rows.column(operand.field)


def _numbers(operand: Operand, rows: Rows) -> Numbers:
    match operand:
        case FieldValue() | ElementAt():
            column = _column(operand, rows)
            assert isinstance(column, NumberColumn)
            return numbers.numbers_of_column(column)
        case PathValue(field_name=field_name, path=path, reads_numbers=reads_numbers):
            read = rows.json_numbers if reads_numbers else rows.json_path
            return numbers.numbers_of_json(read(field_name, path))
        case Calculation(op=op, left=left, right=right):
            return calculate(op, _numbers(left, rows), _numbers(right, rows))
        case Negative(operand=inner):
            return negative(_numbers(inner, rows))
        case Constant(value=value):
            assert isinstance(value, int | float)
            return numbers.numbers_of_constant(value)
        case Length(operand=array):
            return _lengths(_arrays(array, rows))
        case Shifted(field=field, months=months, micros=micros):
            column = rows.column(field)
            assert isinstance(column, NumberColumn)
            moved = times.moved(column.values, times.Span(months, micros))
            return Numbers(Lane(moved), None, None if column.valid is None else ~column.valid)
        case Moment() | ListValue():
            raise AssertionError("a constant that is not a number is compared in its own way")


def _lengths(arrays: ArrayColumn) -> Numbers:
    """The lengths of the arrays. A value that is not an array has no length."""
    present = elements.is_array(arrays)
    where = None if present.all() else present
    return Numbers(Lane(elements.lengths(arrays), where), None, some(arrays.kinds == JsonKind.NO_DOCUMENT))


@dataclass(frozen=True, slots=True)
class _Strings:
    column: StringColumn
    unknown: BoolArray | None


def _strings(operand: Operand, rows: Rows) -> _Strings:
    if isinstance(operand, PathValue):
        json = rows.json_path(operand.field_name, operand.path)
        return _Strings(json.strings, some(json.kinds == JsonKind.NO_DOCUMENT))
    assert isinstance(operand, FieldValue | ElementAt)
    column = _column(operand, rows)
    assert isinstance(column, StringColumn)
    may_be_null = operand.field.nullable or isinstance(operand, ElementAt)
    return _Strings(column, some(column.codes < 0) if may_be_null else None)


def _flags(operand: Operand, rows: Rows) -> tuple[Lane, BoolArray | None]:
    """The booleans of ``operand``, and the rows where they are unknown."""
    if isinstance(operand, PathValue):
        json = rows.json_path(operand.field_name, operand.path)
        lane = Lane(json.ints != 0, json.kinds == JsonKind.BOOL)
        return lane, some(json.kinds == JsonKind.NO_DOCUMENT)
    assert isinstance(operand, FieldValue | ElementAt)
    column = _column(operand, rows)
    assert isinstance(column, NumberColumn)
    return Lane(column.values), None if column.valid is None else ~column.valid
