"""The rows of a write, which a message has column by column, as the columns that the engine takes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from milvus_store_lite import DYNAMIC_FIELD, Column, Columns, DataType, NullableArray, Values

from ...errors import DataNotMatchException, DataTypeNotSupportException, ParamError
from ..protocol import Message
from .packed import numbers_in
from .slots import ARRAY_OF_STRUCT, ARRAY_OF_VECTOR, BITS, FLOATS, SCALARS, VECTORS
from .sparse import sparse_of

_MOST_NUMBERS: Final = 1 << 31
"""Of one column: a message could not hold more, whatever it says of its dimension."""


def columns_of(fields: Iterable[Message], count: int) -> Columns:
    """``count`` rows that stand in ``fields``, messages ``FieldData``.

    Raises:
        MilvusException: a field has more or fewer values, or a type that no field can have.
    """
    by_name: dict[str, Column] = {}
    extra = None
    for field in fields:
        if field.is_dynamic:
            extra = _dynamic(field, count)
        elif field.field_name in by_name:
            raise ParamError(message=f"field '{field.field_name}' is given twice")
        else:
            by_name[field.field_name] = Column(_values(field, count))
    return Columns(count, by_name, extra)


def _values(field: Message, count: int) -> Values:
    valid = np.fromiter(field.valid_data, np.bool_, len(field.valid_data))
    if len(valid) not in (0, count):
        raise _mismatch(field.field_name, f"{count} flags that say which of them are valid", len(valid))
    given = _given(field)
    found = len(given)
    if not len(valid):
        if found != count:
            raise _mismatch(field.field_name, f"{count} values", found)
        return given
    if found == count:
        return _with_nulls(given, valid, np.arange(count))
    if found == np.count_nonzero(valid):  # nulls take no place
        return _with_nulls(given, valid, np.cumsum(valid) - 1)
    raise _mismatch(field.field_name, f"{count} values, or one for each that is valid", found)


def _with_nulls(
    given: Sequence[Any] | npt.NDArray[Any], valid: npt.NDArray[np.bool_], places: npt.NDArray[np.int64]
) -> Values:
    """The values at ``places``, null where one is not ``valid``."""
    if valid.all():
        return given
    if isinstance(given, np.ndarray) and given.ndim == 1:
        values = given[np.maximum(places, 0)] if len(given) else np.zeros(len(valid), given.dtype)
        return NullableArray(values, valid)
    return [given[place] if is_valid else None for place, is_valid in zip(places, valid, strict=True)]


def _given(field: Message) -> Sequence[Any] | npt.NDArray[Any]:
    """The values that stand in the field, without nulls between them."""
    if field.type == ARRAY_OF_STRUCT:
        return _structs(field)
    if field.type in VECTORS:
        return _vectors(field.field_name, field.vectors, DataType(field.type))
    if field.type == ARRAY_OF_VECTOR:
        lists = field.vectors.vector_array
        return [list(_vectors(field.field_name, row, DataType(lists.element_type))) for row in lists.data]
    if field.type in SCALARS:
        return scalars_of(field.scalars, DataType(field.type))
    raise DataTypeNotSupportException(
        message=f"field '{field.field_name}': a file has no fields of type {field.type}"
    )


def scalars_of(scalars: Message, dtype: DataType) -> Sequence[Any] | npt.NDArray[Any]:
    """The values of a ``ScalarField`` of this type."""
    part = getattr(scalars, SCALARS[dtype])
    if dtype in FLOATS:
        return numbers_in(part, FLOATS[dtype])
    if dtype is DataType.ARRAY:
        return [_array(element) for element in part.data]
    if dtype is DataType.BOOL:
        return np.fromiter(part.data, np.bool_, len(part.data))
    if dtype.is_integer:
        return np.fromiter(part.data, np.int64, len(part.data))
    return list(part.data)


def _array(element: Message) -> list[Any]:
    kind = element.WhichOneof("data")
    return [] if kind is None else list(getattr(element, kind).data)


def _dynamic(field: Message, count: int) -> list[dict[str, Any]]:
    """The dynamic keys of each row."""
    texts = field.scalars.json_data.data
    if len(texts) != count:
        raise _mismatch(field.field_name, f"{count} JSON objects", len(texts))
    found = []
    for row, text in enumerate(texts):
        try:
            keys = json.loads(text) if text else {}
        except (ValueError, RecursionError):
            keys = None
        if not isinstance(keys, dict):
            raise DataNotMatchException(
                message=f"row {row}: field '{DYNAMIC_FIELD}': expected a JSON object, got {text!r:.80}"
            )
        found.append(keys)
    return found


def _vectors(name: str, vectors: Message, dtype: DataType) -> Sequence[Any] | npt.NDArray[Any]:
    """The vectors of a ``VectorField`` of this type, that of the field ``name``."""
    if dtype is DataType.SPARSE_FLOAT_VECTOR:
        return [sparse_of(packed) for packed in vectors.sparse_float_vector.contents]
    dim = vectors.dim
    numbers = vectors.float_vector if len(vectors.float_vector.data) else None
    packed = b"" if dtype is DataType.FLOAT_VECTOR else getattr(vectors, VECTORS[dtype])
    if numbers is None and not packed:
        return []
    if not 0 < dim < _MOST_NUMBERS:
        raise ParamError(message=f"field '{name}': expected the dimension of its vectors, got {dim}")
    if numbers is not None:  # clients send float16 and bfloat16 like that, too
        return _matrix(name, numbers_in(numbers, np.float32), dim)
    width = max(1, dim * BITS[dtype] // 8)
    if len(packed) % width:
        raise _mismatch(name, f"vectors of {width} bytes", f"{len(packed)} bytes")
    if dtype is DataType.FLOAT16_VECTOR:
        return np.frombuffer(packed, "<f2").reshape(-1, dim)
    if dtype is DataType.INT8_VECTOR:
        return np.frombuffer(packed, np.int8).reshape(-1, dim)
    return [packed[start : start + width] for start in range(0, len(packed), width)]


def _matrix(name: str, numbers: npt.NDArray[Any], dim: int) -> npt.NDArray[Any]:
    if len(numbers) % dim:
        raise _mismatch(name, f"vectors of {dim} numbers", f"{len(numbers)} numbers")
    return numbers.reshape(-1, dim)


def _structs(field: Message) -> list[list[dict[str, Any]] | None]:
    """The arrays of structs of the rows, from an array for each of their members."""
    members: dict[str, list[Any]] = {}
    for member in field.struct_arrays.fields:
        if member.type not in (DataType.ARRAY, ARRAY_OF_VECTOR):
            raise DataTypeNotSupportException(
                message=f"field '{field.field_name}': member '{member.field_name}' must be an array of scalars or "
                f"vectors, got type {member.type}"
            )
        values = _values(member, len(member.valid_data) or len(_given(member)))
        members[_member_name(member.field_name)] = list(values)
    rows: list[list[dict[str, Any]] | None] = []
    for arrays in zip(*members.values(), strict=False):
        if any(array is None for array in arrays):
            rows.append(None)
        elif len({len(array) for array in arrays}) > 1:
            raise DataNotMatchException(
                message=f"row {len(rows)}: field '{field.field_name}': its members differ in length"
            )
        else:
            rows.append([dict(zip(members, values, strict=True)) for values in zip(*arrays, strict=True)])
    return rows


def _member_name(name: str) -> str:
    """The member's own name, where the protocol writes ``structs[member]``."""
    return name.partition("[")[2].rstrip("]") if name.endswith("]") else name


def _mismatch(name: str, expected: str, got: object) -> DataNotMatchException:
    return DataNotMatchException(message=f"field '{name}': expected {expected}, got {got}")
