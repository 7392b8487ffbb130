"""Binds calls of functions that are conditions; each handler checks its arguments."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from ...schema.data_types import DataType
from ...schema.model import Field
from ...suggestions import did_you_mean
from ..bound import Constant, FieldValue, ListValue, OverElements, PhraseMatch, Predicate, Spatial, TextMatch
from ..evaluation import spatial
from ..tree import Call, Expression
from . import arrays
from .context import Context
from .kinds import describe
from .operands import bind_array, bind_operand

if TYPE_CHECKING:
    from ...text.analyzer import Analyzer

BindCondition = Callable[[Context, Expression], Predicate]
MAX_SLOP = 1_000
MAX_PHRASE = 1_000
MAX_LOOSE_PHRASE = 200
"""The most words of a phrase without and with a slop. Each word is looked up wherever the phrase might begin,
and with a slop that may be anywhere."""
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
    _check_count(context, node, 1)
    _refuse_options(context, node)
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


def _check_count(context: Context, node: Call, count: int) -> None:
    if len(node.arguments) != count:
        s = "" if count == 1 else "s"
        raise context.error(node, f"{node.function} takes {count} argument{s}, got {len(node.arguments)}")


def _refuse_options(context: Context, node: Call, *known: str) -> None:
    for name, value in node.options:
        if name not in known:
            raise context.error(value, f"{node.function} has no option '{name}'")


# Elements of arrays -----------------------------------------------------------------------------------


def _contains(context: Context, node: Call, bind_condition: BindCondition) -> Predicate:
    _check_count(context, node, 2)
    _refuse_options(context, node)
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
        _check_count(context, node, 2)
    array = bind_array(context, node.function, node.arguments[0])
    if not isinstance(array, FieldValue):
        raise context.error(
            node.arguments[0], f"'{node.function}' needs an ARRAY field, got {describe(array)}"
        )
    if array.member is not None:
        name, member = array.field.name, array.member.name
        raise context.error(
            node.arguments[0],
            f"'{node.function}' takes the array of structs: {node.function}({name}, $[{member}] …)",
        )
    condition = bind_condition(replace(context, elements=array.field), node.arguments[1])
    match node.function:
        case "match_all":
            _refuse_options(context, node)
            return OverElements(array, condition, least=None)
        case "match_any" | "element_filter":
            _refuse_options(context, node)
            return OverElements(array, condition)
    threshold = _threshold(context, node)
    match node.function:
        case "match_least":
            return OverElements(array, condition, least=threshold)
        case "match_most":
            return OverElements(array, condition, least=0, most=threshold)
        case _:
            return OverElements(array, condition, least=threshold, most=threshold)


def _threshold(context: Context, node: Call) -> int:
    _refuse_options(context, node, "threshold")
    given = [*node.arguments[2:], *(value for _, value in node.options)]
    if len(given) != 1:
        raise context.error(
            node, f"{node.function} needs a threshold, as in threshold=2, got {len(given) or 'none'}"
        )
    return _integer(context, node, given[0], "the threshold", 0)


# Words of a text --------------------------------------------------------------------------------------


def _text_match(context: Context, node: Call, bind_condition: BindCondition) -> Predicate:
    _check_count(context, node, 2)
    _refuse_options(context, node, "minimum_should_match")
    field = _text_field(context, node)
    query = _string(context, node, "words")
    options = dict(node.options)
    at_least = 1
    if "minimum_should_match" in options:
        at_least = _integer(context, node, options["minimum_should_match"], "minimum_should_match", 1)
    analyzer = _analyzer(field)
    words = context.located(node.arguments[1], lambda: analyzer.tokens([query])[0])
    return TextMatch(field, tuple(dict.fromkeys(words)), at_least)


def _phrase_match(context: Context, node: Call, bind_condition: BindCondition) -> Predicate:
    if len(node.arguments) != 3:
        _check_count(context, node, 2)
    _refuse_options(context, node)
    field = _text_field(context, node)
    query = _string(context, node, "a phrase")
    slop = 0
    if len(node.arguments) == 3:
        slop = _integer(context, node, node.arguments[2], "the slop", 0, MAX_SLOP)
    analyzer = _analyzer(field)
    words = context.located(node.arguments[1], lambda: analyzer.positioned(query))
    most, how = (MAX_LOOSE_PHRASE, " with a slop") if slop else (MAX_PHRASE, "")
    if len(words) > most:
        raise context.error(
            node.arguments[1], f"the phrase has {len(words)} words, at most {most} are allowed{how}"
        )
    return PhraseMatch(field, tuple((word.text, word.position) for word in words), slop)


def _text_field(context: Context, node: Call) -> Field:
    operand = bind_operand(context, node.arguments[0])
    if not isinstance(operand, FieldValue) or operand.field.dtype is not DataType.VARCHAR:
        raise context.error(
            node.arguments[0], f"{node.function} needs a VARCHAR field, got {describe(operand)}"
        )
    if not operand.field.enable_match or context.elements is not None:
        raise context.error(
            node.arguments[0],
            f"{describe(operand)} is not tokenized: {node.function} needs a field created with "
            "enable_analyzer=True and enable_match=True",
        )
    return operand.field


def _analyzer(field: Field) -> Analyzer:
    # Imported with the first search for words: it takes as long as the rest of this package.
    from ...text.analyzer import analyzer

    return analyzer(field.analyzer_params)


def _string(context: Context, node: Call, what: str) -> str:
    given = bind_operand(context, node.arguments[1])
    if not isinstance(given, Constant) or not isinstance(given.value, str):
        raise context.error(
            node.arguments[1], f"{node.function} takes {what} as a string, got {describe(given)}"
        )
    return given.value


def _integer(
    context: Context, call: Call, node: Expression, what: str, least: int, most: int | None = None
) -> int:
    given = bind_operand(context, node)
    value = given.value if isinstance(given, Constant) else None
    if type(value) is not int or value < least or (most is not None and value > most):
        limit = f"of at least {least}" if most is None else f"between {least} and {most}"
        raise context.error(
            node, f"{what} of {call.function} must be an integer {limit}, got {describe(given)}"
        )
    return value


# Geometries -------------------------------------------------------------------------------------------


def _spatial(context: Context, node: Call, bind_condition: BindCondition) -> Predicate:
    _check_count(context, node, {"st_isvalid": 1, "st_dwithin": 3}.get(node.function, 2))
    _refuse_options(context, node)
    operand = bind_operand(context, node.arguments[0])
    if not isinstance(operand, FieldValue) or operand.field.dtype is not DataType.GEOMETRY:
        raise context.error(
            node.arguments[0], f"{node.function} needs a GEOMETRY field, got {describe(operand)}"
        )
    if node.function == "st_isvalid":
        return Spatial(node.function, operand.field)
    text = _string(context, node, "a geometry")
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


_HANDLERS: dict[str, _Handler] = {
    **{
        f"{kind}_contains{suffix}": _contains for kind in ("json", "array") for suffix in ("", "_all", "_any")
    },
    **dict.fromkeys(
        ("element_filter", "match_all", "match_any", "match_least", "match_most", "match_exact"),
        _match_elements,
    ),
    "text_match": _text_match,
    "phrase_match": _phrase_match,
    **dict.fromkeys((*spatial.RELATIONS, "st_dwithin", "st_isvalid"), _spatial),
}
