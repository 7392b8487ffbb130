"""Locks of SQLite's that a process must not lose while it has a file open."""

from __future__ import annotations

from pathlib import Path

import pytest

from milvus_store import MilvusClient
from milvus_store_lite.process.calls import Resting
from milvus_store_lite.storage import connections
from tests.inside import file_of

from .batches import create, rows, seen
from .children import run, running


def come_and_go(path: str) -> None:
    with MilvusClient(path) as client:
        seen(client)


def test_a_second_client_with_other_settings_loses_no_locks_of_the_first(path: Path) -> None:
    """Else another process takes itself for the last one when it goes, and removes the log."""
    create(path)
    with MilvusClient(path) as first, MilvusClient(path, busy_timeout=9) as second:
        first.insert("c", rows(1, 20, 0))
        seen(second)
        with MilvusClient(path, busy_timeout=8):
            run(come_and_go, path)
        assert Path(f"{path}-wal").exists()
        first.insert("c", rows(2, 20, 0))
        assert seen(first) == seen(second) == {1: (20, 0), 2: (20, 0)}
    with MilvusClient(path) as client:
        assert seen(client) == {1: (20, 0), 2: (20, 0)}


def test_a_second_client_loses_no_locks_of_one_that_is_closing(path: Path) -> None:
    """A call that is under way when its client is closed has its connection until it ends."""
    create(path)
    with MilvusClient(path) as first:
        first.insert("c", rows(1, 20, 0))
        connections = file_of(first).connections
        with connections.reading() as connection, Resting():
            first.close()
            connection.execute("SELECT count(*) FROM collections").fetchone()
            with MilvusClient(path, busy_timeout=8):
                run(come_and_go, path)
            assert Path(f"{path}-wal").exists()
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def stay(path: str) -> None:
    with MilvusClient(path) as client:
        seen(client)
        print("here", flush=True)
        input()


def test_processes_that_close_at_once_leave_one_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each meets the other's lock, and neither takes itself for the last one."""
    create(path)
    with MilvusClient(path) as client, running(stay, path) as other:
        client.insert("c", rows(1, 20, 0))
        assert other.hear() == "here"

        def go(seconds: float) -> None:
            other.process.kill()
            other.process.wait()

        monkeypatch.setattr(connections.time, "sleep", go)
        client.close()
        assert [one.name for one in path.parent.iterdir()] == [path.name]
    monkeypatch.undo()
    with MilvusClient(path) as client:
        assert seen(client) == {1: (20, 0)}
