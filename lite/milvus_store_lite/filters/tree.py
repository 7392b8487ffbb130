"""The expression tree of a filter: what a text becomes, and what other packages build instead of a text.

Nodes are plain values. They know neither a schema nor the rows, so a tree may name fields that do not
exist; ``binding`` finds that out. ``at`` is the 1-based column in the text that the node came from, or None.

``__all__`` is the one list of the nodes: this package and ``milvus_store.filters`` export what it names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeAlias, TypeVar, cast
from typing import Literal as OneOf

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

MAX_DEPTH = 100
"""How deep expressions may nest. Long chains of ``and`` or ``or`` are flat and count as one level."""

MAX_NODES = 50_000
"""How many nodes a tree may have. A list of plain values is one."""

MAX_NAMES = 100
"""How many different fields and JSON paths a filter may name: the values of each are read for every row."""

MAX_LIST_LENGTH = 100_000
"""How many elements a list written in a filter may have; a template takes longer ones."""

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

_LEAVES = (Literal, Template, Name, Path, Member, Element, Instant, Interval)


def children(node: Expression) -> Iterator[Expression]:
    """The direct parts of ``node``; without the plain values of a list, of which there may be very many."""
    match node:
        case ListOf(items=items):
            yield from (item for item in items if isinstance(item, Node))
        case (
            Unary(operand=operand) | IsNull(operand=operand) | Not(operand=operand) | Exists(operand=operand)
        ):
            yield operand
        case Arithmetic(left=left, right=right) | Compare(left=left, right=right):
            yield from (left, right)
        case Range(low=low, middle=middle, high=high):
            yield from (low, middle, high)
        case (
            In(operand=left, choices=right)
            | Like(operand=left, pattern=right)
            | Regex(operand=left, pattern=right)
        ):
            yield from (left, right)
        case And(operands=operands) | Or(operands=operands):
            yield from operands
        case Call(arguments=arguments, options=options):
            yield from arguments
            yield from (value for _, value in options)
        case _:
            assert isinstance(node, _LEAVES), node


def with_values(tree: Expression, values: Mapping[str, Expression]) -> Expression:
    """``tree`` with the values of templates in their place; templates without a value stay."""
    if isinstance(tree, Template):
        return values.get(tree.name, tree)
    changed = {}
    for attribute in fields(tree):
        part = getattr(tree, attribute.name)
        made = _part_with_values(part, values)
        if made is not part:
            changed[attribute.name] = made
    return replace(tree, **changed) if changed else tree


def _part_with_values(part: Any, values: Mapping[str, Expression]) -> Any:
    if isinstance(part, Node):
        return with_values(cast(Expression, part), values)
    if not isinstance(part, tuple):
        return part
    made = tuple([_part_with_values(element, values) for element in part])
    return part if all(new is old for new, old in zip(made, part, strict=True)) else made


def too_large(tree: Expression) -> tuple[Expression, str] | None:
    """A node that is beyond one of the bounds above and what is wrong with it, or None.

    It does not recurse, so any tree may be asked."""
    waiting = [(tree, 1)]
    names: set[Expression] = set()
    count = 0
    while waiting:
        node, depth = waiting.pop()
        count += 1
        if depth > MAX_DEPTH:
            return node, f"the expression nests deeper than {MAX_DEPTH} levels"
        if count > MAX_NODES:
            return (
                node,
                f"the expression has more than {MAX_NODES} parts; a list of plain values counts as one",
            )
        if isinstance(node, (Name, Path)):
            names.add(node)
            if len(names) > MAX_NAMES:
                return node, f"the expression names more than {MAX_NAMES} fields and JSON paths"
        waiting.extend([(child, depth + 1) for child in children(node)])
    return None
