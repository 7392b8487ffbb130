from __future__ import annotations

from typing import Any

import pytest

from milvus_store import DataType, MilvusClient
from milvus_store.errors import (
    AliasNotExistException,
    CollectionNotExistException,
    CollectionNotLoadedException,
    DataTypeNotMatchException,
    IndexNotExistException,
    MilvusException,
    ParamError,
    PartitionNotExistException,
)


def test_an_alias_works_wherever_the_name_does(colors: MilvusClient) -> None:
    colors.create_alias("colors", "paint")
    assert colors.has_collection("paint")
    assert colors.describe_collection("paint")["collection_name"] == "colors"
    assert colors.describe_collection("colors")["aliases"] == ["paint"]
    colors.insert("paint", {"id": 100, "vector": [9, 9, 9, 9]})
    assert colors.search("paint", [[9, 9, 9, 9]], limit=1)[0].ids == [100]
    assert colors.delete("paint", ids=[100])["delete_count"] == 1
    assert colors.list_collections() == ["colors"]
    assert colors.describe_alias("paint") == {"alias": "paint", "collection_name": "colors"}
    assert colors.list_aliases("colors") == {"aliases": ["paint"], "collection_name": "colors"}


def test_an_alias_moves_at_once(colors: MilvusClient) -> None:
    colors.create_alias("colors", "current")
    colors.create_collection("next", dimension=4)
    assert colors.get_collection_stats("current") == {"row_count": 6}
    colors.alter_alias("next", "current")
    assert colors.get_collection_stats("current") == {"row_count": 0}
    assert colors.describe_collection("colors")["aliases"] == []
    colors.drop_alias("current")
    colors.drop_alias("current")
    assert colors.list_aliases() == {"aliases": []}
    with pytest.raises(CollectionNotExistException):
        colors.query("current", limit=1)


def test_names_are_not_taken_twice(colors: MilvusClient) -> None:
    colors.create_collection("other", dimension=2)
    colors.create_alias("colors", "paint")
    for collection, name, code in (("other", "paint", 1602), ("colors", "other", 1601)):
        with pytest.raises(MilvusException, match=name) as caught:
            colors.create_alias(collection, name)
        assert caught.value.code == code
    with pytest.raises(MilvusException, match="'paint' already exists"):
        colors.create_collection("paint", dimension=2)
    with pytest.raises(MilvusException, match="'paint' already exists"):
        colors.rename_collection("other", "paint")
    with pytest.raises(ParamError, match="invalid alias name"):
        colors.create_alias("colors", "a b")
    with pytest.raises(CollectionNotExistException):
        colors.create_alias("nope", "x")
    for call in (lambda: colors.alter_alias("colors", "nope"), lambda: colors.describe_alias("nope")):
        with pytest.raises(AliasNotExistException, match="'nope'") as missing:
            call()
        assert missing.value.code == 1600


def test_a_collection_is_not_dropped_by_its_alias_or_while_it_has_one(colors: MilvusClient) -> None:
    colors.create_alias("colors", "paint")
    with pytest.raises(ParamError, match="alias of 'colors'"):
        colors.drop_collection("paint")
    with pytest.raises(ParamError, match="drop_alias"):
        colors.drop_collection("colors")
    colors.drop_alias("paint")
    colors.drop_collection("colors")
    assert colors.list_collections() == []


def test_rows_live_in_the_partition_they_were_put_into(colors: MilvusClient) -> None:
    colors.create_partition("colors", "extra")
    colors.insert("colors", [{"id": 50, "vector": [5, 5, 5, 5]}], partition_name="extra")
    assert colors.list_partitions("colors") == ["_default", "extra"]
    assert colors.describe_collection("colors")["num_partitions"] == 2
    assert colors.get_partition_stats("colors", "extra") == {"row_count": 1}
    assert colors.get_partition_stats("colors", "_default") == {"row_count": 6}
    query = [[5, 5, 5, 5]]
    assert colors.search("colors", query, partition_names=["extra"])[0].ids == [50]
    assert 50 not in colors.search("colors", query, partition_names=["_default"])[0].ids
    assert len(colors.search("colors", query, partition_names=["_default", "extra"])[0]) == 7
    assert colors.get("colors", [50, 1], ["n"], partition_names=["extra"]) == [{"id": 50}]
    assert colors.delete("colors", filter="id >= 0", partition_name="extra")["delete_count"] == 1
    assert colors.get_collection_stats("colors") == {"row_count": 6}


def test_upserting_moves_a_row_between_partitions(colors: MilvusClient) -> None:
    colors.create_partition("colors", "extra")
    colors.upsert("colors", {"id": 1, "vector": [1, 1, 1, 1]}, partition_name="extra")
    assert colors.get_partition_stats("colors", "_default") == {"row_count": 5}
    assert colors.delete("colors", ids=[1], partition_name="_default")["delete_count"] == 0
    assert colors.delete("colors", ids=[1], partition_name="extra")["delete_count"] == 1


def test_dropping_a_partition_drops_its_rows(colors: MilvusClient) -> None:
    colors.create_partition("colors", "extra")
    colors.insert("colors", [{"id": 50, "vector": [5, 5, 5, 5]}], partition_name="extra")
    assert len(colors.search("colors", [[5, 5, 5, 5]], limit=100)[0]) == 7
    colors.drop_partition("colors", "extra")
    assert not colors.has_partition("colors", "extra")
    assert len(colors.search("colors", [[5, 5, 5, 5]], limit=100)[0]) == 6


def test_partitions_that_cannot_be(colors: MilvusClient) -> None:
    colors.create_partition("colors", "extra")
    with pytest.raises(ParamError, match="invalid partition name"):
        colors.create_partition("colors", "1p")
    with pytest.raises(ParamError, match="'_default' cannot be dropped"):
        colors.drop_partition("colors", "_default")
    with pytest.raises(PartitionNotExistException, match="'nope'") as caught:
        colors.get_partition_stats("colors", "nope")
    assert caught.value.code == 200
    schema = colors.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("v", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("tenant", DataType.VARCHAR, max_length=20, is_partition_key=True)
    colors.create_collection("keyed", schema=schema)
    with pytest.raises(ParamError, match="partition key 'tenant'"):
        colors.create_partition("keyed", "p")


def test_partitions_are_loaded_and_released_one_by_one(colors: MilvusClient) -> None:
    colors.create_partition("colors", "extra")
    colors.insert("colors", [{"id": 50, "vector": [5, 5, 5, 5]}], partition_name="extra")

    def state(partition: str = "") -> str:
        return str(colors.get_load_state("colors", partition)["state"].name)

    def found(**options: list[str]) -> list[int]:
        return sorted(colors.search("colors", [[5, 5, 5, 5]], **options)[0].ids)  # type: ignore[arg-type]

    colors.release_partitions("colors", "_default")
    assert (state(), state("_default"), state("extra")) == ("Loaded", "NotLoad", "Loaded")
    # Reading the collection reads what is loaded of it; naming what is not is an error.
    assert found() == found(partition_names=["extra"]) == [50]
    assert [row["id"] for row in colors.query("colors", "id >= 0")] == [50]
    assert colors.get("colors", [1, 50], ["id"]) == [{"id": 50}]
    for call in (
        lambda: found(partition_names=["_default", "extra"]),
        lambda: colors.query("colors", "id >= 0", partition_names=["_default"]),
        lambda: colors.get("colors", [1], partition_names=["_default"]),
    ):
        with pytest.raises(CollectionNotLoadedException, match=r"'_default'.*load_partitions") as caught:
            call()
        assert caught.value.code == 201
    # Writing needs nothing loaded.
    assert colors.delete("colors", filter="id == 1")["delete_count"] == 1
    assert colors.get_collection_stats("colors") == {"row_count": 6}
    colors.release_partitions("colors", ["extra"])
    assert (state(), state("extra")) == ("NotLoad", "NotLoad")
    with pytest.raises(CollectionNotLoadedException):
        found()
    with pytest.raises(CollectionNotLoadedException):
        colors.refresh_load("colors")
    colors.load_partitions("colors", ["_default"])
    assert (state(), state("_default"), state("extra")) == ("Loaded", "Loaded", "NotLoad")
    assert found() == [0, 2, 3, 4, 5]
    colors.load_collection("colors")
    assert found() == [0, 2, 3, 4, 5, 50]
    colors.refresh_load("colors")


def test_dropping_the_last_loaded_partition_releases_the_collection(colors: MilvusClient) -> None:
    colors.create_partition("colors", "extra")
    colors.release_partitions("colors", "_default")
    colors.drop_partition("colors", "extra")
    assert colors.get_load_state("colors")["state"].name == "NotLoad"
    colors.load_collection("colors")
    assert len(colors.query("colors", "id >= 0")) == 6


def test_partitions_to_load_must_exist_and_be_searchable(colors: MilvusClient) -> None:
    for call in (colors.load_partitions, colors.release_partitions):
        with pytest.raises(PartitionNotExistException, match="'nope'"):
            call("colors", ["nope"])
        with pytest.raises(ParamError, match="partition_names"):
            call("colors", [])
    schema = colors.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("v", DataType.FLOAT_VECTOR, dim=2)
    colors.create_collection("bare", schema=schema)
    with pytest.raises(IndexNotExistException, match="create_index"):
        colors.load_partitions("bare", "_default")


def test_names_of_partitions_are_names(client: MilvusClient) -> None:
    client.create_collection("t", dimension=2)
    for key, name in enumerate(("p", "q", "pq")):
        client.create_partition("t", name)
        client.insert("t", {"id": key, "vector": [1, 0]}, partition_name=name)

    def found(names: Any) -> list[list[Any]]:
        rows = [
            client.query("t", "id >= 0", ["id"], partition_names=names),
            client.get("t", [0, 1, 2], partition_names=names),
            client.query_iterator("t", partition_names=names).next(),
        ]
        hits = client.search("t", [[1, 0]], partition_names=names)[0].ids
        pages = client.search_iterator("t", [[1, 0]], partition_names=names).next().ids()
        return [sorted(one["id"] for one in some) for some in rows] + [
            sorted(hits),
            sorted(pages),
        ]

    for given, meant in (
        ("pq", [2]),
        (["p", "q"], [0, 1]),
        (("q",), [1]),
        ([], [0, 1, 2]),
        (None, [0, 1, 2]),
    ):
        assert found(given) == [meant] * 5
    for wrong in (5, {"p"}, {"p": 1}, b"p", ["p", None], [["p"]], False):
        with pytest.raises(
            DataTypeNotMatchException, match="partition_names must be a name or a list of names"
        ):
            found(wrong)
    row = {"id": 9, "vector": [1, 0]}
    for name in (["p"], 5, b"p", False, 0):
        for call in (
            lambda name=name: client.insert("t", row, partition_name=name),
            lambda name=name: client.upsert("t", row, partition_name=name),
            lambda name=name: client.delete("t", ids=[1], partition_name=name),
            lambda name=name: client.delete("t", filter="id >= 0", partition_name=name),
        ):
            with pytest.raises(DataTypeNotMatchException, match="partition_name must be a str"):
                call()
    assert found(None) == [[0, 1, 2]] * 5
