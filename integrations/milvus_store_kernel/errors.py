"""Errors of a cell, with their position in the text."""

from __future__ import annotations

_MOST_SHOWN = 100


class CellError(Exception):
    """A statement that cannot be parsed, or that failed.

    ``name``: the kind of error that Jupyter shows. ``at``: the 0-based offset in the cell; None where ``run`` has
    to find it from the statement.
    """

    def __init__(self, name: str, message: str, at: int | None = None) -> None:
        super().__init__(message)
        self.name = name
        self.message = message
        self.at = at

    def shown(self, cell: str) -> list[str]:
        """The error as lines: kind and message, then the line of the cell with a caret under the position."""
        at = min(self.at or 0, len(cell))
        number = cell.count("\n", 0, at) + 1
        start = cell.rfind("\n", 0, at) + 1
        line = cell[start:].split("\n", 1)[0]
        column = at - start
        cut = max(0, column - _MOST_SHOWN // 2)
        head = f"line {number}: {'…' if cut else ''}"
        window = line[cut : cut + _MOST_SHOWN]
        return [f"{self.name}: {self.message}", head + window, " " * (len(head) + column - cut) + "^"]
