"""Cuts a filter text into tokens. It knows how each token is spelt, not where the grammar allows it.

A list of plain literals is one token: a list of ten thousand elements costs the parser one step.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final, NamedTuple

STRING: Final = (
    r"(?:[rR]|u8|[uUL])?"
    r"""(?:"[^"\\\r\n]*(?:\\[^\r\n][^"\\\r\n]*)*"|'[^'\\\r\n]*(?:\\[^\r\n][^'\\\r\n]*)*')"""
)
NUMBER: Final = (
    r"0[xX](?:[0-9a-fA-F]+(?:\.[0-9a-fA-F]*)?|\.[0-9a-fA-F]+)[pP][+-]?[0-9]+"
    r"|0[xX][0-9a-fA-F]+|0[bB][01]+"
    r"|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
)
"""If digits around an optional dot could match in several ways, backtracking would be slow where none fits."""
BOOLEAN: Final = r"(?:true|True|TRUE|false|False|FALSE)\b"
WORD: Final = r"[^\W\d]\w*"
"""Milvus's language has ASCII names alone, but a dynamic key may be in any script."""
_TEMPLATE: Final = r"[^\W\d][\w\x80-\U0010ffff]*"
SPACE: Final = r"[ \t\r\n]*"
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
    rf"(?P<string>{STRING})"
    rf"|(?P<number>{NUMBER})"
    rf"|(?P<boolean>{BOOLEAN})"
    rf"|(?P<word>{WORD})"
    rf"|(?P<template>\{{{SPACE}{_TEMPLATE}{SPACE}\}})"
    r"|(?P<meta>\$meta\b)"
    r"|(?P<element>\$(?!\w))"
    rf"|(?P<symbol>{'|'.join(map(re.escape, _SYMBOLS))})"
)
_SPACES: Final = re.compile(SPACE)
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
    kind, end = _KINDS[found.lastgroup], found.end()
    if kind is Kind.WORD and not text[end : end + 1].isascii():
        end = _word_end(text, end)
    return Token(kind, text[start:end], start, end)


def _word_end(text: str, end: int) -> int:
    """Where a word ends that has signs beyond ``\\w``: the vowels of many scripts combine with a letter."""
    while end < len(text) and ("a" + text[end]).isidentifier():
        end += 1
    return end
