"""Memoized functions of a call's arguments: equal arguments that come again get what was made of them before.

Arguments are compared by their values and their types all the way down, so that ``True`` is not taken for ``1``.
Some arguments, such as objects of a user's class, cannot be compared so: the function runs for them each time.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any, Final, Generic, TypeVar

from milvus_store_lite import BoundedCache, IncomparableError, size_of, value_key

Made = TypeVar("Made")

_ENTRIES: Final = 256
_SIZE: Final = 16 << 20
"""Bytes that the memoized results of one function may take."""
_COPIES: Final = 2
"""How often the arguments are in memory: in the key, and in what was made of them."""


class MemoizedArguments(Generic[Made]):
    """``make``, memoized. It gets copies of the arguments, so changing them after the call changes no result."""

    def __init__(self, make: Callable[..., Made]) -> None:
        self._make = make
        self._made = BoundedCache[Made](_ENTRIES, _SIZE)

    def __call__(self, *arguments: Any) -> Made:
        try:
            key = tuple(
                [part if part is None or type(part) is str else value_key(part) for part in arguments]
            )
            found = self._made.get(key)
            if found is not None:
                return found
            copies = deepcopy(arguments)
        except (IncomparableError, RecursionError):
            return self._make(*arguments)
        found = self._make(*copies)
        self._made.put(key, found, _COPIES * size_of(key))
        return found

    def clear(self) -> None:
        """Forget every result."""
        self._made.clear()
