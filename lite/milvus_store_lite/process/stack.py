"""Room on Python's stack for what recurses into values that users nest."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from .threads import started

_Result = TypeVar("_Result")


def with_room(compute: Callable[[], _Result]) -> _Result:
    """``compute()``; where the caller's stack has no room for it, once more on an empty one.

    Every thread has a stack of its own, so what nests within our bounds can always be read, however deep in its
    own calls a program asks for it. ``compute`` must change nothing before it recurses.
    """
    try:
        return compute()
    except RecursionError:
        results: list[_Result] = []
        failures: list[BaseException] = []

        def run() -> None:
            try:
                results.append(compute())
            except BaseException as error:
                failures.append(error)

        thread = threading.Thread(target=run, name="milvus-store-stack", daemon=True)
        if not started(thread):
            raise
        thread.join()
    if failures:
        raise failures[0]
    return results[0]
