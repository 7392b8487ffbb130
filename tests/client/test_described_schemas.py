"""Schemas made of what ``to_dict`` and ``describe_collection`` show, as pymilvus's are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pymilvus
import pytest

from milvus_store import CollectionSchema, DataType, FieldSchema, Function, FunctionType, MilvusClient
from milvus_store.errors import MilvusException

_OF_ITS_OWN = ("collection_name", "collection_id", "created_timestamp", "update_timestamp")


def _schema(client: MilvusClient) -> CollectionSchema:
    schema = client.create_schema(enable_dynamic_field=True, description="all kinds")
    schema.add_field("id", DataType.VARCHAR, max_length=30, is_primary=True, auto_id=True)
    schema.add_field("tenant", DataType.INT64, is_partition_key=True)
    schema.add_field("text", DataType.VARCHAR, max_length=99, enable_analyzer=True, analyzer_params={})
    schema.add_field("price", DataType.FLOAT, nullable=True, default_value=1.5, description="in euros")
    schema.add_field("tags", DataType.ARRAY, element_type=DataType.VARCHAR, max_length=9, max_capacity=5)
    schema.add_field("vector", DataType.FLOAT16_VECTOR, dim=4)
    schema.add_field("words", DataType.SPARSE_FLOAT_VECTOR)
    schema.add_function(Function("bm25", FunctionType.BM25, "text", "words"))
    struct = client.create_struct_field_schema()
    struct.add_field("page", DataType.INT64)
    struct.add_field("meaning", DataType.FLOAT_VECTOR, dim=4)
    schema.add_field(
        "chunks", DataType.ARRAY, element_type=DataType.STRUCT, struct_schema=struct, max_capacity=4
    )
    return schema


def _described(client: MilvusClient, name: str) -> dict[str, Any]:
    return {key: value for key, value in client.describe_collection(name).items() if key not in _OF_ITS_OWN}


def test_what_is_shown_makes_the_same_collection(path: Path) -> None:
    with MilvusClient(path) as client:
        schema = _schema(client)
        client.create_collection("first", schema=schema)
        shown = client.describe_collection("first")
        for name, raw in (("of_dict", schema.to_dict()), ("of_description", shown)):
            made = CollectionSchema.construct_from_dict(raw)
            assert made.to_dict() == schema.to_dict()
            client.create_collection(name, schema=made)
            assert _described(client, name) == _described(client, "first")


def test_pymilvus_makes_the_same_of_it(path: Path) -> None:
    with MilvusClient(path) as client:
        client.create_collection("first", schema=_schema(client))
        theirs = pymilvus.CollectionSchema.construct_from_dict(client.describe_collection("first"))
        ours = CollectionSchema.construct_from_dict(client.describe_collection("first"))
        client.create_collection("theirs", schema=theirs)
        client.create_collection("ours", schema=ours)
        assert _described(client, "theirs") == _described(client, "ours")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"name": "n", "type": 999}, "data type UNKNOWN is not supported"),
        ({"name": "a b", "type": DataType.INT64}, "invalid field name 'a b'"),
    ],
)
def test_what_no_field_can_be_is_refused(raw: dict[str, Any], message: str) -> None:
    with pytest.raises(MilvusException, match=message):
        CollectionSchema([FieldSchema.construct_from_dict(raw)]).verify()
