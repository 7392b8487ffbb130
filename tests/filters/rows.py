"""Rows held in memory: dictionaries by field name, turned into the columns a filter reads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from milvus_store_lite.columns.column import (
    ArrayColumn,
    Dictionary,
    JsonColumn,
    JsonKind,
    NumberColumn,
    StringColumn,
    canonical_text,
)
from milvus_store_lite.columns.geometries import GeometryColumn
from milvus_store_lite.columns.tokens import TokenBuilder, TokenColumn
from milvus_store_lite.schema.data_types import NUMPY_TYPES, DataType
from milvus_store_lite.schema.fields import Field
from milvus_store_lite.schema.geometry import from_wkt

Row = dict[str, Any]
INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1


class MemoryRows:
    """Rows whose dynamic keys stand under ``$meta``; an absent key is null."""

    def __init__(self, rows: list[Row]) -> None:
        self._rows = rows

    @property
    def count(self) -> int:
        return len(self._rows)

    def column(self, field: Field) -> NumberColumn | StringColumn:
        return _column(field, [row.get(field.name) for row in self._rows])

    def array(self, field: Field, member: Field | None = None) -> ArrayColumn:
        arrays = [row.get(field.name) for row in self._rows]
        if member is not None:
            arrays = [None if array is None else [one[member.name] for one in array] for array in arrays]
        kinds = [JsonKind.NO_DOCUMENT if array is None else JsonKind.ARRAY for array in arrays]
        elements = _column(member or field.element, [one for array in arrays for one in array or ()])
        return ArrayColumn(np.array(kinds, dtype=np.uint8), _offsets(arrays), elements)

    def json_path(self, field_name: str, path: tuple[str | int, ...]) -> JsonColumn:
        return _json([json_at(row.get(field_name), path) for row in self._rows])

    def json_numbers(self, field_name: str, path: tuple[str | int, ...]) -> JsonColumn:
        raise AssertionError("the filters here are bound without paths of numbers")

    def json_array(self, field_name: str, path: tuple[str | int, ...]) -> ArrayColumn:
        found = [json_at(row.get(field_name), path) for row in self._rows]
        kinds = [kind for kind, _ in found]
        arrays = [value if kind is JsonKind.ARRAY else None for kind, value in found]
        elements = [_kind(one) for array in arrays for one in array or ()]
        texts = [canonical_text(value) if kind is JsonKind.ARRAY else None for kind, value in elements]
        columns = replace(_json(elements), composites=_strings(texts))
        return ArrayColumn(np.array(kinds, dtype=np.uint8), _offsets(arrays), columns)

    def geometries(self, field: Field) -> GeometryColumn:
        return GeometryColumn(from_wkt([row.get(field.name) for row in self._rows]))

    def tokens(self, field: Field, *, positions: bool) -> TokenColumn:
        builder = TokenBuilder(field, positions=positions)
        builder.append([row.get(field.name) for row in self._rows])
        return builder.view()


def _column(field: Field, values: list[Any]) -> NumberColumn | StringColumn:
    if field.dtype is DataType.VARCHAR:
        return _strings(values)
    dtype = NUMPY_TYPES[field.dtype]
    valid = np.array([value is not None for value in values], dtype=np.bool_)
    filled = np.array([dtype.type(0) if value is None else value for value in values], dtype=dtype)
    return NumberColumn(filled, None if valid.all() else valid)


def _json(found: list[tuple[JsonKind, Any]]) -> JsonColumn:
    kinds = [kind for kind, _ in found]
    whole = (JsonKind.INT, JsonKind.BOOL)
    numbers = (JsonKind.INT, JsonKind.FLOAT)
    return JsonColumn(
        np.array(kinds, dtype=np.uint8),
        np.array([int(value) if kind in whole else 0 for kind, value in found], dtype=np.int64),
        np.array([float(value) if kind in numbers else 0 for kind, value in found], dtype=np.float64),
        _strings([value if kind is JsonKind.STRING else None for kind, value in found]),
    )


def _offsets(arrays: list[Any]) -> npt.NDArray[np.int64]:
    return np.cumsum([0, *(len(array or ()) for array in arrays)], dtype=np.int64)


def json_at(document: Any, path: tuple[str | int, ...]) -> tuple[JsonKind, Any]:
    """What stands at ``path`` of ``document``, with its kind."""
    if document is None:
        return JsonKind.NO_DOCUMENT, None
    value = document
    for step in path:
        has_key = isinstance(value, dict) and isinstance(step, str) and step in value
        has_position = isinstance(value, list) and isinstance(step, int) and step < len(value)
        if not has_key and not has_position:
            return JsonKind.MISSING, None
        value = value[step]
    return _kind(value)


def _kind(value: Any) -> tuple[JsonKind, Any]:
    if isinstance(value, int) and not isinstance(value, bool) and not INT64_MIN <= value <= INT64_MAX:
        return JsonKind.FLOAT, float(value)
    kinds = {
        type(None): JsonKind.NULL,
        bool: JsonKind.BOOL,
        int: JsonKind.INT,
        float: JsonKind.FLOAT,
        str: JsonKind.STRING,
        list: JsonKind.ARRAY,
        dict: JsonKind.OBJECT,
    }
    return kinds[type(value)], value


def _strings(values: list[str | None]) -> StringColumn:
    dictionary = Dictionary()
    return StringColumn(dictionary.encode(values), dictionary)
