"""Schemas as JSON texts: an exported file keeps that of its rows, and importing it makes the same collection."""

from __future__ import annotations

import json
from typing import Any

from milvus_store_lite import DataType, FunctionType

from ..fields import FieldSchema
from ..functions import Function
from ..schema import CollectionSchema
from ..structs import StructFieldSchema


def to_text(schema: CollectionSchema) -> str:
    return json.dumps(schema.to_dict() | {"num_partitions": schema.num_partitions})


def from_text(text: str) -> CollectionSchema:
    told = json.loads(text)
    schema = CollectionSchema(
        [_field(one) for one in told["fields"]],
        told["description"],
        enable_dynamic_field=told["enable_dynamic_field"],
        num_partitions=told["num_partitions"],
        struct_fields=[_struct(one) for one in told.get("struct_fields", ())],
    )
    for one in told.get("functions", ()):
        schema.add_function(
            Function(
                one["name"],
                FunctionType(one["type"]),
                one["input_field_names"],
                one["output_field_names"],
                one["description"],
                one["params"],
            )
        )
    return schema


def _field(told: dict[str, Any]) -> FieldSchema:
    options = {key: told[key] for key in ("nullable", "is_partition_key", "default_value") if key in told}
    element_type = told.get("element_type")
    return FieldSchema(
        told["name"],
        DataType(told["type"]),
        told["description"],
        is_primary=told.get("is_primary", False),
        auto_id=told.get("auto_id", False),
        params=told["params"],
        element_type=None if element_type is None else DataType(element_type),
        **options,
    )


def _struct(told: dict[str, Any]) -> StructFieldSchema:
    struct = StructFieldSchema(told.get("nullable", False), told["description"])
    struct.name, struct.max_capacity = told["name"], told["max_capacity"]
    struct.fields = [_field(member) for member in told["fields"]]
    return struct
