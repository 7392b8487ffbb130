"""Calls about databases."""

from __future__ import annotations

from typing import Any, Final

from pymilvus.grpc_gen import milvus_pb2

from ...client.milvus_client import MilvusClient
from ..messages.pairs import pairs_of, texts_of
from ..messages.status import SUCCESS
from ..protocol import Message


def _create(client: MilvusClient, request: Any) -> Message:
    client.create_database(request.db_name, properties=texts_of(request.properties))
    return SUCCESS


def _drop(client: MilvusClient, request: Any) -> Message:
    client.drop_database(request.db_name)
    return SUCCESS


def _list(client: MilvusClient, request: Any) -> Message:
    return milvus_pb2.ListDatabasesResponse(db_names=client.list_databases())


def _describe(client: MilvusClient, request: Any) -> Message:
    found = client.describe_database(request.db_name)
    name = found.pop("name")
    return milvus_pb2.DescribeDatabaseResponse(db_name=name, properties=pairs_of(found))


def _alter(client: MilvusClient, request: Any) -> Message:
    if request.properties:
        client.alter_database_properties(request.db_name, texts_of(request.properties))
    if request.delete_keys:
        client.drop_database_properties(request.db_name, list(request.delete_keys))
    return SUCCESS


CALLS: Final = {
    "CreateDatabase": _create,
    "DropDatabase": _drop,
    "ListDatabases": _list,
    "DescribeDatabase": _describe,
    "AlterDatabase": _alter,
}
