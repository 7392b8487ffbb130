"""What was made of a value, found again by any equal value, within bounds of number and memory.

Values are compared by what they say and by their types all the way down, so that ``True`` is not taken for ``1``.
Whoever builds each request anew, as a server does, finds what was made of an equal one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import lru_cache
from sys import getsizeof
from typing import Any, Final, Generic, TypeVar

import numpy as np

Made = TypeVar("Made")
Asked = TypeVar("Asked", bound="Keyed")

COPIES: Final = 4
"""How often a filter of many values is there: as it was given, in the key, parsed, and bound to a schema."""

_PLAIN: Final = frozenset({type(None), bool, int, float, str, bytes})
_LISTS: Final = frozenset({list, tuple})


class IncomparableError(Exception):
    """A value that may be equal to another one and mean something else, such as an object of a class unknown."""


def value_key(value: Any) -> Hashable:
    """What is equal for equal values of equal types, and for no others.

    Raises:
        IncomparableError: that cannot be told of ``value``.
    """
    kind = type(value)
    if kind is str or value is None:
        return value  # type: ignore[no-any-return]
    if kind in _PLAIN:
        return kind, value
    if kind in _LISTS:
        if not value:
            return (kind,)
        kinds = set(map(type, value))
        if len(kinds) == 1 and kinds <= _PLAIN:  # as long lists are: no call for each element
            return kind, *kinds, tuple(value)
        return kind, *map(value_key, value)
    if kind is dict:
        return kind, *map(value_key, value), *map(value_key, value.values())
    if kind is np.ndarray and value.dtype.kind in "biufU":
        return kind, value.dtype.str, value.shape, value.tobytes()
    if kind is datetime:
        return kind, value.isoformat(), value.fold
    if issubclass(kind, (np.number, np.bool_)):
        return kind, value
    names = _compared(kind)  # type: ignore[arg-type]  # a class can be hashed
    if names is None:
        raise IncomparableError
    return kind, *[value_key(getattr(value, name)) for name in names]


@lru_cache(maxsize=256)
def _compared(kind: Hashable) -> tuple[str, ...] | None:
    """What tells values of a frozen data class apart; None for another class."""
    if not is_dataclass(kind) or not kind.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        return None
    return tuple(field.name for field in fields(kind) if field.compare)


class Key:
    """A value to look up by: equal to the keys of equal values, hashed once.

    Raises:
        IncomparableError: ``value_key`` does.
    """

    __slots__ = ("_hash", "_value")

    def __init__(self, value: Any) -> None:
        try:
            self._value = value_key(value)
        except RecursionError:
            raise IncomparableError from None
        self._hash = hash(self._value)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and self._hash == other._hash and self._value == other._value

    @property
    def size(self) -> int:
        """About how many bytes its value takes."""
        return size_of(self._value)


class Keyed:
    """Base of frozen data classes that are found again by their value; they have no other base."""

    __slots__ = ("_key",)

    _key: Key | None

    @property
    def key(self) -> Key | None:
        """The key of all that it says, None where equal values cannot be told."""
        try:
            return self._key
        except AttributeError:
            pass
        try:
            key: Key | None = Key(self)
        except IncomparableError:
            key = None
        object.__setattr__(self, "_key", key)
        return key


def size_of(key: Hashable) -> int:
    """About how many bytes a key takes, classes aside, which are there in any case."""
    if not isinstance(key, tuple):
        return 0 if isinstance(key, type) else getsizeof(key)
    if _PLAIN.issuperset(map(type, key)):
        return getsizeof(key) + sum(map(getsizeof, key))
    return getsizeof(key) + sum(map(size_of, key))


class BoundedCache(Generic[Made]):
    """What was made for keys: ``entries`` of them and ``size`` bytes at most; what is asked for stays.

    There are two generations of entries. What is asked for moves to the young one; when that holds half of what
    the cache may, it becomes the old one, and what was old is let go. There is no lock: of what two threads make
    for the same key, either may stay, and a size may be off by what they put at the same moment.
    """

    def __init__(self, entries: int, size: int) -> None:
        self._entries, self._size = entries, size
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._young: dict[Hashable, tuple[Made, int]] = {}
        self._old: dict[Hashable, tuple[Made, int]] = {}
        self._young_size = 0

    def get(self, key: Hashable) -> Made | None:
        """What was put for ``key``, if it is still there."""
        entry = self._young.get(key)
        if entry is not None:
            return entry[0]
        entry = self._old.get(key)
        if entry is None:
            return None
        self.put(key, *entry)
        return entry[0]

    def put(self, key: Hashable, made: Made, size: int) -> None:
        """Keep ``made``, which takes ``size`` bytes, unless that alone is more than there may be."""
        if size > self._size:
            return
        half = self._size // 2
        if self._young_size + size > half or len(self._young) >= self._entries // 2:
            self._old = self._young if max(self._young_size, size) <= half else {}
            self._young, self._young_size = {}, 0
        self._young[key] = made, size
        self._young_size += size


class Remembered(Generic[Asked, Made]):
    """``make``, called once for equal questions while what it made is kept.

    Args:
        entries: how many answers to keep.
        size: how many bytes they may take together. A question is counted with all that is made of it, which is
            taken for ``COPIES`` times as much as itself.
    """

    def __init__(self, make: Callable[[Asked], Made], entries: int, size: int) -> None:
        self._make = make
        self._cache = BoundedCache[Made](entries, size)

    def __call__(self, asked: Asked) -> Made:
        key = asked.key
        if key is None:
            return self._make(asked)
        made = self._cache.get(key)
        if made is None:
            made = self._make(asked)
            self._cache.put(key, made, COPIES * key.size)
        return made
