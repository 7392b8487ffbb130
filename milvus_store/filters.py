"""Filters built by a program: what ``filter=`` takes beside a text.

Values never meet a parser, so whatever a user types stays a value. ``field`` names a field of the schema or a key
of the dynamic field; comparing it gives a condition, and conditions are combined by ``&``, ``|`` and ``~``:

>>> import tempfile
>>> from milvus_store import MilvusClient
>>> client = MilvusClient(tempfile.mkdtemp() + "/demo.db")
>>> client.create_collection("books", dimension=2)
>>> rows = [
...     {"id": 1, "vector": [0.0, 1.0], "title": "Emma", "year": 1815, "meta": {"tags": ["novel", "love"]}},
...     {"id": 2, "vector": [1.0, 0.0], "title": "Dune", "year": 1965, "meta": {"tags": ["novel"]}},
... ]
>>> _ = client.insert("books", rows)
>>> old = (field("year") < 1900) | field("title").like("Em%")
>>> client.query("books", filter=old & ~field("title").is_in(["Dune"]), output_fields=["id"])
data: ["{'id': 1}"]
>>> client.query("books", filter=field("meta")["tags"].contains("love"), output_fields=["id"])
data: ["{'id': 1}"]

A text becomes a part of a filter by ``parse``, with values in place of its templates:

>>> recent = parse("year >= {since}", {"since": 1900})
>>> client.query("books", filter=recent & (field("title") != "Emma"), output_fields=["id"])
data: ["{'id': 2}"]

Python's own ``and``, ``or``, ``not`` and ``1 < x < 5`` cannot build a filter, and say so.

The nodes that all this makes are plain values, listed here as well for those who take filters apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeAlias, cast

from milvus_store_lite import (
    And,
    Arithmetic,
    Call,
    Compare,
    Condition,
    Element,
    Exists,
    Expression,
    FilterError,
    In,
    Instant,
    Interval,
    IsNull,
    Like,
    ListOf,
    Literal,
    Member,
    Name,
    Node,
    Not,
    Or,
    Path,
    Range,
    Regex,
    Template,
    Unary,
    plain_value,
    with_values,
)
from milvus_store_lite import parse as parse_text

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
    "Operand",
    "Or",
    "Path",
    "Range",
    "Regex",
    "Template",
    "Unary",
    "all_of",
    "any_of",
    "call",
    "field",
    "filled",
    "parse",
    "template",
]

Given: TypeAlias = Any
"""What an operand is compared with: a bool, a number, a str, a datetime, a list or array of those, or another
operand or node."""


class Operand:
    """What conditions are about: a field, a place in a JSON document, an element of an array, a calculation.

    >>> (field("price") * 2 + 1 < 10) == parse("price * 2 + 1 < 10")
    True
    >>> (field("meta")["author"]["name"] == "Ada") == parse('meta["author"]["name"] == "Ada"')
    True
    """

    __slots__ = ("node",)

    def __init__(self, node: Expression) -> None:
        self.node = node

    def __repr__(self) -> str:
        return f"Operand({self.node!r})"

    def __getitem__(self, step: str | int) -> Operand:
        """The value at a key of a JSON document, or an element of an array."""
        if isinstance(self.node, Name):
            return Operand(Path(self.node.name, (step,)))
        if isinstance(self.node, Path):
            return Operand(Path(self.node.root, (*self.node.steps, step)))
        raise FilterError(f"only a field has keys and elements, got {self.node!r:.80}")

    def __eq__(self, other: Given) -> Compare:  # type: ignore[override]  # it builds, and does not compare
        return Compare("==", self.node, _node(other))

    def __ne__(self, other: Given) -> Compare:  # type: ignore[override]
        return Compare("!=", self.node, _node(other))

    def __lt__(self, other: Given) -> Compare:
        return Compare("<", self.node, _node(other))

    def __le__(self, other: Given) -> Compare:
        return Compare("<=", self.node, _node(other))

    def __gt__(self, other: Given) -> Compare:
        return Compare(">", self.node, _node(other))

    def __ge__(self, other: Given) -> Compare:
        return Compare(">=", self.node, _node(other))

    __hash__ = None  # type: ignore[assignment]

    def __add__(self, other: Given) -> Operand:
        return Operand(Arithmetic("+", self.node, _node(other)))

    def __sub__(self, other: Given) -> Operand:
        return Operand(Arithmetic("-", self.node, _node(other)))

    def __mul__(self, other: Given) -> Operand:
        return Operand(Arithmetic("*", self.node, _node(other)))

    def __truediv__(self, other: Given) -> Operand:
        return Operand(Arithmetic("/", self.node, _node(other)))

    def __mod__(self, other: Given) -> Operand:
        return Operand(Arithmetic("%", self.node, _node(other)))

    def __pow__(self, other: Given) -> Operand:
        return Operand(Arithmetic("**", self.node, _node(other)))

    def is_in(self, values: Given) -> In:
        """That it is one of ``values``, a list, a set, an array or a template."""
        return In(self.node, _node(values))

    def not_in(self, values: Given) -> In:
        """That it is none of ``values``."""
        return In(self.node, _node(values), negated=True)

    def like(self, pattern: Given) -> Like:
        """That the whole text is as ``pattern`` says: ``%`` stands for any characters, ``_`` for one."""
        return Like(self.node, _node(pattern))

    def matches(self, pattern: Given) -> Regex:
        """That the regular expression ``pattern`` is found somewhere in the text."""
        return Regex(self.node, _node(pattern))

    def is_null(self) -> IsNull:
        """That it is null, or a key that is missing."""
        return IsNull(self.node)

    def not_null(self) -> IsNull:
        """That it is not null."""
        return IsNull(self.node, negated=True)

    def exists(self) -> Exists:
        """That a JSON document has this key."""
        return Exists(self.node)

    def contains(self, value: Given) -> Call:
        """That ``value`` is an element of the array."""
        return self._elements("contains", value)

    def contains_all(self, values: Given) -> Call:
        """That each of ``values`` is an element of the array."""
        return self._elements("contains_all", values)

    def contains_any(self, values: Given) -> Call:
        """That one of ``values``, at least, is an element of the array."""
        return self._elements("contains_any", values)

    def length(self) -> Operand:
        """How many elements the array has."""
        return Operand(Call("array_length", (self.node,)))

    def text_match(self, words: Given, minimum_should_match: int | None = None) -> Call:
        """That the text has one of ``words``, or as many as ``minimum_should_match`` says."""
        options = {} if minimum_should_match is None else {"minimum_should_match": minimum_should_match}
        return call("text_match", self, words, **options)

    def phrase_match(self, phrase: Given, slop: int = 0) -> Call:
        """That the text has the words of ``phrase`` in a row, up to ``slop`` places apart."""
        return call("phrase_match", self, phrase, slop) if slop else call("phrase_match", self, phrase)

    def _elements(self, what: str, wanted: Given) -> Call:
        kind = "array" if isinstance(self.node, Name) else "json"
        return call(f"{kind}_{what}", self, wanted)


def field(name: str) -> Operand:
    """A field of the schema, or a key of the dynamic field; ``$meta`` is the dynamic field as a whole."""
    return Operand(Name(name))


def template(name: str) -> Operand:
    """A value that the call gives in ``filter_params``, so that the filter can be built once for many calls."""
    return Operand(Template(name))


def call(function: str, *arguments: Given, **options: Given) -> Call:
    """A function of the filter language, by its name in lower case.

    >>> call("st_dwithin", field("place"), "POINT (1 2)", 5) == parse('st_dwithin(place, "POINT (1 2)", 5)')
    True
    """
    named = tuple((name, _node(value)) for name, value in options.items())
    return Call(function, tuple(map(_node, arguments)), named)


def all_of(conditions: Iterable[Expression]) -> And:
    """That every one of ``conditions`` is met; without conditions, every row matches."""
    return And(tuple(conditions))


def any_of(conditions: Iterable[Expression]) -> Or:
    """That at least one of ``conditions`` is met; without conditions, no row matches."""
    return Or(tuple(conditions))


def parse(text: str, values: Mapping[str, Given] | None = None) -> Expression:
    """The filter that ``text`` expresses, to be combined with others.

    Args:
        values: the values of its ``{name}`` templates; ``filter_params`` of a call gives those that are missing.

    Raises:
        FilterError: the text does not parse, or a filter cannot have one of the values.
    """
    return filled(parse_text(text), values or {})


def filled(filter: Expression, values: Mapping[str, Given]) -> Expression:
    """``filter`` with ``values`` in place of its templates; those without a value stay.

    Raises:
        FilterError: a filter cannot have one of the values.
    """
    return with_values(filter, {name: _node(value, name) for name, value in values.items()})


def _node(given: Given, name: str = "a value of a filter") -> Expression:
    """The node of what a condition is made with."""
    if isinstance(given, Operand):
        return given.node
    if isinstance(given, Node):
        return cast(Expression, given)
    try:
        plain = plain_value(name, given)
    except ValueError as error:
        raise FilterError(str(error)) from None
    return _constant(plain)


def _constant(plain: Any) -> Expression:
    if isinstance(plain, tuple):
        return ListOf(
            tuple(_constant(item) if isinstance(item, (tuple, datetime)) else item for item in plain)
        )
    return Instant(plain.isoformat()) if isinstance(plain, datetime) else Literal(plain)
