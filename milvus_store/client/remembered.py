"""Calls that come again: what was made of arguments is not made anew from equal ones.

Arguments are compared by their values and their types all the way down, so that ``True`` is not taken for ``1``.
Those of which that cannot be told (arrays, filter trees, long lists) are worked out each time.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from copy import deepcopy
from typing import Any, Final, Generic, TypeVar

Made = TypeVar("Made")

_REMEMBERED: Final = 256
_LONGEST: Final = 64
"""Items of a list whose comparison may cost more than it saves."""


class Remembered(Generic[Made]):
    """``make``, which keeps nothing of its arguments that is wrong or was changed later: it gets copies."""

    def __init__(self, make: Callable[..., Made]) -> None:
        self._make = make
        self._made: dict[Hashable, Made] = {}

    def __call__(self, *arguments: Any) -> Made:
        try:
            key = tuple([one if one is None or type(one) is str else _key(one) for one in arguments])
        except _Incomparable:
            return self._make(*arguments)
        found = self._made.get(key)
        if found is None:
            found = self._make(*deepcopy(arguments))
            if len(self._made) >= _REMEMBERED:
                self._made.clear()
            self._made[key] = found
        return found

    def clear(self) -> None:
        """Make everything anew."""
        self._made.clear()


class _Incomparable(Exception):
    """A value that may be equal to another one and mean something else, or that takes long to compare."""


def _key(value: Any) -> Hashable:
    """What is equal for equal values of equal types, and for no others."""
    kind = type(value)
    if value is None or kind is str:
        return value  # type: ignore[no-any-return]
    if kind is int or kind is float or kind is bool:
        return kind, value
    if (kind is list or kind is tuple) and len(value) <= _LONGEST:
        return kind, *map(_key, value)
    if kind is dict and len(value) <= _LONGEST:
        return kind, *map(_key, value), *map(_key, value.values())
    raise _Incomparable
