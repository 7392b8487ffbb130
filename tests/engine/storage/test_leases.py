"""Leases of connections whose block is broken off."""

from __future__ import annotations

import gc
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from milvus_store_lite.errors import DatabaseLockedError
from milvus_store_lite.process.calls import THIS_THREAD, Resting, whole
from milvus_store_lite.storage.connections import Connections

_NAMES = "SELECT name FROM databases ORDER BY name"


@pytest.fixture
def connections(path: Path) -> Iterator[Connections]:
    opened = Connections(str(path), timeout=10)
    yield opened
    opened.close()
    assert not opened.is_open


def names(connections: Connections) -> list[str]:
    with connections.reading() as connection:
        return [name for (name,) in connection.execute(_NAMES)]


def add(connections: Connections, name: str) -> None:
    with connections.writing() as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(databases)")]
        (row,) = connection.execute("SELECT * FROM databases WHERE name = 'default'")
        values = {**dict(zip(columns, row, strict=True)), "name": name}
        values = {column: value for column, value in values.items() if column not in ("id", "position")}
        connection.execute(
            f"INSERT INTO databases ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})",
            list(values.values()),
        )


@pytest.mark.skipif(sys.platform == "win32", reason="the system has no timer signals")
def test_ctrl_c_while_a_write_waits_leaves_the_file_to_others(connections: Connections, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(0.5, other.execute, ["ROLLBACK"]).start()
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    try:
        with pytest.raises(KeyboardInterrupt), connections.writing():
            pass
    finally:
        signal.signal(signal.SIGALRM, before)
    other.execute("PRAGMA busy_timeout = 0")
    other.execute("BEGIN IMMEDIATE")
    other.execute("ROLLBACK")
    other.close()
    add(connections, "one")
    assert names(connections) == ["default", "one"]


def test_a_statement_that_an_error_keeps_alive_shows_no_old_state(connections: Connections) -> None:
    add(connections, "one")

    def read_half() -> None:
        with connections.reading() as connection:
            rows = connection.execute(_NAMES)
            next(rows)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as kept:
        read_half()
    writer = Connections(connections.path)
    add(writer, "two")
    writer.close()
    assert names(connections) == ["default", "one", "two"]
    assert kept.traceback


def test_what_a_call_has_taken_is_given_back_though_nothing_has_ended_its_block(
    connections: Connections,
) -> None:
    """As where an exception comes when ``__exit__`` is about to begin."""
    kept = []

    @whole
    def write() -> None:
        lease = connections.writing()
        lease.__enter__().execute("DELETE FROM databases")
        kept.append(lease)
        with Resting():
            connections.reading().__enter__()
            raise KeyboardInterrupt

    calls = THIS_THREAD.calls
    with pytest.raises(KeyboardInterrupt):
        write()
    assert (calls.inside, calls.resting, calls.taken) == (0, 0, [])
    waiting = threading.Thread(target=add, args=(connections, "one"))
    waiting.start()
    waiting.join(5)
    assert names(connections) == ["default", "one"]


def test_a_connection_whose_lease_is_lost_is_not_used_any_more(connections: Connections) -> None:
    lease = connections.reading()
    lost = lease.__enter__()
    lost.execute(_NAMES).fetchone()
    lease.suspend()
    del lease
    gc.collect()
    add(connections, "one")
    assert names(connections) == ["default", "one"]
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        lost.execute(_NAMES)


def test_a_write_in_the_middle_of_one_is_refused_at_once(connections: Connections) -> None:
    """A signal's handler may make it; it would wait for itself."""
    begun = time.monotonic()
    with connections.writing():
        with pytest.raises(DatabaseLockedError, match="in the middle of another one"):
            add(connections, "one")
        assert time.monotonic() - begun < 5
    add(connections, "one")
    assert names(connections) == ["default", "one"]
