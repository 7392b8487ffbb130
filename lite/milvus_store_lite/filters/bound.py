"""A bound filter, which binding has checked against a schema: names are fields or paths, values are constants.

These nodes hold no text and no templates. Binding has refused every error, so evaluating them never fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol
from typing import Literal as OneOf

import numpy as np
import numpy.typing as npt

from ..schema.fields import DYNAMIC_FIELD, Field
from .tree import ArithmeticOp, Value

Ordering = OneOf["==", "<", "<=", ">", ">="]
"""The comparisons of evaluation; ``!=`` is the inverse of ``==``."""


class Kind(Enum):
    """Kinds of values; only values of one kind can be compared."""

    NUMBER = "number"
    STRING = "string"
    BOOLEAN = "boolean"
    INSTANT = "point in time"
    ARRAY = "array"
    GEOMETRY = "geometry"
    ANY = "JSON value"
    """A JSON path: its kind differs from row to row."""


class Pattern(Protocol):
    """A matcher of strings: a ``like`` pattern or a regular expression."""

    @property
    def exact(self) -> str | None:
        """The only string that matches, or None if there may be others."""
        ...

    def matches(self, words: list[str]) -> npt.NDArray[np.bool_]:
        """(len(words),) bool: which of ``words`` match."""
        ...


class KeySet(Protocol):
    """A set of keys that a client has built.

    ``is_exact``: whether it never takes another value for a key. ``has_integers``, ``has_words``: the kinds of its
    keys; a set without keys has neither.
    """

    @property
    def is_exact(self) -> bool: ...

    @property
    def has_integers(self) -> bool: ...

    @property
    def has_words(self) -> bool: ...

    def holds_integers(self, values: npt.NDArray[np.signedinteger]) -> npt.NDArray[np.bool_]:
        """(n,) bool: which of ``values``, (n,) integers of any width, are keys."""
        ...

    def holds_words(self, words: list[str]) -> npt.NDArray[np.bool_]:
        """(len(words),) bool: which of ``words`` are keys."""
        ...


@dataclass(frozen=True, slots=True)
class FieldValue:
    """A field of the row; inside ``OverElements`` a field of the element.

    ``member``: of an array of structs, the array of the values of this member.
    """

    field: Field
    member: Field | None = None


@dataclass(frozen=True, slots=True)
class PathValue:
    """A JSON path; ``field_name`` is ``$meta`` for the dynamic field.

    Inside ``OverElements`` over a JSON array the empty path is the element. ``reads_numbers``: whether a text that
    is a number counts as one where numbers are compared.
    """

    field_name: str
    path: tuple[str | int, ...]
    reads_numbers: bool = False

    def __str__(self) -> str:
        steps = "".join(f'["{step}"]' if isinstance(step, str) else f"[{step}]" for step in self.path)
        return self.field_name + steps

    @property
    def is_dynamic(self) -> bool:
        return self.field_name == DYNAMIC_FIELD


@dataclass(frozen=True, slots=True)
class ElementAt:
    """The element at ``position`` of an ARRAY field, or its member ``field``, null where there is none."""

    array: Field
    position: int
    field: Field


@dataclass(frozen=True, slots=True)
class Length:
    """How many elements an array has."""

    operand: FieldValue | PathValue


@dataclass(frozen=True, slots=True)
class Constant:
    value: Value


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time, in microseconds since 1970-01-01T00:00:00Z."""

    micros: int


@dataclass(frozen=True, slots=True)
class ListValue:
    """A list of constants, possibly nested."""

    items: tuple[Constant | ListValue, ...]


@dataclass(frozen=True, slots=True)
class Calculation:
    op: ArithmeticOp
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Negative:
    operand: Operand


@dataclass(frozen=True, slots=True)
class Shifted:
    """A TIMESTAMPTZ field moved by a number of calendar months, then by microseconds."""

    field: Field
    months: int
    micros: int


Operand = (
    FieldValue
    | PathValue
    | ElementAt
    | Length
    | Constant
    | Moment
    | ListValue
    | Calculation
    | Negative
    | Shifted
)


@dataclass(frozen=True, slots=True)
class Fixed:
    """The same answer for every row."""

    value: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """``left op right`` over the values of ``kind`` (NUMBER, STRING or BOOLEAN); a constant stands only on
    the right. Points in time are compared as numbers."""

    kind: Kind
    op: Ordering
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Membership:
    """The operand equals one of ``choices``, all of ``kind`` (NUMBER, STRING or BOOLEAN)."""

    kind: Kind
    operand: Operand
    choices: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class KeyMatch:
    """The operand, an integer or VARCHAR field or a JSON path, is one of ``keys``."""

    operand: FieldValue | PathValue
    keys: KeySet


@dataclass(frozen=True, slots=True)
class Match:
    operand: Operand
    pattern: Pattern


@dataclass(frozen=True, slots=True)
class Nullness:
    operand: FieldValue | PathValue | ElementAt


@dataclass(frozen=True, slots=True)
class Existence:
    """The path has a value other than null."""

    operand: PathValue


@dataclass(frozen=True, slots=True)
class OverElements:
    """``condition`` holds for at least ``least`` and at most ``most`` elements of the array (None: any
    number), or with ``least`` None for all of them.

    ``selects``: whether a search of single elements finds only those that it holds for.
    """

    operand: FieldValue | PathValue
    condition: Predicate
    least: int | None = 1
    most: int | None = None
    selects: bool = False


@dataclass(frozen=True, slots=True)
class InOrder:
    """The array has as many elements as there are ``conditions``, and each holds for its element."""

    operand: FieldValue | PathValue
    conditions: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class ContainsAll:
    """Each of ``choices``, all of ``kind`` (NUMBER or STRING), equals an element of the array."""

    kind: Kind
    operand: FieldValue | PathValue
    element: FieldValue | PathValue
    choices: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Composite:
    """The JSON element is an array whose canonical text is one of ``texts``."""

    operand: PathValue
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TextMatch:
    """The text has at least ``at_least`` of the distinct ``words``; with ``edits``, one that is at most so many
    edits away from one of them."""

    field: Field
    words: tuple[str, ...]
    at_least: int = 1
    edits: int = 0


@dataclass(frozen=True, slots=True)
class PhraseMatch:
    """The text has ``words``, each with its position in the phrase, within ``slop`` moves."""

    field: Field
    words: tuple[tuple[str, int], ...]
    slop: int = 0


@dataclass(frozen=True, slots=True)
class Spatial:
    """The geometry has ``relation`` to ``other``, within ``distance`` if it is ``st_dwithin``."""

    relation: str
    field: Field
    other: Any = None
    distance: float = 0.0


@dataclass(frozen=True, slots=True)
class Inverse:
    part: Predicate


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[Predicate, ...]


Predicate = (
    Fixed
    | Comparison
    | Membership
    | KeyMatch
    | Match
    | Nullness
    | Existence
    | OverElements
    | InOrder
    | ContainsAll
    | Composite
    | TextMatch
    | PhraseMatch
    | Spatial
    | Inverse
    | AllOf
    | AnyOf
)
