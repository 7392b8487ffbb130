"""Binds calls of functions that are conditions; each handler checks its arguments."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace

from ...schema.data_types import DataType
from ...suggestions import did_you_mean
from ..bound import (
    Comparison,
    Constant,
    ElementAt,
    FieldValue,
    Kind,
    ListValue,
    Match,
    OverElements,
    Predicate,
    Spatial,
)
from ..evaluation import spatial
from ..evaluation.like import prefix
from ..tree import Call, Expression
from . import arrays, words
from .arguments import check_count, integer, refuse_options, string
from .context import Context
from .kinds import describe, kind_of
from .operands import bind_array, bind_operand

BindCondition = Callable[[Context, Expression], Predicate]
_COUNTING = frozenset({"match_least", "match_most", "match_exact"})

_Handler = Callable[[Context, Call, BindCondition], Predicate]


def bind_call(context: Context, node: Call, bind_condition: BindCondition) -> Predicate:
    """The condition that a call states."""
    handler = _HANDLERS.get(node.function)
    if handler is None:
        raise context.error(node, _unknown(node.function))
    return handler(context, node, bind_condition)


def bind_sample(context: Context, node: Call) -> float:
    """The fraction of the rows that ``random_sample`` asks for."""
    check_count(context, node, 1)
    refuse_options(context, node)
    given = bind_operand(context, node.arguments[0])
    fraction = given.value if isinstance(given, Constant) else None
    if not isinstance(fraction, float) or not 0 < fraction < 1:
        raise context.error(
            node.arguments[0],
            f"random_sample takes a fraction between 0 and 1, such as 0.1, got {describe(given)}",
        )
    return fraction


def _unknown(function: str) -> str:
    plain = function.lower()
    if function == "random_sample":
        return "random_sample is joined to the whole filter by 'and': condition and random_sample(0.1)"
    known = (*_HANDLERS, "array_length", "random_sample")  # the last two are bound elsewhere
    if plain in known:
        return (
            f"function '{function}' must be all lower case or all upper case: '{plain}' or '{plain.upper()}'"
        )
    hint = did_you_mean(function, known) or f"; the functions are {', '.join(sorted(known))}"
    return f"there is no function '{function}'{hint}"


# Elements of arrays -----------------------------------------------------------------------------------


def _contains(context: Context, node: Call, bind_condition: BindCondition) -> Predicate:
    check_count(context, node, 2)
    refuse_options(context, node)
    array = bind_array(context, node.function, node.arguments[0])
    wanted = bind_operand(context, node.arguments[1])
    if node.function.endswith("_contains"):
        if not isinstance(wanted, Constant | ListValue):
            raise context.error(
                node.arguments[1], f"{node.function} takes a constant, got {describe(wanted)}"
            )
        return context.located(node.arguments[1], lambda: arrays.contains(array, wanted))
    if not isinstance(wanted, ListValue):
        raise context.error(node.arguments[1], f"{node.function} takes a list, got {describe(wanted)}")
    every = arrays.contains_all if node.function.endswith("_all") else arrays.contains_any
    return context.located(node.arguments[1], lambda: every(array, wanted))


def _match_elements(context: Context, node: Call, bind_condition: BindCondition) -> Predicate:
    if len(node.arguments) != 3 or node.function not in _COUNTING:
        check_count(context, node, 2)
    array = bind_array(context, node.function, node.arguments[0])
    if isinstance(array, FieldValue) and array.member is not None:
        name, member = array.field.name, array.member.name
        raise context.error(
            node.arguments[0],
            f"'{node.function}' takes the array of structs: {node.function}({name}, $[{member}] …)",
        )
    elements = array.field if isinstance(array, FieldValue) else array
    condition = bind_condition(replace(context, elements=elements), node.arguments[1])
    match node.function:
        case "match_all":
            refuse_options(context, node)
            return OverElements(array, condition, least=None)
        case "match_any" | "element_filter":
            refuse_options(context, node)
            return OverElements(array, condition, selects=node.function == "element_filter")
    threshold = _threshold(context, node)
    match node.function:
        case "match_least":
            return OverElements(array, condition, least=threshold)
        case "match_most":
            return OverElements(array, condition, least=0, most=threshold)
        case _:
            return OverElements(array, condition, least=threshold, most=threshold)


def _threshold(context: Context, node: Call) -> int:
    refuse_options(context, node, "threshold")
    given = [*node.arguments[2:], *(value for _, value in node.options)]
    if len(given) != 1:
        raise context.error(
            node, f"{node.function} needs a threshold, as in threshold=2, got {len(given) or 'none'}"
        )
    return integer(context, node, given[0], "the threshold", 0)


# Strings ----------------------------------------------------------------------------------------------


def _empty(context: Context, node: Call, bind_condition: BindCondition) -> Predicate:
    check_count(context, node, 1)
    return Comparison(Kind.STRING, "==", _varchar(context, node), Constant(""))


def _starts_with(context: Context, node: Call, bind_condition: BindCondition) -> Predicate:
    check_count(context, node, 2)
    return Match(_varchar(context, node), prefix(string(context, node, "a prefix")))


def _varchar(context: Context, node: Call) -> FieldValue | ElementAt:
    refuse_options(context, node)
    operand = bind_operand(context, node.arguments[0])
    if isinstance(operand, FieldValue | ElementAt) and kind_of(operand) is Kind.STRING:
        return operand
    raise context.error(node.arguments[0], f"{node.function} needs a VARCHAR field, got {describe(operand)}")


# Geometries -------------------------------------------------------------------------------------------


def _spatial(context: Context, node: Call, bind_condition: BindCondition) -> Predicate:
    check_count(context, node, {"st_isvalid": 1, "st_dwithin": 3}.get(node.function, 2))
    refuse_options(context, node)
    operand = bind_operand(context, node.arguments[0])
    if not isinstance(operand, FieldValue) or operand.field.dtype is not DataType.GEOMETRY:
        raise context.error(
            node.arguments[0], f"{node.function} needs a GEOMETRY field, got {describe(operand)}"
        )
    if node.function == "st_isvalid":
        return Spatial(node.function, operand.field)
    text = string(context, node, "a geometry")
    other = context.located(node.arguments[1], lambda: spatial.constant(text))
    distance = 0.0
    if node.function == "st_dwithin":
        given = bind_operand(context, node.arguments[2])
        value = given.value if isinstance(given, Constant) else None
        if isinstance(value, bool | str | None) or not 0 <= value <= sys.float_info.max:
            raise context.error(
                node.arguments[2], f"the distance must be a number of at least 0, got {describe(given)}"
            )
        distance = float(value)
    return Spatial(node.function, operand.field, other, distance)


def _membership_match(context: Context, node: Call, _: BindCondition) -> Predicate:
    from .key_sets import membership_match  # few filters need it, and it takes a while to import

    return membership_match(context, node)


_HANDLERS: dict[str, _Handler] = {
    **{
        f"{kind}_contains{suffix}": _contains for kind in ("json", "array") for suffix in ("", "_all", "_any")
    },
    **dict.fromkeys(
        ("element_filter", "match_all", "match_any", "match_least", "match_most", "match_exact"),
        _match_elements,
    ),
    "text_match": lambda context, node, _: words.text_match(context, node),
    "text_match_fuzzy": lambda context, node, _: words.text_match_fuzzy(context, node),
    "phrase_match": lambda context, node, _: words.phrase_match(context, node),
    "membership_match": _membership_match,
    "empty": _empty,
    "starts_with": _starts_with,
    **dict.fromkeys((*spatial.RELATIONS, "st_dwithin", "st_isvalid"), _spatial),
}
