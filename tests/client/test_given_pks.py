"""The property ``allow_insert_auto_id``: rows of a numbered collection that have keys of their own."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from milvus_store import DataType, MilvusClient
from milvus_store.errors import DatabaseCorruptError, DataNotMatchException, ParamError
from milvus_store_lite.storage.integrity.catalog_checksums import seal_definition

ALLOWED = {"allow_insert_auto_id": "true"}
LIMIT = 2**62


@pytest.fixture
def client(path: Path) -> Iterator[MilvusClient]:
    with MilvusClient(path) as client:
        yield client


def make(client: MilvusClient, key: DataType = DataType.INT64, **options: Any) -> None:
    schema = client.create_schema(auto_id=True)
    schema.add_field("id", key, is_primary=True, **({"max_length": 30} if key is DataType.VARCHAR else {}))
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("n", DataType.INT64, nullable=True)
    index = client.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
    client.create_collection("docs", schema=schema, index_params=index, **{"properties": ALLOWED, **options})


def row(key: Any = None, n: int = 0) -> dict[str, Any]:
    return {"vector": [1.0, 2.0], "n": n} | ({} if key is None else {"id": key})


def numbers(client: MilvusClient) -> dict[Any, int]:
    return {one["id"]: one["n"] for one in client.query("docs", output_fields=["n"], limit=1_000)}


def test_rows_with_and_without_keys(client: MilvusClient) -> None:
    make(client)
    assert client.insert("docs", [row(), row()])["ids"] == [1, 2]
    assert client.insert("docs", [row(-5), row(100)])["ids"] == [-5, 100]
    (numbered,) = client.insert("docs", row())["ids"]
    assert numbered > 100
    assert client.insert("docs", pa.table({"id": [7, 2], "vector": [[0.0, 1.0]] * 2, "n": [1, 1]}))[
        "ids"
    ] == [7, 2]
    assert numbers(client) == {1: 0, 2: 1, -5: 0, 100: 0, numbered: 0, 7: 1}


def test_an_upsert_keeps_the_keys(client: MilvusClient) -> None:
    make(client)
    client.insert("docs", [row(5), row(6)])
    assert client.upsert("docs", [row(5, 1), row(900, 1)])["ids"] == [5, 900]
    assert client.upsert("docs", [{"id": 6, "n": 2}, row(1_000, 2)], partial_update=True)["ids"] == [6, 1_000]
    assert numbers(client) == {5: 1, 6: 2, 900: 1, 1_000: 2}
    assert client.insert("docs", row())["ids"][0] > 1_000


@pytest.mark.parametrize("key", [DataType.INT64, DataType.VARCHAR])
def test_no_number_is_ever_given_twice(path: Path, key: DataType) -> None:
    chosen = random.Random(3)
    seen: set[Any] = set()
    with MilvusClient(path) as client:
        make(client, key)
    for step in range(60):
        with MilvusClient(path) as client:
            if step % 2:
                own = [chosen.randrange(10 ** chosen.randrange(1, 17)) for _ in range(3)]
                keys: list[Any] = (
                    own if key is DataType.INT64 else [str(one) for one in own] + ["a", "007", "-3"]
                )
                client.insert("docs", [row(one) for one in keys])
                seen.update(keys)
            else:
                ids = client.insert("docs", [row() for _ in range(3)])["ids"]
                assert seen.isdisjoint(ids)
                seen.update(ids)
            client.delete("docs", ids=[chosen.choice(sorted(seen, key=str)) for _ in range(3)])


def test_greater_and_greater_keys_seldom_change_the_definition(client: MilvusClient) -> None:
    make(client)
    collection = client._collection("docs")
    before = collection.describe().version
    for start in range(0, 100_000, 100):
        client.insert("docs", [row(start + 99)])
    assert collection.describe().version - before < 100


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([row(1), row()], r"row 1: field 'id' \(INT64\): expected a value"),
        ([row(1), row(LIMIT)], rf"row 1: field 'id' \(INT64\): expected a key below {LIMIT}.* got {LIMIT}"),
        ([row("x")], r"row 0: field 'id' \(INT64\): expected an int"),
    ],
)
def test_keys_that_cannot_be_change_nothing(
    client: MilvusClient, rows: list[dict[str, Any]], message: str
) -> None:
    make(client)
    with pytest.raises(DataNotMatchException, match=message):
        client.insert("docs", rows)
    assert numbers(client) == {}
    assert client.insert("docs", [row(LIMIT - 1)])["ids"] == [LIMIT - 1]
    assert client.insert("docs", row())["ids"][0] >= LIMIT


def test_texts_that_numbers_could_become_are_refused(client: MilvusClient) -> None:
    make(client, DataType.VARCHAR)
    with pytest.raises(DataNotMatchException, match=f"row 1: .*below {LIMIT}.* got '{LIMIT}'"):
        client.insert("docs", [row("1"), row(str(LIMIT))])
    assert client.insert("docs", [row(str(2**63)), row("9" * 30)])["ids"] == [str(2**63), "9" * 30]
    assert client.insert("docs", row())["ids"] == ["3"]


def test_without_the_property_keys_are_refused(client: MilvusClient) -> None:
    make(client, properties={})
    with pytest.raises(DataNotMatchException, match="numbered by auto_id"):
        client.insert("docs", row(5))
    client.alter_collection_properties("docs", ALLOWED)
    client.insert("docs", row(5))
    client.drop_collection_properties("docs", ["allow_insert_auto_id"])
    with pytest.raises(DataNotMatchException, match="numbered by auto_id"):
        client.insert("docs", row(6))
    assert client.insert("docs", row())["ids"][0] > 5
    with pytest.raises(ParamError, match="true or false"):
        client.alter_collection_properties("docs", {"allow_insert_auto_id": "perhaps"})


def test_collections_made_of_it_go_on_as_it_does(client: MilvusClient) -> None:
    make(client)
    client.insert("docs", row(5_000))
    client.create_snapshot("kept", "docs")
    client.restore_snapshot("kept", "docs", "again")
    for name in ("docs", "again"):
        assert client.insert(name, row())["ids"][0] > 5_000
    make(client)  # as in Milvus, the same schema is no conflict


def test_a_tenant_cannot_take_the_key_of_another(client: MilvusClient) -> None:
    schema = client.create_schema(auto_id=True)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("tenant", DataType.VARCHAR, max_length=9, is_partition_key=True)
    client.create_collection("docs", schema=schema, properties=ALLOWED)
    collection = client._collection("docs")
    client.insert("docs", {"id": 5, "vector": [1.0, 2.0], "tenant": "a"})
    bound = client.for_tenant("docs", "b")
    for write in (bound.insert, bound.upsert):
        with pytest.raises(DataNotMatchException, match="taken by a row of another tenant"):
            write("docs", {"id": 5, "vector": [3.0, 4.0]})
    assert collection.count() == 1


@pytest.mark.parametrize("offset", [-1, LIMIT + 1, "1", 1.5, True, None])
def test_an_offset_that_cannot_be_is_damage(path: Path, offset: Any) -> None:
    with MilvusClient(path) as client:
        make(client)
    with sqlite3.connect(path) as connection:
        (text,) = connection.execute("SELECT schema FROM collections").fetchone()
        schema = json.dumps({**json.loads(text), "auto_id_offset": offset})
        connection.execute("UPDATE collections SET schema = ?", (schema,))
        seal_definition(connection, 1)
    connection.close()
    with MilvusClient(path) as client, pytest.raises(DatabaseCorruptError):
        client.insert("docs", row())
