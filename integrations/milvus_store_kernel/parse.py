"""Parses the text of a cell into statements, or a ``CellError`` where it cannot be parsed.

Lark is imported and the parser built at the first cell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .errors import CellError
from .hints import hint
from .statements import Statement

if TYPE_CHECKING:
    from lark import Lark
    from lark.exceptions import UnexpectedInput
    from lark.lexer import TerminalDef

ANY_NAME = frozenset({"COLLECTION", "FIELD", "OPTION"})
_DESCRIBED = {
    "COLLECTION": "the name of a collection",
    "FIELD": "the name of a field",
    "OPTION": "the name of a parameter",
    "QUOTED": "text in single quotes",
    "DOUBLE_QUOTED": "text in double quotes",
    "NUMBER": "a number",
    "INTEGER": "a whole number",
    "HEX": "bits such as x'0f'",
    "FILTER": "a filter expression",
    "URI": "an address such as milvus://127.0.0.1:19530",
    "PATH": "the path of a file such as ./milvus_demo.db",
    "TOPIC": "-metric or -index",
    "COUNT": "count(*)",
    "$END": "the end of the statement",
    "SEMICOLON": "';'",
}


MOST_NESTED: Final = 100
"""The deepest nesting of JSON brackets: transforming a tree takes some of Python's stack for each."""
_DEEPER: Final = {"LBRACE": 1, "LSQB": 1, "RBRACE": -1, "RSQB": -1}
_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_WORD_END: Final = r"(?!\w)"
_WHITE_SPACE: Final = " \t\f\r\n"
"""White space of the grammar; Python's has more characters."""


class _TooDeep(Exception):
    def __init__(self, at: int) -> None:
        self.at = at


@dataclass(frozen=True, slots=True)
class Script:
    """The statements of a cell that come before the first error, and that error if there is one."""

    statements: tuple[Statement, ...]
    error: CellError | None = None


@lru_cache(maxsize=1)
def parser() -> Lark:
    """The parser of the grammar beside this file."""
    from lark import Lark

    grammar = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    return Lark(
        grammar,
        start="script",
        parser="lalr",
        propagate_positions=True,
        maybe_placeholders=True,
        edit_terminals=_as_whole_word,
    )


def _as_whole_word(terminal: TerminalDef) -> None:
    """Keep a keyword from matching the beginning of a longer word."""
    from lark.lexer import PatternRE

    if terminal.pattern.type == "str" and terminal.pattern.value.isalpha():
        terminal.pattern = PatternRE(terminal.pattern.value + _WORD_END, terminal.pattern.flags)
        terminal.priority = 1  # before names, where the grammar allows both


def parse(cell: str) -> Script:
    """The statements of ``cell``; those before an error can still be run."""
    from lark.exceptions import UnexpectedInput

    from .reading import read_script

    lone = _LONE_SURROGATE.search(cell)
    if lone is not None:
        return Script((), CellError("SyntaxError", "a lone surrogate is not text", lone.start()))
    read_until = semicolon = depth = 0
    parsing: Any = parser().parse_interactive(cell)
    try:
        for token in parsing.iter_parse():  # which yields a token before it accepts it
            read_until = semicolon
            if token.type == "SEMICOLON":
                semicolon = token.end_pos or 0
            depth += _DEEPER.get(token.type, 0)
            if depth > MOST_NESTED:
                raise _TooDeep(token.start_pos or 0)
        tree, error = parsing.resume_parse(), None
    except _TooDeep as deep:
        tree = parser().parse(cell[:read_until])
        error = CellError("SyntaxError", f"more than {MOST_NESTED} levels of nested brackets", deep.at)
    except UnexpectedInput as unexpected:
        tree = parser().parse(cell[:read_until])
        error = _explained(cell, unexpected, parsing.accepts(), cell[semicolon:])
    statements: list[Statement] = []
    try:
        statements.extend(read_script(tree))  # keeps the statements before the first error
    except CellError as unreadable:
        error = unreadable
    return Script(tuple(statements), error)


def is_unfinished(cell: str) -> bool:
    """Whether ``cell`` could be a script if more text followed."""
    from lark.exceptions import UnexpectedInput

    try:
        parser().parse(cell)
    except UnexpectedInput as error:
        return _offset_of(cell, error) >= _end(cell)
    return False


def expected_after(text: str) -> frozenset[str]:
    """Names of the terminals that could follow ``text``; empty if it cannot be parsed.

    A filter may always continue.
    """
    from lark.exceptions import UnexpectedInput

    parsing: Any = parser().parse_interactive(text)
    last = ""
    try:
        for token in parsing.iter_parse():
            last = token.type
    except UnexpectedInput:
        return frozenset()
    return frozenset(parsing.accepts()) | ({"FILTER"} & {last})


@lru_cache(maxsize=1)
def keywords() -> dict[str, str]:
    """Terminal name → keyword."""
    return {
        terminal.name: terminal.pattern.value.removesuffix(_WORD_END).lower()
        for terminal in parser().terminals
        if terminal.pattern.value.endswith(_WORD_END)
    }


def _offset_of(cell: str, error: UnexpectedInput) -> int:
    token = getattr(error, "token", None)
    if token is not None:
        return _end(cell) if token.type == "$END" else int(token.start_pos)
    return int(error.pos_in_stream or 0)


def _end(cell: str) -> int:
    return len(cell.rstrip(_WHITE_SPACE))


def _explained(cell: str, error: UnexpectedInput, acceptable: set[str], statement: str) -> CellError:
    """The error of a cell whose text from ``statement`` on cannot be parsed."""
    at = _offset_of(cell, error)
    wanted = _in_words(frozenset(getattr(error, "accepts", None) or acceptable))
    advice = hint(statement)
    more = "" if advice is None else f"; {advice}"
    if at >= _end(cell):
        return CellError("SyntaxError", f"the statement ends too early, expected {wanted}{more}", at)
    if cell[at] in "'\"":
        end = cell.find(cell[at], at + 1)
        if end < 0:
            return CellError("SyntaxError", "the text is never closed", at)
    found = re.split(f"[{_WHITE_SPACE}]", cell[at : at + 30], maxsplit=1)[0]
    return CellError("SyntaxError", f"unexpected {found!r}, expected {wanted}{more}", at)


def _in_words(terminals: frozenset[str]) -> str:
    words = keywords()
    shown = sorted({words.get(name) or _DESCRIBED.get(name) or _symbol(name) for name in terminals})
    if len(shown) > 8:
        return "a statement; help lists them"
    return " or ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def _symbol(name: str) -> str:
    terminal = next((terminal for terminal in parser().terminals if terminal.name == name), None)
    return repr(terminal.pattern.value) if terminal is not None else name
