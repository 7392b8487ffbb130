"""Calls that define collections."""

from __future__ import annotations

from typing import Any, Final

from pymilvus.grpc_gen import milvus_pb2

from milvus_store_lite import CollectionNotExistException, CollectionRecord

from ...client.collections import partition_count
from ...client.milvus_client import MilvusClient
from ...errors import ParamError
from ...fields import FieldSchema
from ...index_params import IndexParams
from ..databases import collection_of
from ..messages.pairs import pairs_of, texts_of, values_of
from ..messages.schemas import (
    consistency_number,
    field_of,
    function_of,
    parsed_field,
    schema_message,
    schema_of,
    struct_of,
)
from ..messages.status import SUCCESS, status_of
from ..protocol import Message, message_of


def _create(client: MilvusClient, request: Any) -> Message:
    client.create_collection(
        request.collection_name,
        schema=schema_of(request.schema),
        consistency_level=request.consistency_level,
        properties=texts_of(request.properties),
        num_partitions=request.num_partitions or None,
    )
    return SUCCESS


def _drop(client: MilvusClient, request: Any) -> Message:
    client.drop_collection(request.collection_name)
    return SUCCESS


def _has(client: MilvusClient, request: Any) -> Message:
    return milvus_pb2.BoolResponse(value=client.has_collection(request.collection_name))


def _describe(client: MilvusClient, request: Any) -> Message:
    return _described(collection_of(client, name_of(client, request)).describe())


def _describe_several(client: MilvusClient, request: Any) -> Message:
    responses = []
    for name in request.collection_name:
        try:
            responses.append(_described(collection_of(client, name).describe()))
        except CollectionNotExistException as error:
            responses.append(milvus_pb2.DescribeCollectionResponse(status=status_of(error)))
    return milvus_pb2.BatchDescribeCollectionResponse(responses=responses)


def name_of(client: MilvusClient, request: Any) -> str:
    """The name of the collection that a request names by its name or its number."""
    if request.collection_name or not request.collectionID:
        return str(request.collection_name)
    for name in client.list_collections():
        if collection_of(client, name).describe().id == request.collectionID:
            return name
    raise CollectionNotExistException(message=f"collection number {request.collectionID} does not exist")


def _described(record: CollectionRecord) -> Message:
    return milvus_pb2.DescribeCollectionResponse(
        schema=schema_message(record),
        collectionID=record.id,
        collection_name=record.name,
        created_timestamp=record.created_at,
        created_utc_timestamp=record.created_at,
        shards_num=1,
        aliases=record.aliases,
        consistency_level=consistency_number(record),
        properties=pairs_of(record.properties),
        num_partitions=partition_count(record),
        update_timestamp=record.version,
    )


def _show(client: MilvusClient, request: Any) -> Message:
    records = [collection_of(client, name).describe() for name in client.list_collections()]
    asked = set(request.collection_names)
    records = [record for record in records if not asked or record.name in asked]
    if request.type == milvus_pb2.ShowType.InMemory:
        records = [record for record in records if record.is_loaded]
    times = [record.created_at for record in records]
    return message_of(
        milvus_pb2.ShowCollectionsResponse,
        collection_names=[record.name for record in records],
        collection_ids=[record.id for record in records],
        created_timestamps=times,
        created_utc_timestamps=times,
        inMemory_percentages=[100 if record.is_loaded else 0 for record in records],
        query_service_available=[record.is_loaded for record in records],
        shards_num=[1 for _ in records],
    )


def _rename(client: MilvusClient, request: Any) -> Message:
    client.rename_collection(request.oldName, request.newName, request.newDBName)
    return SUCCESS


def _alter(client: MilvusClient, request: Any) -> Message:
    if request.properties:
        client.alter_collection_properties(request.collection_name, texts_of(request.properties))
    if request.delete_keys:
        client.drop_collection_properties(request.collection_name, list(request.delete_keys))
    return SUCCESS


def _alter_field(client: MilvusClient, request: Any) -> Message:
    params = {**values_of(request.properties), **dict.fromkeys(request.delete_keys)}
    client.alter_collection_field(request.collection_name, request.field_name, params)
    return SUCCESS


def _add_field(client: MilvusClient, request: Any) -> Message:
    _add(client, request.collection_name, parsed_field(request.schema))
    return SUCCESS


def _add(client: MilvusClient, collection_name: str, field: FieldSchema) -> None:
    client.add_collection_field(
        collection_name,
        field.name,
        field.dtype,
        field.description,
        params={**field.params, **({"element_type": field.element_type} if field.element_type else {})},
        nullable=field.nullable,
        default_value=field.default_value,
        is_partition_key=field.is_partition_key,
    )


def _alter_schema(client: MilvusClient, request: Any) -> Message:
    action = request.action
    if action.WhichOneof("op") == "drop_request":
        dropped = action.drop_request
        if dropped.WhichOneof("identifier") == "function_name":
            if not dropped.drop_function_output_fields:
                raise ParamError(
                    message=f"function {dropped.function_name!r} cannot be dropped without the field that it "
                    "fills: drop_function_field() drops both"
                )
            client.drop_function_field(request.collection_name, dropped.function_name)
        else:
            client.drop_collection_field(request.collection_name, dropped.field_name, dropped.field_id)
    else:
        added = action.add_request
        if added.func_schema:
            _add_function_field(client, request.collection_name, added)
            return milvus_pb2.AlterCollectionSchemaResponse(alter_status=SUCCESS)
        for info in added.field_infos:
            _add(client, request.collection_name, field_of(info.field_schema))
    return milvus_pb2.AlterCollectionSchemaResponse(alter_status=SUCCESS)


def _add_function_field(client: MilvusClient, collection_name: str, added: Message) -> None:
    if len(added.func_schema) != 1 or len(added.field_infos) != 1:
        raise ParamError(message="a function is added together with the one field that it fills")
    (function,), (info,) = added.func_schema, added.field_infos
    field, indexes = field_of(info.field_schema), IndexParams()
    configs = values_of(info.extra_params)
    kind = str(configs.pop("index_type", ""))
    indexes.add_index(field.name, index_type=kind, index_name=info.index_name, **configs)
    client.add_function_field(collection_name, field, function_of(function), indexes)


def _alter_function(client: MilvusClient, request: Any) -> Message:
    function = function_of(request.functionSchema)
    client.alter_collection_function(request.collection_name, request.function_name, function)
    return SUCCESS


def _add_struct_field(client: MilvusClient, request: Any) -> Message:
    struct = struct_of(request.struct_array_field_schema)
    client.add_collection_struct_field(
        request.collection_name,
        struct.name,
        struct,
        struct.max_capacity or 0,
        struct.description,
        nullable=struct.nullable,
    )
    return SUCCESS


def _truncate(client: MilvusClient, request: Any) -> Message:
    client.truncate_collection(request.collection_name)
    return milvus_pb2.TruncateCollectionResponse()


def _statistics(client: MilvusClient, request: Any) -> Message:
    stats = client.get_collection_stats(request.collection_name)
    return milvus_pb2.GetCollectionStatisticsResponse(stats=pairs_of(stats))


CALLS: Final = {
    "CreateCollection": _create,
    "DropCollection": _drop,
    "HasCollection": _has,
    "DescribeCollection": _describe,
    "BatchDescribeCollection": _describe_several,
    "ShowCollections": _show,
    "RenameCollection": _rename,
    "AlterCollection": _alter,
    "AlterCollectionField": _alter_field,
    "AddCollectionField": _add_field,
    "AddCollectionStructField": _add_struct_field,
    "AlterCollectionSchema": _alter_schema,
    "AlterCollectionFunction": _alter_function,
    "TruncateCollection": _truncate,
    "GetCollectionStatistics": _statistics,
}
