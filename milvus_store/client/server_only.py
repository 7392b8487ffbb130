"""Calls that only a server answers: described here for those who call a server, and refused by a file."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, cast

from milvus_store_lite import ParamError

from .calls import Calls, Described

_NOT_ON_A_FILE: Final = "Not on a file: "


def instead_of(method: object) -> str | None:
    """What to do with a file instead of a call that ``server_only`` made; None for another one."""
    text = getattr(method, "__doc__", None) or ""
    return text.removeprefix(_NOT_ON_A_FILE).rstrip(".") if text.startswith(_NOT_ON_A_FILE) else None


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

        run.__doc__ = f"{_NOT_ON_A_FILE}{instead}."
        return cast(Described, run)

    return decorate
