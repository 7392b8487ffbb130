"""Calls that come again: what was made of arguments is not made anew from equal ones.

Arguments are compared by their values and their types all the way down, so that ``True`` is not taken for ``1``.
Those of which that cannot be told, such as objects of a user's class, are worked out each time.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any, Final, Generic, TypeVar

from milvus_store_lite import BoundedCache, IncomparableError, size_of, value_key

Made = TypeVar("Made")

_ENTRIES: Final = 256
_SIZE: Final = 16 << 20
"""Bytes that what is remembered of a call's arguments may take."""
_COPIES: Final = 2
"""How often the arguments are there: in the key, and in what was made of them."""


class Remembered(Generic[Made]):
    """``make``, which keeps nothing of its arguments that is wrong or was changed later: it gets copies."""

    def __init__(self, make: Callable[..., Made]) -> None:
        self._make = make
        self._made = BoundedCache[Made](_ENTRIES, _SIZE)

    def __call__(self, *arguments: Any) -> Made:
        try:
            key = tuple(
                [
                    argument if argument is None or type(argument) is str else value_key(argument)
                    for argument in arguments
                ]
            )
            found = self._made.get(key)
            if found is not None:
                return found
            kept = deepcopy(arguments)
        except (IncomparableError, RecursionError):
            return self._make(*arguments)
        found = self._make(*kept)
        self._made.put(key, found, _COPIES * size_of(key))
        return found

    def clear(self) -> None:
        """Make everything anew."""
        self._made.clear()
