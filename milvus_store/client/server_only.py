"""Calls that only a server answers: described here for those who call a server, and refused by a file."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from milvus_store_lite import ParamError

from .calls import Calls, Described


def server_only(instead: str) -> Callable[[Described], Described]:
    """Make a call of a method that has pymilvus's parameters and no body; what it returns is pymilvus's own.

    Args:
        instead: what to do with a file.
    """

    def decorate(described: Described) -> Described:
        @wraps(described)
        def run(self: Calls, /, *args: Any, **kwargs: Any) -> Any:
            if self._server is not None:
                return self._server.answer(described, args, kwargs)
            raise ParamError(message=f"{described.__name__}() is not supported on a file: {instead}")

        run.__doc__ = f"Not on a file: {instead}."
        return cast(Described, run)

    return decorate
