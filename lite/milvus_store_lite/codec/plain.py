"""Python values to plain JSON values: the same rules for JSON fields, the dynamic field and metadata.

The rules are those of pymilvus, which writes with orjson, and refuse what orjson refuses. Beyond them, tuples may
hold numpy's scalars, and any value may hold numpy's and pandas's times. Nothing here knows fields or rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from uuid import UUID

import numpy as np

MAX_LEVELS: Final = 128
"""How deep lists and dicts may nest: Python's JSON reader takes a level of the stack for each."""

LEAST_INTEGER: Final = -(2**63)
GREATEST_INTEGER: Final = 2**64 - 1
"""In Milvus, JSON's integers have 64 bits, signed or unsigned."""

_CONTAINERS: Final = frozenset({dict, list})
_LEAVES: Final = frozenset({str, float, bool, type(None)})

Path = tuple[str | int, ...]


class Unfit(Exception):  # never leaves the package
    """A value that JSON cannot hold. ``path``: where it is in the value that was given."""

    def __init__(self, path: Path, value: object, expected: str) -> None:
        super().__init__(expected)
        self.path = path
        self.value = value
        self.expected = expected


def is_plain(value: Any, levels: int = MAX_LEVELS) -> bool:
    """Whether ``value`` needs no conversion: only ``json``'s own types, str keys, integers and levels in bounds.

    It looks at the types of a dict's or list's values all at once: documents are mostly flat.
    """
    kind = type(value)
    if kind is dict:
        if levels == 0 or not {str}.issuperset(map(type, value)):
            return False
        parts: Iterable[Any] = value.values()
    elif kind is list:
        if levels == 0:
            return False
        parts = value
    else:
        return kind in _LEAVES or (kind is int and LEAST_INTEGER <= value <= GREATEST_INTEGER)
    if _LEAVES.issuperset(map(type, parts)):
        return True
    for part in parts:
        kind = type(part)
        if kind is int:
            if not LEAST_INTEGER <= part <= GREATEST_INTEGER:
                return False
        elif kind in _CONTAINERS:
            if not is_plain(part, levels - 1):
                return False
        elif kind not in _LEAVES:
            return False
    return True


def to_plain(value: Any, path: Path = (), levels: int = MAX_LEVELS) -> Any:
    """``value`` as JSON holds it: None, bool, int, finite float, str, list and dict.

    Raises:
        Unfit: something in it has no form in JSON.
    """
    if value is None or isinstance(value, (bool, np.bool_)):
        return None if value is None else bool(value)
    if isinstance(value, (dict, list, tuple, np.ndarray)) or _is_record(value):
        if levels == 0:
            raise Unfit(path, value, f"lists and dicts nested at most {MAX_LEVELS} levels deep")
        return _container(value, path, levels - 1)
    for kind, convert in _CONVERSIONS:
        if isinstance(value, kind) and not isinstance(value, np.timedelta64):  # to numpy that is an integer
            return convert(value, path)
    if isinstance(value, Enum):
        return to_plain(value.value, path, levels)
    if _is_missing(value):
        return None
    raise Unfit(path, value, "a value that JSON can hold" + _hint(value))


def _is_record(value: object) -> bool:
    return is_dataclass(value) and not isinstance(value, type)


def _container(value: Any, path: Path, levels: int) -> Any:
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise Unfit(path, key, "keys that are str")
            _text(key, path)
        return {str.__str__(key): to_plain(element, (*path, key), levels) for key, element in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(element, (*path, index), levels) for index, element in enumerate(value)]
    if isinstance(value, np.ndarray):
        if value.ndim == 0:
            return to_plain(value[()], path, levels)
        # An array's elements stay numpy's own only where tolist() would lose what they are.
        elements = list(value) if value.dtype.kind in "mM" else value.tolist()
        return [to_plain(element, (*path, index), levels) for index, element in enumerate(elements)]
    # As orjson does, without the names that a leading underscore marks as private.
    names = [field.name for field in fields(value) if not field.name.startswith("_")]
    return {name: to_plain(getattr(value, name), (*path, name), levels) for name in names}


def _text(value: str, path: Path) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Unfit(path, value, "text that can be written as UTF-8 (no lone surrogates)") from None
    return str.__str__(value)


def _integer(value: Any, path: Path) -> int:
    number = int(value)
    if not LEAST_INTEGER <= number <= GREATEST_INTEGER:
        raise Unfit(path, value, "an integer of 64 bits, from -2**63 to 2**64 - 1")
    return number


def _number(value: Any, path: Path) -> float | None:
    """NaN and the infinities, which JSON does not have, become null."""
    number = float(value)
    return number if math.isfinite(number) else None


def _moment(value: Any, path: Path) -> str | None:
    return None if _is_missing(value) else str(value.isoformat())


def _numpy_moment(value: Any, path: Path) -> str | None:
    if np.isnat(value):
        return None
    unit = np.datetime_data(value.dtype)[0]
    moment = value.item() if unit == "D" else value.astype("datetime64[us]").item()
    if not isinstance(moment, date):
        raise Unfit(path, value, "a time between the years 1 and 9999")
    return moment.isoformat()


def _clock(value: time, path: Path) -> str:
    if value.tzinfo is not None:
        raise Unfit(path, value, "a time of day without a time zone")
    return value.isoformat()


_CONVERSIONS: Final[tuple[tuple[Any, Callable[[Any, Path], Any]], ...]] = (
    (str, _text),
    ((int, np.integer), _integer),
    ((float, np.floating), _number),
    ((datetime, date), _moment),
    (time, _clock),
    (UUID, lambda value, path: str(value)),
    (np.datetime64, _numpy_moment),
)


def _is_missing(value: Any) -> bool:
    """Whether it is pandas's NA or NaT; comparing with these would import pandas."""
    kind = type(value)
    return kind.__name__ in ("NAType", "NaTType") and kind.__module__.startswith("pandas.")


def _hint(value: object) -> str:
    if isinstance(value, Decimal):
        return ", as float(…) or str(…)"
    if isinstance(value, (set, frozenset, range)):
        return ", as list(…)"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return ", as text"
    return ", as numbers, text, lists or dicts"
