"""Values of files in the form that a collection's fields take: texts that stand for numbers, JSON or vectors, and
vectors as bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np

from milvus_store_lite import Columns, DataType, Field, NullableArray, Schema, Values, as_list

from .inferring import DYNAMIC_COLUMN


def conformed(schema: Schema, columns: Columns, *, texts_are_json: bool, keeps_pks: bool) -> Columns:
    """``columns`` with values that the fields of ``schema`` take; what is not understood stays as it is.

    Args:
        texts_are_json: whether a text in a JSON field is JSON, as a collection takes it, and not a string.
        keeps_pks: whether rows that are numbered keep the keys that they have.
    """
    by_name = dict(columns.by_name)
    extra = columns.extra
    if schema.enable_dynamic_field:
        column = by_name.pop(DYNAMIC_COLUMN, None)
        if column is not None:
            extra = [_dynamic(value) for value in as_list(column.values)]
        elif extra is not None:
            extra = [_without_column(row) for row in extra]
    for name, column in by_name.items():
        field = schema.by_name.get(name)
        if field is not None:
            is_string = field.dtype is DataType.JSON and not texts_are_json
            convert = _string if is_string else _of_texts(field)
            by_name[name] = column._replace(values=_values(field, column.values, convert))
    if schema.primary.auto_id and not keeps_pks:
        by_name.pop(schema.primary.name, None)
    return replace(columns, by_name=by_name, extra=extra)


def _dynamic(value: Any) -> Mapping[str, Any]:
    """Dynamic keys from their column; what is no object stands under the column's name, and is refused."""
    keys = _parsed(value)
    return {} if keys is None else keys if isinstance(keys, dict) else {DYNAMIC_COLUMN: value}


def _without_column(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The dynamic keys of a row of which some stand in their column, as texts."""
    if DYNAMIC_COLUMN not in row:
        return row
    others = {key: value for key, value in row.items() if key != DYNAMIC_COLUMN}
    return others | dict(_dynamic(row[DYNAMIC_COLUMN]))


def _string(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, str) else value


def _values(field: Field, values: Values, convert: Callable[[Any], Any] | None) -> Values:
    if isinstance(values, NullableArray):
        return values
    if isinstance(values, np.ndarray):
        return _unpacked(field, values)
    return (
        values
        if convert is None
        else [convert(value) if isinstance(value, (str, bytes, dict)) else value for value in values]
    )


def _unpacked(field: Field, values: np.ndarray[Any, Any]) -> Values:
    """Vectors that stand as bytes, as in Milvus's bulk import, from a (n, bytes) matrix of uint8."""
    if values.ndim != 2 or values.dtype != np.uint8 or field.dtype is DataType.BINARY_VECTOR:
        return values
    if field.dtype is DataType.FLOAT16_VECTOR:
        return np.ascontiguousarray(values).view("<f2")
    if field.dtype is DataType.BFLOAT16_VECTOR:
        return [row.tobytes() for row in values]
    return values


def _of_texts(field: Field) -> Callable[[Any], Any] | None:
    if field.dtype is DataType.SPARSE_FLOAT_VECTOR:
        return _sparse
    if field.dtype is DataType.FLOAT_VECTOR:
        return _vector
    if field.dtype.is_vector or field.dtype is DataType.ARRAY:
        return _parsed
    convert = _NUMBERS.get(field.dtype)
    if convert is None:
        return _null_if_empty if field.nullable and field.dtype is not DataType.VARCHAR else None
    return lambda text: _number(text, convert)


def _number(text: Any, convert: Callable[[str], Any]) -> Any:
    if text == "":
        return None
    try:
        return convert(text)
    except (ValueError, KeyError, TypeError):
        return text  # which the collection refuses, with a reason


def _null_if_empty(text: Any) -> Any:
    return None if text == "" else text


def _parsed(text: Any) -> Any:
    """What JSON stands for; bytes of vectors and other texts as they are."""
    if isinstance(text, str):
        if not text:
            return None
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def _vector(value: Any) -> Any:
    """A vector as a text, or as the bytes of its float32 numbers."""
    return np.frombuffer(value, "<f4") if isinstance(value, bytes) and len(value) % 4 == 0 else _parsed(value)


def _sparse(value: Any) -> Any:
    """``{"3": 0.5}``, or ``{"indices": [3], "values": [0.5]}``, or either as a text."""
    told = _parsed(value)
    if not isinstance(told, Mapping):
        return told
    if set(told) == {"indices", "values"}:
        return dict(zip(told["indices"], told["values"], strict=False))
    try:
        return {int(index): number for index, number in told.items()}
    except ValueError:
        return told


_BOOLS: Final = {"true": True, "false": False, "1": True, "0": False}
_NUMBERS: Final[Mapping[DataType, Callable[[str], Any]]] = {
    DataType.BOOL: lambda text: _BOOLS[text.lower()],
    **dict.fromkeys((DataType.INT8, DataType.INT16, DataType.INT32, DataType.INT64), int),
    **dict.fromkeys((DataType.FLOAT, DataType.DOUBLE), float),
}
