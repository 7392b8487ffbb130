"""Caches of what was made of a value: an equal value finds it again. Number and memory of the entries are bounded.

Values are compared by what they say and by their types all the way down, so that ``True`` is not taken for ``1``.
A server builds each request anew, and finds what was made of an equal request.
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
    """A value that may equal another and yet mean something else, such as an object of an unknown class."""


def value_key(value: Any) -> Hashable:
    """A key that is equal for equal values of equal types, and for no others.

    Raises:
        IncomparableError: ``value`` cannot be compared so.
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
    """The names of the attributes that values of a frozen data class are compared by; None for another class."""
    if not is_dataclass(kind) or not kind.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        return None
    return tuple(field.name for field in fields(kind) if field.compare)


class Key(frozenset[Hashable]):
    """A value to look up by: equal to the keys of equal values, hashed once.

    A frozen set of that one value, since those remember their hash, and are compared without a step of Python.

    Raises:
        IncomparableError: ``value_key`` does.
    """

    __slots__ = ()

    def __new__(cls, value: Any) -> Key:
        try:
            return super().__new__(cls, (value_key(value),))
        except RecursionError:
            raise IncomparableError from None

    @property
    def size(self) -> int:
        """About how many bytes its value takes."""
        return sum(map(size_of, self))


class Keyed:
    """Base of frozen data classes that caches know by their value; they have no other base."""

    __slots__ = ("_key",)

    _key: Key | None

    @property
    def key(self) -> Key | None:
        """The key of all that it says; None if it holds a value that cannot be compared."""
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
    """At most ``entries`` values by their keys, of ``size`` bytes in all; values in use stay.

    There are two generations of entries. ``get`` moves an entry to the young generation. When that reaches half of
    a bound, it becomes the old generation, and the cache drops the former old one. There is no lock: when two
    threads put the same key, either value may stay, and the size may be off by what they put at the same moment.
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
        """The value that was put for ``key``, if the cache still has it."""
        entry = self._young.get(key)
        if entry is not None:
            return entry[0]
        entry = self._old.get(key)
        if entry is None:
            return None
        self.put(key, *entry)
        return entry[0]

    def put(self, key: Hashable, made: Made, size: int) -> None:
        """Keep ``made``, which takes ``size`` bytes, unless it alone exceeds the bound of the cache."""
        if size > self._size:
            return
        half = self._size // 2
        if self._young_size + size > half or len(self._young) >= self._entries // 2:
            self._old = self._young if max(self._young_size, size) <= half else {}
            self._young, self._young_size = {}, 0
        self._young[key] = made, size
        self._young_size += size


class Memoized(Generic[Asked, Made]):
    """``make``, memoized: it is called once for equal questions, as long as the cache keeps the answer.

    Args:
        entries: how many answers to keep.
        size: how many bytes they may take together. Each is estimated at ``COPIES`` times its question's size.
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
