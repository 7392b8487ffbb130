"""Columns in which some values are null: only those present are encoded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..errors import DataNotMatchException
from ..schema.model import Field
from .failures import fail

Encode = Callable[[Field, Sequence[Any]], Sequence[Any]]


def encode_with_nulls(one: Field, values: Sequence[Any], encode: Encode) -> list[Any]:
    """What ``encode`` makes of ``values``, None staying None.

    Raises:
        DataNotMatchException: a value does not fit, or is None though the field is not nullable; the message
            counts rows as the caller does.
    """
    if type(None) not in set(map(type, values)):
        return list(encode(one, values))
    if not one.nullable:
        fail(one, values.index(None), None, "a value, since the field is not nullable")
    present = [place for place, value in enumerate(values) if value is not None]
    stored: list[Any] = [None] * len(values)
    try:
        encoded = encode(one, [values[place] for place in present])
    except DataNotMatchException:
        for place in present:
            _encode_at(one, place, values[place], encode)
        raise
    for place, value in zip(present, encoded, strict=True):
        stored[place] = value
    return stored


def _encode_at(one: Field, place: int, value: Any, encode: Encode) -> None:
    try:
        encode(one, [value])
    except DataNotMatchException as error:
        raise DataNotMatchException(message=error.message.replace("row 0:", f"row {place}:", 1)) from None
