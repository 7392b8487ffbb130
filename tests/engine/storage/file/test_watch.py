"""Whether anything was committed since the last look: told for certain, by whatever means there are."""

from __future__ import annotations

import os
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from milvus_store import MilvusClient
from milvus_store_lite.storage.file import open_files
from milvus_store_lite.storage.file.opening import connect
from milvus_store_lite.storage.file.wal_index import IS_READABLE, WalIndex
from milvus_store_lite.storage.file.watch import Watch

ONLY_WHERE_READABLE = pytest.mark.skipif(not IS_READABLE, reason="the index can only be read through SQLite")


@pytest.fixture
def writer(path: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(str(path), "normal", 5.0)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE t (n INTEGER)")
    yield connection
    connection.close()


@pytest.fixture
def index(writer: sqlite3.Connection, path: Path) -> Iterator[WalIndex]:
    """That of the log, open as long as SQLite has it, whose locks on it would go with the descriptor."""
    with closing(writer):
        descriptor = os.open(f"{path}-shm", os.O_RDONLY)
        yield WalIndex(descriptor)
    os.close(descriptor)


@pytest.fixture(params=[pytest.param("header", marks=ONLY_WHERE_READABLE), "pragma"])
def watch(writer: sqlite3.Connection, path: Path, request: pytest.FixtureRequest) -> Iterator[Watch]:
    index = request.getfixturevalue("index") if request.param == "header" else None
    watch = Watch(connect(str(path), "normal", 5.0), index)
    watch.state()
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
        seen.add(Watch(connection, None).state())
        connection.close()
    assert len(seen) == 4


def test_a_watch_needs_no_other_connection(writer: sqlite3.Connection, path: Path, watch: Watch) -> None:
    """Other connections of the process, which share SQLite's memory, may close at any moment."""
    before = watch.state()
    writer.close()
    assert watch.state() == before
    in_another_process(path, "INSERT INTO t VALUES (1)")
    assert watch.state() != before


@ONLY_WHERE_READABLE
def test_the_header_is_what_sqlite_has_in_memory(index: WalIndex, path: Path) -> None:
    assert index.is_known
    assert index.header() == Path(f"{path}-shm").read_bytes()[:48]


@ONLY_WHERE_READABLE
def test_a_log_that_is_folded_is_told(writer: sqlite3.Connection, index: WalIndex) -> None:
    assert not index.is_folded()
    writer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    assert index.is_folded()
    writer.execute("INSERT INTO t VALUES (1)")
    assert not index.is_folded()


@ONLY_WHERE_READABLE
def test_a_file_that_was_cut_off_says_nothing(path: Path, tmp_path: Path) -> None:
    """No memory is read, so that nothing worse can come of it, and SQLite is asked."""
    (tmp_path / "short").write_bytes(bytes(47))
    descriptor = os.open(tmp_path / "short", os.O_RDONLY)
    index = WalIndex(descriptor)
    assert (index.header(), index.is_known, index.is_folded()) == (None, False, True)
    with closing(connect(str(path), "normal", 5.0)) as connection:
        watch = Watch(connection, index)
        before = watch.state()
        in_another_process(path, "CREATE TABLE other (n)")
        assert watch.state() != before
    os.close(descriptor)


def test_no_header_is_taken_from_a_format_of_other_days(tmp_path: Path) -> None:
    (tmp_path / "newer").write_bytes(struct.pack("=I8xB", 3_008_000, 1).ljust(136, b"\0"))
    descriptor = os.open(tmp_path / "newer", os.O_RDONLY)
    assert not WalIndex(descriptor).is_known
    os.close(descriptor)


@ONLY_WHERE_READABLE
def test_clients_of_one_file_share_a_descriptor_of_its_index(path: Path) -> None:
    """Each would be open until the last client is closed."""
    with MilvusClient(path) as client:
        client.list_collections()
        (opened,) = [one for one in open_files._files.values() if one.path == str(path)]
        for seconds in range(1, 5):
            with MilvusClient(path, busy_timeout=seconds) as other:
                other.create_collection(f"c{seconds}", dimension=2)
                assert other.search(f"c{seconds}", [[1.0, 2.0]])
        assert len(opened.indexes) == 1
