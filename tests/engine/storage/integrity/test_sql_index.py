"""An SQL index that lost, gained or moved entries is refused before a miss is believed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from milvus_store_lite.storage.integrity.sql_index import Entries, SqlIndex, Total

ROWS = 400


class Damaged(Exception):
    pass


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, key INTEGER UNIQUE)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", [(n, n * 2) for n in range(1, ROWS + 1)])
        yield connection


def index(total: Total, kind: str = "INTEGER", *, truth: dict[int, int] | None = None) -> SqlIndex:
    """One that finds rows to be as ``truth`` has them: id → key."""
    truth = truth or {n: n * 2 for n in range(1, ROWS + 1)}

    def verified(rows: list[tuple[int, Any]]) -> Entries:
        if any(truth.get(number) != key for number, key in rows):
            raise Damaged("a row is not what was written")
        return [number for number, _ in rows], [key for _, key in rows]

    def read(connection: sqlite3.Connection, where: str, values: tuple[Any, ...]) -> Entries:
        return verified(connection.execute(f"SELECT id, key FROM t {where}", values).fetchall())

    def walk(connection: sqlite3.Connection) -> Iterator[Entries]:
        rows = connection.execute("SELECT id, key FROM t ORDER BY key")
        while chunk := rows.fetchmany(7):
            yield verified(chunk)

    return SqlIndex(
        '"sqlite_autoindex_t_1"',
        '"t"',
        '"key"',
        "id",
        kind,
        total=lambda connection: total,
        read=read,
        walk=walk,
        corrupt=Damaged,
    )


SUM = ROWS * (ROWS + 1) // 2


def test_a_sound_index_is_believed_however_often_it_misses(connection: sqlite3.Connection) -> None:
    sound = index(Total(ROWS, SUM))
    for value in (-1, 1, 3, 2 * ROWS + 1, 7, 9, 11, 13, 15, 17, 19, 21, 23):
        sound.refuse_lost(connection, [value])
    sound.refuse_lost(connection, list(range(1, 2 * ROWS, 2)))


@pytest.mark.parametrize("total", [Total(ROWS + 1, SUM), Total(ROWS, SUM + 1), Total(0, 0)])
def test_entries_that_are_not_what_they_must_add_up_to_are_refused(
    connection: sqlite3.Connection, total: Total
) -> None:
    with pytest.raises(Damaged, match="entries"):
        index(total).refuse_lost(connection, [1])


def test_a_column_of_another_type_is_refused(connection: sqlite3.Connection) -> None:
    with pytest.raises(Damaged, match="TEXT"):
        index(Total(ROWS, SUM), "TEXT").refuse_lost(connection, [1])


def test_an_entry_that_is_not_its_rows_is_met_beside_the_miss(connection: sqlite3.Connection) -> None:
    truth = {n: n * 2 for n in range(1, ROWS + 1)} | {50: 101}
    index(Total(ROWS, SUM), truth=truth).refuse_lost(connection, [31])
    with pytest.raises(Damaged, match="not what was written"):
        index(Total(ROWS, SUM), truth=truth).refuse_lost(connection, [101])


def test_an_entry_that_leads_to_a_null_is_refused(connection: sqlite3.Connection) -> None:
    def read(*_: object) -> Entries:
        return [7, 8], [None, 3]

    lost = SqlIndex(
        '"sqlite_autoindex_t_1"',
        '"t"',
        '"key"',
        "id",
        "INTEGER",
        total=lambda connection: Total(ROWS, SUM),
        read=read,
        corrupt=Damaged,
    )
    with pytest.raises(Damaged, match="order"):
        lost.refuse_lost(connection, [31])


def test_many_misses_make_sure_of_every_entry(connection: sqlite3.Connection) -> None:
    truth = {n: n * 2 for n in range(1, ROWS + 1)} | {50: 101}
    with pytest.raises(Damaged, match="not what was written"):
        index(Total(ROWS, SUM), truth=truth).refuse_lost(connection, list(range(501, 601, 2)))
