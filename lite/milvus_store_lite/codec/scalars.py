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
from ..schema.fields import MAX_TEXT_LENGTH, Field
from ..schema.geometry import MAX_POINTS, from_wkt, to_wkt
from ..schema.model import Schema
from .columns import Values, as_list
from .encoding import Encode, encode_with_nulls, reject
from .json_text import dump, encode_json
from .numbers import encode_bools, encode_floats, encode_integers, encode_stored_bools
from .structs import encode_structs


def encode_pks(primary: Field, values: Sequence[Any]) -> list[Any]:
    """Primary keys as stored; raises DataNotMatchException for a key of the wrong type."""
    return encode_scalar(primary, list(values))


def check_defaults(schema: Schema, zone: tzinfo = times.UTC) -> None:
    """Raise SchemaNotReadyException if a default value does not fit its own field."""
    for field in schema.fields:
        if field.has_default:
            try:
                encode_scalar(field, [field.default], zone)
            except DataNotMatchException as error:
                raise SchemaNotReadyException(
                    message=error.message.replace("row 0", "default_value", 1)
                ) from None


def encode_default(field: Field) -> Any:
    """The stored form of a scalar field's default value, None if it has none."""
    return encode_scalar(field, [field.default])[0] if field.has_default else None


def decode_scalar(field: Field, show_time: Callable[[int], Any]) -> Callable[[Any], Any] | None:
    """The function from a stored value of the field to the one a user sees; None if they are the same.

    ``show_time``: turns a stored instant into what a user sees.
    """
    if field.dtype is DataType.BOOL:
        return lambda stored: None if stored is None else bool(stored)
    if field.dtype in (DataType.JSON, DataType.ARRAY):
        return lambda stored: None if stored is None else json.loads(stored)
    if field.dtype is DataType.TIMESTAMPTZ:
        return lambda stored: None if stored is None else show_time(stored)
    return None


def encode_scalar(field: Field, values: Values, zone: tzinfo = times.UTC) -> list[Any]:
    """Stored values of one scalar field, None where the value is null; times without an offset are in ``zone``."""
    if not isinstance(values, list) and field.dtype not in _OF_ARRAYS:
        values = as_list(values)
    if field.has_default and field.default is not None and not isinstance(values, np.ndarray):
        values = [field.default if value is None else value for value in as_list(values)]
    encode = _ENCODERS[field.dtype]
    if field.dtype is DataType.BOOL:
        encode = encode_stored_bools
    elif field.dtype is DataType.TIMESTAMPTZ:
        encode = partial(_encode_instants, zone=zone)
    return list(encode_with_nulls(field, values, encode))


def _encode_strings(field: Field, values: Sequence[Any]) -> Sequence[str]:
    most = MAX_TEXT_LENGTH if field.max_length is None else field.max_length
    try:
        lengths = list(map(len, map(str.encode, values)))
    except (TypeError, UnicodeEncodeError):
        for row, value in enumerate(values):
            if not issubclass(type(value), str):  # isinstance() would ask the value
                reject(field, row, value, "a str")
            _check_unicode(field, row, value)
        raise
    if lengths and max(lengths) > most:
        row = next(row for row, length in enumerate(lengths) if length > most)
        raise DataNotMatchException(
            message=f"row {row}: field '{field.name}' ({field.describe()}): expected at most {most} "
            f"bytes of UTF-8, got {lengths[row]}: {values[row][:40]!r}…"
        )
    if set(map(type, values)) - {str}:
        # A subclass of str may lie about itself: check the text that will be stored.
        return list(map(str.__str__, values))
    return values


def _check_unicode(field: Field, row: int, value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        reject(field, row, value, "text that can be written as UTF-8 (no lone surrogates)")


def _encode_arrays(field: Field, values: Sequence[Any]) -> list[str]:
    assert field.max_capacity is not None
    arrays = [value.tolist() if isinstance(value, np.ndarray) else value for value in values]
    for row, array in enumerate(arrays):
        if not isinstance(array, (list, tuple)):
            reject(field, row, array, f"a list of {field.describe_element()} values")
        if len(array) > field.max_capacity:
            raise DataNotMatchException(
                message=f"row {row}: field '{field.name}' ({field.describe()}): expected at most "
                f"max_capacity={field.max_capacity} elements, got {len(array)}"
            )
    if field.members:
        return encode_structs(field, arrays, _ENCODERS)
    encode = _ENCODERS[field.element.dtype]
    try:
        elements = iter(encode(field.element, list(chain.from_iterable(arrays))))
    except DataNotMatchException:
        for row, array in enumerate(arrays):
            _check_elements(field, row, array, encode)
        raise
    return [dump(list(islice(elements, len(array)))) for array in arrays]


def _check_elements(field: Field, row: int, array: Sequence[Any], encode: Encode) -> None:
    """Raise for the first element that does not fit; the message counts rows and elements."""
    for position, value in enumerate(array):
        try:
            encode(field.element, [value])
        except DataNotMatchException as error:
            described = f"'{field.name}' ({field.element.describe()})"
            message = error.message.replace("row 0:", f"row {row}:", 1).replace(
                described, f"'{field.name}' ({field.describe()}), element {position}", 1
            )
            raise DataNotMatchException(message=message) from None


def _encode_instants(field: Field, values: Sequence[Any], zone: tzinfo = times.UTC) -> list[int]:
    stored = []
    for row, value in enumerate(values):
        if not isinstance(value, (str, datetime)):
            reject(field, row, value, "an ISO 8601 time as a str, or a datetime")
        try:
            stored.append(times.instant(value, zone))
        except ValueError as error:
            reject(field, row, value, f"an ISO 8601 time: {error}")
    return stored


def _encode_geometries(field: Field, values: Sequence[Any]) -> list[str]:
    for row, value in enumerate(values):
        if not isinstance(value, str):
            reject(field, row, value, "a geometry as WKT in a str")
    try:
        return to_wkt(from_wkt(values, MAX_POINTS))
    except ValueError:
        for row, value in enumerate(values):
            try:
                from_wkt([value], MAX_POINTS)
            except ValueError as error:
                reject(field, row, value, f"a geometry as WKT: {error}")
        raise


_ENCODERS: dict[DataType, Encode] = {
    **dict.fromkeys(INTEGER_RANGES, encode_integers),
    DataType.BOOL: encode_bools,
    DataType.FLOAT: encode_floats,
    DataType.DOUBLE: encode_floats,
    DataType.VARCHAR: _encode_strings,
    DataType.TEXT: _encode_strings,
    DataType.JSON: encode_json,
    DataType.ARRAY: _encode_arrays,
    DataType.TIMESTAMPTZ: _encode_instants,
    DataType.GEOMETRY: _encode_geometries,
}

_OF_ARRAYS: frozenset[DataType] = frozenset({*INTEGER_RANGES, DataType.BOOL, DataType.FLOAT, DataType.DOUBLE})
"""The types whose encoders take arrays as they are."""
