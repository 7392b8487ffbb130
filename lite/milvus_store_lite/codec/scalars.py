"""Scalar fields: from a column of Python values to the values SQLite stores, and back.

The common case, every value of the field's own Python type, is decided by a few calls per column; only a
column that fails it is walked through to name the row at fault.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from functools import partial
from itertools import chain, islice
from typing import Any

import numpy as np

from ..errors import DataNotMatchException, SchemaNotReadyException
from ..schema import times
from ..schema.data_types import INTEGER_RANGES, DataType
from ..schema.geometry import MAX_POINTS, from_wkt, to_wkt
from ..schema.model import Field, Schema
from .columns import Values, as_list
from .failures import fail
from .json_text import dump, encode_json
from .nulls import Encode, encode_with_nulls
from .numbers import encode_bools, encode_floats, encode_integers
from .structs import encode_structs


def encode_pks(primary: Field, values: Sequence[Any]) -> list[Any]:
    """Primary key values as stored; raises DataNotMatchException for one of the wrong type."""
    return encode_scalar(primary, list(values))


def check_defaults(schema: Schema, zone: tzinfo = times.UTC) -> None:
    """Raise SchemaNotReadyException for a default value that its own field would not take."""
    for one in schema.fields:
        if one.has_default:
            try:
                encode_scalar(one, [one.default], zone)
            except DataNotMatchException as error:
                raise SchemaNotReadyException(
                    message=error.message.replace("row 0", "default_value", 1)
                ) from None


def encode_default(one: Field) -> Any:
    """The stored form of a scalar field's default value, None if it has none."""
    return encode_scalar(one, [one.default])[0] if one.has_default else None


def decode_scalar(one: Field, show_time: Callable[[int], Any]) -> Callable[[Any], Any] | None:
    """What turns a stored value of the field into the one a user sees; None when it is the same.

    ``show_time``: what a user sees of an instant.
    """
    if one.dtype is DataType.BOOL:
        return lambda stored: None if stored is None else bool(stored)
    if one.dtype in (DataType.JSON, DataType.ARRAY):
        return lambda stored: None if stored is None else json.loads(stored)
    if one.dtype is DataType.TIMESTAMPTZ:
        return lambda stored: None if stored is None else show_time(stored)
    return None


def encode_scalar(one: Field, values: Values, zone: tzinfo = times.UTC) -> list[Any]:
    """Stored values of one scalar field, None where the value is null; times without an offset are in ``zone``."""
    if not isinstance(values, list) and one.dtype not in _OF_ARRAYS:
        values = as_list(values)
    if one.has_default and one.default is not None and not isinstance(values, np.ndarray):
        values = [one.default if value is None else value for value in as_list(values)]
    encode = _ENCODERS[one.dtype]
    if one.dtype is DataType.TIMESTAMPTZ:
        encode = partial(_encode_instants, zone=zone)
    return encode_with_nulls(one, values, encode)


def _encode_strings(one: Field, values: Sequence[Any]) -> Sequence[str]:
    assert one.max_length is not None
    try:
        lengths = list(map(len, map(str.encode, values)))
    except (TypeError, UnicodeEncodeError):
        for place, value in enumerate(values):
            if not issubclass(type(value), str):  # isinstance() would ask the value
                fail(one, place, value, "a str")
            _check_unicode(one, place, value)
        raise
    if lengths and max(lengths) > one.max_length:
        place = next(place for place, length in enumerate(lengths) if length > one.max_length)
        raise DataNotMatchException(
            message=f"row {place}: field '{one.name}' ({one.describe()}): expected at most {one.max_length} "
            f"bytes of UTF-8, got {lengths[place]}: {values[place][:40]!r}…"
        )
    if set(map(type, values)) - {str}:
        # What is checked from here on must be what is stored, whatever a subclass says of itself.
        return list(map(str.__str__, values))
    return values


def _check_unicode(one: Field, place: int, value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        fail(one, place, value, "text that can be written as UTF-8 (no lone surrogates)")


def _encode_arrays(one: Field, values: Sequence[Any]) -> list[str]:
    assert one.max_capacity is not None
    arrays = [value.tolist() if isinstance(value, np.ndarray) else value for value in values]
    for place, array in enumerate(arrays):
        if not isinstance(array, (list, tuple)):
            fail(one, place, array, f"a list of {one.describe_element()} values")
        if len(array) > one.max_capacity:
            raise DataNotMatchException(
                message=f"row {place}: field '{one.name}' ({one.describe()}): expected at most "
                f"max_capacity={one.max_capacity} elements, got {len(array)}"
            )
    if one.members:
        return encode_structs(one, arrays, _ENCODERS)
    encode = _ENCODERS[one.element.dtype]
    try:
        elements = iter(encode(one.element, list(chain.from_iterable(arrays))))
    except DataNotMatchException:
        for place, array in enumerate(arrays):
            _check_elements(one, place, array, encode)
        raise
    return [dump(list(islice(elements, len(array)))) for array in arrays]


def _check_elements(one: Field, place: int, array: Sequence[Any], encode: Encode) -> None:
    """Raise for the first element that does not fit; the message counts rows and elements."""
    for position, value in enumerate(array):
        try:
            encode(one.element, [value])
        except DataNotMatchException as error:
            described = f"'{one.name}' ({one.element.describe()})"
            message = error.message.replace("row 0:", f"row {place}:", 1).replace(
                described, f"'{one.name}' ({one.describe()}), element {position}", 1
            )
            raise DataNotMatchException(message=message) from None


def _encode_instants(one: Field, values: Sequence[Any], zone: tzinfo = times.UTC) -> list[int]:
    stored = []
    for place, value in enumerate(values):
        if not isinstance(value, (str, datetime)):
            fail(one, place, value, "an ISO 8601 time as a str, or a datetime")
        try:
            stored.append(times.instant(value, zone))
        except ValueError as error:
            fail(one, place, value, f"an ISO 8601 time: {error}")
    return stored


def _encode_geometries(one: Field, values: Sequence[Any]) -> list[str]:
    for place, value in enumerate(values):
        if not isinstance(value, str):
            fail(one, place, value, "a geometry as WKT in a str")
    try:
        return to_wkt(from_wkt(values, MAX_POINTS))
    except ValueError:
        for place, value in enumerate(values):
            try:
                from_wkt([value], MAX_POINTS)
            except ValueError as error:
                fail(one, place, value, f"a geometry as WKT: {error}")
        raise


_ENCODERS: dict[DataType, Encode] = {
    **dict.fromkeys(INTEGER_RANGES, encode_integers),
    DataType.BOOL: encode_bools,
    DataType.FLOAT: encode_floats,
    DataType.DOUBLE: encode_floats,
    DataType.VARCHAR: _encode_strings,
    DataType.JSON: encode_json,
    DataType.ARRAY: _encode_arrays,
    DataType.TIMESTAMPTZ: _encode_instants,
    DataType.GEOMETRY: _encode_geometries,
}

_OF_ARRAYS: frozenset[DataType] = frozenset({*INTEGER_RANGES, DataType.BOOL, DataType.FLOAT, DataType.DOUBLE})
"""The types whose encoders take arrays as they are."""
