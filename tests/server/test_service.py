"""Every call of the service is answered, or refused by name; nothing that a client sends ends the server."""

from __future__ import annotations

import random
from typing import Any

import grpc
import pymilvus
import pytest
from pymilvus.grpc_gen import common_pb2, milvus_pb2, schema_pb2

from milvus_store import MilvusClient
from milvus_store.server.calls import calls_with
from milvus_store.server.endpoint import MilvusServer
from milvus_store.server.iterators import SearchIterators
from milvus_store.server.protocol import METHODS, SERVICE_NAME

SERVED = calls_with(SearchIterators())
NEWER = {
    *("AddCollectionStructField", "AlterCollectionSchema", "ListRefreshExternalCollectionJobs"),
    *("CreateSnapshot", "ListSnapshots", "DescribeSnapshot", "DropSnapshot", "RestoreSnapshot"),
    *("GetRestoreSnapshotState", "ListRestoreSnapshotJobs", "PinSnapshotData", "UnpinSnapshotData"),
}
"""Calls that the protocol of pymilvus 2.6 does not have yet."""


@pytest.fixture
def channel(server: MilvusServer) -> Any:
    with grpc.insecure_channel(server.uri.removeprefix("http://")) as channel:
        yield channel


def ask(channel: Any, name: str, request: bytes) -> bytes:
    """The bytes that answer ``request``, which may be any bytes."""
    call = channel.unary_unary(f"/{SERVICE_NAME}/{name}")
    answer: bytes = call(request, timeout=30)
    return answer


def outcome(channel: Any, name: str, request: bytes) -> Any:
    """The response, or gRPC's code; INTERNAL is that of bytes which are no message."""
    try:
        return METHODS[name].response.FromString(ask(channel, name, request))
    except grpc.RpcError as error:
        return error.code()


def test_every_name_that_is_served_is_one_of_the_service() -> None:
    assert set(SERVED) - NEWER <= set(METHODS)


@pytest.mark.parametrize("name", sorted(set(METHODS) - set(SERVED)))
def test_what_is_not_served_says_so(channel: Any, name: str) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        ask(channel, name, b"")
    assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert name in raised.value.details()


def test_what_is_not_served_names_the_alternative(channel: Any) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        ask(channel, "CreateResourceGroup", b"")
    assert "a file is one node" in raised.value.details()


@pytest.mark.parametrize("name", sorted(SERVED.keys() & METHODS.keys()))
def test_an_empty_request_gets_an_answer(channel: Any, name: str) -> None:
    response = METHODS[name].response.FromString(ask(channel, name, b""))
    assert "internal error" not in str(response)


def test_no_bytes_end_the_server(channel: Any, server: MilvusServer) -> None:
    random_bytes = random.Random(1)
    with MilvusClient(server.uri) as client:
        client.create_collection("c", dimension=2)
    requests = {
        "Insert": milvus_pb2.InsertRequest(
            collection_name="c",
            num_rows=1,
            fields_data=[
                schema_pb2.FieldData(
                    type=5,
                    field_name="id",
                    scalars=schema_pb2.ScalarField(long_data=schema_pb2.LongArray(data=[1])),
                ),
                schema_pb2.FieldData(
                    type=101,
                    field_name="vector",
                    vectors=schema_pb2.VectorField(dim=2, float_vector=schema_pb2.FloatArray(data=[1, 2])),
                ),
            ],
        ).SerializeToString(),
        "Search": milvus_pb2.SearchRequest(
            collection_name="c",
            dsl="id > 1",
            placeholder_group=common_pb2.PlaceholderGroup(
                placeholders=[common_pb2.PlaceholderValue(tag="$0", type=101, values=[bytes(8)])]
            ).SerializeToString(),
            search_params=[common_pb2.KeyValuePair(key="topk", value="3")],
        ).SerializeToString(),
        "Query": milvus_pb2.QueryRequest(collection_name="c", expr="id > 0").SerializeToString(),
        "CreateCollection": milvus_pb2.CreateCollectionRequest(
            collection_name="d", schema=schema_pb2.CollectionSchema(name="d").SerializeToString()
        ).SerializeToString(),
    }
    for name, request in requests.items():
        for _ in range(150):
            mutated = bytearray(request)
            for _ in range(random_bytes.randint(1, 4)):
                mutated[random_bytes.randrange(len(mutated))] = random_bytes.randrange(256)
            answered = outcome(channel, name, bytes(mutated))
            assert answered is grpc.StatusCode.INTERNAL or "internal error" not in str(answered)
    ask(channel, "Search", requests["Search"])


def test_an_iterator_of_another_collection_is_not_to_be_had(server: MilvusServer) -> None:
    client = pymilvus.MilvusClient(server.uri)
    client.create_collection("mine", dimension=2)
    client.create_collection("other", dimension=2)
    client.insert("mine", [{"id": number, "vector": [number, 1]} for number in range(9)])
    iterator = client.search_iterator("mine", [[1, 1]], batch_size=3)
    assert len(iterator.next()) == 3
    iterator._params["collection_name"] = "other"
    with pytest.raises(pymilvus.MilvusException, match="search iterator is not open"):
        iterator.next()
    client.close()


def test_pages_show_the_state_of_the_first(server: MilvusServer) -> None:
    client = pymilvus.MilvusClient(server.uri)
    client.create_collection("c", dimension=2, metric_type="L2")
    client.insert("c", [{"id": number, "vector": [number, 0]} for number in range(9)])
    iterator = client.search_iterator("c", [[0, 0]], batch_size=3)
    first = [hit["id"] for hit in iterator.next()]
    client.delete("c", ids=[4])
    client.insert("c", [{"id": 99, "vector": [3.5, 0]}])
    rest = []
    while page := iterator.next():
        rest += [hit["id"] for hit in page]
    assert first + rest == list(range(9))
    client.close()


def test_a_client_that_knows_an_older_schema_learns_the_newer_one(server: MilvusServer) -> None:
    one, other = pymilvus.MilvusClient(server.uri), MilvusClient(server.uri)
    one.create_collection("c", dimension=2, enable_dynamic_field=False)
    one.insert("c", [{"id": 1, "vector": [1, 2]}])
    other.add_collection_field("c", "n", pymilvus.DataType.INT64, nullable=True)
    one.insert("c", [{"id": 2, "vector": [1, 2], "n": 5}])
    assert one.query("c", filter="n == 5", output_fields=["id"])[0]["id"] == 2
    one.close()
    other.close()


def test_a_namespace_is_never_ignored(server: MilvusServer, channel: Any) -> None:
    with MilvusClient(server.uri) as client:
        client.create_collection("c", dimension=2)
    for name in ("Insert", "Upsert", "Delete", "Query", "Search", "HybridSearch"):
        request = METHODS[name].request(collection_name="c")
        parts = [request, request.requests.add()] if name == "HybridSearch" else [request]
        if "namespace" not in request.DESCRIPTOR.fields_by_name:
            continue  # pymilvus 2.6 does not send it there
        for part in parts:
            part.namespace = "one"
            answer = METHODS[name].response.FromString(ask(channel, name, request.SerializeToString()))
            assert "use a partition key" in answer.status.reason
            part.namespace = ""


def test_what_a_hybrid_search_cannot_do_is_never_ignored(server: MilvusServer, channel: Any) -> None:
    with MilvusClient(server.uri) as client:
        client.create_collection("c", dimension=2)
    request = METHODS["HybridSearch"].request(collection_name="c")
    request.rank_params.add(key="order_by_fields", value="id:asc")
    reasons = ["order_by_fields of a hybrid search is not supported"]
    requests = [request]
    if "search_aggregation" in milvus_pb2.SearchRequest.DESCRIPTOR.fields_by_name:  # of pymilvus 3
        requests.append(METHODS["HybridSearch"].request(collection_name="c"))
        requests[-1].requests.add().search_aggregation.fields.append("id")
        reasons.append("a hybrid search has no search_aggregation")
    for asked, reason in zip(requests, reasons, strict=True):
        answer = milvus_pb2.SearchResults.FromString(ask(channel, "HybridSearch", asked.SerializeToString()))
        assert reason in answer.status.reason


def test_iterators_of_a_query_take_no_order_and_no_groups(server: MilvusServer, channel: Any) -> None:
    with MilvusClient(server.uri) as client:
        client.create_collection("c", dimension=2)
    for name in ("order_by_fields", "group_by_fields"):
        request = milvus_pb2.QueryRequest(collection_name="c", expr="id > 0", output_fields=["id"])
        for key, value in {"iterator": "True", "limit": "5", name: "id"}.items():
            request.query_params.add(key=key, value=value)
        answer = milvus_pb2.QueryResults.FromString(ask(channel, "Query", request.SerializeToString()))
        assert f"an iterator takes no {name}" in answer.status.reason


def test_a_schema_with_namespaces_or_rows_elsewhere_is_refused(channel: Any) -> None:
    for part, value in (("enable_namespace", True), ("external_source", "s3://bucket")):
        if part not in schema_pb2.CollectionSchema.DESCRIPTOR.fields_by_name:
            continue
        schema = schema_pb2.CollectionSchema(**{part: value}).SerializeToString()
        request = milvus_pb2.CreateCollectionRequest(collection_name="c", schema=schema)
        status = common_pb2.Status.FromString(ask(channel, "CreateCollection", request.SerializeToString()))
        assert f"{part} is not supported on a file" in status.reason
