"""Binds calls of functions that are conditions; each handler checks its arguments and says what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from difflib import get_close_matches

from . import arrays
from .bound import Constant, FieldValue, ListValue, OverElements, Predicate
from .context import Context
from .operands import bind_array, bind_operand, describe
from .tree import Call, Expression

BindCondition = Callable[[Context, Expression], Predicate]
_Handler = Callable[[Context, Call, BindCondition], Predicate]


def bind_call(context: Context, node: Call, bind_condition: BindCondition) -> Predicate:
    """The condition that a call states."""
    handler = _HANDLERS.get(node.function)
    if handler is None:
        raise context.error(node, _unknown(node.function))
    return handler(context, node, bind_condition)


def _unknown(function: str) -> str:
    plain = function.lower()
    known = [*_HANDLERS, "array_length", "random_sample"]
    if plain in known:
        return f"function '{function}' is written all lower or all upper: '{plain}' or '{plain.upper()}'"
    near = get_close_matches(plain, known, n=1)
    guess = f", did you mean '{near[0]}'?" if near else f"; the functions are {', '.join(sorted(known))}"
    return f"there is no function '{function}'{guess}"


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
                node.arguments[1], f"{node.function} looks for a constant, got {describe(wanted)}"
            )
        return context.located(node.arguments[1], lambda: arrays.contains(array, wanted))
    if not isinstance(wanted, ListValue):
        raise context.error(
            node.arguments[1], f"{node.function} looks for the elements of a list, got {describe(wanted)}"
        )
    every = arrays.contains_all if node.function.endswith("_all") else arrays.contains_any
    return context.located(node.arguments[1], lambda: every(array, wanted))


def _match_elements(context: Context, node: Call, bind_condition: BindCondition) -> Predicate:
    _check_count(context, node, 2)
    array = bind_array(context, node.function, node.arguments[0])
    if not isinstance(array, FieldValue):
        raise context.error(
            node.arguments[0], f"'{node.function}' needs an ARRAY field, got {describe(array)}"
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
    options = dict(node.options)
    if "threshold" not in options:
        raise context.error(node, f"{node.function} needs a threshold, as in threshold=2")
    given = bind_operand(context, options["threshold"])
    if not isinstance(given, Constant) or type(given.value) is not int or given.value < 0:
        raise context.error(
            options["threshold"], f"the threshold must be an integer of at least 0, got {describe(given)}"
        )
    return given.value


_HANDLERS: dict[str, _Handler] = {
    **{
        f"{kind}_contains{suffix}": _contains for kind in ("json", "array") for suffix in ("", "_all", "_any")
    },
    **dict.fromkeys(
        ("element_filter", "match_all", "match_any", "match_least", "match_most", "match_exact"),
        _match_elements,
    ),
}
