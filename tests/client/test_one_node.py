"""A file answers as a Milvus of one node."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from milvus_store import AsyncMilvusClient, DataType, MilvusClient
from milvus_store.errors import (
    CollectionNotExistException,
    DataTypeNotMatchException,
    ParamError,
)
from milvus_store.one_node import DEFAULT_RESOURCE_GROUP, SegmentState


@pytest.fixture
def parts(client: MilvusClient) -> MilvusClient:
    """A collection ``c`` with two rows in ``_default``, one in ``p`` and none in ``empty``."""
    client.create_collection("c", dimension=2)
    for name in ("p", "empty"):
        client.create_partition("c", name)
    client.insert("c", [{"id": number, "vector": [number, 1]} for number in range(2)])
    client.insert("c", [{"id": 9, "vector": [9, 1]}], partition_name="p")
    return client


def test_each_partition_with_rows_is_a_segment(parts: MilvusClient) -> None:
    found = parts.list_segments("c")
    assert [one.num_rows for one in found] == [2, 1]
    assert {one.state_name for one in found} == {"Flushed"}
    assert len({one.segment_id for one in found}) == 2
    assert found == parts.list_persistent_segments("c")
    parts.delete("c", ids=[9])
    assert [one.num_rows for one in parts.list_segments("c")] == [2]


def test_segments_are_chosen_by_their_states(parts: MilvusClient) -> None:
    assert len(parts.list_segments("c", states=[SegmentState.Flushed, SegmentState.Growing])) == 2
    assert parts.list_segments("c", states=[SegmentState.Growing]) == []
    with pytest.raises(ParamError, match="must not be empty"):
        parts.list_segments("c", states=[])
    with pytest.raises(ParamError, match="numbers of segment states, got 77"):
        parts.list_segments("c", states=[77])
    with pytest.raises(DataTypeNotMatchException, match="states must be a list"):
        parts.list_segments("c", states="Flushed")  # type: ignore[arg-type]


def test_partitions_of_a_key_are_segments_too(client: MilvusClient) -> None:
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("tenant", DataType.VARCHAR, max_length=9, is_partition_key=True)
    client.create_collection("c", schema=schema)
    client.insert("c", [{"id": 1, "vector": [1, 2], "tenant": "a"}])
    assert sum(one.num_rows for one in client.list_segments("c")) == 1


def test_loaded_segments_are_those_of_loaded_partitions(parts: MilvusClient) -> None:
    assert [one.num_rows for one in parts.list_loaded_segments("c")] == [2, 1]
    assert {one.index_name for one in parts.list_loaded_segments("c")} == {"vector"}
    parts.release_partitions("c", ["p"])
    assert [one.num_rows for one in parts.list_loaded_segments("c")] == [2]
    parts.release_collection("c")
    assert parts.list_loaded_segments("c") == []


def test_a_loaded_collection_has_one_replica(parts: MilvusClient) -> None:
    (replica,) = parts.describe_replica("c")
    assert (replica.resource_group, replica.group_nodes) == (DEFAULT_RESOURCE_GROUP, (1,))
    assert replica.shards[0].shard_leader == 1
    parts.release_collection("c")
    assert parts.describe_replica("c") == []


def test_the_default_resource_group_has_the_one_node(parts: MilvusClient) -> None:
    assert parts.list_resource_groups() == [DEFAULT_RESOURCE_GROUP]
    group = parts.describe_resource_group(DEFAULT_RESOURCE_GROUP)
    assert (group.num_available_node, len(group.nodes)) == (1, 1)
    assert group.num_loaded_replica == {"c": 1}
    with pytest.raises(ParamError, match="resource group 'rg' does not exist"):
        parts.describe_resource_group("rg")
    with pytest.raises(ParamError, match="a file is one node"):
        parts.create_resource_group("rg")


def test_optimizing_compacts_and_builds_the_indexes(client: MilvusClient) -> None:
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    index = client.prepare_index_params("vector", index_type="IVF_FLAT", params={"nlist": 4})
    client.create_collection("c", schema=schema, index_params=index)
    numbers = np.arange(6000)
    client.insert("c", {"id": numbers, "vector": np.stack([numbers, numbers % 7], axis=1)})
    result = client.optimize("c", target_size="1GB")
    assert (result.status, result.target_size) == ("success", "1GB")
    assert client.describe_index("c", "vector")["pending_index_rows"] == 0
    task = client.optimize("c", wait=False)
    assert (task.done(), task.cancel(), task.cancelled()) == (True, False, False)
    assert task.result(timeout=1).progress[-1] == task.progress() == task.progress_history()[-1]


def test_a_task_of_an_asynchronous_client_is_awaited(tmp_path: Path) -> None:
    async def main() -> str:
        async with AsyncMilvusClient(tmp_path / "a.db") as client:
            await client.create_collection("c", dimension=2)
            task = await client.optimize("c", wait=False)
            return (await task.result()).status

    assert asyncio.run(main()) == "success"


def test_a_compaction_has_no_plans_left(parts: MilvusClient) -> None:
    plans = parts.get_compaction_plans(parts.compact("c"))
    assert (plans.plans, plans.state.name) == ([], "Completed")
    assert parts.list_compaction_tasks("c").plans == []


@pytest.mark.parametrize(
    "name",
    ["list_segments", "list_loaded_segments", "describe_replica", "optimize", "list_compaction_tasks"],
)
def test_a_collection_that_is_not_there_is_an_error(client: MilvusClient, name: str) -> None:
    with pytest.raises(CollectionNotExistException):
        getattr(client, name)("none")


def test_aliases_of_another_database_are_listed(client: MilvusClient) -> None:
    client.create_database("other")
    client.use_database("other")
    client.create_collection("c", dimension=2)
    client.create_alias("c", "a")
    client.use_database("default")
    assert client.list_aliases(db_name="other")["aliases"] == ["a"]
    assert client.list_aliases("c", db_name="other")["aliases"] == ["a"]
    assert client.list_aliases()["aliases"] == []
