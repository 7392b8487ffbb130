"""Rows to write as messages of Milvus's protocol, column by column.

Vectors go in the form in which the engine stores them, which is the protocol's. So they are checked on the way.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
from pymilvus.grpc_gen import schema_pb2

from milvus_store_lite import (
    Column,
    Columns,
    DataType,
    Field,
    PackedVectors,
    Schema,
    as_list,
    encode_vectors,
    of_rows,
)

from ..server.messages.fields import dynamic_data, field_data
from ..server.messages.packed import fill_numbers
from ..server.messages.slots import SCALARS, VECTORS
from ..server.protocol import Message


def field_messages(schema: Schema, columns: Columns) -> list[Message]:
    """The fields of ``columns`` that have values, and their dynamic keys."""
    given = [
        _field_message(field, columns)
        for field in schema.fields
        if field.name in columns.by_name and not field.is_function_output
    ]
    return [*given, dynamic_data(_dynamic(schema, columns))] if schema.enable_dynamic_field else given


def length_of(fields: Iterable[Message], primary: str) -> int:
    """How many rows an answer has: as many as primary keys."""
    for field in fields:
        if field.field_name == primary:
            return len(getattr(field.scalars, SCALARS[DataType(field.type)]).data)
    return 0


def _field_message(field: Field, columns: Columns) -> Message:
    if field.has_default:
        columns = columns.filled(field.name, field.default)
    values = of_rows(columns.by_name[field.name], columns.count)
    if field.dtype.is_vector:
        return _vector_message(field, Column(values))
    shown = as_list(values)
    if field.dtype is DataType.JSON:
        shown = [json.loads(value) if isinstance(value, bytes) else value for value in shown]
    elif field.dtype is DataType.TIMESTAMPTZ:
        shown = [value.isoformat() if isinstance(value, date) else value for value in shown]
    return field_data(field, shown)


def _vector_message(field: Field, column: Column) -> Message:
    found = schema_pb2.FieldData(type=int(field.dtype), field_name=field.name)
    stored = encode_vectors(field, column.values)
    if field.nullable:
        found.valid_data.extend(blob is not None for blob in stored)
    vectors = found.vectors
    vectors.dim = field.dim or 0
    if isinstance(stored, PackedVectors) and field.dtype is DataType.FLOAT_VECTOR:
        fill_numbers(vectors.float_vector, np.frombuffer(stored.buffer, "<f4"), np.float32)
        return found
    there = [blob for blob in stored if blob is not None]
    if field.dtype is DataType.SPARSE_FLOAT_VECTOR:
        vectors.sparse_float_vector.contents.extend(map(bytes, there))
        largest = max((_largest_index(blob) for blob in there if len(blob)), default=-1)
        vectors.dim = vectors.sparse_float_vector.dim = largest + 1
    elif field.dtype is DataType.FLOAT_VECTOR:
        vectors.float_vector.SetInParent()
        fill_numbers(vectors.float_vector, np.frombuffer(b"".join(there), "<f4"), np.float32)
    else:
        setattr(vectors, VECTORS[field.dtype], b"".join(there))
    return found


def _largest_index(stored: bytes | memoryview) -> int:
    """The last index of a sparse vector, whose pairs stand in the order of their indexes."""
    return int.from_bytes(bytes(stored[-8:-4]), "little")


def _dynamic(schema: Schema, columns: Columns) -> list[dict[str, Any]]:
    """The dynamic keys of each row."""
    extra = [{}] * columns.count if columns.extra is None else columns.extra
    rows: list[dict[str, Any]] = [dict(row) for row in extra]
    for name, column in columns.by_name.items():
        if name not in schema.by_name:
            having = range(columns.count) if column.rows is None else column.rows
            for row, value in zip(having, as_list(column.values), strict=True):
                rows[row][name] = value
    return rows
