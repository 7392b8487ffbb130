"""Filter text to expression tree, or a ``FilterError`` that points at the fault.

Lark is imported and the parser built at the first text, so that importing this package stays cheap.
Nothing here knows a schema: names are kept as names.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ..errors import FilterError
from . import literals
from .syntax_errors import explain
from .tree import (
    MAX_DEPTH,
    And,
    Arithmetic,
    ArithmeticOp,
    Compare,
    CompareOp,
    Expression,
    In,
    IsNull,
    Like,
    ListOf,
    Literal,
    Name,
    Not,
    Or,
    Path,
    Range,
    Template,
    Unary,
    too_deep,
)

if TYPE_CHECKING:
    from lark import Lark, Token

MAX_TEXT_LENGTH = 2**20
"""The longest text, in characters. Longer lists of values belong into a template."""

_Read = TypeVar("_Read")
_building_or_parsing = threading.Lock()


@lru_cache(maxsize=256)
def parse(text: str) -> Expression:
    """The tree of ``text``; equal texts share one tree."""
    if not text.strip():
        raise FilterError("the filter expression is empty", expression=text)
    if len(text) > MAX_TEXT_LENGTH:
        raise FilterError(
            f"the filter expression has {len(text)} characters, at most {MAX_TEXT_LENGTH} are read; "
            "pass long lists as a template: 'id in {ids}'"
        )
    tree = _parse(text)
    below = too_deep(tree)
    if below is not None:
        raise FilterError(f"the expression nests deeper than {MAX_DEPTH} levels", text, below.at or 1)
    return tree


def _parse(text: str) -> Expression:
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken

    try:
        # Lark completes its lexers while it runs, so two threads must not enter it at once.
        with _building_or_parsing:
            return cast(Expression, _parser().parse(text))
    except _Fault as fault:
        message, column = fault.message, fault.column
    except UnexpectedToken as error:
        ended = error.token.type == "$END"
        place = len(text) if ended else error.token.start_pos or 0
        message, column = explain(text, place, frozenset(error.expected))
    except UnexpectedCharacters as error:
        message, column = explain(text, error.pos_in_stream or 0, frozenset(error.allowed or ()))
    raise FilterError(message, text, column)


class _Fault(Exception):
    """A literal that reads well but means nothing, found while the tree is built."""

    def __init__(self, message: str, token: Token, offset: int = 0) -> None:
        self.message = message
        self.column = _at(token) + offset


def _at(token: Token) -> int:
    return (token.start_pos or 0) + 1


@lru_cache(maxsize=1)
def _parser() -> Lark:
    from lark import Lark

    grammar = FilePath(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    builder = _TreeBuilder()
    parser = Lark(grammar, parser="lalr", lexer="contextual", transformer=_Inlined(builder))
    string, number, boolean = (
        parser.get_terminal(name).pattern.to_regexp() for name in ("STRING", "NUMBER", "BOOLEAN")
    )
    builder.items = re.compile(
        rf"(?P<string>{string})|(?P<boolean>{boolean})|(?:[+-][ \t\r\n]*)?(?P<number>{number})"
    )
    return parser


class _Inlined:
    """Hands the children of each grammar rule to the builder's method of that name, as arguments."""

    def __init__(self, builder: _TreeBuilder) -> None:
        self._builder = builder

    def __getattr__(self, rule: str) -> Any:
        method = getattr(self._builder, rule)
        return lambda children: method(*children)


class _TreeBuilder:
    """One method for each named alternative of the grammar; it keeps no state between texts."""

    items: re.Pattern[str]

    def any_of(self, *operands: Expression) -> Expression:
        return Or(operands, at=operands[0].at)

    def all_of(self, *operands: Expression) -> Expression:
        return And(operands, at=operands[0].at)

    def negate(self, word: Token, operand: Expression) -> Expression:
        return Not(operand, at=_at(word))

    def compare(self, left: Expression, op: Token, right: Expression) -> Expression:
        return Compare(cast(CompareOp, str(op)), left, right, at=_at(op))

    def chain(
        self, low: Expression, low_op: Token, middle: Expression, high_op: Token, high: Expression
    ) -> Expression:
        if low_op[0] != high_op[0]:
            raise _Fault(
                f"'{low_op}' and '{high_op}' point in different directions: "
                "a range is written 1 < x <= 5 or 5 >= x > 1",
                high_op,
            )
        if not isinstance(middle, Name | Path):
            raise _Fault("the middle of a range must be a field or a JSON path", high_op)
        return Range(
            low,
            cast(CompareOp, str(low_op)),
            middle,
            cast(CompareOp, str(high_op)),
            high,
            at=_at(low_op),
        )

    def member(self, operand: Expression, word: Token, choices: Expression) -> Expression:
        return In(operand, choices, at=_at(word))

    def not_member(self, operand: Expression, word: Token, choices: Expression) -> Expression:
        return In(operand, choices, negated=True, at=_at(word))

    def like(self, operand: Expression, word: Token, pattern: Expression) -> Expression:
        return Like(operand, pattern, at=_at(word))

    def is_null(self, operand: Expression, word: Token) -> Expression:
        return IsNull(operand, at=_at(word))

    def is_not_null(self, operand: Expression, word: Token) -> Expression:
        return IsNull(operand, negated=True, at=_at(word))

    def arithmetic(self, left: Expression, op: Token, right: Expression) -> Expression:
        return Arithmetic(cast(ArithmeticOp, str(op)), left, right, at=_at(op))

    def sign(self, sign: Token, operand: Expression) -> Expression:
        value = operand.value if isinstance(operand, Literal) else None
        if value is None or isinstance(value, bool | str):
            return Unary("-" if sign == "-" else "+", operand, at=_at(sign))
        return Literal(-value if sign == "-" else value, at=_at(sign))

    def number(self, token: Token) -> Expression:
        return Literal(_read(literals.number, token), at=_at(token))

    def string(self, token: Token) -> Expression:
        return Literal(_read(literals.string, token), at=_at(token))

    def boolean(self, token: Token) -> Expression:
        return Literal(token.lower() == "true", at=_at(token))

    def template(self, token: Token) -> Expression:
        return Template(token[1:-1].strip(), at=_at(token))

    def literal_list(self, token: Token) -> Expression:
        return ListOf(tuple(self._literals(token)), at=_at(token))

    def mixed_list(self, bracket: Token, *items: Expression) -> Expression:
        return ListOf(items, at=_at(bracket))

    def name(self, token: Token) -> Expression:
        return Name(str(token), at=_at(token))

    def path(self, root: Token, *steps: Token) -> Expression:
        return Path(str(root), tuple(_read(_step, step) for step in steps), at=_at(root))

    def _literals(self, token: Token) -> list[Literal]:
        start = _at(token)
        found: list[Literal] = []
        for item in self.items.finditer(token):
            text, kind = item[0], item.lastgroup
            at = start + item.start()
            try:
                if kind == "number":
                    size = literals.number(item["number"])
                    found.append(Literal(-size if text[0] == "-" else size, at=at))
                elif kind == "string":
                    found.append(Literal(literals.string(text), at=at))
                else:
                    found.append(Literal(text.lower() == "true", at=at))
            except ValueError as error:
                raise _Fault(str(error), token, item.start()) from None
        return found


def _read(reader: Callable[[str], _Read], token: Token) -> _Read:
    try:
        return reader(str(token))
    except ValueError as error:
        raise _Fault(str(error), token) from None


def _step(text: str) -> str | int:
    return literals.step(text[1:-1].strip(" \t\r\n"))
