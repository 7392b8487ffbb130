"""When rows were inserted, as the file has it: damage of it is found, and no row is lost by it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from milvus_store import MilvusClient
from milvus_store.errors import DatabaseCorruptError
from milvus_store_lite.checks import check_file
from milvus_store_lite.salvage import recover_file
from tests.lifetimes import Clock, make, row


@pytest.fixture
def closed(client: MilvusClient, clock: Clock, path: Path) -> Path:
    """A file with rows of three seconds, closed."""
    make(client, {"collection.ttl.seconds": 10})
    for second in range(3):
        clock.go(second)
        client.insert("docs", [row(10 * second + number) for number in range(3)])
    client.close()
    return path


DAMAGE = {
    "UPDATE times_1 SET at = at - 9 WHERE seq = 4": "at row 4",
    "DELETE FROM times_1 WHERE seq = 4": "at row 7",
    "DELETE FROM times_1 WHERE seq = 7": "its end or the part",
    "DELETE FROM times_1": "its end or the part",
}


@pytest.mark.parametrize("statement", DAMAGE)
def test_damaged_times_are_an_error_and_salvage_lets_rows_live(
    closed: Path, clock: Clock, statement: str
) -> None:
    with closing(sqlite3.connect(closed)) as connection:
        connection.execute(statement)
        connection.commit()
    with MilvusClient(closed) as client, pytest.raises(DatabaseCorruptError, match=DAMAGE[statement]):
        client.query("docs", "pk >= 0")
    assert any("docs" in str(problem) for problem in check_file(closed).problems)
    clock.go(5)
    made = closed.with_name("salvaged.db")
    report = recover_file(closed, made)
    assert any("count as inserted now" in note for note in report.notes)
    assert check_file(made).problems == ()
    with MilvusClient(made) as client:
        clock.go(14.9)
        assert len(client.query("docs", "pk >= 0")) == 9
        clock.go(15)
        assert client.query("docs", "pk >= 0") == []


def test_salvage_keeps_sound_times(closed: Path, clock: Clock) -> None:
    made = closed.with_name("salvaged.db")
    recover_file(closed, made)
    with MilvusClient(made) as client:
        clock.go(11)
        assert [one["pk"] for one in client.query("docs", "pk >= 0")] == [20, 21, 22]
