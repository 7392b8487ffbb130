"""Schemas of collections as messages and back."""

from __future__ import annotations

import json
from typing import Any, Final

from google.protobuf.message import DecodeError
from pymilvus.grpc_gen import schema_pb2

from milvus_store_lite import CollectionRecord, DataType, Field, Schema

from ...errors import ParamError, SchemaNotReadyException
from ...fields import FieldSchema
from ...functions import Function
from ...options import ConsistencyLevel
from ...schema import CollectionSchema, from_engine, function_from_engine
from ...structs import StructFieldSchema
from ..protocol import Message, message_of
from .pairs import pairs_of, texts_of, value_of
from .slots import ARRAY_OF_VECTOR

_NOT_ON_A_FILE: Final = {
    "enable_namespace": "use a partition key",
    "external_source": "insert() the rows of the external source",
}
"""Parts of a schema that would change what its rows are, and what to do instead."""


def schema_of(packed: bytes) -> CollectionSchema:
    """The schema in a request, as ``create_collection`` takes it."""
    given = _parsed(schema_pb2.CollectionSchema, packed, "schema")
    for part, instead in _NOT_ON_A_FILE.items():
        if getattr(given, part, None):
            raise SchemaNotReadyException(message=f"{part} is not supported on a file: {instead}")
    return CollectionSchema(
        [field_of(field) for field in given.fields if not field.is_dynamic],
        given.description,
        enable_dynamic_field=given.enable_dynamic_field,
        auto_id=given.autoID,
        functions=[function_of(function) for function in given.functions],
        struct_fields=[struct_of(struct) for struct in getattr(given, "struct_array_fields", ())],
    )


def parsed_field(packed: bytes) -> FieldSchema:
    """The field in a request."""
    return field_of(_parsed(schema_pb2.FieldSchema, packed, "field"))


def field_of(given: Message) -> FieldSchema:
    """A field as ``CollectionSchema`` takes it."""
    default = given.default_value.WhichOneof("data")
    return FieldSchema(
        given.name,
        given.data_type,
        given.description,
        is_primary=given.is_primary_key,
        auto_id=given.autoID,
        params=texts_of(given.type_params),
        is_partition_key=given.is_partition_key,
        nullable=given.nullable,
        default_value=None if default is None else getattr(given.default_value, default),
        element_type=given.element_type or None,
    )


def struct_of(given: Message) -> StructFieldSchema:
    """An array of structs as ``CollectionSchema`` takes it."""
    struct = StructFieldSchema(getattr(given, "nullable", False), given.description)
    struct.name = given.name
    struct.max_capacity = value_of(texts_of(given.type_params).get("max_capacity", "null"))
    for member in given.fields:
        if member.data_type not in (DataType.ARRAY, ARRAY_OF_VECTOR):
            raise SchemaNotReadyException(
                message=f"field {given.name!r}: member {member.name!r} must be an array of scalars or vectors, "
                f"got type {member.data_type}"
            )
        params = texts_of(member.type_params)
        capacity = params.pop("max_capacity", None)
        if struct.max_capacity is None and capacity is not None:
            struct.max_capacity = value_of(capacity)
        struct.fields.append(FieldSchema(member.name, member.element_type, member.description, params=params))
    return struct


def function_of(given: Message) -> Function:
    """A function, whose parameters are texts or what they stand for."""
    return Function(
        given.name,
        given.type,
        list(given.input_field_names),
        list(given.output_field_names),
        given.description,
        {key: value_of(text) for key, text in texts_of(given.params).items()},
    )


def schema_message(record: CollectionRecord) -> Message:
    """The schema of a collection."""
    schema = record.schema
    return message_of(
        schema_pb2.CollectionSchema,
        name=record.name,
        description=schema.description,
        autoID=schema.primary.auto_id,
        enable_dynamic_field=schema.enable_dynamic_field,
        fields=[_field_message(field) for field in schema.fields if not field.members],
        struct_array_fields=_struct_messages(schema),
        functions=[_function_message(schema, function) for function in schema.functions],
        properties=pairs_of(record.properties),
    )


def consistency_number(record: CollectionRecord) -> int:
    """The protocol's number of the level that the collection was made with."""
    return ConsistencyLevel(record.consistency_level).number


def _field_message(field: Field) -> Message:
    shown = from_engine(field)
    found = schema_pb2.FieldSchema(
        fieldID=field.field_id,
        name=field.name,
        is_primary_key=field.is_primary,
        description=field.description,
        data_type=int(field.dtype),
        type_params=pairs_of(shown.params),
        autoID=field.auto_id,
        element_type=int(field.element_type or 0),
        is_partition_key=field.is_partition_key,
        nullable=field.nullable,
        is_function_output=field.is_function_output,
    )
    if field.has_default and field.default is not None:
        _set_default(found.default_value, field.dtype, field.default)
    return found


def _set_default(message: Message, dtype: DataType, value: Any) -> None:
    if dtype is DataType.BOOL:
        message.bool_data = value
    elif dtype is DataType.INT64:
        message.long_data = value
    elif dtype.is_integer:
        message.int_data = value
    elif dtype is DataType.FLOAT:
        message.float_data = value
    elif dtype is DataType.DOUBLE:
        message.double_data = value
    elif dtype is DataType.JSON:
        message.bytes_data = json.dumps(value).encode()
    else:
        message.string_data = str(value)


def _struct_messages(schema: Schema) -> list[Message]:
    """Arrays of structs; a pymilvus that is too old to know them sees the other fields."""
    if not hasattr(schema_pb2, "StructArrayFieldSchema"):
        return []
    return [_struct_message(field) for field in schema.fields if field.members]


def _struct_message(field: Field) -> Message:
    capacity = pairs_of({"max_capacity": str(field.max_capacity)})
    return message_of(
        schema_pb2.StructArrayFieldSchema,
        fieldID=field.field_id,
        name=field.name,
        description=field.description,
        type_params=capacity,
        nullable=field.nullable,
        fields=[
            schema_pb2.FieldSchema(
                name=member.name,
                description=member.description,
                data_type=ARRAY_OF_VECTOR if member.dtype.is_vector else int(DataType.ARRAY),
                element_type=int(member.dtype),
                nullable=field.nullable,
                type_params=[*pairs_of(from_engine(member).params), *capacity],
            )
            for member in field.members
        ],
    )


def _function_message(schema: Schema, function: Any) -> Message:
    shown = function_from_engine(function)
    numbers = {field.name: field.field_id for field in schema.fields}
    return schema_pb2.FunctionSchema(
        name=shown.name,
        description=shown.description,
        type=int(shown.type),
        input_field_names=shown.input_field_names,
        output_field_names=shown.output_field_names,
        input_field_ids=[numbers[name] for name in shown.input_field_names],
        output_field_ids=[numbers[name] for name in shown.output_field_names],
        params=pairs_of(shown.params),
    )


def _parsed(kind: type[Any], packed: bytes, what: str) -> Message:
    try:
        return kind.FromString(packed)
    except DecodeError:
        raise ParamError(message=f"the {what} of the request cannot be read") from None
