"""Writers wait for each other as long as they were told to, and not forever."""

from __future__ import annotations

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from milvus_store import MilvusClient
from milvus_store.errors import DatabaseLockedError
from milvus_store_lite.process.calls import Resting
from tests.inside import file_of

from .batches import create, rows, seen, seen_by_search
from .children import Child, running

_FAR_TOO_LONG = 20.0
"""No writer here may wait longer than 1 s or so; a busy machine may be this slow, a hang is slower."""


def hold_the_lock(path: str) -> None:
    """Take the write lock; give it back so many seconds after being told to."""
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    print("held", flush=True)
    time.sleep(float(input()))
    holder.execute("ROLLBACK")
    holder.close()


@pytest.fixture
def path(path: Path) -> Path:
    create(path)
    return path


def held(holder: Child) -> None:
    assert holder.hear() == "held"


def test_a_writer_that_waits_too_long_is_told_so_and_may_try_again(path: Path) -> None:
    with MilvusClient(path, busy_timeout=1) as client, running(hold_the_lock, path) as holder:
        held(holder)
        begun = time.monotonic()
        with pytest.raises(DatabaseLockedError, match="another process holds.* 1 s"):
            client.insert("c", rows(1, 5, 0))
        assert 0.9 < time.monotonic() - begun < _FAR_TOO_LONG
        with pytest.raises(DatabaseLockedError):
            client.delete("c", filter="batch == 1")
        with pytest.raises(DatabaseLockedError):
            client.create_collection("d", dimension=2)
        assert seen(client) == seen_by_search(client) == {}
        holder.tell("0")
        holder.process.wait(60)
        client.insert("c", rows(1, 5, 0))
        assert seen(client) == {1: (5, 0)}


def test_a_writer_gets_its_turn_when_the_lock_is_given_back_in_time(path: Path) -> None:
    with MilvusClient(path, busy_timeout=60) as client, running(hold_the_lock, path) as holder:
        held(holder)
        holder.tell("0.5")
        begun = time.monotonic()
        client.insert("c", rows(1, 5, 0))
        assert time.monotonic() - begun < 60
        assert seen(client) == {1: (5, 0)}


def test_readers_wait_for_no_writer(path: Path) -> None:
    with MilvusClient(path) as client:
        client.insert("c", rows(1, 5, 0))
    with running(hold_the_lock, path) as holder:
        held(holder)
        begun = time.monotonic()
        with MilvusClient(path) as client:
            assert seen(client) == seen_by_search(client) == {1: (5, 0)}
        assert time.monotonic() - begun < _FAR_TOO_LONG


def test_threads_that_wait_together_do_not_wait_in_a_row(path: Path) -> None:
    """With 30 threads and a timeout of 1 s, one after the other would be 30 s."""
    with (
        MilvusClient(path, busy_timeout=1) as client,
        running(hold_the_lock, path) as holder,
        ThreadPoolExecutor(30) as pool,
    ):
        held(holder)
        begun = time.monotonic()
        waiting = [pool.submit(client.insert, "c", rows(number, 5, 0)) for number in range(30)]
        for one in waiting:
            with pytest.raises(DatabaseLockedError):
                one.result()
        assert time.monotonic() - begun < _FAR_TOO_LONG


def test_a_writer_that_was_killed_holds_no_lock(path: Path) -> None:
    with MilvusClient(path, busy_timeout=_FAR_TOO_LONG) as client, running(hold_the_lock, path) as holder:
        held(holder)
        holder.process.kill()
        holder.process.wait(60)
        client.insert("c", rows(1, 5, 0))
        assert seen(client) == {1: (5, 0)}


def test_a_writer_that_waits_for_a_thread_of_its_own_process_is_told_so(path: Path) -> None:
    with MilvusClient(path, busy_timeout=0.2) as client, ThreadPoolExecutor(1) as pool:
        with file_of(client).connections.writing():
            with pytest.raises(DatabaseLockedError, match="another thread of this process.* 0.2 s"):
                pool.submit(client.insert, "c", rows(1, 5, 0)).result()
            assert pool.submit(seen, client).result() == {}
        client.insert("c", rows(1, 5, 0))


def test_a_writer_that_waits_for_a_client_with_other_settings_is_told_so(path: Path) -> None:
    with (
        MilvusClient(path, busy_timeout=0.2) as client,
        MilvusClient(path, busy_timeout=0.2, durability="normal") as other,
        running(hold_the_lock, path) as holder,
    ):
        assert file_of(client) is not file_of(other)
        held(holder)
        with pytest.raises(DatabaseLockedError, match="another process holds.* 0.2 s"):
            client.insert("c", rows(1, 5, 0))
        holder.tell("0")
        holder.process.wait(60)
        with (
            file_of(other).connections.writing(),
            Resting(),
            pytest.raises(DatabaseLockedError, match="another client of this process.* 0.2 s"),
        ):
            client.insert("c", rows(1, 5, 0))
        client.insert("c", rows(1, 5, 0))
