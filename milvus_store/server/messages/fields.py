"""Values of found rows as messages, column by column."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from pymilvus.grpc_gen import schema_pb2

from milvus_store_lite import DYNAMIC_FIELD, DataType, Field

from ..protocol import Message
from .packed import fill_numbers
from .slots import ARRAY_OF_STRUCT, ARRAY_OF_VECTOR, FLOATS, SCALARS, VECTORS
from .sparse import packed_sparse


def field_data(field: Field, values: Sequence[Any] | np.ndarray[Any, Any]) -> Message:
    """``values`` of ``field``, as users see them; None is null."""
    if field.members:
        return _structs(field, values)
    found = schema_pb2.FieldData(type=int(field.dtype), field_name=field.name, field_id=field.field_id)
    if field.dtype.is_vector:
        _fill_vectors(found, field, values)
    elif field.dtype is DataType.TIMESTAMPTZ and any(isinstance(value, list) for value in values):
        found.type = int(DataType.ARRAY)  # parts of times, such as the year
        _mark_nulls(found, field, values)
        _fill_arrays(found.scalars.array_data, DataType.INT64, values)
    else:
        _mark_nulls(found, field, values)
        _fill_scalars(found.scalars, field, values)
    return found


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False)
"""``json.dumps`` with options makes such an encoder for each value, which takes half of its time."""

_NO_KEYS: Final = b"{}"


def dynamic_data(rows: Sequence[dict[str, Any]]) -> Message:
    """The dynamic keys of rows."""
    found = schema_pb2.FieldData(type=int(DataType.JSON), field_name=DYNAMIC_FIELD, is_dynamic=True)
    found.scalars.json_data.data.extend(_json(row) if row else _NO_KEYS for row in rows)
    return found


def ids_of(pks: Sequence[Any]) -> Message:
    """Primary keys, of which one kind is in a collection."""
    ids = schema_pb2.IDs()
    if pks and isinstance(pks[0], str):
        ids.str_id.data.extend(pks)
    else:
        ids.int_id.data.extend(pks)
    return ids


def _mark_nulls(found: Message, field: Field, values: Sequence[Any] | np.ndarray[Any, Any]) -> None:
    if field.nullable:
        found.valid_data.extend([value is not None for value in values])


def _fill_scalars(scalars: Message, field: Field, values: Sequence[Any] | np.ndarray[Any, Any]) -> None:
    """Put every value into the message; something stands for each null, too."""
    part = getattr(scalars, SCALARS[field.dtype])
    part.SetInParent()
    if field.dtype in FLOATS:
        numbers = np.array([0.0 if value is None else value for value in values])
        fill_numbers(part, numbers, FLOATS[field.dtype])
    elif field.dtype is DataType.ARRAY:
        assert field.element_type is not None
        _fill_arrays(part, field.element_type, values)
    elif field.dtype is DataType.JSON:
        part.data.extend(b"null" if value is None else _json(value) for value in values)
    else:
        nothing: Any = False if field.dtype is DataType.BOOL else 0 if field.dtype.is_integer else ""
        part.data.extend([nothing if value is None else value for value in values])


def _fill_arrays(
    arrays: Message, element_type: DataType, values: Sequence[Any] | np.ndarray[Any, Any]
) -> None:
    arrays.element_type = int(element_type)
    for value in values:
        element = arrays.data.add()
        part = getattr(element, SCALARS[element_type])
        part.SetInParent()
        if value is not None:
            part.data.extend(value)


def _fill_vectors(found: Message, field: Field, values: Sequence[Any] | np.ndarray[Any, Any]) -> None:
    """Put the vectors into the message; nothing stands for a null."""
    _mark_nulls(found, field, values)
    vectors = found.vectors
    vectors.dim = field.dim or 0
    if isinstance(values, np.ndarray):
        fill_numbers(vectors.float_vector, values, np.float32)
        return
    there = [value for value in values if value is not None]
    if field.dtype is DataType.SPARSE_FLOAT_VECTOR:
        vectors.sparse_float_vector.contents.extend(map(packed_sparse, there))
        vectors.dim = vectors.sparse_float_vector.dim = max(
            (max(one, default=-1) + 1 for one in there), default=0
        )
    elif field.dtype is DataType.FLOAT_VECTOR:
        vectors.float_vector.SetInParent()
        fill_numbers(vectors.float_vector, np.array(there, dtype=np.float32), np.float32)
    else:
        unwrapped = (value[0] if isinstance(value, list) else value for value in there)
        setattr(vectors, VECTORS[field.dtype], b"".join(unwrapped))


def _structs(field: Field, values: Sequence[Any] | np.ndarray[Any, Any]) -> Message:
    found = schema_pb2.FieldData(type=ARRAY_OF_STRUCT, field_name=field.name, field_id=field.field_id)
    first = next((structs[0] for structs in values if structs), None)
    shown = [member for member in field.members if first is None or member.name in first]
    for member in shown:
        is_vector = member.dtype.is_vector
        part = found.struct_arrays.fields.add(
            type=ARRAY_OF_VECTOR if is_vector else int(DataType.ARRAY), field_name=member.name
        )
        if field.nullable:
            part.valid_data.extend([value is not None for value in values])
        arrays = [None if row is None else [struct[member.name] for struct in row] for row in values]
        if is_vector:
            _fill_lists(part.vectors.vector_array, member, arrays)
        else:
            _fill_arrays(part.scalars.array_data, member.dtype, arrays)
    return found


def _fill_lists(lists: Message, member: Field, values: Sequence[list[Any] | None]) -> None:
    """Put the vectors of each row into the message; an empty list stands for a null, too."""
    lists.dim, lists.element_type = member.dim or 0, int(member.dtype)
    for value in values:
        row = lists.data.add(dim=member.dim or 0)
        if member.dtype is DataType.FLOAT_VECTOR:
            row.float_vector.SetInParent()
            fill_numbers(row.float_vector, np.array(value or (), dtype=np.float32).reshape(-1), np.float32)
        else:
            setattr(row, VECTORS[member.dtype], _packed(member, value or ()))


def _packed(member: Field, vectors: Sequence[Any]) -> bytes:
    """The bytes of vectors that are shown as the numbers that are stored, or as their bytes in a list."""
    if member.dtype is DataType.BINARY_VECTOR:
        return b"".join(packed for (packed,) in vectors)
    return np.array(vectors).tobytes()


def _json(value: Any) -> bytes:
    return _ENCODER.encode(value).encode("utf-8", "surrogatepass")
