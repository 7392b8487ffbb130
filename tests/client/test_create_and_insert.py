"""A collection that is made together with its first rows: all of it or nothing."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest

from milvus_store import AsyncMilvusClient, CollectionSchema, DataType, IndexParams, MilvusClient
from milvus_store.errors import ConnectionNotExistException, MilvusException, ParamError

GOOD = [{"id": 1, "v": [1.0, 2.0]}, {"id": 2, "v": [3.0, 4.0]}]


def schema(*, auto_id: bool = False, dim: int = 2) -> CollectionSchema:
    made = MilvusClient.create_schema(auto_id=auto_id)
    made.add_field("id", DataType.INT64, is_primary=True)
    return made.add_field("v", DataType.FLOAT_VECTOR, dim=dim)


def index(kind: str = "FLAT") -> IndexParams:
    return MilvusClient.prepare_index_params("v", index_type=kind, metric_type="L2")


def test_a_collection_has_its_first_rows_an_index_and_is_loaded(path: Path) -> None:
    with MilvusClient(path) as client:
        made = client.create_and_insert("c", GOOD, schema(), index())
        assert made == {"insert_count": 2, "ids": [1, 2], "cost": 0}
        assert client.search("c", [[3.0, 4.0]], limit=1)[0][0]["id"] == 2
        assert client.create_and_insert("numbered", [{"v": [0.0, 0.0]}] * 3, schema(auto_id=True))["ids"] == [
            1,
            2,
            3,
        ]
        assert client.create_and_insert("empty", [], schema(), index())["ids"] == []
        assert client.insert("c", {"id": 3, "v": [0.0, 0.0]})["ids"] == [3]


REFUSED: list[dict[str, Any]] = [
    {"data": [*GOOD, {"id": 3, "v": [1.0]}]},
    {"data": [*GOOD, {"id": "3", "v": [1.0, 2.0]}]},
    {"data": GOOD, "partition_name": "nope"},
    {"data": GOOD, "index_params": index("HNSWX")},
    {"data": GOOD, "properties": {"collection.ttl.seconds": "soon"}},
    {"data": GOOD, "schema": schema(dim=3)},
    {"data": GOOD, "consistency_level": "Weak"},
]


@pytest.mark.parametrize("refused", REFUSED)
@pytest.mark.parametrize("replace", [True, False])
def test_what_is_refused_leaves_nothing_and_replaces_nothing(
    path: Path, refused: dict[str, Any], replace: bool
) -> None:
    with MilvusClient(path) as client:
        if replace:
            client.create_and_insert("c", GOOD, schema(), index())
        before = client.list_collections()
        with pytest.raises(MilvusException):
            client.create_and_insert(
                "c", **{"schema": schema(), "index_params": index(), "replace": replace, **refused}
            )
        assert client.list_collections() == before
        if replace:
            assert client.query("c", "id > 0") == GOOD
        client.create_and_insert("c", GOOD[:1], schema(), index(), replace=replace)
        assert client.query("c", "id > 0") == GOOD[:1]


def test_a_name_that_is_taken_is_an_error(path: Path) -> None:
    with MilvusClient(path) as client:
        client.create_and_insert("c", GOOD, schema(), index())
        with pytest.raises(MilvusException, match="already exists"):
            client.create_and_insert("c", GOOD[:1], schema(), index())
        with pytest.raises(ParamError, match="needs a schema"):
            client.create_and_insert("d", GOOD)
        client.create_alias("c", "other")
        with pytest.raises(ParamError, match="has aliases"):
            client.create_and_insert("c", GOOD[:1], schema(), index(), replace=True)
        assert client.query("c", "id > 0") == GOOD


def test_one_of_many_that_make_the_same_collection_succeeds_and_no_row_is_lost(path: Path) -> None:
    barrier, made = Barrier(4), []

    def make(number: int) -> None:
        with MilvusClient(path) as client:
            barrier.wait()
            try:
                client.create_and_insert("c", [{"id": number, "v": [0.0, 0.0]}], schema(), index())
            except MilvusException:
                return
            made.append(number)

    threads = [Thread(target=make, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with MilvusClient(path) as client:
        assert [row["id"] for row in client.query("c", "id >= 0")] == made
    assert len(made) == 1


async def test_closing_the_client_or_what_awaits_its_calls_closes_both(path: Path) -> None:
    for first in ("client", "awaited"):
        client = MilvusClient(path)
        awaited = AsyncMilvusClient.over(client)
        await awaited.create_and_insert("c", GOOD, schema(), index(), replace=True)
        assert await awaited.query("c", "id > 0") == client.query("c", "id > 0")
        if first == "client":
            client.close()
        else:
            await awaited.close()
        with pytest.raises(ConnectionNotExistException, match="closed"):
            await awaited.list_collections()
        with pytest.raises(ConnectionNotExistException, match="closed"):
            client.list_collections()
        assert [one.name for one in path.parent.iterdir()] == [path.name]


def copies(client: Any) -> list[Any]:
    return [pickle.loads(pickle.dumps(client)), copy.deepcopy(client)]


async def test_a_client_can_be_pickled_and_deep_copied(
    path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(path.parent)
    client = MilvusClient(path.name, busy_timeout=7.0)
    client.create_database("other")
    client.use_database("other")
    client.create_and_insert("c", GOOD, schema(), index())
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    for other in copies(client):
        assert other.query("c", "id > 0") == GOOD
        other.close()
        assert client.query("c", "id > 0") == GOOD
    awaited = AsyncMilvusClient.over(client)
    for awaiting in copies(awaited):
        assert await awaiting.query("c", "id > 0") == GOOD
        await awaiting.close()
    await awaited.close()
    with pytest.raises(ConnectionNotExistException, match="closed"):
        pickle.dumps(client)
    with MilvusClient(path, read_only=True) as reader:
        (other, deep) = copies(reader)
        with other, deep, pytest.raises(MilvusException, match=r"read.only"):
            other.drop_collection("c")


def test_a_database_in_memory_is_neither_pickled_nor_deep_copied() -> None:
    with MilvusClient(":memory:") as client:
        for take in (pickle.dumps, copy.deepcopy):
            with pytest.raises(TypeError, match="in memory belongs to its client"):
                take(client)


def test_a_tenants_client_stays_bound_when_pickled(path: Path) -> None:
    with MilvusClient(path) as client:
        made = schema().add_field("tenant", DataType.VARCHAR, max_length=9, is_partition_key=True)
        rows = [{**row, "tenant": who} for row, who in zip(GOOD, ("ann", "bob"), strict=True)]
        client.create_and_insert("c", rows, made, index())
        for bound in copies(client.for_tenant("c", "ann")):
            assert bound.query("c", "id > 0") == rows[:1]
            bound._client.close()
