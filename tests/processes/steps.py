"""What happens at one step of a call, in the thread that makes it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def at_step(wanted: int, files: tuple[str, ...], act: Callable[[], object]) -> Iterator[list[str]]:
    """Calls ``act`` at the step with that number in modules that end like one of ``files``; gives where."""
    where: list[str] = []
    steps = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal steps
        if not frame.f_code.co_filename.replace("\\", "/").endswith(files):
            return None
        steps += event in ("call", "line")
        if steps == wanted and not where:
            where.append(f"{frame.f_code.co_name}, line {frame.f_lineno}")
            act()
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield where
    finally:
        sys.settrace(before)
