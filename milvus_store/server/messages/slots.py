"""Where a ``FieldData`` has the values of each type."""

from __future__ import annotations

from typing import Final

import numpy as np

from milvus_store_lite import DataType

ARRAY_OF_VECTOR: Final = 106
ARRAY_OF_STRUCT: Final = 200
STRUCT: Final = 201
"""Types that only messages have."""

SCALARS: Final = {
    DataType.BOOL: "bool_data",
    DataType.INT8: "int_data",
    DataType.INT16: "int_data",
    DataType.INT32: "int_data",
    DataType.INT64: "long_data",
    DataType.FLOAT: "float_data",
    DataType.DOUBLE: "double_data",
    DataType.VARCHAR: "string_data",
    DataType.TEXT: "string_data",
    DataType.JSON: "json_data",
    DataType.GEOMETRY: "geometry_wkt_data",
    DataType.TIMESTAMPTZ: "string_data",
    DataType.ARRAY: "array_data",
}
"""Type → the part of ``FieldData.scalars``."""

FLOATS: Final = {DataType.FLOAT: np.float32, DataType.DOUBLE: np.float64}
"""Types whose values stand packed in a message, as in an array."""

VECTORS: Final = {
    DataType.FLOAT_VECTOR: "float_vector",
    DataType.BINARY_VECTOR: "binary_vector",
    DataType.FLOAT16_VECTOR: "float16_vector",
    DataType.BFLOAT16_VECTOR: "bfloat16_vector",
    DataType.INT8_VECTOR: "int8_vector",
    DataType.SPARSE_FLOAT_VECTOR: "sparse_float_vector",
}
"""Type → the part of ``FieldData.vectors``."""

BITS: Final = {
    DataType.BINARY_VECTOR: 1,
    DataType.FLOAT16_VECTOR: 16,
    DataType.BFLOAT16_VECTOR: 16,
    DataType.INT8_VECTOR: 8,
}
"""Bits for each dimension of the vectors that a message has as bytes."""
