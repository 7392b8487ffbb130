"""The values of the numbers and strings in a filter text.

It works on the text of one literal at a time and does not know its column. A ``ValueError`` says what to do
instead.
"""

from __future__ import annotations

import math
import re

MAX_POSITION = 2**31 - 1
"""The last array position a path may name."""

MAX_DIGITS = 4_000
"""Python itself refuses decimal integers beyond 4,300 digits; hexadecimal ones are held to the same."""

_SIMPLE_ESCAPES = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    '"': '"',
    "'": "'",
    "?": "?",
}
_ESCAPE = re.compile(
    r"\\(?:(?P<octal>[0-7]{1,3})"
    r"|x(?P<byte>[0-9a-fA-F]{1,2})"
    r"|u(?P<short>[0-9a-fA-F]{4})"
    r"|U(?P<long>[0-9a-fA-F]{8})"
    r"|(?P<simple>.))"
)


def number(text: str) -> int | float:
    """The value of an unsigned number: ``42``, ``052``, ``0x2A``, ``0b101010``, ``4.2e1``, ``0x1.5p5``."""
    if text.isdigit() and (text[0] != "0" or text == "0"):
        return _integer(text, 10)
    prefix = text[:2].lower()
    if prefix == "0x":
        return _hex_float(text) if "p" in text.lower() else _integer(text, 16)
    if prefix == "0b":
        return _integer(text, 2)
    if text.isdigit():
        return _octal(text)
    return _finite(float(text), text)


def string(text: str) -> str:
    """The characters between the quotes of ``text``, with escapes replaced unless it is a raw string."""
    if text[0] in "rR":
        return text[2:-1]
    inner = text[text.index(text[-1]) + 1 : -1]  # what stands before the quote says how it was encoded
    return _ESCAPE.sub(_unescape, inner) if "\\" in inner else inner


def step(text: str) -> str | int:
    """What stands between the brackets of a path step: a quoted key or a position in an array."""
    if not text.isdigit():
        return string(text)
    position = _integer(text, 10)
    if position > MAX_POSITION:
        raise ValueError(f"the array position {text:.40} is too large, the last is {MAX_POSITION}")
    return position


def _integer(text: str, base: int) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError(f"the integer has {len(text)} digits, at most {MAX_DIGITS} are allowed")
    return int(text, base)


def _octal(text: str) -> int:
    if set(text) & {"8", "9"}:
        raise ValueError(f"{text:.40} starts with 0, so it is octal, where only the digits 0 to 7 exist")
    return _integer(text, 8)


def _hex_float(text: str) -> float:
    try:
        return float.fromhex(text)
    except OverflowError:
        return _finite(math.inf, text)


def _finite(value: float, text: str) -> float:
    if math.isinf(value):
        raise ValueError(f"{text:.40} is beyond the range of a 64-bit float")
    return value


def _unescape(found: re.Match[str]) -> str:
    simple = found["simple"]
    if simple is None:
        digits, base = (found["octal"], 8) if found["octal"] else (found[found.lastgroup or 0], 16)
        return _character(int(digits, base), found[0])
    if simple in "xuU":
        raise ValueError(
            f"the escape \\{simple} lacks its digits: write \\xHH, \\uHHHH or \\UHHHHHHHH in hexadecimal"
        )
    # An unknown escape keeps its backslash, so that a pattern may be written "100\%".
    return _SIMPLE_ESCAPES.get(simple, found[0])


def _character(code: int, escape: str) -> str:
    if code > 0x10FFFF:
        raise ValueError(f"the escape {escape} is beyond the last Unicode character, \\U0010FFFF")
    return chr(code)
