"""Cuts a filter text into tokens. It knows how each token is spelt, not where the grammar allows it.

A list of plain literals is one token: a list of ten thousand elements costs the parser one step.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final, NamedTuple

_STRING: Final = (
    r"(?:[rR]|u8|[uUL])?"
    r"""(?:"[^"\\\r\n]*(?:\\[^\r\n][^"\\\r\n]*)*"|'[^'\\\r\n]*(?:\\[^\r\n][^'\\\r\n]*)*')"""
)
_NUMBER: Final = (
    r"0[xX](?:[0-9a-fA-F]+(?:\.[0-9a-fA-F]*)?|\.[0-9a-fA-F]+)[pP][+-]?[0-9]+"
    r"|0[xX][0-9a-fA-F]+|0[bB][01]+"
    r"|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
)
"""If digits around an optional dot could match in several ways, backtracking would be slow where none fits."""
_BOOLEAN: Final = r"(?:true|True|TRUE|false|False|FALSE)\b"
_WORD: Final = r"[A-Za-z_][A-Za-z0-9_]*"
_SPACE: Final = r"[ \t\r\n]*"
# A literal has white space only after its sign: two such patterns in a row would make failing lists slow.
_LITERAL: Final = rf"(?:{_STRING}|{_BOOLEAN}|(?:[+-]{_SPACE})?(?:{_NUMBER}))"
_SYMBOLS: Final = (
    "**", "<<", ">>", "<=", ">=", "==", "!=", "=~", "!~", "&&", "||",
    "<", ">", "=", "+", "-", "*", "/", "%", "&", "|", "^", "~", "!", "(", ")", "[", "]", ",",
)  # fmt: skip


class Kind(Enum):
    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TEMPLATE = "template"
    WORD = "word"
    META = "meta"
    ELEMENT = "element"
    SYMBOL = "symbol"
    OTHER = "other"
    """A character with which no token starts."""
    END = "end"


class Token(NamedTuple):
    """``start`` and ``end`` are 0-based offsets in the text."""

    kind: Kind
    text: str
    start: int
    end: int

    def is_word(self, lower: str) -> bool:
        """Whether it is this keyword, all lower or all upper."""
        return self.kind is Kind.WORD and self.text in (lower, lower.upper())


TOKEN: Final = re.compile(
    rf"(?P<string>{_STRING})"
    rf"|(?P<number>{_NUMBER})"
    rf"|(?P<boolean>{_BOOLEAN})"
    rf"|(?P<word>{_WORD})"
    rf"|(?P<template>\{{{_SPACE}{_WORD}{_SPACE}\}})"
    r"|(?P<meta>\$meta\b)"
    r"|(?P<element>\$(?![A-Za-z0-9_]))"
    rf"|(?P<symbol>{'|'.join(map(re.escape, _SYMBOLS))})"
)
LITERAL_LIST: Final = re.compile(
    rf"\[(?:{_SPACE}{_LITERAL}(?:{_SPACE},{_SPACE}{_LITERAL})*(?:{_SPACE},)?)?{_SPACE}\]"
)
INTEGER_LIST: Final = re.compile(
    rf"\[{_SPACE}-?(?:0|[1-9][0-9]*)(?:{_SPACE},{_SPACE}-?(?:0|[1-9][0-9]*))*(?:{_SPACE},)?{_SPACE}\]"
)
_QUOTED: Final = r"""(?:'[^'\\\r\n]*'|"[^"\\\r\n]*")"""
STRING_LIST: Final = re.compile(
    rf"\[{_SPACE}{_QUOTED}(?:{_SPACE},{_SPACE}{_QUOTED})*(?:{_SPACE},)?{_SPACE}\]"
)
"""Strings without a prefix or an escape."""
QUOTED: Final = re.compile(r"'([^']*)'" + r'|"([^"]*)"')
ITEM: Final = re.compile(
    rf"(?P<string>{_STRING})|(?P<boolean>{_BOOLEAN})|(?P<sign>[+-]{_SPACE})?(?P<number>{_NUMBER})"
)
_SPACES: Final = re.compile(_SPACE)
_KINDS: Final = {kind.value: kind for kind in Kind}


def token_at(text: str, offset: int) -> Token:
    """The first token of ``text`` at or after ``offset``."""
    space = _SPACES.match(text, offset)
    assert space is not None, "it matches the empty string too"
    start = space.end()
    if start == len(text):
        return Token(Kind.END, "", start, start)
    found = TOKEN.match(text, start)
    if found is None:
        return Token(Kind.OTHER, text[start], start, start + 1)
    assert found.lastgroup is not None
    return Token(_KINDS[found.lastgroup], found[0], start, found.end())
