"""The position that a parser has reached in a filter text: the current token, and errors that point at it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from ...errors import FilterError
from ..traversal import MAX_NODES
from .errors import Expected, explain
from .lexer import Kind, Token, token_at

_Read = TypeVar("_Read")

MAX_TOKENS: Final = MAX_NODES
"""The most tokens of a text; a list of plain values counts as one. More take seconds."""


class Cursor:
    """Reads ``text`` token by token."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._token = token_at(text, 0)
        self._left = MAX_TOKENS

    def _next(self) -> Token:
        """The current token; the one after it becomes the current one."""
        token = self._token
        self._token = token_at(self._text, token.end)
        self._left -= 1
        if self._left < 0:
            raise self._error(
                f"the expression has more than {MAX_TOKENS} tokens, where a list of values counts as one: replace "
                "comparisons by 'in', as in x in [1, 2], or split the filter",
                at(token),
            )
        return token

    def _peek(self) -> Token:
        return token_at(self._text, self._token.end)

    def _is(self, symbol: str) -> bool:
        return self._token.kind is Kind.SYMBOL and self._token.text == symbol

    def _take(self, symbol: str, otherwise: Expected) -> Token:
        if not self._is(symbol):
            raise self._unexpected(otherwise)
        return self._next()

    def _unexpected(self, expected: Expected) -> FilterError:
        """The error for the current token, which cannot stand where ``expected`` should."""
        message, column = explain(self._text, self._token.start, expected)
        return FilterError(message, self._text, column)

    def _error(self, message: str, column: int) -> FilterError:
        return FilterError(message, self._text, column)

    def _read(self, reader: Callable[[str], _Read], token: Token) -> _Read:
        try:
            return reader(token.text)
        except ValueError as error:
            raise self._error(str(error), at(token)) from None


def at(token: Token) -> int:
    """The 1-based column of a token, as errors and trees give it."""
    return token.start + 1
