from __future__ import annotations

from pathlib import Path

import pytest

from milvus_store import MilvusClient
from milvus_store.errors import (
    CollectionNotExistException,
    DatabaseNotExistException,
    MilvusException,
    ParamError,
)


@pytest.fixture
def two(client: MilvusClient) -> MilvusClient:
    """A client of a file with the databases ``default`` and ``shop``, each with a collection ``things``."""
    client.create_collection("things", dimension=2)
    client.insert("things", {"id": 1, "vector": [1, 0]})
    client.create_database("shop", properties={"owner": "Ada"})
    client.use_database("shop")
    client.create_collection("things", dimension=3)
    client.insert("things", [{"id": 7, "vector": [1, 0, 0]}, {"id": 8, "vector": [0, 1, 0]}])
    client.using_database("default")
    return client


def test_databases_are_listed_and_described(two: MilvusClient) -> None:
    assert two.list_databases() == ["default", "shop"]
    assert two.describe_database("shop") == {"name": "shop", "owner": "Ada"}
    two.alter_database_properties("shop", {"owner": "Bo", "note": 3})
    assert two.describe_database("shop") == {"name": "shop", "owner": "Bo", "note": 3}
    two.drop_database_properties("shop", ["owner", "never set"])
    assert two.describe_database("shop") == {"name": "shop", "note": 3}


def test_a_database_sees_its_own_collections_only(two: MilvusClient, path: Path) -> None:
    assert two.get_collection_stats("things") == {"row_count": 1}
    with MilvusClient(path, db_name="shop") as shop:
        assert shop.get_collection_stats("things") == {"row_count": 2}
        shop.create_alias("things", "stuff")
        assert shop.search("stuff", [[0, 1, 0]], limit=1)[0].ids == [8]
        shop.create_collection("more", dimension=2)
        assert shop.list_collections() == ["things", "more"]
    assert two.list_collections() == ["things"]
    assert two.list_aliases() == {"aliases": []}
    with pytest.raises(CollectionNotExistException, match="'more' does not exist in database 'default'"):
        two.describe_collection("more")


def test_a_database_that_is_not_there(two: MilvusClient, path: Path) -> None:
    for call in (two.use_database, two.describe_database):
        with pytest.raises(DatabaseNotExistException, match=r"'nope'.*default, shop") as caught:
            call("nope")
        assert caught.value.code == 800
    assert two.get_collection_stats("things") == {"row_count": 1}
    with pytest.raises(DatabaseNotExistException):
        MilvusClient(path, db_name="nope")


def test_a_database_is_dropped_when_it_is_empty(two: MilvusClient, path: Path) -> None:
    with MilvusClient(path, db_name="shop") as shop:
        with pytest.raises(ParamError, match=r"'shop' cannot be dropped.*things"):
            two.drop_database("shop")
        with pytest.raises(ParamError, match="default database"):
            two.drop_database("default")
        shop.drop_collection("things")
        two.drop_database("shop")
        assert two.list_databases() == ["default"]
        # The next database may get the number of the dropped one, and is still another one.
        two.create_database("vault")
        two.use_database("vault")
        two.create_collection("secrets", dimension=2)
        for call in (
            shop.list_collections,
            lambda: shop.has_collection("secrets"),
            lambda: shop.get_collection_stats("secrets"),
            lambda: shop.create_collection("c", dimension=2),
        ):
            with pytest.raises(DatabaseNotExistException, match="'shop'"):
                call()


def test_names_and_numbers_of_databases_have_bounds(client: MilvusClient) -> None:
    for name in ("a b", "1st", "", 5):
        with pytest.raises(ParamError, match="database name"):
            client.create_database(name)  # type: ignore[arg-type]
    client.create_database("a")
    with pytest.raises(MilvusException, match="'a' already exists"):
        client.create_database("a")
    for n in range(62):
        client.create_database(f"d{n}")
    with pytest.raises(MilvusException, match="64") as caught:
        client.create_database("one_too_many")
    assert caught.value.code == 801


def test_a_collection_moves_to_another_database_with_its_rows(two: MilvusClient) -> None:
    two.create_alias("things", "alias")
    with pytest.raises(ParamError, match="aliases.*alias"):
        two.rename_collection("things", "moved", target_db="shop")
    two.drop_alias("alias")
    with pytest.raises(MilvusException, match="'things' already exists"):
        two.rename_collection("things", "things", target_db="shop")
    with pytest.raises(DatabaseNotExistException):
        two.rename_collection("things", "moved", target_db="nope")
    two.rename_collection("things", "moved", target_db="shop")
    assert two.list_collections() == []
    two.use_database("shop")
    assert [row["id"] for row in two.query("moved", limit=5)] == [1]


def test_a_database_in_memory_has_others_beside_it() -> None:
    with MilvusClient(":memory:") as client:
        client.create_database("other")
        client.create_collection("c", dimension=2)
        client.use_database("other")
        assert client.list_collections() == []
        client.use_database("default")
        assert client.list_collections() == ["c"]


def test_properties_that_a_file_does_not_serve_are_refused(client: MilvusClient) -> None:
    with pytest.raises(ParamError, match=r"database\.force\.deny\.writing.*read_only"):
        client.create_database("d", properties={"database.force.deny.writing": True})
    assert client.list_databases() == ["default"]
    with pytest.raises(ParamError, match=r"collection\.ttl\.seconds.*number of seconds between -1 and"):
        client.create_collection("c", dimension=2, properties={"collection.ttl.seconds": "soon"})
    with pytest.raises(ParamError, match="quotas"):
        client.create_collection("c", dimension=2, properties={"collection.insertRate.max.mb": 60})
    assert client.list_collections() == []
