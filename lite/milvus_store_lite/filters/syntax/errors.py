"""Explains to the author of a filter why the parser stopped.

It looks at the text where parsing stopped and at what the parser would have accepted. It never decides whether a
text is valid.
"""

from __future__ import annotations

import re
import unicodedata
from enum import Enum

from .lexer import WORD
from .precedence import OPERATOR_WORDS

_KEYWORDS = OPERATOR_WORDS | {"is", "null", "true", "false"}
_WORD = re.compile(WORD)
_WHOLE_STRING = re.compile(r'"(?:[^"\\\r\n]|\\[^\r\n])*"' + r"|'(?:[^'\\\r\n]|\\[^\r\n])*'")
_BRACKET_OR_STRING = re.compile(_WHOLE_STRING.pattern + r"|[()\[\]]")

Fault = tuple[str, int]
"""A message and the 1-based column it is about."""


class Expected(Enum):
    """The tokens that the parser would have accepted, in the words of the error."""

    OPERAND = "a field, a value or '('"
    OPERATOR = "an operator such as '==' or 'and', or the end"
    LIST_END = "',' or ']'"
    ARGUMENT_END = "',' or ')'"
    STEP = "a path step"
    MEMBER = "the name of a field of the struct, as in $[name]"


def explain(text: str, offset: int, expected: Expected) -> Fault:
    """Why ``text`` cannot go on at ``offset`` (0-based), where only ``expected`` was possible."""
    if offset >= len(text.rstrip()):
        return _at_the_end(text, expected)
    return (
        _about_symbol(text, offset, expected)
        or _about_word(text, offset, expected)
        or (f"unexpected {_shown(text, offset)}, expected {expected.value}", offset + 1)
    )


def _at_the_end(text: str, expected: Expected) -> Fault:
    open_at = _unclosed_bracket(text)
    if open_at is not None and expected is not Expected.OPERAND:
        return f"'{text[open_at]}' is never closed", open_at + 1
    return f"the expression ends too early, expected {expected.value}", len(text.rstrip()) + 1


def _about_symbol(text: str, offset: int, expected: Expected) -> Fault | None:
    symbol = text[offset]
    if expected is Expected.OPERATOR and text.startswith(("==", "!="), offset):
        return "'==' and '!=' do not chain, join two comparisons with 'and'", offset + 1
    messages = {
        "=": "'=' does not compare, write '=='",
        ",": "unexpected ',': lists are written in square brackets, as in [1, 2]",
        ")": "')' closes nothing",
        "]": "']' closes nothing",
        "[": 'a path step is a quoted key or a position, as in field["key"] or field[0]',
        "{": "a template is a name in braces, as in {name}",
        "$": "the dynamic field is written $meta",
    }
    if expected is Expected.MEMBER:
        return f"a field of the struct is named as in $[name], not by {_shown(text, offset)}", offset + 1
    quote = re.compile(r"\[?\s*(?=[\"'])").match(text, offset)
    if quote and not _WHOLE_STRING.match(text, quote.end()):
        return "the string is not closed before the end of the line", quote.end() + 1
    if symbol == ">" and text[offset - 1 : offset] == "<":
        return "there is no operator '<>', write '!='", offset
    if symbol in ")]" and _unclosed_bracket(text[:offset]) is not None:
        return None
    return (messages[symbol], offset + 1) if symbol in messages else None


def _about_word(text: str, offset: int, expected: Expected) -> Fault | None:
    found = _WORD.match(text, offset)
    if not found:
        return None
    word, plain = found[0], found[0].lower()
    if plain in _KEYWORDS and not (word.islower() or word.isupper()):
        return (
            f"keyword '{word}' must be all lower case or all upper case: '{plain}' or '{plain.upper()}'",
            offset + 1,
        )
    if plain == "is":
        return "after 'is' comes 'null' or 'not null', in the same case as 'is'", offset + 1
    if plain == "between":
        return "there is no operator 'between', write a range: 1 <= x <= 5", offset + 1
    if plain == "not" and re.match(r"\s+like\b", text[found.end() :], re.IGNORECASE):
        return "there is no operator 'not like', write not (field like \"pattern\")", offset + 1
    if plain in _KEYWORDS and expected is Expected.OPERAND:
        return f"keyword '{word}' is not allowed here, expected {expected.value}", offset + 1
    return None


def _unclosed_bracket(text: str) -> int | None:
    """Where the innermost bracket opens that ``text`` does not close, or None."""
    opened: list[int] = []
    for found in _BRACKET_OR_STRING.finditer(text):
        if found[0] in ("(", "["):
            opened.append(found.start())
        elif found[0] in (")", "]") and opened:
            opened.pop()
    return opened[-1] if opened else None


def _shown(text: str, offset: int) -> str:
    word = re.compile(r"\w+").match(text, offset)
    if word:
        return f"'{word[0][:40]}'"
    character = text[offset]
    if character.isascii() and character.isprintable():
        return f"'{character}'"
    return f"character U+{ord(character):04X} ({unicodedata.name(character, 'unnamed')})"
