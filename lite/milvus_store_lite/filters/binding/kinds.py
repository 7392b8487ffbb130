"""The kind of a bound operand, which decides comparisons, and its description in errors."""

from __future__ import annotations

from typing import Final

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
from ..tree import Value

_SHOWN_BITS: Final = 10_000
"""Python does not write integers of some 14,000 bits and more as decimals."""


def kind_of(operand: Operand) -> Kind:
    match operand:
        case Constant(value=value):
            return kind_of_type(type(value))
        case PathValue():
            return Kind.ANY
        case FieldValue(field=field) | ElementAt(field=field):
            return _KINDS.get(field.dtype, Kind.NUMBER)
        case Moment() | Shifted():
            return Kind.INSTANT
        case ListValue():
            return Kind.ARRAY
        case _:
            return Kind.NUMBER


_KINDS = {
    DataType.BOOL: Kind.BOOLEAN,
    DataType.VARCHAR: Kind.STRING,
    DataType.TIMESTAMPTZ: Kind.INSTANT,
    DataType.ARRAY: Kind.ARRAY,
    DataType.GEOMETRY: Kind.GEOMETRY,
}


def kind_of_type(given: type[Value]) -> Kind:
    if issubclass(given, bool):
        return Kind.BOOLEAN
    return Kind.STRING if issubclass(given, str) else Kind.NUMBER


def describe(operand: Operand) -> str:
    """The operand as errors name it, with its type."""
    match operand:
        case FieldValue(field=field):
            return f"field '{field.name}' ({field.describe()})"
        case ElementAt(array=array, position=position, field=field):
            return f"element {array.name}[{position}] ({field.describe()})"
        case PathValue():
            return f"JSON path {operand}"
        case Constant(value=bool(value)):
            return f"the boolean {str(value).lower()}"
        case Constant(value=str(value)):
            return f"the string {value!r:.60}"
        case Constant(value=value):
            return f"the number {shown_number(value)}"
        case Moment(micros=micros):
            return f"the time {times.to_text(micros)}"
        case Shifted(field=field):
            return f"a time calculated from field '{field.name}'"
        case ListValue():
            return "a list"
        case Length(operand=array):
            return f"the length of {describe(array)}"
        case _:
            return "a calculated number"


def shown_number(value: Value) -> str:
    if isinstance(value, int) and value.bit_length() > _SHOWN_BITS:
        return f"of {value.bit_length()} bits"
    return f"{value!r:.60}"


def is_float(operand: Operand) -> bool:
    match operand:
        case Constant(value=value):
            return isinstance(value, float)
        case FieldValue(field=field) | ElementAt(field=field):
            return field.dtype.is_floating
        case Calculation(op=op, left=left, right=right):
            return op == "**" or is_float(left) or is_float(right)
        case Negative(operand=inner):
            return is_float(inner)
        case _:
            return False
