"""Binds the parts of a filter that are values: fields, paths, constants, and calculations of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ...schema import times
from ...schema.data_types import DataType
from ..bound import (
    Calculation,
    Constant,
    ElementAt,
    FieldValue,
    Kind,
    Length,
    ListValue,
    Moment,
    Negative,
    Operand,
    PathValue,
    Shifted,
)
from ..evaluation.arithmetic import BIT_OPERATORS, MAX_SHIFT, calculate_constants
from ..tree import (
    Arithmetic,
    Call,
    Compare,
    Element,
    Expression,
    Instant,
    Interval,
    ListOf,
    Literal,
    Member,
    Name,
    Node,
    Path,
    Range,
    Template,
    Unary,
)
from . import names
from .context import Context
from .kinds import describe, is_float, kind_of, shown_number
from .templates import Plain, plain_scalar


def bind_operand(context: Context, node: Expression) -> Operand:
    """The bound operand of ``node``."""
    match node:
        case Literal(value=value):
            # A tree that was built in code may hold numpy scalars, or something that is not a value.
            return Constant(context.located(node, lambda: plain_scalar("a literal", value)))
        case Template():
            return _constant(context, node, context.template(node))
        case Name() | Path() | Member() | Element():
            return _named(context, node)
        case Arithmetic(left=left, right=right) if isinstance(left, Interval) or isinstance(right, Interval):
            return _shifted(context, node)
        case Arithmetic():
            return _arithmetic(context, node)
        case Unary():
            return _signed(context, node)
        case ListOf(items=items):
            return ListValue(tuple(_item(context, node, index) for index in range(len(items))))
        case Instant(text=text):
            return Moment(context.instant(node, text))
        case Interval():
            raise context.error(node, "an interval is added to a TIMESTAMPTZ field or subtracted from it")
        case Call(function="array_length"):
            return bind_length(context, node)
        case _:
            raise context.error(node, "a condition cannot be used as a value")


def bind_length(context: Context, node: Call) -> Length:
    if len(node.arguments) != 1 or node.options:
        raise context.error(node, f"array_length takes one argument, got {len(node.arguments)}")
    return Length(bind_array(context, node.function, node.arguments[0]))


def bind_array(context: Context, function: str, node: Expression) -> FieldValue | PathValue:
    """The ARRAY field or JSON path that ``node`` names, for a function over arrays."""
    operand = resolve(context, node) if isinstance(node, Name | Path | Member | Element) else None
    if isinstance(operand, PathValue):
        return operand
    if isinstance(operand, FieldValue) and operand.field.dtype is DataType.ARRAY:
        return operand
    given = describe(operand or bind_operand(context, node))
    raise context.error(node, f"'{function}' needs an ARRAY field or a JSON path, got {given}")


def resolve(context: Context, node: Name | Path | Member | Element) -> FieldValue | PathValue | ElementAt:
    found = context.located(node, lambda: names.resolve(node, context.schema, context.elements))
    if isinstance(found, PathValue) and (found.field_name, found.path) in context.number_paths:
        return replace(found, reads_numbers=True)
    return found


def resolve_value(
    context: Context, node: Name | Path | Member | Element
) -> FieldValue | PathValue | ElementAt:
    """What ``node`` names, which has values in memory: long texts have none, as in Milvus."""
    found = resolve(context, node)
    if isinstance(found, FieldValue) and found.field.dtype is DataType.TEXT:
        raise context.error(
            node,
            f"{describe(found)} cannot be compared: look for words by text_match, or make it a VARCHAR",
        )
    return found


def _constant(context: Context, node: Expression, value: Plain) -> Constant | ListValue | Moment:
    if isinstance(value, tuple):
        items = tuple(_constant(context, node, item) for item in value)
        assert all(isinstance(item, Constant | ListValue) for item in items), "only plain values in lists"
        return ListValue(items)  # type: ignore[arg-type]  # asserted above
    if isinstance(value, datetime):
        return Moment(context.instant(node, value))
    return Constant(value)


def _item(context: Context, node: ListOf, index: int) -> Constant | ListValue:
    item = node.items[index]
    if not isinstance(item, Node):
        try:
            return Constant(plain_scalar("a literal", item))
        except ValueError as error:
            raise context.item_error(node, index, str(error)) from None
    operand = bind_operand(context, item)
    if not isinstance(operand, Constant | ListValue):
        raise context.item_error(node, index, f"a list holds constants only, got {describe(operand)}")
    return operand


def _named(context: Context, node: Name | Path | Member | Element) -> Operand:
    found = resolve_value(context, node)
    if isinstance(found, PathValue) and not found.path and not isinstance(node, Element):
        name = found.field_name
        kind = "the dynamic field" if found.is_dynamic else f"field '{name}' (JSON)"
        raise context.error(node, f'{kind} cannot be used without a path, write {name}["key"]')
    return found


def _shifted(context: Context, node: Arithmetic) -> Operand:
    """A TIMESTAMPTZ field plus or minus an interval, or a constant time."""
    if isinstance(node.right, Interval) and node.op in ("+", "-"):
        base, interval = node.left, node.right
    elif isinstance(node.left, Interval) and node.op == "+":
        base, interval = node.right, node.left
    else:
        raise context.error(node, "an interval can only be added to a time or subtracted from it")
    by = context.located(interval, lambda: times.span(interval.text))
    by = -by if node.op == "-" else by
    operand = bind_operand(context, base)
    match operand:
        case FieldValue(field=field) if field.dtype is DataType.TIMESTAMPTZ:
            return Shifted(field, by.months, by.micros)
        case Shifted(field=field, months=months, micros=micros) if not (by.months and micros):
            return Shifted(field, months + by.months, micros + by.micros)
        case Moment(micros=micros):
            return Moment(times.moved_instant(micros, by))
    raise context.error(base, f"an interval moves a TIMESTAMPTZ field, got {describe(operand)}")


def _arithmetic(context: Context, node: Arithmetic) -> Operand:
    left = _number(context, node.op, node.left)
    right = _number(context, node.op, node.right)
    if node.op in ("/", "%") and isinstance(right, Constant) and right.value == 0:
        raise context.error(node.right, f"'{node.op}' by zero")
    if node.op in BIT_OPERATORS:
        for operand, side in ((left, node.left), (right, node.right)):
            _check_integer(context, node.op, operand, side)
        if node.op in ("<<", ">>") and isinstance(right, Constant):
            assert not isinstance(right.value, str)
            if not 0 <= right.value <= MAX_SHIFT:
                raise context.error(
                    node.right,
                    f"'{node.op}' shifts by 0 to {MAX_SHIFT} bits, got {shown_number(right.value)}",
                )
    if isinstance(left, Constant) and isinstance(right, Constant):
        assert not isinstance(left.value, str)
        assert not isinstance(right.value, str)
        return Constant(calculate_constants(node.op, left.value, right.value))
    return Calculation(node.op, left, right)


def _signed(context: Context, node: Unary) -> Operand:
    operand = _number(context, node.op, node.operand)
    if node.op == "~":
        _check_integer(context, node.op, operand, node.operand)
        if isinstance(operand, Constant):
            assert isinstance(operand.value, int)
            return Constant(~operand.value)
        return Calculation("^", operand, Constant(-1))
    if isinstance(operand, Constant):
        assert not isinstance(operand.value, str)
        return Constant(-operand.value if node.op == "-" else operand.value)
    # Adding zero keeps the numbers of a JSON path and leaves out everything else.
    return Negative(operand) if node.op == "-" else Calculation("+", operand, Constant(0))


def _number(context: Context, op: str, node: Expression) -> Operand:
    if op in BIT_OPERATORS and isinstance(node, Compare | Range):
        raise context.error(node, f"'{op}' binds looser than comparisons, write brackets: (a {op} b) == c")
    operand = bind_operand(context, node)
    if kind_of(operand) not in (Kind.NUMBER, Kind.ANY):
        raise context.error(node, f"'{op}' needs numbers, got {describe(operand)}")
    return operand


def _check_integer(context: Context, op: str, operand: Operand, node: Expression) -> None:
    """Raise if the schema or the constant shows that ``operand`` is not an integer."""
    if is_float(operand):
        raise context.error(node, f"'{op}' needs integers, got {describe(operand)}")
