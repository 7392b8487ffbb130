"""How long rows of a collection live, as its properties say: all of them equally, or each by a time of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..errors import ParamError
from .data_types import DataType
from .fields import Field
from .model import Schema

TTL_SECONDS: Final = "collection.ttl.seconds"
TTL_FIELD: Final = "ttl_field"

_LONGEST: Final = 3_155_760_000
"""Milvus's bound: a hundred years."""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """``seconds`` from the insertion of a row, or until the time in its ``field``; one of them is None."""

    seconds: int | None
    field: Field | None

    @classmethod
    def of(cls, schema: Schema, properties: Mapping[str, Any]) -> Lifetime | None:
        """The lifetime that ``properties``, which were checked, give to rows; None where rows do not expire."""
        seconds = _seconds(properties.get(TTL_SECONDS))
        name = properties.get(TTL_FIELD)
        field = None if name is None else schema.by_name.get(name)
        if field is not None:
            return cls(None, field)
        return cls(seconds, None) if seconds is not None and seconds > 0 else None


def check_lifetime(schema: Schema, properties: Mapping[str, Any]) -> None:
    """Raise ``ParamError`` if rows of a collection of this schema cannot live as ``properties`` say."""
    given = properties.get(TTL_SECONDS)
    seconds = _seconds(given)
    if given is not None and (seconds is None or not -1 <= seconds <= _LONGEST):
        raise ParamError(
            message=f"collection property {TTL_SECONDS!r} must be a number of seconds between -1 and {_LONGEST}, "
            f"0 or -1 for rows that do not expire, got {given!r:.80}"
        )
    if TTL_FIELD not in properties:
        return
    name = properties[TTL_FIELD]
    times = [field.name for field in schema.fields if field.dtype is DataType.TIMESTAMPTZ]
    if name not in times:
        raise ParamError(
            message=f"collection property {TTL_FIELD!r} must be the name of a TIMESTAMPTZ field, expected one of "
            f"{', '.join(times) or 'none'}, got {name!r:.80}"
        )
    if given is not None:
        raise ParamError(
            message=f"collection properties {TTL_FIELD!r} and {TTL_SECONDS!r} exclude each other: drop one before "
            "setting the other"
        )


def _seconds(given: object) -> int | None:
    """``given`` as a whole number; servers have properties as texts."""
    if isinstance(given, bool) or not isinstance(given, (int, str)):
        return None
    try:
        return int(given)
    except ValueError:
        return None
