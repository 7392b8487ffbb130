"""Reading for a copy: rows that are not loaded, and whether they are still the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from milvus_store import MilvusClient
from milvus_store_lite import CollectionNotLoadedException, Scope


@pytest.fixture
def released(client: MilvusClient) -> MilvusClient:
    client.create_collection("docs", dimension=2)
    client.create_partition("docs", "other")
    for number, partition in enumerate(["_default", "other"]):
        client.insert("docs", [{"id": number, "vector": [1.0, 2.0]}], partition_name=partition)
    client.release_collection("docs")
    return client


def test_rows_that_are_not_loaded_are_read_only_when_asked_for(released: MilvusClient) -> None:
    collection = released._collection("docs")
    with pytest.raises(CollectionNotLoadedException):
        collection.iterate_query(Scope(), ["id"])
    cursor = collection.iterate_query(Scope(partitions=["other"]), ["id"], only_loaded=False)
    assert cursor.next(9).pks == [1]


def test_a_position_stays_until_a_row_is_written_or_deleted(released: MilvusClient, path: Path) -> None:
    collection = released._collection("docs")
    before = collection.position()
    released.load_collection("docs")
    assert collection.position() == before
    with MilvusClient(path) as other:
        other.delete("docs", [1])
    assert collection.position() != before
