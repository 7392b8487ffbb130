"""Binds an expression tree to a schema: names become fields or paths, templates become values.

Everything that can be wrong with a filter is found here, with the place in the text, so that evaluation
cannot fail. Nothing here looks at rows.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Any

from ...schema.model import Schema
from ...schema.times import UTC
from ..bound import (
    AllOf,
    AnyOf,
    Calculation,
    Comparison,
    Constant,
    Existence,
    FieldValue,
    Fixed,
    Inverse,
    Kind,
    ListValue,
    Match,
    Membership,
    Moment,
    Nullness,
    Operand,
    Ordering,
    PathValue,
    Pattern,
    Predicate,
)
from ..evaluation.like import compile_pattern
from ..evaluation.regex import compile_regex
from ..tree import (
    And,
    Call,
    Compare,
    CompareOp,
    Element,
    Exists,
    Expression,
    In,
    IsNull,
    Like,
    ListOf,
    Member,
    Name,
    Not,
    Or,
    Path,
    Range,
    Regex,
    Template,
    Value,
    too_large,
)
from . import operands
from .arrays import equals_list
from .context import Context
from .functions import bind_call, bind_sample
from .joined import all_of, any_of
from .operands import bind_operand, describe, kind_of, kind_of_type
from .templates import PLAIN_TYPES

_MIRRORED: dict[Ordering, Ordering] = {"==": "==", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_COMPARE: dict[Ordering, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def bind(
    expression: Expression,
    schema: Schema,
    params: Mapping[str, object] | None = None,
    text: str = "",
    zone: tzinfo = UTC,
) -> tuple[Predicate, float | None]:
    """``expression`` checked against ``schema``, with the templates replaced by ``params``, and the share of
    matching rows that ``random_sample`` asks for, None if nothing does.

    ``text`` is what the tree was parsed from; without it errors name no place. Parameters that no
    template uses are ignored, as Milvus does. ``zone`` is where times without an offset are read.
    """
    context = Context(schema, params or {}, text, zone=zone)
    if not text:
        fault = too_large(expression)
        if fault is not None:
            raise context.error(*fault)
    operands = expression.operands if isinstance(expression, And) else (expression,)
    samples = [one for one in operands if isinstance(one, Call) and one.function == "random_sample"]
    if not samples:
        return bind_condition(context, expression), None
    if len(samples) > 1:
        raise context.error(samples[1], "a filter takes one random_sample")
    rest = And(tuple(one for one in operands if one is not samples[0]))
    return bind_condition(context, rest), bind_sample(context, samples[0])


def bind_condition(context: Context, node: Expression) -> Predicate:
    """The condition that ``node`` states."""
    match node:
        case And(operands=operands):
            return all_of(tuple([bind_condition(context, one) for one in operands]))
        case Or(operands=operands):
            return any_of(tuple([bind_condition(context, one) for one in operands]))
        case Not(operand=operand):
            return Inverse(bind_condition(context, operand))
        case Compare(op=op, left=left, right=right):
            return _comparison(context, op, left, right)
        case Range(low=low, low_op=low_op, middle=middle, high_op=high_op, high=high):
            return AllOf(
                (_comparison(context, low_op, low, middle), _comparison(context, high_op, middle, high))
            )
        case In():
            return _membership(context, node)
        case Like(operand=operand, pattern=pattern):
            return _match(context, "like", operand, pattern, compile_pattern)
        case Regex(operand=operand, pattern=pattern, negated=negated):
            found = _match(context, "!~" if negated else "=~", operand, pattern, compile_regex)
            return Inverse(found) if negated else found
        case IsNull():
            return _nullness(context, node)
        case Exists():
            return _existence(context, node)
        case Call(function=function) if function != "array_length":
            return bind_call(context, node, bind_condition)
        case _:
            return _flag(context, node)


def _flag(context: Context, node: Expression) -> Predicate:
    """A boolean standing alone: ``true``, a BOOL field, or a JSON path that may hold one."""
    operand = bind_operand(context, node)
    if isinstance(operand, Constant) and isinstance(operand.value, bool):
        return Fixed(operand.value)
    if kind_of(operand) is Kind.BOOLEAN or isinstance(operand, PathValue):
        return Comparison(Kind.BOOLEAN, "==", operand, Constant(True))
    raise context.error(node, f"{describe(operand)} is no condition, compare it with something")


# Comparisons ------------------------------------------------------------------------------------------


def _comparison(context: Context, op: CompareOp, left: Expression, right: Expression) -> Predicate:
    if op == "!=":
        return Inverse(_comparison(context, "==", left, right))
    one, other = bind_operand(context, left), bind_operand(context, right)
    one, other = _as_moment(context, left, one, other), _as_moment(context, right, other, one)
    if _is_constant(one) and not _is_constant(other):
        return _compare_operands(context, _MIRRORED[op], other, one, left)
    blamed = left if isinstance(other, FieldValue) and isinstance(one, Calculation) else right
    return _compare_operands(context, op, one, other, blamed)


def _compare_operands(
    context: Context, op: Ordering, one: Operand, other: Operand, blamed: Expression
) -> Predicate:
    """The comparison; ``blamed`` is where the text is wrong if the two do not fit."""
    kinds = {kind_of(one), kind_of(other)} - {Kind.ANY}
    if len(kinds) == 2 or kinds == {Kind.GEOMETRY}:
        raise context.error(blamed, f"cannot compare {describe(one)} with {describe(other)}")
    if op != "==" and kinds & {Kind.BOOLEAN, Kind.ARRAY}:
        what = "booleans" if Kind.BOOLEAN in kinds else "arrays"
        raise context.error(
            blamed, f"{what} have no order: compare {describe(one)} with {describe(other)} by == or !="
        )
    if kinds == {Kind.ARRAY}:
        return _compare_arrays(context, one, other, blamed)
    if isinstance(one, Constant) and isinstance(other, Constant):
        return Fixed(_COMPARE[op](one.value, other.value))
    if isinstance(one, Moment) and isinstance(other, Moment):
        return Fixed(_COMPARE[op](one.micros, other.micros))
    if kinds == {Kind.INSTANT}:
        if Kind.ANY in (kind_of(one), kind_of(other)):
            raise context.error(blamed, f"cannot compare {describe(one)} with {describe(other)}")
        return Comparison(
            Kind.NUMBER, op, one, Constant(other.micros) if isinstance(other, Moment) else other
        )
    if kinds:
        return Comparison(kinds.pop(), op, one, other)
    # Two JSON paths: whatever kind both values of a row have.
    both = [Kind.NUMBER, Kind.STRING] + ([Kind.BOOLEAN] if op == "==" else [])
    return AnyOf(tuple(Comparison(kind, op, one, other) for kind in both))


def _compare_arrays(context: Context, one: Operand, other: Operand, blamed: Expression) -> Predicate:
    if isinstance(one, ListValue) and isinstance(other, ListValue):
        raise context.error(blamed, "two lists are compared: one side must be an ARRAY field or a JSON path")
    if not isinstance(one, FieldValue | PathValue) or not isinstance(other, ListValue):
        raise context.error(blamed, f"cannot compare {describe(one)} with {describe(other)}")
    return context.located(blamed, lambda: equals_list(one, other))


def _as_moment(context: Context, node: Expression, operand: Operand, other: Operand) -> Operand:
    """A text given through a template as the point in time that it means beside a TIMESTAMPTZ field."""
    if isinstance(operand, Constant) and isinstance(operand.value, str) and kind_of(other) is Kind.INSTANT:
        if isinstance(node, Template):
            return Moment(context.instant(node, operand.value))
        raise context.error(node, f"{describe(other)} is compared with a time, write ISO before the string")
    return operand


def _is_constant(operand: Operand) -> bool:
    return isinstance(operand, Constant | Moment | ListValue)


# Sets -------------------------------------------------------------------------------------------------


def _membership(context: Context, node: In) -> Predicate:
    operand = bind_operand(context, node.operand)
    choices = _choices(context, node.choices, operand)
    by_kind = _by_kind(context, node.choices, operand, choices)
    found: Predicate
    if isinstance(operand, Constant):
        same_kind = by_kind.get(kind_of(operand), ())
        found = Fixed(operand.value in same_kind)
    elif len(by_kind) == 1:
        [(kind, values)] = by_kind.items()
        found = Membership(kind, operand, values)
    else:
        found = AnyOf(tuple(Membership(kind, operand, values) for kind, values in by_kind.items()))
    return Inverse(found) if node.negated else found


def _choices(context: Context, node: Expression, operand: Operand) -> tuple[Value, ...]:
    """The values to the right of ``in``."""
    if kind_of(operand) is Kind.INSTANT:
        return _moments(context, node)
    if isinstance(node, ListOf) and PLAIN_TYPES.issuperset(map(type, node.items)):
        return node.items  # type: ignore[return-value]  # said by their types
    given = context.template(node) if isinstance(node, Template) else ()
    if isinstance(given, tuple) and given and PLAIN_TYPES.issuperset(map(type, given)):
        return given  # type: ignore[return-value]  # said by their types
    found = bind_operand(context, node)
    if not isinstance(found, ListValue):
        raise context.error(node, "'in' needs a list in square brackets or a template that holds a list")
    values: list[Value] = []
    for place, item in enumerate(found.items):
        if not isinstance(item, Constant):
            message = f"cannot compare {describe(operand)} with a list inside a list"
            raise (
                context.item_error(node, place, message)
                if isinstance(node, ListOf)
                else context.error(node, message)
            )
        values.append(item.value)
    return tuple(values)


def _moments(context: Context, node: Expression) -> tuple[Value, ...]:
    """The choices for a TIMESTAMPTZ field, as microseconds."""
    if isinstance(node, Template):
        given = context.template(node)
        texts = given if isinstance(given, tuple) else (given,)
        if all(isinstance(text, str) for text in texts):
            return tuple(context.instant(node, str(text)) for text in texts)
    if isinstance(node, ListOf):
        found = [bind_operand(context, item) if isinstance(item, Expression) else None for item in node.items]
        for place, moment in enumerate(found):
            if not isinstance(moment, Moment):
                raise context.item_error(node, place, "a time is written ISO '2025-01-31T12:00:00Z'")
        return tuple(moment.micros for moment in found if isinstance(moment, Moment))
    raise context.error(node, "'in' needs a list of times, as in [ISO '2025-01-31T12:00:00Z']")


def _by_kind(
    context: Context, node: Expression, operand: Operand, choices: tuple[Value, ...]
) -> dict[Kind, tuple[Value, ...]]:
    """``choices`` by their kind; all are of the operand's kind unless that is a JSON path."""
    own = kind_of(operand)
    if own is Kind.INSTANT:
        return {Kind.NUMBER: choices}
    if own in (Kind.ARRAY, Kind.GEOMETRY):
        raise context.error(node, f"'in' does not take {describe(operand)}")
    types = set(map(type, choices))
    kinds = {kind_of_type(one) for one in types} or {Kind.STRING if own is Kind.ANY else own}
    if own is not Kind.ANY and kinds != {own}:
        place = next(place for place, one in enumerate(choices) if kind_of_type(type(one)) is not own)
        message = f"cannot compare {describe(operand)} with {describe(Constant(choices[place]))} in a list"
        raise (
            context.item_error(node, place, message)
            if isinstance(node, ListOf)
            else context.error(node, message)
        )
    if len(kinds) == 1:
        return {kinds.pop(): choices}
    return {
        kind: tuple(one for one in choices if kind_of_type(type(one)) is kind)
        for kind in Kind
        if kind in kinds
    }


# Patterns, nulls --------------------------------------------------------------------------------------


def _match(
    context: Context,
    op: str,
    operand_node: Expression,
    pattern_node: Expression,
    compiled: Callable[[str], Pattern],
) -> Predicate:
    operand = bind_operand(context, operand_node)
    if kind_of(operand) not in (Kind.STRING, Kind.ANY):
        raise context.error(operand_node, f"'{op}' needs a string, got {describe(operand)}")
    pattern = bind_operand(context, pattern_node)
    if not isinstance(pattern, Constant) or not isinstance(pattern.value, str):
        raise context.error(pattern_node, f"the pattern of '{op}' must be a string, got {describe(pattern)}")
    source = pattern.value
    matcher = context.located(pattern_node, lambda: compiled(source))
    if isinstance(operand, Constant):
        return Fixed(bool(matcher.matches([str(operand.value)])[0]))
    return Match(operand, matcher)


def _nullness(context: Context, node: IsNull) -> Predicate:
    named = node.operand
    if not isinstance(named, Name | Path | Member | Element):
        raise context.error(node, "'is null' needs a field or a JSON path on its left")
    found = Nullness(operands.resolve(context, named))
    return Inverse(found) if node.negated else found


def _existence(context: Context, node: Exists) -> Predicate:
    found = bind_operand(context, node.operand)
    if not isinstance(found, PathValue):
        raise context.error(
            node.operand, f"'exists' needs a JSON path or a dynamic key, got {describe(found)}"
        )
    return Existence(found)
