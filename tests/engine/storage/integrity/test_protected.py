"""No value of a file can be changed, and no row removed, without the consistency check telling."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from milvus_store import DataType, Function, FunctionType, MilvusClient
from milvus_store_lite.checks import check_file
from milvus_store_lite.checks.catalog import CATALOG
from milvus_store_lite.storage.integrity.protected import DEFINING, ELSEWHERE, LISTED, Protected

CHANGED = {"integer": "{} + 1", "real": "{} + 1", "text": "{} || 'x'", "blob": "randomblob(length({}))"}
"""What another value of the same type is, by the type."""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A file that has rows in every table."""
    path = tmp_path_factory.mktemp("sound") / "sound.db"
    with MilvusClient(path) as client:
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("dense", DataType.FLOAT_VECTOR, dim=2)
        schema.add_field("tenant", DataType.VARCHAR, max_length=9, is_partition_key=True)
        schema.add_field("price", DataType.DOUBLE)
        schema.add_field("text", DataType.VARCHAR, max_length=99, enable_analyzer=True)
        schema.add_field("terms", DataType.SPARSE_FLOAT_VECTOR)
        schema.add_function(Function("bm25", FunctionType.BM25, "text", "terms"))
        index = client.prepare_index_params("dense", index_type="FLAT", metric_type="L2")
        index.add_index("terms", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
        client.create_collection("c", schema=schema, index_params=index)
        client.create_alias("c", "alias")
        rows = [
            {"id": n, "dense": [n, 1], "tenant": f"t{n % 3}", "price": n / 4, "text": f"word{n} and"}
            for n in range(9)
        ]
        client.insert("c", rows)
        client.delete("c", ids=[4])
        client.create_snapshot("s", "c", description="eight rows")
        client.restore_snapshot("s", "c", "restored")
    return path.read_bytes()


def columns(sound: bytes, folder: Path) -> list[tuple[str, str]]:
    """(table, column) of all tables of the file with rows, but for those that are protected elsewhere."""
    (folder / "sound.db").write_bytes(sound)
    with closing(sqlite3.connect(folder / "sound.db")) as connection:
        return connection.execute(
            "SELECT tables.name, columns.name"
            " FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns"
            " WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite%'"
            f" AND tables.name NOT IN ({', '.join('?' * len(ELSEWHERE))})",
            list(ELSEWHERE),
        ).fetchall()


def problems_after(content: bytes, folder: Path, statement: str) -> tuple[object, ...]:
    """What the check finds once another tool has run ``statement``, which changes a row."""
    path = folder / "changed.db"
    path.write_bytes(content)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        assert connection.execute(statement).rowcount > 0
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return check_file(path).problems


def test_every_table_of_the_catalog_says_how_it_is_protected() -> None:
    named = {part.table for part in (*LISTED, *DEFINING)} | set(ELSEWHERE)
    assert {table for table in CATALOG if not table.startswith("sqlite_")} <= named


def test_a_value_that_another_tool_changed_is_found(sound: bytes, tmp_path: Path) -> None:
    found = columns(sound, tmp_path)
    assert len(found) > 40
    unnoticed = []
    for table, column in found:
        path = tmp_path / "sound.db"
        with closing(sqlite3.connect(path)) as connection:
            (kind,) = connection.execute(f'SELECT typeof(max("{column}")) FROM "{table}"').fetchone()
        if kind == "null":
            continue
        other = CHANGED[kind].format(f'"{column}"')
        largest = f'(SELECT max("{column}") FROM "{table}")'
        statement = f'UPDATE "{table}" SET "{column}" = {other} WHERE "{column}" = {largest}'
        if not problems_after(sound, tmp_path, statement):
            unnoticed.append((table, column))
    assert unnoticed == []


def test_the_next_number_of_a_collection_is_protected(sound: bytes, tmp_path: Path) -> None:
    """A number that is given twice would let a cache take one collection for another."""
    statement = "UPDATE sqlite_sequence SET seq = 0 WHERE name = 'collections'"
    assert problems_after(sound, tmp_path, statement)


@pytest.mark.parametrize("part", [*LISTED[1:3], *DEFINING], ids=lambda part: part.table)
def test_a_row_of_the_catalog_that_another_tool_removed_is_missed(
    sound: bytes, tmp_path: Path, part: Protected
) -> None:
    assert problems_after(sound, tmp_path, f"DELETE FROM {part.table}")
