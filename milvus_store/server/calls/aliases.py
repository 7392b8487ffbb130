"""Calls about aliases."""

from __future__ import annotations

from typing import Any, Final

from pymilvus.grpc_gen import milvus_pb2

from ...client.milvus_client import MilvusClient
from ..messages.status import SUCCESS
from ..protocol import Message


def _create(client: MilvusClient, request: Any) -> Message:
    client.create_alias(request.collection_name, request.alias)
    return SUCCESS


def _drop(client: MilvusClient, request: Any) -> Message:
    client.drop_alias(request.alias)
    return SUCCESS


def _alter(client: MilvusClient, request: Any) -> Message:
    client.alter_alias(request.collection_name, request.alias)
    return SUCCESS


def _describe(client: MilvusClient, request: Any) -> Message:
    found = client.describe_alias(request.alias)
    return milvus_pb2.DescribeAliasResponse(
        db_name=request.db_name, alias=found["alias"], collection=found["collection_name"]
    )


def _list(client: MilvusClient, request: Any) -> Message:
    found = client.list_aliases(request.collection_name)
    return milvus_pb2.ListAliasesResponse(
        db_name=request.db_name,
        collection_name=found.get("collection_name", ""),
        aliases=found["aliases"],
    )


CALLS: Final = {
    "CreateAlias": _create,
    "DropAlias": _drop,
    "AlterAlias": _alter,
    "DescribeAlias": _describe,
    "ListAliases": _list,
}
