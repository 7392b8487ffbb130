"""Rows as columns: what a cursor shows row by row, and nothing that is not what was written."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from milvus_store import DataType, MilvusClient
from milvus_store.filters import field
from milvus_store_lite import DatabaseCorruptError, Scope, as_list


@pytest.fixture
def written(client: MilvusClient) -> MilvusClient:
    """1,300 rows of several types, some deleted and some replaced, so that their numbers have gaps."""
    schema = client.create_schema(enable_dynamic_field=True)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=4)
    schema.add_field("maybe", DataType.FLOAT_VECTOR, dim=2, nullable=True)
    schema.add_field("bits", DataType.BINARY_VECTOR, dim=8)
    schema.add_field("text", DataType.VARCHAR, max_length=9, nullable=True)
    struct = client.create_struct_field_schema()
    struct.add_field("page", DataType.INT64)
    struct.add_field("meaning", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field(
        "chunks", DataType.ARRAY, element_type=DataType.STRUCT, struct_schema=struct, max_capacity=4
    )
    client.create_collection("docs", schema=schema)
    rows = [
        {
            "id": number,
            "vector": [number, 1.0, 2.0, 0.5],
            "maybe": None if number % 3 else [number, 1.0],
            "bits": bytes([number % 256]),
            "text": None if number % 2 else str(number),
            "chunks": [{"page": number, "meaning": [1.0, number]}] * (number % 3),
            "color": number,
        }
        for number in range(1_300)
    ]
    client.insert("docs", rows)
    client.delete("docs", list(range(0, 400, 7)))
    client.upsert("docs", rows[900:905])
    return client


@pytest.mark.parametrize("scope", [Scope(), Scope(field("id") % 5 == 1)], ids=["all", "some"])
def test_columns_hold_what_rows_do(written: MilvusClient, scope: Scope) -> None:
    collection = written._collection("docs")
    by_row = collection.iterate_query(scope, ["*"], only_loaded=False)
    by_column = collection.iterate_query(scope, ["*"], only_loaded=False)
    count = 0
    while len(found := by_column.next_columns(700)):
        expected = by_row.next(700)
        assert {name: as_list(column.values) for name, column in found.by_name.items()} == {
            name: as_list(values) for name, values in expected.columns().items()
        }
        assert found.extra == expected.dynamic()
        assert isinstance(found.by_name["vector"].values, np.ndarray)
        count += len(found)
    assert count > 200
    assert not by_row.next(1).pks


def test_fields_are_chosen(written: MilvusClient) -> None:
    found = written._collection("docs").iterate_query(Scope(), ["text"], only_loaded=False).next_columns(2)
    assert {name: column.values for name, column in found.by_name.items()} == {
        "id": [1, 2],
        "text": [None, "2"],
    }
    assert found.extra is None


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE vectors_1_vector SET value = zeroblob(16) WHERE seq = 650", "does not match its checksum"),
        ("DELETE FROM vectors_1_vector WHERE seq = 650", "expected 700 rows, found 699"),
        ("UPDATE rows_1 SET text = '7' WHERE seq = 651", "does not match its checksum"),
        ("UPDATE rows_1 SET dynamic = '{}' WHERE seq = 651", "does not match its checksum"),
    ],
)
def test_damage_is_an_error(written: MilvusClient, path: Path, statement: str, message: str) -> None:
    written.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)
    with MilvusClient(path) as client:
        cursor = client._collection("docs").iterate_query(Scope(), ["*"], only_loaded=False)
        with pytest.raises(DatabaseCorruptError, match=message):
            cursor.next_columns(700)
