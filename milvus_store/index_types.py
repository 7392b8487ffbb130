"""Index types by pymilvus's numbers, and the names of types and metrics that are given as enums."""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import Any, Final


class IndexType(IntEnum):
    """pymilvus's ``IndexType``, for ``index_type=IndexType.HNSW``; every other type is given by its name."""

    INVALID = 0
    FLAT = 1
    IVFLAT = 2
    IVF_SQ8 = 3
    RNSG = 4
    IVF_SQ8H = 5
    IVF_PQ = 6
    HNSW = 11
    ANNOY = 12
    IVF_FLAT = 2
    IVF_SQ8_H = 5

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.name}>"


_NAMES_OF_TODAY: Final = {"IVFLAT": "IVF_FLAT", "IVF_SQ8_H": "IVF_SQ8H"}


def type_name(given: Any) -> Any:
    """The name of an index type given as a member of an enum, pymilvus's or this package's; other values
    unchanged."""
    if not isinstance(given, Enum):
        return given
    name = named(given)
    return _NAMES_OF_TODAY.get(name, name)


def named(given: Any) -> Any:
    """The text that a member of an enum stands for: its value, or its name if that is a number."""
    if not isinstance(given, Enum):
        return given
    return given.value if isinstance(given.value, str) else given.name
