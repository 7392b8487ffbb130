"""Filter text to expression tree, or a ``FilterError`` that points at the fault.

Operators are parsed by precedence climbing: ``expression(level)`` reads everything that binds at least as
tightly as ``level``. Nothing here knows a schema: names are kept as names.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, cast

from ...errors import FilterError
from ...process.stack import with_room
from ..traversal import MAX_DEPTH, MAX_LIST_LENGTH, too_large
from ..tree import (
    And,
    Arithmetic,
    ArithmeticOp,
    Call,
    Compare,
    CompareOp,
    Element,
    Exists,
    Expression,
    In,
    Instant,
    Interval,
    IsNull,
    Like,
    ListOf,
    Literal,
    Member,
    Name,
    Not,
    Or,
    Path,
    Range,
    Regex,
    Template,
    Unary,
)
from . import literals
from .cursor import Cursor, at
from .errors import Expected
from .lexer import Kind, Token, token_at
from .precedence import RESERVED, SYMBOL_LEVELS, WORD_LEVELS, Level

MAX_TEXT_LENGTH = 2**20
"""The longest text, in characters. Pass longer lists of values as a template."""


_OPTIONS: Final = frozenset({"minimum_should_match", "max_edit_distance", "threshold", "type"})
_MAX_RECURSION: Final = 2 * MAX_DEPTH + 10
"""A level of brackets costs one, one with an operator or a call two; each is some three frames of Python's
stack, which holds a thousand."""


@lru_cache(maxsize=256)
def parse(text: str) -> Expression:
    """The tree of ``text``; equal texts share one tree."""
    if not text.strip(" \t\r\n"):
        raise FilterError("the filter expression is empty", expression=text)
    if len(text) > MAX_TEXT_LENGTH:
        raise FilterError(
            f"the filter expression has {len(text)} characters, at most {MAX_TEXT_LENGTH} are allowed; "
            "pass long lists as a template: 'id in {ids}'"
        )
    tree = with_room(lambda: _Parser(text).parse())
    fault = too_large(tree)
    if fault is not None:
        raise FilterError(fault[1], text, fault[0].at or 1)
    return tree


class _Parser(Cursor):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def parse(self) -> Expression:
        tree = self._expression(Level.ANY)
        if self._token.kind is not Kind.END:
            raise self._unexpected(Expected.OPERATOR)
        return tree

    # Operators

    def _expression(self, lowest: Level) -> Expression:
        self._depth += 1
        if self._depth > _MAX_RECURSION:
            raise self._error(f"the expression nests deeper than {MAX_DEPTH} levels", at(self._token))
        left = self._prefix(lowest)
        closed: Level | None = None  # the level of an operator that does not chain and has just been read
        while (level := self._level()) is not None and level >= lowest and level is not closed:
            if level in (Level.OR, Level.AND):
                left = self._junction(level, left)
            elif level is Level.MEMBER:
                left = self._membership(left)
            elif level is Level.ORDER:
                left = self._order(left)
            else:
                op = self._next()
                right = self._expression(Level(level + 1))
                if level is Level.EQUALITY:
                    left = Compare(cast(CompareOp, op.text), left, right, at=at(op))
                else:
                    left = Arithmetic(cast(ArithmeticOp, op.text), left, right, at=at(op))
            closed = level if level in (Level.EQUALITY, Level.ORDER, Level.MEMBER) else None
        self._depth -= 1
        return left

    def _level(self) -> Level | None:
        """The level of the operator that the current token begins, None if it begins none."""
        token = self._token
        if token.kind is Kind.SYMBOL:
            level = SYMBOL_LEVELS.get(token.text)
            return Level.MEMBER if token.text == "!" and self._peek().is_word("in") else level
        if token.kind is not Kind.WORD:
            return None
        if token.is_word("not"):
            return Level.MEMBER if self._peek().is_word("in") else None
        if token.is_word("is"):
            return Level.MEMBER if self._null_test() else None
        return WORD_LEVELS.get(token.text.lower()) if token.text in RESERVED else None

    def _null_test(self) -> int:
        """How many tokens ``is null`` or ``is not null`` has here, all in one case; 0 if it is neither."""
        upper = self._token.text.isupper()
        second = self._peek()
        third = token_at(self._text, second.end)
        for words in (("null",), ("not", "null")):
            given = (second, third)[: len(words)]
            wanted = [word.upper() if upper else word for word in words]
            if [token.text for token in given] == wanted:
                return 1 + len(words)
        return 0

    def _junction(self, level: Level, first: Expression) -> Expression:
        operands = [first]
        while self._level() is level:
            self._next()
            operands.append(self._expression(Level(level + 1)))
        node = Or if level is Level.OR else And
        return node(tuple(operands), at=first.at)

    def _order(self, left: Expression) -> Expression:
        op = self._next()
        middle = self._expression(Level.MEMBER)
        if self._level() is not Level.ORDER:
            return Compare(cast(CompareOp, op.text), left, middle, at=at(op))
        second = self._next()
        if op.text[0] != second.text[0]:
            raise self._error(
                f"'{op.text}' and '{second.text}' point in different directions: "
                "a range is written 1 < x <= 5 or 5 >= x > 1",
                at(second),
            )
        if not isinstance(middle, Name | Path | Member | Element):
            raise self._error("the middle of a range must be a field or a JSON path", at(second))
        high = self._expression(Level.MEMBER)
        return Range(left, cast(CompareOp, op.text), middle, cast(CompareOp, second.text), high, at=at(op))

    def _membership(self, left: Expression) -> Expression:
        if self._token.is_word("is"):
            count = self._null_test()
            words = [self._next() for _ in range(count)]
            return IsNull(left, negated=count == 3, at=at(words[0]))
        op = self._next()
        if op.kind is Kind.SYMBOL and op.text in ("=~", "!~"):
            return Regex(left, self._expression(Level.SHIFT), negated=op.text == "!~", at=at(op))
        if op.is_word("like"):
            return Like(left, self._expression(Level.SHIFT), at=at(op))
        negated = not op.is_word("in")
        if negated:
            self._next()
        return In(left, self._expression(Level.SHIFT), negated=negated, at=at(op))

    def _prefix(self, lowest: Level) -> Expression:
        token = self._token
        if self._is("!") or token.is_word("not"):
            if lowest > Level.NOT:
                raise self._unexpected(Expected.OPERAND)
            self._next()
            return Not(self._expression(Level.NOT), at=at(token))
        if token.is_word("exists"):
            if lowest > Level.MEMBER:
                raise self._unexpected(Expected.OPERAND)
            self._next()
            return Exists(self._expression(Level.SHIFT), at=at(token))
        if self._is("+") or self._is("-") or self._is("~"):
            self._next()
            operand = self._expression(max(Level.POWER, lowest))
            return _signed(token, operand)
        return self._atom()

    # Operands

    def _atom(self) -> Expression:
        token = self._token
        match token.kind:
            case Kind.NUMBER:
                return Literal(self._read(literals.number, self._next()), at=at(token))
            case Kind.STRING:
                return Literal(self._read(literals.string, self._next()), at=at(token))
            case Kind.BOOLEAN:
                return Literal(self._next().text.lower() == "true", at=at(token))
            case Kind.TEMPLATE:
                return Template(self._next().text[1:-1].strip(" \t\r\n"), at=at(token))
            case Kind.META:
                self._next()
                return self._path(token)
            case Kind.ELEMENT:
                return self._element()
            case Kind.WORD if token.text not in RESERVED:
                return self._word()
            case Kind.SYMBOL if token.text == "[":
                return self._list()
            case Kind.SYMBOL if token.text == "(":
                self._next()
                inner = self._expression(Level.ANY)
                self._take(")", Expected.OPERATOR)
                return inner
            case _:
                raise self._unexpected(Expected.OPERAND)

    def _word(self) -> Expression:
        token = self._next()
        if self._is("("):
            return self._call(token)
        if self._token.kind is Kind.STRING and (token.is_word("iso") or token.is_word("interval")):
            text = self._read(literals.string, self._next())
            return Instant(text, at=at(token)) if token.is_word("iso") else Interval(text, at=at(token))
        return self._path(token)

    def _call(self, name: Token) -> Expression:
        self._next()
        self._depth += 1
        arguments: list[Expression] = []
        options: list[tuple[str, Expression]] = []
        while not self._is(")"):
            option = self._token.text.lower()
            if option in _OPTIONS and self._token.is_word(option) and self._peek().text == "=":
                self._next()
                self._next()
                options.append((option, self._expression(Level.OR)))
            else:
                arguments.append(self._expression(Level.OR))
            if not self._is(")"):
                self._take(",", Expected.ARGUMENT_END)
        self._next()
        self._depth -= 1
        function = name.text.lower() if name.text.isupper() else name.text
        return Call(function, tuple(arguments), tuple(options), at=at(name))

    def _path(self, root: Token) -> Expression:
        """A name, and the steps in brackets after it."""
        steps: list[str | int] = []
        while self._is("["):
            bracket, step = self._token, self._peek()
            if step.kind is Kind.WORD and root.kind is Kind.WORD and self._is_closed_after(step):
                return self._member(root, steps)
            if step.kind is not Kind.STRING and not (step.kind is Kind.NUMBER and _is_position(step.text)):
                if step.kind is Kind.OTHER:
                    self._next()  # an unclosed string: the fault is there
                raise self._unexpected(Expected.STEP)
            self._next()
            steps.append(self._read(literals.step, self._next()))
            if not self._is("]"):
                if self._token.kind is not Kind.END:
                    self._token = bracket
                raise self._unexpected(Expected.STEP)
            self._next()
        if steps or root.kind is Kind.META:
            return Path(root.text, tuple(steps), at=at(root))
        return Name(root.text, at=at(root))

    def _member(self, root: Token, steps: list[str | int]) -> Expression:
        """``root[name]`` or ``root[0][name]``: the token is the bracket before the name."""
        if len(steps) > 1 or (steps and isinstance(steps[0], str)):
            raise self._unexpected(Expected.STEP)
        self._next()
        name = self._next().text
        self._next()
        position = cast("int | None", steps[0] if steps else None)
        return Member(root.text, name, position, at=at(root))

    def _is_closed_after(self, step: Token) -> bool:
        return token_at(self._text, step.end).text == "]"

    def _element(self) -> Expression:
        token = self._next()
        if not self._is("["):
            return Element(at=at(token))
        step = self._peek()
        if step.kind is not Kind.WORD or not self._is_closed_after(step):
            raise self._unexpected(Expected.MEMBER)
        self._next()
        name = self._next().text
        self._next()
        return Element(name, at=at(token))

    # Lists

    def _list(self) -> Expression:
        from .lists import plain_list

        bracket = self._token
        plain = plain_list(self._text, bracket.start)
        if plain is not None:
            values, end = plain
            self._token = token_at(self._text, end)
            self._check_length(len(values), bracket)
            return ListOf(tuple(values), at=at(bracket))
        self._next()
        items: list[Expression] = []
        while not (items and self._is("]")):
            items.append(self._expression(Level.SHIFT))
            if not self._is("]"):
                self._take(",", Expected.LIST_END)
        self._next()
        self._check_length(len(items), bracket)
        return ListOf(tuple(items), at=at(bracket))

    def _check_length(self, length: int, bracket: Token) -> None:
        if length > MAX_LIST_LENGTH:
            raise self._error(
                f"the list has {length} elements, at most {MAX_LIST_LENGTH} are allowed; "
                "pass longer ones as a template: 'id in {ids}'",
                at(bracket),
            )


def _is_position(text: str) -> bool:
    return text.isdigit() and (text[0] != "0" or text == "0")


def _signed(sign: Token, operand: Expression) -> Expression:
    value = operand.value if isinstance(operand, Literal) else None
    if sign.text == "~" or value is None or isinstance(value, bool | str):
        return Unary("~" if sign.text == "~" else "-" if sign.text == "-" else "+", operand, at=at(sign))
    return Literal(-value if sign.text == "-" else value, at=at(sign))
