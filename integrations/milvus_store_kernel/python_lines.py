"""Cells of Python lines as documents show them: ``>>>`` before code, its output below."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from doctest import DocTestParser
from typing import Any

_NAME = "<cell>"


def is_python(cell: str) -> bool:
    """Whether the first line of ``cell`` that is not a comment begins with ``>>>``."""
    lines = (line.strip() for line in cell.splitlines())
    return next((line for line in lines if line and not line.startswith("#")), "").startswith(">>>")


def run_python(cell: str, names: dict[str, Any], show: Callable[[object], None]) -> None:
    """Run the lines behind ``>>>`` and ``...``; skip the others, which are expected output.

    Args:
        names: the namespace.
        show: receives the value of each expression that has one.

    Raises:
        Any exception that the lines raise; SyntaxError if they are not Python, ValueError if a prompt is not
        followed by a space.
    """
    with _shown_by(show):
        for example in DocTestParser().get_examples(cell, _NAME):
            # The line of the cell is kept, for tracebacks.
            source = "\n" * example.lineno + example.source
            exec(compile(source, _NAME, "single", dont_inherit=True), names)


def traceback_lines(error: BaseException) -> list[str]:
    """The traceback as lines, from the cell's own line on."""
    found = traceback.TracebackException.from_exception(error)
    while found.stack and found.stack[0].filename != _NAME:
        del found.stack[0]
    return "".join(found.format()).rstrip().splitlines()


@contextmanager
def _shown_by(show: Callable[[object], None]) -> Iterator[None]:
    before = sys.displayhook
    sys.displayhook = lambda value: None if value is None else show(value)
    try:
        yield
    finally:
        sys.displayhook = before
