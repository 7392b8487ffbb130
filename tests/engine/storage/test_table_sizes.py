"""The arithmetic of pages, held against pages that SQLite fills."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from milvus_store_lite.storage.file.opening import PAGE_SIZE
from milvus_store_lite.storage.table_sizes import (
    NULL,
    integer_bytes,
    key_index_bytes,
    row_bytes,
    table_bytes,
    with_maps,
)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(tmp_path / "pages.db")) as connection:
        connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        yield connection


def pages(connection: sqlite3.Connection) -> int:
    (found,) = connection.execute("PRAGMA page_count").fetchone()
    return int(found)


@pytest.mark.parametrize("rows", [1, 50, 4_000])
@pytest.mark.parametrize("size", [0, 10, 100, 3_072, 16_000, 16_300, 16_400, 40_000])
def test_a_table_takes_as_many_pages(connection: sqlite3.Connection, rows: int, size: int) -> None:
    if rows * size > 50_000_000:
        rows = 50_000_000 // size
    connection.execute("CREATE TABLE t (seq INTEGER PRIMARY KEY, checksum BLOB, value BLOB)")
    before = pages(connection)
    connection.executemany(
        "INSERT INTO t VALUES (?, ?, ?)", ((seq, b"checksum", bytes(size)) for seq in range(1, rows + 1))
    )
    said = table_bytes(rows, row_bytes([NULL], [8, size])) // PAGE_SIZE
    taken = pages(connection) - before + 1
    assert taken - said == pytest.approx(taken // (PAGE_SIZE // 5), abs=max(2, 0.01 * said))


def test_an_index_on_ascending_keys_takes_about_as_many(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE t (seq INTEGER PRIMARY KEY, pk INTEGER UNIQUE)")
    rows = 60_000
    connection.executemany("INSERT INTO t VALUES (?, ?)", ((seq, seq) for seq in range(1, rows + 1)))
    table = table_bytes(rows, row_bytes([NULL, integer_bytes(rows)], []))
    found = pages(connection) - table // PAGE_SIZE
    assert key_index_bytes(rows, integer_bytes(rows)) / PAGE_SIZE == pytest.approx(found, rel=0.3)


def test_an_empty_table_has_a_page_and_pages_have_maps() -> None:
    assert table_bytes(0, 100) == PAGE_SIZE
    assert with_maps(PAGE_SIZE) == 2 * PAGE_SIZE
    assert with_maps(10_000 * PAGE_SIZE) == 10_004 * PAGE_SIZE


@pytest.mark.parametrize(
    ("largest", "expected"), [(1, 1), (127, 1), (128, 2), (40_000, 3), (2**31, 6), (2**60, 8)]
)
def test_a_number_takes_as_many_bytes_as_it_needs(largest: int, expected: int) -> None:
    assert integer_bytes(largest) == expected
