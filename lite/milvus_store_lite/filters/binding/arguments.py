"""Reads the arguments and options of a call: how many there are, and the constants among them."""

from __future__ import annotations

from ..bound import Constant
from ..tree import Call, Expression
from .context import Context
from .kinds import describe
from .operands import bind_operand


def check_count(context: Context, node: Call, count: int) -> None:
    if len(node.arguments) != count:
        s = "" if count == 1 else "s"
        raise context.error(node, f"{node.function} takes {count} argument{s}, got {len(node.arguments)}")


def refuse_options(context: Context, node: Call, *known: str) -> None:
    for name, value in node.options:
        if name not in known:
            raise context.error(value, f"{node.function} has no option '{name}'")


def string(context: Context, node: Call, what: str) -> str:
    given = bind_operand(context, node.arguments[1])
    if not isinstance(given, Constant) or not isinstance(given.value, str):
        raise context.error(
            node.arguments[1], f"{node.function} takes {what} as a string, got {describe(given)}"
        )
    return given.value


def integer(
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
