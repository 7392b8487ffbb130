"""Binds ``in``: the values of the list, grouped by kind."""

from __future__ import annotations

from ..bound import (
    AnyOf,
    Constant,
    Fixed,
    Inverse,
    Kind,
    ListValue,
    Membership,
    Moment,
    Operand,
    Predicate,
)
from ..tree import Expression, In, ListOf, Template, Value
from .context import Context
from .kinds import describe, kind_of, kind_of_type
from .operands import bind_operand
from .templates import PLAIN_TYPES


def bind_membership(context: Context, node: In) -> Predicate:
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
        return node.items  # type: ignore[return-value]  # their types were compared
    given = context.template(node) if isinstance(node, Template) else ()
    if isinstance(given, tuple) and given and PLAIN_TYPES.issuperset(map(type, given)):
        return given  # type: ignore[return-value]  # their types were compared
    found = bind_operand(context, node)
    if not isinstance(found, ListValue):
        raise context.error(node, "'in' needs a list in square brackets or a template that holds a list")
    values: list[Value] = []
    for index, item in enumerate(found.items):
        if not isinstance(item, Constant):
            message = f"cannot compare {describe(operand)} with a list inside a list"
            raise (
                context.item_error(node, index, message)
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
        for index, moment in enumerate(found):
            if not isinstance(moment, Moment):
                raise context.item_error(node, index, "a time is written ISO '2025-01-31T12:00:00Z'")
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
    kinds = {kind_of_type(given) for given in types} or {Kind.STRING if own is Kind.ANY else own}
    if own is not Kind.ANY and kinds != {own}:
        index = next(index for index, choice in enumerate(choices) if kind_of_type(type(choice)) is not own)
        message = f"cannot compare {describe(operand)} with {describe(Constant(choices[index]))} in a list"
        raise (
            context.item_error(node, index, message)
            if isinstance(node, ListOf)
            else context.error(node, message)
        )
    if len(kinds) == 1:
        return {kinds.pop(): choices}
    return {
        kind: tuple(choice for choice in choices if kind_of_type(type(choice)) is kind)
        for kind in Kind
        if kind in kinds
    }
