"""Threads of one process that share a client."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import milvus_store_lite.storage.writer
from milvus_store import MilvusClient
from milvus_store_lite.search.prepared import PreparedSearch

from .batches import DIM, Batches, Reader, Writer, create, rows, seen, seen_by_search

SECONDS = 2.5


@pytest.fixture
def path(path: Path) -> Path:
    create(path)
    return path


def test_threads_that_read_and_write_see_whole_batches(path: Path) -> None:
    end = time.monotonic() + SECONDS
    with MilvusClient(path) as client, ThreadPoolExecutor(8) as pool:

        def write(number: int) -> Batches:
            writer = Writer(number, keeps_everything=number == 0)
            while time.monotonic() < end:
                writer.write(client)
            return writer.acknowledged

        def read() -> int:
            reader = Reader(kept=0)
            while time.monotonic() < end:
                reader.read(client)
            return reader.reads

        writers = [pool.submit(write, number) for number in range(4)]
        readers = [pool.submit(read) for _ in range(4)]
        left: Batches = {}
        for writer in writers:
            left |= writer.result()
        assert all(reader.result() > 0 for reader in readers)
        assert seen(client) == seen_by_search(client) == left


def test_clients_opened_and_closed_by_threads_do_not_disturb_each_other(path: Path) -> None:
    with MilvusClient(path) as client:
        client.insert("c", rows(1, 30, 0))

    def come_and_go(number: int) -> None:
        for turn in range(20):
            with MilvusClient(path) as client:
                batch = number * 100 + turn
                client.insert("c", rows(batch, 3, 0))
                assert seen(client)[batch] == (3, 0)

    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(come_and_go, number) for number in range(1, 7)]:
            done.result()
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    with MilvusClient(path) as client:
        assert len(seen(client)) == 1 + 6 * 20


def test_searches_run_at_the_same_time(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of four searches waits, in its middle, until the other three are there too."""
    together = threading.Barrier(4)
    rank: Callable[..., Any] = PreparedSearch.hits

    def meet_and_rank(*arguments: Any) -> Any:
        together.wait(timeout=30)
        return rank(*arguments)

    monkeypatch.setattr(PreparedSearch, "hits", meet_and_rank)
    with MilvusClient(path) as client, ThreadPoolExecutor(4) as pool:
        client.insert("c", rows(1, 40, 0))

        def search() -> int:
            return len(client.search("c", [[0.0] * DIM], limit=100)[0])

        assert [done.result() for done in [pool.submit(search) for _ in range(4)]] == [40] * 4


def test_a_search_runs_while_another_thread_writes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that is stopped just before it commits holds up no search, and no search sees it."""
    is_writing, may_commit = threading.Event(), threading.Event()
    set_position: Callable[..., Any] = milvus_store_lite.storage.writer.set_position

    def stop(*arguments: Any) -> None:
        set_position(*arguments)
        is_writing.set()
        assert may_commit.wait(30)

    with MilvusClient(path) as client, ThreadPoolExecutor(1) as pool:
        client.insert("c", rows(1, 40, 0))
        monkeypatch.setattr(milvus_store_lite.storage.writer, "set_position", stop)
        write = pool.submit(client.upsert, "c", rows(1, 40, 1))
        assert is_writing.wait(30)
        assert seen(client) == seen_by_search(client) == {1: (40, 0)}
        may_commit.set()
        write.result()
        assert seen(client) == seen_by_search(client) == {1: (40, 1)}
