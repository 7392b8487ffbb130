"""Rows of a collection as Arrow's columns, in the layout of Milvus's bulk import.

Vectors of floats are lists of floats, of bytes are lists of bytes; sparse vectors, JSON, arrays of structs and
dynamic keys are JSON texts. The schema of the collection stands in the metadata, for who imports the rows again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa

from milvus_store_lite import (
    Column,
    Columns,
    DataType,
    Field,
    Schema,
    Values,
    as_list,
    encode_vectors,
    of_rows,
)

from ..schema import CollectionSchema
from .arrow_files import METADATA
from .inferring import DYNAMIC_COLUMN
from .schema_texts import to_text

_SCALARS: Final = {
    DataType.BOOL: pa.bool_(),
    DataType.INT8: pa.int8(),
    DataType.INT16: pa.int16(),
    DataType.INT32: pa.int32(),
    DataType.INT64: pa.int64(),
    DataType.FLOAT: pa.float32(),
    DataType.DOUBLE: pa.float64(),
}
"""The others are texts."""

_ELEMENTS: Final = {DataType.FLOAT_VECTOR: ("<f4", pa.float32()), DataType.INT8_VECTOR: ("i1", pa.int8())}
"""Of vectors; those of the other dense and binary ones are bytes."""

_BYTES: Final = ("u1", pa.uint8())

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, default=list)
"""``json.dumps`` with options makes such an encoder for each value, which takes half of its time."""

_NO_KEYS: Final = "{}"


def arrow_schema(schema: Schema, source: CollectionSchema, names: Sequence[str]) -> pa.Schema:
    """The columns ``names`` of a collection, with its schema in the metadata where they are all."""
    fields = [pa.field(name, _type(schema.by_name[name])) for name in names if name != DYNAMIC_COLUMN]
    if DYNAMIC_COLUMN in names:
        fields.append(pa.field(DYNAMIC_COLUMN, pa.string()))
    return pa.schema(fields, {METADATA: to_text(source).encode()})


def arrow_batch(schema: Schema, layout: pa.Schema, columns: Columns) -> pa.RecordBatch:
    """Rows as ``layout`` has them."""
    arrays = []
    for name in layout.names:
        if name == DYNAMIC_COLUMN:
            extra = columns.extra if columns.extra is not None else [{}] * columns.count
            arrays.append(pa.array([_text(dict(row)) if row else _NO_KEYS for row in extra], pa.string()))
        else:
            values = of_rows(columns.by_name.get(name, Column((), ())), columns.count)
            arrays.append(_array(schema.by_name[name], values))
    return pa.RecordBatch.from_arrays(arrays, schema=layout)


def _type(field: Field) -> pa.DataType:
    if field.dtype.is_vector and field.dtype is not DataType.SPARSE_FLOAT_VECTOR:
        return pa.list_(_ELEMENTS.get(field.dtype, _BYTES)[1])
    if field.dtype is DataType.ARRAY and not field.members:
        assert field.element_type is not None
        return pa.list_(_SCALARS.get(field.element_type, pa.string()))
    return _SCALARS.get(field.dtype, pa.string())


def _array(field: Field, values: Values) -> pa.Array:
    if field.dtype is DataType.SPARSE_FLOAT_VECTOR:
        return pa.array([None if value is None else _text(value) for value in as_list(values)], pa.string())
    if field.dtype.is_vector:
        return _vectors(field, values)
    if field.dtype is DataType.JSON or field.members:
        return pa.array([None if value is None else _text(value) for value in as_list(values)], pa.string())
    listed = as_list(values)
    if field.dtype is DataType.TIMESTAMPTZ:
        listed = [value.isoformat() if isinstance(value, date) else value for value in listed]
    return pa.array(listed, _type(field))


def _vectors(field: Field, values: Values) -> pa.Array:
    """Lists over one buffer: no vector is touched by Python."""
    numpy_type, element = _ELEMENTS.get(field.dtype, _BYTES)
    if isinstance(values, np.ndarray) and values.dtype == np.dtype(numpy_type):
        matrix, is_valid = values, None
    else:
        blobs = encode_vectors(field, values)
        is_valid = np.array([blob is not None for blob in blobs])
        matrix = np.frombuffer(b"".join(blob for blob in blobs if blob is not None), numpy_type)
    width = (field.dim or 0) if field.dtype in _ELEMENTS else _bytes_of(field)
    lengths = np.full(len(values), width, np.int32) if is_valid is None else np.where(is_valid, width, 0)
    offsets = np.zeros(len(values) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    mask = None if is_valid is None or is_valid.all() else pa.array(~is_valid)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(matrix.ravel(), element), mask=mask)


def _bytes_of(field: Field) -> int:
    dim = field.dim or 0
    return dim // 8 if field.dtype is DataType.BINARY_VECTOR else 2 * dim


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else _ENCODER.encode(value)
