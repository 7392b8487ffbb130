"""Messages of whatever pymilvus is installed."""

from __future__ import annotations

from pymilvus.grpc_gen import milvus_pb2

from milvus_store.server.protocol import message_of


def test_a_message_has_the_parts_that_the_installed_pymilvus_knows() -> None:
    response = message_of(milvus_pb2.ShowCollectionsResponse, collection_names=["docs"], of_the_future=[1])
    assert list(response.collection_names) == ["docs"]
    assert response == milvus_pb2.ShowCollectionsResponse(collection_names=["docs"])
