"""The schema most filter tests use: a field of every stored type, nullable ones, and a dynamic field."""

from __future__ import annotations

from milvus_store_lite.schema.data_types import DataType
from milvus_store_lite.schema.fields import Field
from milvus_store_lite.schema.model import Schema

FIELDS = (
    Field("id", DataType.INT64, is_primary=True),
    Field("flag", DataType.BOOL, nullable=True),
    Field("tiny", DataType.INT8, nullable=True),
    Field("small", DataType.INT16, nullable=True),
    Field("middle", DataType.INT32, nullable=True),
    Field("big", DataType.INT64, nullable=True),
    Field("single", DataType.FLOAT, nullable=True),
    Field("double", DataType.DOUBLE, nullable=True),
    Field("name", DataType.VARCHAR, max_length=100, nullable=True),
    Field("tenant", DataType.VARCHAR, max_length=100),
    Field("text", DataType.VARCHAR, max_length=500, nullable=True, enable_analyzer=True, enable_match=True),
    Field("meta", DataType.JSON, nullable=True),
    Field(
        "tags", DataType.ARRAY, element_type=DataType.VARCHAR, max_length=100, max_capacity=9, nullable=True
    ),
    Field("ranks", DataType.ARRAY, element_type=DataType.INT32, max_capacity=9, nullable=True),
    Field("shares", DataType.ARRAY, element_type=DataType.FLOAT, max_capacity=9),
    Field("flags", DataType.ARRAY, element_type=DataType.BOOL, max_capacity=9, nullable=True),
    Field(
        "chunks",
        DataType.ARRAY,
        element_type=DataType.STRUCT,
        members=(Field("page", DataType.INT64), Field("title", DataType.VARCHAR, max_length=100)),
        max_capacity=9,
        nullable=True,
    ),
    Field("place", DataType.GEOMETRY, nullable=True),
    Field("moment", DataType.TIMESTAMPTZ, nullable=True),
    Field("vector", DataType.FLOAT_VECTOR, dim=2),
)
DYNAMIC = Schema(FIELDS, enable_dynamic_field=True)
STRICT = Schema(FIELDS)
