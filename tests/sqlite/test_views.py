"""What the views of a file show, and by which names."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from milvus_store import DataType, MilvusClient
from milvus_store_sqlite import connect, drop_views, prepare


def rows_of(connection: sqlite3.Connection, select: str) -> list[dict[str, Any]]:
    cursor = connection.execute(select)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def columns_of(connection: sqlite3.Connection, view: str) -> list[str]:
    return [column[0] for column in connection.execute(f'SELECT * FROM "{view}"').description]


def test_a_view_shows_every_field_of_a_row(connection: sqlite3.Connection) -> None:
    shown = rows_of(connection, "SELECT * FROM docs ORDER BY id")
    assert shown[3] == {
        "id": 3,
        "vector": "[3.0, 0.10000000149011612, -2.0, 3.0]",
        "half": "[3.0, 0.5, -2.0, 3.0]",
        "brain": "[1.0, 0.0, 1.0, 2.0]",
        "bytes": "[3.0, 1.0, -2.0, 3.0]",
        "bits": "[3, 255]",
        "sparse": '{"1": 0.5, "7": 4.0}',
        "price": 1.5,
        "flag": 0,
        "at": "2025-01-31T04:00:00.5Z",
        "Title": "A3",
        "title_": "a3",
        "dynamic": 3,
        "tags": "[3,1]",
        "facts": '{"a":[3]}',
        "dynamic_": '{"more":"m3"}',
        "partition": "old",
    }
    assert [row["partition"] for row in shown] == ["_default"] * 3 + ["old"] * 2
    assert (shown[1]["price"], shown[1]["at"]) == (None, None)


def test_a_second_view_has_the_vectors_as_they_are_stored(connection: sqlite3.Connection) -> None:
    assert columns_of(connection, "docs_stored") == columns_of(connection, "docs")
    ((vector, bits),) = connection.execute("SELECT vector, bits FROM docs_stored WHERE id = 3").fetchall()
    assert (len(vector), bits) == (16, b"\x03\xff")


def test_vectors_of_structs_are_arrays_of_arrays(path: Path) -> None:
    with MilvusClient(path) as client:
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
        struct = client.create_struct_field_schema()
        struct.add_field("text", DataType.VARCHAR, max_length=9)
        struct.add_field("part", DataType.FLOAT_VECTOR, dim=2)
        schema.add_field(
            "parts", DataType.ARRAY, element_type=DataType.STRUCT, struct_schema=struct, max_capacity=9
        )
        client.create_collection("docs", schema=schema)
        parts = [{"text": "a", "part": [1, 2]}, {"text": "b", "part": [3, 4]}]
        client.insert("docs", {"id": 1, "vector": [1, 2], "parts": parts})
    with closing(connect(path)) as connection:
        (row,) = rows_of(connection, "SELECT * FROM docs")
    assert row["parts[part]"] == "[[1.0, 2.0], [3.0, 4.0]]"
    assert json.loads(row["parts"]) == [{"text": "a"}, {"text": "b"}]


def test_snapshots_are_not_listed_as_collections(made: Path) -> None:
    with MilvusClient(made) as client:
        client.create_snapshot("monday", "docs")
    with closing(connect(made)) as connection:
        (listed,) = rows_of(connection, "SELECT * FROM milvus_collections")
        assert (listed["view"], listed["collection"], listed["rows"]) == ("docs", "docs", 5)
        partitions = rows_of(connection, "SELECT * FROM milvus_partitions ORDER BY partition")
        assert [each["partition"] for each in partitions] == ["_default", "old"]


def test_the_views_are_named_as_the_collections_of_all_databases(path: Path) -> None:
    names = ["docs", "Docs", "docs_stored", "milvus_collections", "partitions", "sqlite_docs"]
    with MilvusClient(path) as client:
        for name in names:
            client.create_collection(name, dimension=2)
        client.create_database("other")
        client.use_database("other")
        client.create_collection("docs", dimension=2)
        client.insert("docs", [{"id": 1, "vector": [1, 2]}])
    with closing(connect(path)) as connection:
        listed = rows_of(connection, "SELECT * FROM milvus_collections ORDER BY id")
        assert [(each["database"], each["collection"]) for each in listed] == [
            *(("default", name) for name in names),
            ("other", "docs"),
        ]
        assert [each["view"] for each in listed] == [
            "docs",
            "Docs_",
            "docs_stored",
            "milvus_collections_",
            "partitions",
            "_sqlite_docs",
            "other.docs",
        ]
        assert [each["rows"] for each in listed] == [0] * 6 + [1]
        for each in listed:
            assert columns_of(connection, each["view"]) == ["id", "vector", "dynamic", "partition"]
        assert rows_of(connection, 'SELECT id, partition FROM "other.docs"') == [
            {"id": 1, "partition": "_default"}
        ]
        assert columns_of(connection, "docs_stored_") == ["id", "vector", "dynamic", "partition"]


def test_partitions_have_names(connection: sqlite3.Connection) -> None:
    found = connection.execute("SELECT collection, partition FROM milvus_partitions ORDER BY id").fetchall()
    assert found == [("docs", "_default"), ("docs", "old")]


def test_a_view_shows_what_others_write_and_a_new_preparation_what_they_define(
    made: Path, connection: sqlite3.Connection
) -> None:
    script = (
        "import sys; from milvus_store import MilvusClient\n"
        "with MilvusClient(sys.argv[1]) as client:\n"
        "    client.drop_partition('docs', 'old')\n"
        "    client.create_collection('more', dimension=2)\n"
    )
    # Of another process: one that has the file open by two libraries is not what this is for.
    subprocess.run([sys.executable, "-c", script, str(made)], check=True, timeout=60)
    assert connection.execute("SELECT count(*) FROM docs").fetchone() == (3,)
    with pytest.raises(sqlite3.OperationalError, match="no such table: more"):
        connection.execute("SELECT * FROM more")
    assert prepare(connection)
    assert connection.execute("SELECT count(*) FROM more").fetchone() == (0,)


def test_the_file_and_its_folder_stay_as_they_are(made: Path) -> None:
    before = made.read_bytes()
    with closing(connect(made)) as connection:
        connection.execute("SELECT * FROM docs").fetchall()
        drop_views(connection)
        assert connection.execute("SELECT * FROM sqlite_temp_master").fetchall() == []
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            connection.execute("SELECT * FROM docs")
    assert made.read_bytes() == before
    assert os.listdir(made.parent) == [made.name]
