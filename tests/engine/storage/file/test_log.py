"""A long log is begun anew as soon as that can be, and no write waits where it cannot."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from milvus_store_lite.storage.file import log
from milvus_store_lite.storage.file.log import LogBound
from milvus_store_lite.storage.file.opening import connect

KIB = 1 << 10


class Writer:
    """Writes to the file at ``path``, and keeps its log short."""

    def __init__(self, path: Path) -> None:
        self._log = f"{path}-wal"
        self._bound = LogBound(str(path), timeout=5.0)
        self.connection = connect(str(path), "normal", 5.0)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("CREATE TABLE t (b BLOB)")

    def write(self, size: int) -> None:
        self.connection.execute("INSERT INTO t VALUES (zeroblob(?))", (size,))

    def keep(self) -> str:
        """The statements by which it keeps the log short."""
        said: list[str] = []
        self.connection.set_trace_callback(said.append)
        self._bound.keep(self.connection)
        self.connection.set_trace_callback(None)
        return " ".join(said)

    def log_size(self) -> int:
        return os.path.getsize(self._log)


@pytest.fixture
def writer(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Writer]:
    monkeypatch.setattr(log, "BOUND", 256 * KIB)
    monkeypatch.setattr(log, "STEP", 128 * KIB)
    monkeypatch.setattr(log, "PATIENCE", 0.01)
    writer = Writer(path)
    with closing(writer.connection):
        yield writer


@pytest.fixture
def reader(writer: Writer, path: Path) -> Iterator[sqlite3.Connection]:
    with closing(connect(str(path), "normal", 5.0)) as reader:
        yield reader


def begin_reading(reader: sqlite3.Connection) -> None:
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM t").fetchone()


def test_a_log_that_nobody_reads_begins_anew(writer: Writer) -> None:
    writer.write(512 * KIB)
    writer.keep()
    assert writer.log_size() == 0


def test_a_short_log_is_left_alone(writer: Writer) -> None:
    writer.write(64 * KIB)
    assert writer.keep() == ""


def test_a_write_waits_for_a_reader_of_a_moment(writer: Writer, reader: sqlite3.Connection) -> None:
    writer.write(512 * KIB)
    begin_reading(reader)
    assert "TRUNCATE" in writer.keep()
    assert writer.log_size() > 512 * KIB


def test_no_write_waits_for_a_reader_of_long(writer: Writer, reader: sqlite3.Connection) -> None:
    begin_reading(reader)
    for _ in range(5):
        writer.write(128 * KIB)
        assert "TRUNCATE" not in writer.keep()
    reader.execute("COMMIT")
    writer.write(128 * KIB)
    writer.keep()
    assert writer.log_size() == 0


def test_no_write_waits_for_whoever_folds_the_log(
    writer: Writer, reader: sqlite3.Connection, path: Path
) -> None:
    writer.write(64 * KIB)
    begin_reading(reader)
    writer.write(512 * KIB)
    is_over = threading.Event()
    with closing(connect(str(path), "normal", 5.0)) as folding:

        def fold() -> None:
            # It has the right to fold as long as it waits for the reader. A look at that may take it first.
            while not is_over.is_set():
                folding.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

        thread = threading.Thread(target=fold)
        thread.start()
        try:
            deadline = time.monotonic() + 30
            while not _is_being_folded(writer.connection) and time.monotonic() < deadline:
                time.sleep(0.001)
            said = writer.keep()
        finally:
            is_over.set()
            reader.execute("COMMIT")
            thread.join()
    assert "PASSIVE" in said
    assert "TRUNCATE" not in said


def _is_being_folded(connection: sqlite3.Connection) -> bool:
    (is_busy, *_) = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    return bool(is_busy)
