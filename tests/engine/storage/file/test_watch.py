"""Whether anything was committed since the last look: told for certain, by whatever means there are."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from milvus_store_lite.storage.file import wal_index
from milvus_store_lite.storage.file.opening import connect
from milvus_store_lite.storage.file.watch import Watch

WITH_MAPS = sys.platform == "linux"


@pytest.fixture
def writer(path: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(str(path), "normal", 5.0)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE t (n INTEGER)")
    yield connection
    connection.close()


@pytest.fixture(params=["header", "pragma"])
def watch(
    writer: sqlite3.Connection, path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Watch]:
    if request.param == "pragma":
        monkeypatch.setattr(wal_index, "_MAPS", path.parent / "there is no such file")
    watch = Watch(connect(str(path), "normal", 5.0), str(path))
    yield watch
    watch.connection.close()


def in_another_process(path: Path, *statements: str) -> None:
    program = "import sqlite3, sys\nconnection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
    program += "".join(f"connection.execute({one!r}).fetchall()\n" for one in statements)
    subprocess.run([sys.executable, "-c", program, str(path)], check=True, timeout=60)


def test_each_commit_is_told_and_nothing_else(writer: sqlite3.Connection, watch: Watch) -> None:
    seen = {watch.state()}
    for number in range(200):
        assert watch.state() == watch.state()
        writer.execute("INSERT INTO t VALUES (?)", (number,))
        assert watch.state() not in seen
        seen.add(watch.state())
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("INSERT INTO t VALUES (7)")
    assert watch.state() in seen
    writer.execute("ROLLBACK")
    assert watch.state() in seen


def test_commits_of_other_processes_are_told(path: Path, watch: Watch) -> None:
    before = watch.state()
    in_another_process(path, "INSERT INTO t VALUES (1)")
    first = watch.state()
    in_another_process(path, "UPDATE t SET n = 2")
    assert len({before, first, watch.state()}) == 3


@pytest.mark.parametrize("kind", ["PASSIVE", "FULL", "RESTART", "TRUNCATE"])
def test_commits_are_told_after_the_log_has_begun_anew(
    writer: sqlite3.Connection, path: Path, watch: Watch, kind: str
) -> None:
    seen = {watch.state()}
    for _ in range(5):
        in_another_process(path, f"PRAGMA wal_checkpoint({kind})")
        writer.execute("INSERT INTO t VALUES (1)")
        assert watch.state() not in seen
        seen.add(watch.state())
        writer.execute(f"PRAGMA wal_checkpoint({kind})").fetchall()


def test_no_watch_says_what_an_earlier_one_said(path: Path) -> None:
    """Between two watches others may have written, and have left a log that looks as it looked before."""
    seen = set()
    for _ in range(4):
        connection = connect(str(path), "normal", 5.0)
        connection.execute("PRAGMA journal_mode = WAL")
        seen.add(Watch(connection, str(path)).state())
        connection.close()
    assert len(seen) == 4


def test_a_watch_needs_no_other_connection(writer: sqlite3.Connection, path: Path, watch: Watch) -> None:
    """Other connections of the process, which share SQLite's memory, may close at any moment."""
    before = watch.state()
    writer.close()
    assert watch.state() == before
    in_another_process(path, "INSERT INTO t VALUES (1)")
    assert watch.state() != before


@pytest.mark.skipif(not WITH_MAPS, reason="Linux tells where files are mapped")
def test_the_header_is_found_where_sqlite_has_it(writer: sqlite3.Connection, path: Path) -> None:
    index = wal_index.index_of(str(path))
    assert index is not None
    assert index.header() == Path(f"{path}-shm").read_bytes()[:48]
    link = path.parent / "link.db"
    link.symlink_to(path)
    assert wal_index.index_of(str(link)) is not None
    assert wal_index.index_of(str(path.parent / "other.db")) is None


def test_no_header_is_taken_from_a_format_of_other_days(
    writer: sqlite3.Connection, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wal_index, "_IN_USE", (3_008_000, 1))
    assert wal_index.index_of(str(path)) is None
