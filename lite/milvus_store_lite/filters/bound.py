"""A filter after it was checked against a schema: every name is a field or a path, every value a constant.

These nodes hold no text and no templates, and everything that could be wrong about them has been
refused, so evaluating them never fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal as OneOf

from ..schema import DYNAMIC_FIELD, Field
from .like import Pattern
from .tree import ArithmeticOp, Value

Ordering = OneOf["==", "<", "<=", ">", ">="]
"""The comparisons that are evaluated; ``!=`` is the inverse of ``==``."""


class Kind(Enum):
    """What values can be compared with each other."""

    NUMBER = "number"
    STRING = "string"
    BOOLEAN = "boolean"
    ANY = "JSON value"
    """Only the rows tell: a JSON path."""


@dataclass(frozen=True, slots=True)
class FieldValue:
    field: Field


@dataclass(frozen=True, slots=True)
class PathValue:
    """A JSON path; ``field_name`` is ``$meta`` for the dynamic field."""

    field_name: str
    path: tuple[str | int, ...]

    def __str__(self) -> str:
        steps = "".join(f'["{step}"]' if isinstance(step, str) else f"[{step}]" for step in self.path)
        return self.field_name + steps

    @property
    def is_dynamic(self) -> bool:
        return self.field_name == DYNAMIC_FIELD


@dataclass(frozen=True, slots=True)
class Constant:
    value: Value


@dataclass(frozen=True, slots=True)
class Calculation:
    op: ArithmeticOp
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Negative:
    operand: Operand


Operand = FieldValue | PathValue | Constant | Calculation | Negative


@dataclass(frozen=True, slots=True)
class Fixed:
    """The same answer for every row."""

    value: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """``left op right`` over the values of ``kind`` (never ANY); a constant stands only on the right."""

    kind: Kind
    op: Ordering
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Membership:
    """The operand equals one of ``choices``, all of ``kind`` (never ANY)."""

    kind: Kind
    operand: Operand
    choices: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Match:
    operand: Operand
    pattern: Pattern


@dataclass(frozen=True, slots=True)
class Nullness:
    operand: FieldValue | PathValue


@dataclass(frozen=True, slots=True)
class Inverse:
    part: Predicate


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[Predicate, ...]


Predicate = Fixed | Comparison | Membership | Match | Nullness | Inverse | AllOf | AnyOf
