"""The output of a statement: a table or a line, as HTML and as plain text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

_MOST_NUMBERS: Final = 6
_MOST_CHARACTERS: Final = 120
_NOTE_STYLE: Final = "margin: 0.2em 0 0.8em 0.5em; font-size: 85%; opacity: 0.6"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text."""

    text: str

    def plain(self) -> str:
        return self.text

    def html(self) -> str:
        return f"<p>{escape(self.text)}</p>"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under column names. ``note`` stands below in place of the number of rows; an empty one hides it."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    note: str | None = None

    @property
    def footer(self) -> str:
        count = len(self.rows)
        if self.note is not None:
            return self.note
        return "1 row" if count == 1 else f"{count} rows"

    def plain(self) -> str:
        cells = [self.columns, *([shown(value) for value in row] for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in cells
        ]
        lines.insert(1, "  ".join("-" * width for width in widths))
        return "\n".join([*lines, *([f"({self.footer})"] if self.footer else [])])

    def html(self) -> str:
        head = "".join(f'<th style="text-align: left">{escape(name)}</th>' for name in self.columns)
        body = "".join(f"<tr>{''.join(map(_marked, row))}</tr>" for row in self.rows)
        note = f'<div style="{_NOTE_STYLE}">{escape(self.footer)}</div>' if self.footer else ""
        style = "margin-bottom: 0" if note else ""
        return f'<table style="{style}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{note}'


def _marked(value: Any) -> str:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    text = escape(shown(value))
    return (
        f'<td style="text-align: {"right" if is_number else "left"}; vertical-align: top">'
        f"{f'<em>{text}</em>' if value is None else text}</td>"
    )


def shown(value: Any) -> str:
    """A value in a cell of a table; long vectors and texts are shortened."""
    if value is None:
        return "null"
    if isinstance(value, (bool, dict)):
        return _cut(json.dumps(value, ensure_ascii=False, default=str))
    if isinstance(value, float):
        return f"{value:.7g}"
    if isinstance(value, bytes):
        return _cut(f"x'{value.hex()}'")
    if isinstance(value, (list, tuple)):
        parts = [shown(part) for part in value[:_MOST_NUMBERS]]
        more = f", … {len(value)} in all" if len(value) > _MOST_NUMBERS else ""
        return _cut(f"[{', '.join(parts)}{more}]")
    return _cut(str(value))


def _cut(text: str) -> str:
    text = text.replace("\n", " ")
    return text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 1] + "…"


Output = Line | Table
