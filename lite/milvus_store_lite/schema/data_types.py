"""The data types of Milvus, with Milvus's numbers, and the values of each."""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class DataType(IntEnum):
    """Type of a field; values equal those of ``pymilvus.DataType``."""

    __hash__ = int.__hash__  # as for an int, to which it is equal; Enum's own hash is a Python function

    NONE = 0
    BOOL = 1
    INT8 = 2
    INT16 = 3
    INT32 = 4
    INT64 = 5
    FLOAT = 10
    DOUBLE = 11
    STRING = 20
    VARCHAR = 21
    ARRAY = 22
    JSON = 23
    GEOMETRY = 24
    TEXT = 25
    TIMESTAMPTZ = 26
    BINARY_VECTOR = 100
    FLOAT_VECTOR = 101
    FLOAT16_VECTOR = 102
    BFLOAT16_VECTOR = 103
    SPARSE_FLOAT_VECTOR = 104
    INT8_VECTOR = 105
    STRUCT = 201
    UNKNOWN = 999

    @property
    def is_vector(self) -> bool:
        return 100 <= self <= 105

    @property
    def is_text(self) -> bool:
        """Whether values are texts that an analyzer can cut into words."""
        return self in (DataType.VARCHAR, DataType.TEXT)

    @property
    def is_integer(self) -> bool:
        return self in INTEGER_RANGES

    @property
    def is_floating(self) -> bool:
        return self in (DataType.FLOAT, DataType.DOUBLE)

    @property
    def is_number(self) -> bool:
        return self.is_integer or self.is_floating


INTEGER_RANGES: dict[DataType, tuple[int, int]] = {
    DataType.INT8: (-(2**7), 2**7 - 1),
    DataType.INT16: (-(2**15), 2**15 - 1),
    DataType.INT32: (-(2**31), 2**31 - 1),
    DataType.INT64: (-(2**63), 2**63 - 1),
}

NUMPY_TYPES: dict[DataType, np.dtype[np.generic]] = {
    DataType.BOOL: np.dtype(np.bool_),
    DataType.INT8: np.dtype(np.int8),
    DataType.INT16: np.dtype(np.int16),
    DataType.INT32: np.dtype(np.int32),
    DataType.INT64: np.dtype(np.int64),
    DataType.FLOAT: np.dtype(np.float32),
    DataType.DOUBLE: np.dtype(np.float64),
    DataType.TIMESTAMPTZ: np.dtype(np.int64),  # microseconds since 1970-01-01T00:00:00Z
}
"""The numpy type of a scalar column in memory."""

DENSE_VECTORS: frozenset[DataType] = frozenset(
    {
        DataType.FLOAT_VECTOR,
        DataType.FLOAT16_VECTOR,
        DataType.BFLOAT16_VECTOR,
        DataType.INT8_VECTOR,
    }
)
"""Vectors with a number for each dimension; in memory all are float32."""

ELEMENT_TYPES: frozenset[DataType] = frozenset({*NUMPY_TYPES, DataType.VARCHAR} - {DataType.TIMESTAMPTZ})
"""The element types of an ARRAY."""

MEMBER_TYPES: frozenset[DataType] = ELEMENT_TYPES | DENSE_VECTORS | {DataType.BINARY_VECTOR}
"""The types of the members of structs."""

STORED_TYPES: frozenset[DataType] = frozenset(
    {
        *NUMPY_TYPES,
        DataType.VARCHAR,
        DataType.TEXT,
        DataType.JSON,
        DataType.ARRAY,
        DataType.GEOMETRY,
        *DENSE_VECTORS,
        DataType.BINARY_VECTOR,
        DataType.SPARSE_FLOAT_VECTOR,
    }
)
"""The types that this version of the engine stores."""
