"""Columns that are read beside the calls: what later searches are faster by is never read inside one."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from milvus_store import DataType, MilvusClient
from milvus_store_lite.columns import column_loader, loading, snapshot_cache, view
from milvus_store_lite.columns.builders import NumberBuilder
from milvus_store_lite.columns.dense_vectors import DenseBuilder, DenseColumn
from milvus_store_lite.columns.snapshot import Key
from milvus_store_lite.columns.snapshot_cache import SnapshotCache
from milvus_store_lite.indexes import field_index
from milvus_store_lite.indexes.field_index import WARM, FieldIndex
from milvus_store_lite.search import plan
from tests.inside import file_of, state_of
from tests.thresholds import lowered

ROWS, DIM = 1_500, 32
THREAD = "milvus-store-columns"
VECTORS = np.random.default_rng(3).standard_normal((2 * ROWS, DIM)).astype(np.float32)
QUERY = VECTORS[7:8] + 0.1


@pytest.fixture(autouse=True)
def few_rows_are_worth_an_index() -> Iterator[None]:
    with lowered():
        yield


@pytest.fixture
def indexed(path: Path) -> Path:
    """A file whose index is built and stored."""
    with MilvusClient(path) as client:
        fill(client, "AUTOINDEX")
        client.build_index("c", "vector")
    return path


def fill(client: MilvusClient, index_type: str) -> None:
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=DIM)
    index = client.prepare_index_params("vector", index_type=index_type, metric_type="L2")
    client.create_collection("c", schema=schema, index_params=index)
    client.insert("c", rows(0, ROWS))


def rows(first: int, end: int) -> list[dict[str, Any]]:
    return [{"id": n, "vector": VECTORS[n]} for n in range(first, end)]


def ids(client: MilvusClient, **more: Any) -> list[Any]:
    found: list[Any] = client.search("c", QUERY, limit=10, **more)[0].ids
    return found


def nearest(among: list[int]) -> list[int]:
    order = np.argsort(((VECTORS[among] - QUERY) ** 2).sum(axis=1))
    return [among[place] for place in order[:10]]


def cache_of(client: MilvusClient) -> SnapshotCache:
    return state_of(client).snapshot_caches.whole


def column(client: MilvusClient, field: str = "vector") -> Any:
    snapshot = cache_of(client)._current
    return None if snapshot is None else snapshot.columns.get(Key(field))


def warm_up(client: MilvusClient) -> None:
    for _ in range(WARM + 1):
        ids(client)


def wait_for(condition: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


class Turnstile:
    """Lets the loading thread read so many slices, and stops it there."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.slices = threading.Semaphore(0)
        self.arrived = threading.Semaphore(0)
        turn = column_loader._Turn

        def is_over(_: object) -> bool:
            self.arrived.release()
            assert self.slices.acquire(timeout=30)
            return True  # each slice in a transaction of its own

        monkeypatch.setattr(turn, "is_over", is_over)
        monkeypatch.setattr(loading, "_SLICE_ROWS", (100, 100))

    def wait(self) -> None:
        assert self.arrived.acquire(timeout=30)

    def open(self) -> None:
        self.slices.release(10_000)


@pytest.fixture
def turnstile(monkeypatch: pytest.MonkeyPatch) -> Turnstile:
    return Turnstile(monkeypatch)


def test_no_search_reads_all_vectors(indexed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readers = set()
    append = DenseBuilder.append

    def watched(builder: DenseBuilder, blobs: Any) -> None:
        readers.add(threading.current_thread().name)
        append(builder, blobs)

    monkeypatch.setattr(DenseBuilder, "append", watched)
    with MilvusClient(indexed) as client:
        warm_up(client)
        wait_for(lambda: column(client))
        assert readers == {THREAD}
        assert np.array_equal(column(client).values, VECTORS[:ROWS])
        assert ids(client) == nearest(list(range(ROWS)))
        assert readers == {THREAD}


def test_a_search_of_some_rows_does_not_read_all_vectors(
    indexed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither where so few survive the filter that a scan of vectors in memory would pay."""
    monkeypatch.setattr(plan, "FETCH_ROWS", 300)
    with lowered(few_stored=1_000), MilvusClient(indexed) as client:
        assert ids(client, filter="id < 200") == nearest(list(range(200)))
        assert ids(client, filter="id < 600") == nearest(list(range(600)))
        assert column(client) is None


def test_a_newer_index_is_loaded_beside_the_calls(indexed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readers = []
    read = FieldIndex._read

    def watched(index: FieldIndex, session: Any) -> Any:
        readers.append(threading.current_thread().name)
        return read(index, session)

    monkeypatch.setattr(FieldIndex, "_read", watched)
    with MilvusClient(indexed) as client:
        ids(client)
        assert readers == [threading.current_thread().name]
        with MilvusClient(indexed, durability="normal") as other:
            other.insert("c", rows(ROWS, 2 * ROWS))
            other.build_index("c", "vector")
        readers.clear()
        assert ids(client) == nearest(list(range(2 * ROWS)))
        wait_for(lambda: readers)
        assert set(readers) == {"milvus-store-indexes"}


def test_a_process_that_searches_little_reads_nothing(indexed: Path) -> None:
    with MilvusClient(indexed) as client:
        for _ in range(WARM):
            ids(client)
        assert all(thread.name != THREAD for thread in threading.enumerate())


def test_searches_go_on_meanwhile_and_see_what_is_written(indexed: Path, turnstile: Turnstile) -> None:
    alive = list(range(ROWS))
    with MilvusClient(indexed) as client:
        warm_up(client)
        for turn in range(6):
            turnstile.wait()
            assert column(client) is None
            gone = [turn * 90, turn * 200 + 1, 7 + turn]  # rows that were read, and some that were not
            added = list(range(ROWS + 20 * turn, ROWS + 20 * (turn + 1)))
            client.insert("c", rows(added[0], added[-1] + 1))
            client.delete("c", ids=gone)
            alive = [row for row in alive if row not in gone] + added
            assert ids(client) == nearest(alive)
            turnstile.slices.release()
        turnstile.open()
        wait_for(lambda: ids(client) and column(client))
        found, snapshot = column(client), cache_of(client)._current
        assert snapshot is not None
        assert isinstance(found, DenseColumn)
        assert len(found.values) == len(snapshot.seqs) == ROWS + 120
        live = snapshot.alive
        assert live is not None
        assert np.array_equal(found.values[live], VECTORS[alive])
        assert ids(client) == nearest(alive)


def test_rows_written_afterwards_join_the_column(indexed: Path) -> None:
    with MilvusClient(indexed) as client:
        warm_up(client)
        wait_for(lambda: column(client))
        memory = column(client).values.base
        for first, end in ((ROWS, ROWS + 20), (ROWS + 20, ROWS + 700), (ROWS + 700, 2 * ROWS)):
            client.insert("c", rows(first, end))
            assert ids(client) == nearest(list(range(end)))
            assert np.array_equal(column(client).values, VECTORS[:end])
        assert column(client).values.base is memory, "there was room for them: nothing was copied"


@pytest.mark.parametrize("memory_limit", [None, 1 << 30])
def test_a_column_that_a_scan_has_read_has_room_as_well_unless_memory_is_bounded(
    path: Path, memory_limit: int | None
) -> None:
    with MilvusClient(path, memory_limit=memory_limit) as client:
        fill(client, "FLAT")
        ids(client)
        memory = column(client).values.base
        client.insert("c", rows(ROWS, 2 * ROWS))
        assert ids(client) == nearest(list(range(2 * ROWS)))
        assert (column(client).values.base is memory) == (memory_limit is None)


def test_rows_behind_an_index_are_in_memory_once(indexed: Path) -> None:
    """They have a column of their own only until the whole one is there."""
    with MilvusClient(indexed) as client:
        client.insert("c", rows(ROWS, ROWS + 20))
        ids(client)
        assert ends(client) == {ROWS}
        warm_up(client)
        wait_for(lambda: column(client))
        client.insert("c", rows(ROWS + 20, ROWS + 40))
        assert ids(client) == nearest(list(range(ROWS + 40)))
        assert ids(client, filter=f"id >= {ROWS}") == nearest(list(range(ROWS, ROWS + 40)))
        assert ends(client) == set()


def test_rows_that_have_joined_an_index_leave_the_column_behind_it(
    indexed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "RESIDENT_BYTES", 0)
    monkeypatch.setattr(field_index, "TAIL_ROWS", 100)
    monkeypatch.setattr(field_index, "SCANNED", 1 << 30)
    with MilvusClient(indexed) as client:
        for first in range(ROWS, ROWS + 600, 200):
            client.insert("c", rows(first, first + 180))
            client.build_index("c", "vector")
            client.insert("c", rows(first + 180, first + 200))
            assert ids(client) == nearest(list(range(first + 200)))
            assert ends(client) == {first + 180}


def ends(client: MilvusClient) -> set[int]:
    """Behind how many rows the columns of the vectors begin that do not begin with the first."""
    snapshot = cache_of(client)._current
    assert snapshot is not None
    assert snapshot.columns.keys() == cache_of(client)._builders.keys()
    return {key.after for key in snapshot.columns if key.field == "vector" and key.after}


def test_no_transaction_lasts_as_long_as_the_reading(indexed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(column_loader, "_TURN", 0.0)
    monkeypatch.setattr(loading, "_SLICE_ROWS", (100, 100))
    turns = []
    read_on = SnapshotCache.read_on

    def counted(cache: SnapshotCache, *arguments: Any) -> bool:
        turns.append(1)
        return read_on(cache, *arguments)

    monkeypatch.setattr(SnapshotCache, "read_on", counted)
    with MilvusClient(indexed) as client:
        warm_up(client)
        wait_for(lambda: column(client))
        assert len(turns) >= (ROWS - snapshot_cache._LAST_SLOTS) / 100


def test_a_client_closes_while_a_column_is_read(indexed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "_SLICE_ROWS", (1, 1))
    with MilvusClient(indexed) as client:
        warm_up(client)
        threads = [thread for thread in threading.enumerate() if thread.name == THREAD]
        assert threads
    assert not any(thread.is_alive() for thread in threads)
    assert [one.name for one in indexed.parent.iterdir()] == [indexed.name]


def test_a_column_that_memory_does_not_allow_is_not_read(
    indexed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DenseBuilder, "append", None)
    with MilvusClient(indexed, memory_limit=4 * DIM * ROWS) as client:
        warm_up(client)
        assert len(ids(client)) == 10
        assert all(thread.name != THREAD for thread in threading.enumerate())


def test_a_column_is_dropped_where_others_need_the_memory(indexed: Path, turnstile: Turnstile) -> None:
    with MilvusClient(indexed, memory_limit=2 * 4 * DIM * ROWS) as client:
        warm_up(client)
        turnstile.wait()
        file_of(client).memory.charge(cache_of(client), "another", 6 * DIM * ROWS)
        turnstile.open()
        wait_for(lambda: not file_of(client).opener.column_loader._background._tasks.own.due)
        ids(client)
        assert column(client) is None
        assert file_of(client).memory.used <= 2 * 4 * DIM * ROWS


def test_a_column_that_cannot_be_read_is_left_in_the_file(
    indexed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def fail(*_: object) -> None:
        tries.append(1)
        raise MemoryError

    monkeypatch.setattr(DenseBuilder, "append", fail)
    with MilvusClient(indexed) as client:
        warm_up(client)
        wait_for(lambda: tries)
        for _ in range(20):
            assert ids(client) == nearest(list(range(ROWS)))
        assert len(tries) == 1
        monkeypatch.undo()
        with monkeypatch.context() as patched:
            patched.setattr(loading, "_RETRY", 0.0)
            ids(client)  # begins anew; others would, too, before this one has ended
        wait_for(lambda: ids(client) and column(client))


def test_a_released_collection_is_read_no_further(indexed: Path, turnstile: Turnstile) -> None:
    with MilvusClient(indexed) as client:
        warm_up(client)
        turnstile.wait()
        client.release_collection("c")
        (known,) = cache_of(client)._loadings.values()
        turnstile.open()
        wait_for(lambda: known.is_dropped)
        assert column(client) is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
def test_a_child_reads_its_own(indexed: Path, turnstile: Turnstile) -> None:
    with MilvusClient(indexed) as client:
        warm_up(client)
        turnstile.wait()
        threading.Timer(
            0.2, turnstile.slices.release
        ).start()  # the fork waits for the turn that is under way
        child = os.fork()
        if child == 0:
            turnstile.open()
            try:
                wait_for(lambda: ids(client) == nearest(list(range(ROWS))) and column(client))
                os._exit(0)
            finally:
                os._exit(1)
        turnstile.open()
        assert os.waitpid(child, 0)[1] == 0
        wait_for(lambda: column(client))


def test_primary_keys_are_read_beside_the_calls(indexed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "_PK_ROWS", 100)
    readers = set()
    append = NumberBuilder.append

    def watched(builder: NumberBuilder, values: Any) -> None:
        readers.add(threading.current_thread().name)
        append(builder, values)

    monkeypatch.setattr(NumberBuilder, "append", watched)
    with MilvusClient(indexed) as client:
        for _ in range(view._WARM_PAGES + 1):
            ids(client)
        wait_for(lambda: column(client, "id"))
        assert readers == {THREAD}
        assert column(client, "id").values.tolist() == list(range(ROWS))
        assert ids(client) == nearest(list(range(ROWS)))
