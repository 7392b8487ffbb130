"""Tables in Markdown, aligned so that they read well in a terminal too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    lines = [heads, ["-" * width for width in widths], *rows]
    return "\n".join(
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |"
        for line in lines
    )


def by_columns(corner: str, columns: Mapping[str, Mapping[str, str]]) -> str:
    """A column for each of ``columns``, a line for each name in any of them."""
    names = list(dict.fromkeys(name for column in columns.values() for name in column))
    lines = [[name, *(column.get(name, "") for column in columns.values())] for name in names]
    return table([corner, *columns], lines)
