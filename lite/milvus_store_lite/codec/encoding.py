"""Shared by all encoders: their type, the error for an unfit value, and nulls, which encoders never see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from ..errors import DataNotMatchException, shown
from ..schema.fields import Field
from .columns import Array, NullableArray, Values

Encode = Callable[[Field, Any], Sequence[Any]]
"""Turns a field's values, in a list or an array without nulls, into stored ones."""


def reject(field: Field, row: int, value: object, expected: str) -> NoReturn:
    """Raise DataNotMatchException: row ``row`` gives ``value`` where ``field`` takes ``expected``."""
    raise DataNotMatchException(
        message=f"row {row}: field '{field.name}' ({field.describe()}): expected {expected}, got {shown(value)}"
    )


def encode_with_nulls(field: Field, values: Values, encode: Encode) -> Sequence[Any]:
    """The result of ``encode`` for ``values``; where some are null, a list with None for each of these.

    Raises:
        DataNotMatchException: a value does not fit, or is null though the field is not nullable; the message
            counts rows as the caller does.
    """
    if isinstance(values, NullableArray):
        count, present = len(values.values), np.flatnonzero(values.is_valid).tolist()
        given: Sequence[Any] | Array = values.values[values.is_valid]
    elif isinstance(values, np.ndarray) or type(None) not in set(map(type, values)):
        return encode(field, values)
    else:
        count, present = len(values), [row for row, value in enumerate(values) if value is not None]
        given = [values[row] for row in present]
    if len(present) == count:
        return encode(field, given)
    if not field.nullable:
        first = next((index for index, row in enumerate(present) if index != row), len(present))
        reject(field, first, None, "a value, since the field is not nullable")
    stored: list[Any] = [None] * count
    try:
        encoded = encode(field, given)
    except DataNotMatchException as error:
        raise error.in_rows(present) from None
    for row, value in zip(present, encoded, strict=True):
        stored[row] = value
    return stored
