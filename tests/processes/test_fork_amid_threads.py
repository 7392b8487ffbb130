"""Forks while other threads of the parent are in the middle of something, each brought about on purpose."""

from __future__ import annotations

import asyncio
import gc
import importlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import milvus_store
from milvus_store import AsyncMilvusClient, DataType, MilvusClient
from milvus_store.client.workers import READERS
from milvus_store.errors import DatabaseLockedError
from milvus_store.legacy.entities import new_ids
from milvus_store_lite.indexes import field_index
from milvus_store_lite.indexes.built import BuiltIndex
from milvus_store_lite.process import children
from milvus_store_lite.process.calls import THIS_THREAD
from milvus_store_lite.process.forks import GATE
from milvus_store_lite.storage.file.open_files import OPENING
from tests.inside import file_of

from .batches import Reader, rows, seen, seen_by_search
from .children import run
from .forking import PATIENCE, ended, forked, opened

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")


Vectors = npt.NDArray[np.float32]


def look_and_write(client: MilvusClient, batch: int) -> None:
    Reader().read(client)
    client.insert("c", rows(batch, 5, 0))


def locks() -> list[threading.Lock]:
    """All that a thread may hold as its process is forked: not the turn to write, which it takes before it enters
    the gate, nor what a fork needs to close connections."""
    own = [getattr(value.own, "lock", value.own) for value in children._everything]
    others = [GATE._lock, OPENING]
    for member in GATE.members:
        others += [member.write_turn, member._watch_lock, member.pool._lock]
    return [lock for lock in own if hasattr(lock, "acquire") and all(lock is not one.own for one in others)]


@contextmanager
def held_by_another_thread() -> Iterator[None]:
    """All of ``locks()``, for the length of the block."""
    are_held, is_over = threading.Event(), threading.Event()

    def hold() -> None:
        with ExitStack() as held:
            for lock in locks():
                held.enter_context(lock)
            are_held.set()
            is_over.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    are_held.wait()
    try:
        yield
    finally:
        is_over.set()
        holder.join()


def fork_while_locks_are_held(path: str) -> None:
    client = opened(path)
    query = [rows(1, 1, 0)[0]["vector"]]
    client.search("c", query)
    other, ids = AsyncMilvusClient(path), new_ids(1)

    def work() -> None:
        client.search("c", query)
        look_and_write(client, 5)
        assert len(client.search("c", query, limit=100)[0]) == 55
        assert len(asyncio.run(other.search("c", query, limit=100))[0]) == 55
        assert new_ids(1) != ids

    with held_by_another_thread():
        pid = forked(work)
    assert ended(pid) == 0
    client.close()
    asyncio.run(other.close())


def refuse_while_locks_are_held(path: str) -> None:
    client = opened(path)
    pages = client.query_iterator("c", batch_size=5)
    assert len(pages.next()) == 5

    def try_it() -> None:
        uses: list[Callable[[], object]] = [
            lambda: seen(client),
            lambda: client.insert("c", rows(5, 5, 0)),
            lambda: seen(MilvusClient(path)),
            lambda: MilvusClient(path, busy_timeout=9),
        ]
        for use in uses:
            with pytest.raises(DatabaseLockedError, match="after the fork"):
                use()
        client.close()

    with held_by_another_thread():
        pid = forked(try_it)
    assert ended(pid) == 0
    pages.close()
    client.close()


@pytest.mark.parametrize("how", [fork_while_locks_are_held, refuse_while_locks_are_held])
def test_a_child_has_locks_of_its_own(tmp_path: Path, how: Callable[[str], None]) -> None:
    run(how, tmp_path / "test.db")


def fork_while_a_thread_is_to_write(path: str) -> None:
    """It has its turn among the threads, and waits for the end of the fork."""
    client = opened(path)
    has_turn, is_over = threading.Event(), threading.Event()

    def take_turn() -> None:
        with file_of(client).connections.write_turn.own:
            has_turn.set()
            is_over.wait()

    thread = threading.Thread(target=take_turn)
    thread.start()
    has_turn.wait()
    end = ended(forked(lambda: look_and_write(client, 5)))
    is_over.set()
    thread.join()
    assert end == 0
    assert seen(client) == {1: (50, 0), 5: (5, 0)}
    client.close()


def test_a_child_does_not_wait_for_its_parents_turn_to_write(tmp_path: Path) -> None:
    run(fork_while_a_thread_is_to_write, tmp_path / "test.db")


def wait_at_the_gate_empty_handed(path: str) -> None:
    client = opened(path)
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("tenant", DataType.VARCHAR, max_length=9, is_partition_key=True)
    index = client.prepare_index_params("vector", metric_type="L2")
    client.create_collection("tenants", schema=schema, index_params=index)
    enter, arrivals, nobody = GATE.enter, 0, ThreadPoolExecutor(1)

    def is_free(lock: threading.Lock) -> bool:
        is_taken = lock.acquire(blocking=False)
        if is_taken:
            lock.release()
        return is_taken

    def arrive(*, waiting: bool = True) -> bool:
        nonlocal arrivals
        if not THIS_THREAD.calls.inside:  # who is inside already does not wait
            arrivals += 1
            held = [lock for lock in locks() if not nobody.submit(is_free, lock).result()]
            assert not held, f"the fork may wait for who wants one of {held}"
        return enter(waiting=waiting)

    GATE.enter = arrive  # type: ignore[method-assign]
    for batch in range(2, 5):
        # Each read catches up with what was written, in a transaction of its own and in one under way.
        for write in (
            lambda batch=batch: client.insert("c", rows(batch, 5, 0)),
            lambda batch=batch: client.upsert("c", rows(batch, 5, 1)),
            lambda batch=batch: client.delete("c", filter=f"batch == {batch}"),
            lambda batch=batch: client.insert("tenants", {"id": batch, "vector": [1, batch], "tenant": "a"}),
        ):
            before = arrivals
            write()
            seen_by_search(client) if batch % 2 else client.query("c", "stamp == 1")
            client.search("tenants", [[0, 0]], filter="tenant == 'a'")
            list(client.query_iterator("c", batch_size=20).next())
            assert arrivals > before + 2
    GATE.enter = enter  # type: ignore[method-assign]
    client.close()


def test_who_waits_for_a_fork_holds_no_lock(tmp_path: Path) -> None:
    """The fork waits for the calls under way, and one of them may want that lock."""
    run(wait_at_the_gate_empty_handed, tmp_path / "test.db")


def fork_while_searches_wait(path: str) -> None:
    opened(path).close()
    client = AsyncMilvusClient(path)
    query = [rows(1, 1, 0)[0]["vector"]]

    async def fork() -> int:
        assert client._together
        are_free = threading.Event()
        for _ in range(READERS):
            client._workers.submit(are_free.wait)
        searches = [client.search("c", query, limit=limit) for limit in range(1, 5)]
        waiting = [asyncio.create_task(one) for one in searches]
        await asyncio.sleep(0)
        assert len(client._together._waiting.own) == len(searches)
        with client._together._lock.own:
            pid = forked(lambda: asyncio.run(client.search("c", query)))
        are_free.set()
        assert [len((await one)[0]) for one in waiting] == list(range(1, 5))
        await client.close()
        return pid

    assert ended(asyncio.run(fork())) == 0


def test_a_child_does_not_wait_for_its_parents_searches(tmp_path: Path) -> None:
    run(fork_while_searches_wait, tmp_path / "test.db")


def index_by_lists(client: MilvusClient) -> Vectors:
    """The vectors of a new collection ``i``, which has an IVF index when this returns."""
    vectors = np.random.default_rng(1).standard_normal((6_000, 16), dtype=np.float32)
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=16)
    client.create_collection("i", schema=schema)
    client.insert("i", [{"id": place, "vector": vector} for place, vector in enumerate(vectors)])
    index = client.prepare_index_params(
        "vector", index_type="IVF_FLAT", metric_type="L2", params={"nlist": 8}
    )
    client.create_index("i", index)
    client.load_collection("i")
    return vectors


def fork_after_parallel_searches(path: str) -> None:
    client = MilvusClient(path)
    vectors = index_by_lists(client)

    def search() -> None:
        assert [hits.ids[0] for hits in client.search("i", vectors[:50], limit=1)] == list(range(50))

    search()
    assert ended(forked(search)) == 0
    client.close()


def test_a_child_searches_by_an_index_as_its_parent_did(tmp_path: Path) -> None:
    """With a pool of threads that are in the parent, OpenMP would wait for them."""
    run(fork_after_parallel_searches, tmp_path / "test.db")


def fork_amid_products(path: str) -> None:
    client = opened(path)
    client.create_collection("big", dimension=64)
    client.release_collection("big")
    client.drop_index("big", "vector")
    client.create_index("big", client.prepare_index_params("vector", index_type="FLAT", metric_type="L2"))
    client.load_collection("big")
    vectors = np.random.default_rng(1).standard_normal((40_000, 64), dtype=np.float32)
    client.insert("big", [{"id": n, "vector": vector} for n, vector in enumerate(vectors)])
    is_over = threading.Event()

    def search(count: int) -> None:
        found = client.search("big", list(vectors[:count]), limit=1)
        assert [hits.ids[0] for hits in found] == list(range(count))

    def repeat(count: int) -> None:
        while not is_over.is_set():
            search(count)

    threads = [threading.Thread(target=repeat, args=(count,)) for count in (1, 1, 1)]
    for thread in threads:
        thread.start()
    for _ in range(40):
        assert ended(forked(lambda: search(1))) == 0
    is_over.set()
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive(), "it waits for threads that the fork has ended"
    client.close()


def test_a_fork_waits_for_what_many_threads_compute(tmp_path: Path) -> None:
    """OpenBLAS ends its threads before a fork, and who is waiting for them would wait for ever."""
    run(fork_amid_products, tmp_path / "test.db", blas_threads=2)


def fork_while_something_takes_long() -> None:
    ends: list[int] = []
    has_begun = threading.Event()

    def begin_another() -> None:
        with GATE.long():
            has_begun.set()

    threads = [
        threading.Thread(target=one)
        for one in (lambda: ends.append(ended(forked(lambda: None))), begin_another)
    ]
    with GATE.long():
        threads[0].start()
        while GATE._forking is None:
            time.sleep(0.01)
        threads[1].start()
        assert not has_begun.wait(0.5), "the fork may wait for ever"
        assert not ends
    for thread in threads:
        thread.join(PATIENCE)
    assert ends == [0]
    assert has_begun.is_set()


def test_a_fork_waits_for_what_takes_long_and_that_for_the_fork() -> None:
    run(fork_while_something_takes_long)


def search_while_a_fork_waits(path: str) -> None:
    client = opened(path)
    has_begun, may_end, ends = threading.Event(), threading.Event(), []
    build = field_index.build

    def build_slowly(*arguments: Any) -> BuiltIndex:
        has_begun.set()
        assert may_end.wait(PATIENCE)
        return build(*arguments)

    def fork() -> None:
        ends.append(ended(forked(lambda: look_and_write(client, 5))))

    field_index.build = build_slowly  # type: ignore[attr-defined]
    threads = [threading.Thread(target=one) for one in (lambda: index_by_lists(client), fork)]
    threads[0].start()
    has_begun.wait()
    threads[1].start()
    while GATE._forking is None:
        time.sleep(0.01)
    for _ in range(10):
        assert seen(client) == seen_by_search(client) == {1: (50, 0)}
    assert not ends, "the fork did not wait for the index"
    may_end.set()
    for thread in threads:
        thread.join()
    assert ends == [0]
    assert seen(client) == {1: (50, 0), 5: (5, 0)}
    client.close()


def test_searches_go_on_while_a_fork_waits_for_an_index(tmp_path: Path) -> None:
    run(search_while_a_fork_waits, tmp_path / "test.db")


def fork_for_a_while(path: str, what: str) -> None:
    client = opened(path)
    pages = client.search_iterator("c", [rows(1, 1, 0)[0]["vector"]], batch_size=5)
    assert len(pages.next()) == 5
    actions: dict[str, Callable[[], object]] = {
        "closing": client.close,
        "going on": pages.next,
        "forking": lambda: ended(forked(lambda: None)),
    }
    doing = threading.Thread(target=actions[what])
    GATE._shut()
    doing.start()
    doing.join(0.5)
    assert doing.is_alive(), f"{what} while a fork was under way"
    GATE._open()
    doing.join()
    client.close()


@pytest.mark.parametrize("what", ["closing", "going on", "forking"])
def test_what_waits_for_the_end_of_a_fork(tmp_path: Path, what: str) -> None:
    """The child would have SQLite's account of a client half closed; OpenBLAS ends the threads of a product;
    the end of one fork would open the gate in the middle of another."""
    run(fork_for_a_while, tmp_path / "test.db", what)


_SLOW_MODULE = """
import gc, time
time.sleep(0.5)
gc.collect()
done = True
"""


def fork_while_a_module_is_imported(folder: str) -> None:
    """In the middle of the import, the garbage collection finds a client that was forgotten."""
    Path(folder, "slow.py").write_text(_SLOW_MODULE)
    milvus_store.__path__.append(folder)
    path = f"{folder}/test.db"
    opened(path).close()
    gc.disable()
    client = MilvusClient(path)
    assert seen(client)
    client.itself = client  # type: ignore[attr-defined]  # a cycle
    del client
    importing = threading.Thread(target=importlib.import_module, args=("milvus_store.slow",))
    importing.start()
    while "milvus_store.slow" not in sys.modules:
        pass
    begun = time.monotonic()
    assert ended(forked(lambda: importlib.import_module("milvus_store.slow").done)) == 0
    assert time.monotonic() - begun < 4, "the import and the fork waited for each other"
    importing.join()
    assert not Path(f"{path}-wal").exists(), "the forgotten client has the file open"


def test_a_child_does_not_wait_for_its_parents_imports(tmp_path: Path) -> None:
    run(fork_while_a_module_is_imported, tmp_path)


def fork_while_a_builder_waits(path: str) -> None:
    """Its client is forgotten, and found inside a call, for which the fork waits."""
    client = opened(path)
    lost = MilvusClient(path, busy_timeout=9)
    seen(lost)
    keeper = file_of(lost).opener.maintainer
    is_inside, is_shut = threading.Event(), threading.Event()

    def build() -> None:
        is_shut.wait()
        with lost_connections.reading():
            pass

    lost_connections = file_of(lost).connections
    keeper._thread = threading.Thread(target=build)
    keeper._thread.start()
    gc.disable()
    lost.itself = lost  # type: ignore[attr-defined]  # a cycle
    del lost, keeper

    def forget() -> None:
        with file_of(client).connections.reading():
            is_inside.set()
            is_shut.wait()
            time.sleep(0.2)
            gc.collect()

    inside = threading.Thread(target=forget)
    inside.start()
    is_inside.wait()
    threading.Timer(0.2, is_shut.set).start()
    begun = time.monotonic()
    assert ended(forked(lambda: seen(client))) == 0
    assert time.monotonic() - begun < 10, "the fork waited for who closes, and that for who builds"
    inside.join()
    client.close()


def test_closing_a_forgotten_client_waits_for_nobody(tmp_path: Path) -> None:
    run(fork_while_a_builder_waits, tmp_path / "test.db")


_FORK_WHILE_A_CALL_LOGS = """
import os, threading
from milvus_store_lite.process.forks import GATE
import logging

is_inside, is_shut = threading.Event(), threading.Event()
may_fork = GATE._may_fork
GATE._may_fork = lambda: (may_fork(), is_shut.set())[0]

def call():
    GATE.enter()
    is_inside.set()
    is_shut.wait()
    logging.getLogger("first")
    GATE.leave()

threading.Thread(target=call).start()
is_inside.wait()
pid = os.fork()
if not pid:
    os._exit(0)
os.waitpid(pid, 0)
"""


def test_a_call_that_logs_does_not_keep_a_fork_waiting() -> None:
    """Python's logging takes its lock before a fork, too: after the gate is shut, not before."""
    subprocess.run([sys.executable, "-c", _FORK_WHILE_A_CALL_LOGS], check=True, timeout=30)


def forget_a_client_while_a_fork_waits(path: str) -> list[str]:
    """A thread drops the last reference to a client while the gate is shut: nothing may be closed then."""
    client, forgotten = opened(path), [MilvusClient(path, busy_timeout=20)]
    assert forgotten[0].list_collections() == ["c"]
    is_inside = threading.Event()

    def hold_the_fork_up() -> None:
        GATE.enter()
        is_inside.set()
        while not GATE._is_shut:
            time.sleep(0.001)
        forgetter.start()
        forgetter.join()
        GATE.leave()

    def forget() -> None:
        forgotten.clear()
        gc.collect()

    forgetter = threading.Thread(target=forget)
    holder = threading.Thread(target=hold_the_fork_up)
    holder.start()
    is_inside.wait()
    child = forked(lambda: look_and_write(client, 2))
    assert ended(child) == 0
    holder.join()
    client.close()
    return os.listdir(Path(path).parent)


def test_a_client_that_is_forgotten_while_a_fork_waits_is_closed(tmp_path: Path) -> None:
    assert run(forget_a_client_while_a_fork_waits, tmp_path / "test.db") == ["test.db"]
