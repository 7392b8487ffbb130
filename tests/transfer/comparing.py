"""What two clients hold, in a form that shows every difference."""

from __future__ import annotations

from typing import Any

from milvus_store import MilvusClient

_OF_ITS_OWN = ("created_timestamp", "collection_id", "num_shards")


def contents(client: MilvusClient, name: str) -> dict[str, Any]:
    """Definition, indexes and all rows of a collection of a file, vectors as bytes."""
    described = client.describe_collection(name)
    for key in _OF_ITS_OWN:
        described.pop(key)
    collection = client._collection(name)
    partitions = (
        []
        if any(field.get("is_partition_key") for field in described["fields"])
        else client.list_partitions(name)
    )
    return {
        "described": described,
        "indexes": [_parameters(client.describe_index(name, index)) for index in client.list_indexes(name)],
        "state": client.get_load_state(name)["state"],
        "rows": {partition: _rows(client, collection, partition) for partition in partitions or [None]},
    }


def _parameters(index: dict[str, Any]) -> dict[str, Any]:
    return {
        key: value
        for key, value in index.items()
        if key not in ("state", "indexed_rows", "pending_index_rows")
    }


def _rows(client: MilvusClient, collection: Any, partition: str | None) -> dict[Any, str]:
    from milvus_store_lite import Scope

    cursor = collection.iterate_query(
        Scope(partitions=None if partition is None else [partition]), ["*"], only_loaded=False
    )
    primary = collection.describe().schema.primary.name
    return {row[primary]: repr(sorted(row.items())) for row in cursor.next(10_000).dicts()}
