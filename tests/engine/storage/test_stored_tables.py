"""What the engine tells programs that read a file by SQL of their own."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from milvus_store import DataType, MilvusClient
from milvus_store_lite import DYNAMIC_FIELD, stored_tables


def test_it_names_tables_and_columns_as_they_are_in_the_file(path: Path) -> None:
    with MilvusClient(path) as client:
        schema = client.create_schema(enable_dynamic_field=True)
        schema.add_field("key", DataType.VARCHAR, max_length=9, is_primary=True)
        schema.add_field("seq", DataType.INT64)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
        client.create_collection("docs", schema=schema)
        client.insert("docs", {"key": "a", "seq": 7, "vector": [1, 2], "more": 1})
    with closing(sqlite3.connect(path)) as connection:
        (found,) = stored_tables(connection)
        assert (found.collection, found.database, found.name) == (1, "default", "docs")
        assert found.columns == {"key": '"pk"', "seq": '"seq_"', DYNAMIC_FIELD: "dynamic"}
        columns = ", ".join(found.columns.values())
        assert connection.execute(f"SELECT {columns} FROM {found.rows}").fetchall() == [
            ("a", 7, '{"more":1}')
        ]
        vectors = connection.execute(f"SELECT seq, length(value) FROM {found.vectors['vector']}").fetchall()
        assert vectors == [(1, 8)]


def test_it_leaves_the_connection_as_it_was(path: Path) -> None:
    with MilvusClient(path) as client:
        client.create_collection("docs", dimension=2)
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory, connection.text_factory = sqlite3.Row, bytes
        assert [found.name for found in stored_tables(connection)] == ["docs"]
        assert (connection.row_factory, connection.text_factory) == (sqlite3.Row, bytes)


def test_it_skips_what_is_damaged_or_no_table(path: Path) -> None:
    with MilvusClient(path) as client:
        for name in ("damaged", "sound", "hidden"):
            client.create_collection(name, dimension=2)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE collections SET properties = '{\"a\": 1}' WHERE name = 'damaged'")
        connection.execute("DROP TABLE vectors_3_vector")
        connection.execute("CREATE VIEW vectors_3_vector AS SELECT 1 AS seq, NULL AS value")
        assert [found.name for found in stored_tables(connection)] == ["sound"]
        connection.execute("PRAGMA legacy_alter_table = ON")
        connection.execute("ALTER TABLE aliases RENAME TO aside")
        assert stored_tables(connection) == []
