"""Calls about indexes."""

from __future__ import annotations

from typing import Any, Final

from pymilvus.grpc_gen import common_pb2, milvus_pb2

from milvus_store_lite import IndexNotExistException, IndexRecord

from ...client.milvus_client import MilvusClient
from ...index_params import IndexParams
from ..databases import collection_of
from ..messages.pairs import object_of, pairs_of, values_of
from ..messages.status import SUCCESS
from ..protocol import Message


def _create(client: MilvusClient, request: Any) -> Message:
    given = values_of(request.extra_params)
    params = given.pop("params", {})
    configs = {**given, **(params if isinstance(params, dict) else object_of(str(params), "params"))}
    indexes = IndexParams()
    indexes.add_index(
        request.field_name,
        index_type=str(configs.pop("index_type", "")),
        index_name=request.index_name,
        **configs,
    )
    client.create_index(request.collection_name, indexes, sync=False)  # clients ask until it is built
    return SUCCESS


def _alter(client: MilvusClient, request: Any) -> Message:
    if request.extra_params:
        properties = values_of(request.extra_params)
        client.alter_index_properties(request.collection_name, request.index_name, properties)
    if request.delete_keys:
        client.drop_index_properties(request.collection_name, request.index_name, list(request.delete_keys))
    return SUCCESS


def _drop(client: MilvusClient, request: Any) -> Message:
    name = request.index_name
    if not name:
        named = client.list_indexes(request.collection_name, request.field_name)
        name = named[0] if named else request.field_name
    client.drop_index(request.collection_name, name)
    return SUCCESS


def _found(client: MilvusClient, request: Any) -> list[IndexRecord]:
    """The indexes that a request names.

    Raises:
        IndexNotExistException: there are none.
    """
    record = collection_of(client, request.collection_name).describe()
    found = [
        index
        for index in record.indexes
        if (not request.index_name or index.name == request.index_name)
        and (not getattr(request, "field_name", "") or index.field == request.field_name)
    ]
    if not found:
        asked = request.index_name or getattr(request, "field_name", "")
        raise IndexNotExistException(
            message=f"index {asked!r} does not exist in collection '{record.name}'"
            if asked
            else f"collection '{record.name}' has no index"
        )
    return found


def _description(client: MilvusClient, request: Any, index: IndexRecord) -> Message:
    rows, pending, is_growing = collection_of(client, request.collection_name).index_progress(index.field)
    params = {"index_type": index.type, **({"metric_type": index.metric} if index.metric else {})}
    return milvus_pb2.IndexDescription(
        index_name=index.name,
        params=pairs_of({**params, **index.parameters}),
        field_name=index.field,
        indexed_rows=rows - pending,
        total_rows=rows,
        pending_index_rows=pending,
        state=common_pb2.IndexState.InProgress if is_growing else common_pb2.IndexState.Finished,
    )


def _describe(client: MilvusClient, request: Any) -> Message:
    found = [_description(client, request, index) for index in _found(client, request)]
    return milvus_pb2.DescribeIndexResponse(index_descriptions=found)


def _statistics(client: MilvusClient, request: Any) -> Message:
    found = [_description(client, request, index) for index in _found(client, request)]
    return milvus_pb2.GetIndexStatisticsResponse(index_descriptions=found)


def _state(client: MilvusClient, request: Any) -> Message:
    first = _description(client, request, _found(client, request)[0])
    return milvus_pb2.GetIndexStateResponse(state=first.state)


def _progress(client: MilvusClient, request: Any) -> Message:
    first = _description(client, request, _found(client, request)[0])
    return milvus_pb2.GetIndexBuildProgressResponse(
        indexed_rows=first.indexed_rows, total_rows=first.total_rows
    )


CALLS: Final = {
    "CreateIndex": _create,
    "AlterIndex": _alter,
    "DropIndex": _drop,
    "DescribeIndex": _describe,
    "GetIndexStatistics": _statistics,
    "GetIndexState": _state,
    "GetIndexBuildProgress": _progress,
}
