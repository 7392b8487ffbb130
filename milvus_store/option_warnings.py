"""The warning for an unknown argument: once for each name in each call, whatever the warning filters."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Final

_OURS: Final = frozenset(
    {"milvus_store", "milvus_store_lite", "langchain_milvus_store", "llama_index", "concurrent", "threading"}
)

_warned: dict[tuple[str, str], object] = {}
_judged: list[Callable[[], None]] = []


class UnknownOptionWarning(UserWarning):
    """A call has ignored an unknown argument, as pymilvus does."""


def warn_of_unknown(call: str, name: str, what: str = "argument") -> None:
    """Warn that ``call`` ignores the ``what`` called ``name``, once in a process."""
    mine = object()
    if _warned.setdefault((call, name), mine) is not mine:
        return
    try:
        warnings.warn(
            f"{call}() ignores the {what} {name!r}, which it does not know; strict=True of the client, or "
            f"MILVUS_STORE_STRICT=1, makes it an error",
            UnknownOptionWarning,
            stacklevel=_users_level(),
        )
    except UnknownOptionWarning:  # a filter has made it an error, so it may occur again
        _warned.pop((call, name), None)
        raise


def forget_warnings() -> None:
    """Forget which names were warned of; for tests."""
    _warned.clear()
    for clear in _judged:
        clear()


def judged_once(clear: Callable[[], None]) -> None:
    """Let ``forget_warnings`` call ``clear``, which forgets arguments that were checked."""
    _judged.append(clear)


def _users_level() -> int:
    """The ``stacklevel`` by which a warning names the line outside of this package that made the call."""
    level, frame = 1, sys._getframe(1)  # of warn_of_unknown, in which a level of 1 would be
    while frame.f_back is not None:
        if frame.f_globals.get("__name__", "").partition(".")[0] not in _OURS:
            return level
        level, frame = level + 1, frame.f_back
    return level
