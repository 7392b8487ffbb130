"""Reads lists of plain literals without a token for each element, since they may have very many.

Imported with the first list: its patterns take a while to compile.
"""

from __future__ import annotations

import re
from typing import Final

from ...errors import FilterError
from ..tree import Value
from . import literals
from .lexer import BOOLEAN, NUMBER, SPACE, STRING

# A literal has white space only after its sign: two such patterns in a row would make failing lists slow.
_LITERAL: Final = rf"(?:{STRING}|{BOOLEAN}|(?:[+-]{SPACE})?(?:{NUMBER}))"
_LITERAL_LIST: Final = re.compile(
    rf"\[(?:{SPACE}{_LITERAL}(?:{SPACE},{SPACE}{_LITERAL})*(?:{SPACE},)?)?{SPACE}\]"
)
_INTEGER_LIST: Final = re.compile(
    rf"\[{SPACE}-?(?:0|[1-9][0-9]*)(?:{SPACE},{SPACE}-?(?:0|[1-9][0-9]*))*(?:{SPACE},)?{SPACE}\]"
)
_ONE_STRING: Final = r"""(?:'[^'\\\r\n]*'|"[^"\\\r\n]*")"""
_STRING_LIST: Final = re.compile(
    rf"\[{SPACE}{_ONE_STRING}(?:{SPACE},{SPACE}{_ONE_STRING})*(?:{SPACE},)?{SPACE}\]"
)
"""Strings without a prefix or an escape."""
_QUOTED: Final = re.compile(r"'([^']*)'" + r'|"([^"]*)"')
_ITEM: Final = re.compile(
    rf"(?P<string>{STRING})|(?P<boolean>{BOOLEAN})|(?P<sign>[+-]{SPACE})?(?P<number>{NUMBER})"
)


def plain_list(text: str, start: int) -> tuple[list[Value], int] | None:
    """The values of the list that begins at ``start`` (0-based) and where it ends, or None if it holds more
    than literals.

    Raises:
        FilterError: a literal has no value, such as a number that is too large.
    """
    found = _INTEGER_LIST.match(text, start)
    if found is not None:
        numbers = found[0][1:-1].strip(", \t\r\n").split(",")
        if max(map(len, numbers)) <= literals.MAX_DIGITS:
            return list(map(int, numbers)), found.end()
    found = _STRING_LIST.match(text, start)
    if found is not None:
        quoted = _QUOTED.findall(found[0])
        return [single or double for single, double in quoted], found.end()
    found = _LITERAL_LIST.match(text, start)
    if found is None:
        return None
    values: list[Value] = []
    for item in _ITEM.finditer(text, start + 1, found.end() - 1):
        kind = item.lastgroup
        try:
            if kind == "number":
                size = literals.number(item["number"])
                values.append(-size if (item["sign"] or "+")[0] == "-" else size)
            elif kind == "string":
                values.append(literals.string(item[0]))
            else:
                values.append(item[0].lower() == "true")
        except ValueError as error:
            raise FilterError(str(error), text, item.start() + 1) from None
    return values, found.end()


def item_column(text: str, list_at: int, index: int) -> int:
    """The 1-based column of element ``index`` of the list of plain literals that stands at ``list_at``."""
    found = _LITERAL_LIST.match(text, list_at - 1)
    assert found is not None, "a list of plain literals was read there"
    items = _ITEM.finditer(text, found.start() + 1, found.end() - 1)
    return next(item.start() + 1 for at, item in enumerate(items) if at == index)
