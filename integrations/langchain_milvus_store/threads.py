"""The asynchronous form of a method: the same method, in a thread."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar

from milvus_store.client import answers

P = ParamSpec("P")
R = TypeVar("R")


def in_thread(method: Callable[P, R]) -> Callable[P, Coroutine[Any, Any, R]]:
    """The asynchronous form of ``method``; a subclass that overrides the method changes it as well."""
    name = method.__name__

    @wraps(method)
    async def run(*args: P.args, **kwargs: P.kwargs) -> R:
        bound: Callable[..., R] = getattr(args[0], name)
        return await answers.in_thread(partial(bound, *args[1:], **kwargs))

    run.__name__ = run.__qualname__ = f"a{name}"
    return run
