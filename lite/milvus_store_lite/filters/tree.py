"""The expression tree of a filter: what a text becomes, and what other packages build instead of a text.

Nodes are plain values. They know neither a schema nor the rows, so a tree may name fields that do not
exist; ``binding`` finds that out. ``at`` is the 1-based column in the text that the node came from, or None.

``__all__`` is the one list of the nodes: this package and ``milvus_store.filters`` export what it names.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal as OneOf
from typing import TypeAlias, TypeVar, cast

__all__ = [
    "And",
    "Arithmetic",
    "Call",
    "Compare",
    "Condition",
    "Element",
    "Exists",
    "Expression",
    "In",
    "Instant",
    "Interval",
    "IsNull",
    "Like",
    "ListOf",
    "Literal",
    "Member",
    "Name",
    "Node",
    "Not",
    "Or",
    "Path",
    "Range",
    "Regex",
    "Template",
    "Unary",
]

Value = bool | int | float | str
CompareOp = OneOf["==", "!=", "<", "<=", ">", ">="]
BitOp = OneOf["&", "|", "^", "<<", ">>"]
ArithmeticOp = OneOf["+", "-", "*", "/", "%", "**"] | BitOp
Chain = TypeVar("Chain", "And", "Or")


@dataclass(frozen=True, slots=True)
class Node:
    """Base of every node."""

    at: int | None = field(default=None, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Condition(Node):
    """Base of the nodes that rows meet or do not: ``a & b``, ``a | b`` and ``~a`` combine them."""

    def __and__(self, other: Expression) -> And:
        return _joined(And, self, other)

    def __or__(self, other: Expression) -> Or:
        return _joined(Or, self, other)

    def __invert__(self) -> Not:
        return Not(cast(Expression, self))

    def __bool__(self) -> bool:
        """Refused: ``a and b`` would be ``b`` alone, and ``1 < x < 5`` would be ``x < 5``."""
        raise TypeError(
            "a filter is neither true nor false: combine filters by &, | and ~, not by and, or, not"
        )


def _joined(kind: type[Chain], left: Condition, right: Expression) -> Chain:
    """``left`` and ``right`` in one chain, which is as flat as that of a text."""
    if not isinstance(right, Node):
        return NotImplemented
    before: tuple[Expression, ...]
    before = left.operands if isinstance(left, kind) else (cast(Expression, left),)
    return kind((*before, right))


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A constant: ``1``, ``0.5``, ``"text"``, ``true``."""

    value: Value


@dataclass(frozen=True, slots=True)
class ListOf(Node):
    """A list of constants: plain values as they are, so that long lists stay small, or expressions."""

    items: tuple[Expression | Value, ...]

    @classmethod
    def of(cls, values: Iterable[Value]) -> ListOf:
        """The list of these plain values: ``ListOf.of([1, 2, 3])``."""
        return cls(tuple(values))


@dataclass(frozen=True, slots=True)
class Template(Node):
    """``{name}``: a value that is given beside the text and never parsed."""

    name: str


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A field of the schema or a key of the dynamic field, by its bare name."""

    name: str


@dataclass(frozen=True, slots=True)
class Path(Node):
    """A path inside a JSON document: ``meta["a"][0]`` is ``Path("meta", ("a", 0))``.

    ``root`` is a JSON field, a key of the dynamic field, or ``$meta``.
    """

    root: str
    steps: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Member(Node):
    """``structs[name]``, or ``structs[0][name]`` with a position: a field of the structs in an array."""

    root: str
    name: str
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Element(Node):
    """``$``, or ``$[name]``: the element that a function such as ``match_any`` looks at."""

    name: str | None = None


@dataclass(frozen=True, slots=True)
class Instant(Node):
    """``ISO "2025-01-01T00:00:00Z"``: a point in time."""

    text: str


@dataclass(frozen=True, slots=True)
class Interval(Node):
    """``INTERVAL "P1DT2H"``: a span of time."""

    text: str


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """``-x``, ``+x`` or ``~x``."""

    op: OneOf["+", "-", "~"]
    operand: Expression


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    """``left op right`` over numbers; over integers if it is an operator on bits."""

    op: ArithmeticOp
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Compare(Condition):
    """``left op right``, a condition."""

    op: CompareOp
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Range(Condition):
    """``low low_op middle high_op high``: ``1 < x <= 5``, or downwards ``5 >= x > 1``."""

    low: Expression
    low_op: CompareOp
    middle: Expression
    high_op: CompareOp
    high: Expression


@dataclass(frozen=True, slots=True)
class In(Condition):
    """``operand in choices``, or ``not in`` when ``negated``; choices are a list or a template."""

    operand: Expression
    choices: Expression
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Like(Condition):
    """``operand like pattern``; the pattern is a string or a template."""

    operand: Expression
    pattern: Expression


@dataclass(frozen=True, slots=True)
class Regex(Condition):
    """``operand =~ pattern``, or ``!~`` when ``negated``; the pattern is a string or a template."""

    operand: Expression
    pattern: Expression
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Exists(Condition):
    """``exists operand``; the operand is a JSON path."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class Call(Condition):
    """``function(arguments, option=value)``; the name is lower case."""

    function: str
    arguments: tuple[Expression, ...]
    options: tuple[tuple[str, Expression], ...] = ()


@dataclass(frozen=True, slots=True)
class IsNull(Condition):
    """``operand is null``, or ``is not null`` when ``negated``; the operand is a name or a path."""

    operand: Expression
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Not(Condition):
    """``not operand``."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class And(Condition):
    """All of the operands; true when there is none."""

    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Or(Condition):
    """Any of the operands; false when there is none."""

    operands: tuple[Expression, ...]


Expression: TypeAlias = (
    Literal
    | ListOf
    | Template
    | Name
    | Path
    | Member
    | Element
    | Instant
    | Interval
    | Unary
    | Arithmetic
    | Compare
    | Range
    | In
    | Like
    | Regex
    | Exists
    | Call
    | IsNull
    | Not
    | And
    | Or
)
