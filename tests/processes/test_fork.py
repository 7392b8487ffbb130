"""A client that goes through a fork, as with gunicorn's preloading: parent and children each work on with it."""

from __future__ import annotations

import asyncio
import ctypes
import importlib
import json
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from milvus_store import AsyncMilvusClient, DataType, MilvusClient
from milvus_store.client.workers import READERS
from milvus_store.errors import DatabaseLockedError
from milvus_store_lite.storage.forks import GATE, Locking

from .batches import Batches, Reader, Writer, create, rows, seen, seen_by_search
from .children import run

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")

_CHILDREN = 4
_CALLS = 15
_PATIENCE = 30
"""Seconds after which a child that hangs is ended."""


def opened(path: str) -> MilvusClient:
    """A client that has written and searched, so that it has connections and snapshots to inherit."""
    create(Path(path))
    client = MilvusClient(path)
    client.insert("c", rows(1, 50, 0))
    assert seen(client) == seen_by_search(client) == {1: (50, 0)}
    return client


def forked(task: Callable[[], object]) -> int:
    """A child that does ``task``, prints what it raises and ends without any ceremony; its pid."""
    pid = os.fork()
    if pid:
        return pid
    signal.alarm(_PATIENCE)
    try:
        task()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    os._exit(1)


def ended(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def use(client: MilvusClient, number: int) -> Batches:
    """Write and read through ``client``; what is there of this writer at the end."""
    writer, reader = Writer(number), Reader()
    for _ in range(_CALLS):
        writer.write(client)
        reader.read(client)
    mine = {batch: what for batch, what in seen(client).items() if batch // 10_000 == number}
    assert mine == writer.acknowledged
    return mine


def use_and_tell(client: MilvusClient, number: int, file: Path) -> None:
    file.write_text(json.dumps(list(use(client, number).items())))


def told(folder: Path) -> Batches:
    """What all children left, by their own account."""
    return {
        batch: (size, stamp)
        for file in folder.glob("child-*")
        for batch, (size, stamp) in json.loads(file.read_text())
    }


def check(path: str, client: MilvusClient, expected: Batches) -> None:
    """Nothing is lost, for the old client and for a new one; closed, it is one file."""
    assert seen(client) == seen_by_search(client) == expected
    client.close()
    folder = Path(path).parent
    assert [one.name for one in folder.iterdir() if not one.name.startswith("child-")] == ["test.db"]
    with MilvusClient(path) as client:
        assert seen(client) == seen_by_search(client) == expected


def raw_forks(path: str) -> None:
    client = opened(path)
    folder = Path(path).parent
    pids = [
        forked(lambda number=number: use_and_tell(client, number, folder / f"child-{number}"))  # type: ignore[misc]
        for number in range(1, _CHILDREN + 1)
    ]
    mine = use(client, _CHILDREN + 1)
    assert [ended(pid) for pid in pids] == [0] * _CHILDREN
    check(path, client, {1: (50, 0)} | mine | told(folder))


def multiprocessing_forks(path: str) -> None:
    client = opened(path)
    folder = Path(path).parent
    context = multiprocessing.get_context("fork")
    children = [
        context.Process(target=use_and_tell, args=(client, number, folder / f"child-{number}"))
        for number in range(1, _CHILDREN + 1)
    ]
    for child in children:
        child.start()
    mine = use(client, _CHILDREN + 1)
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0] * _CHILDREN
    check(path, client, {1: (50, 0)} | mine | told(folder))


@pytest.mark.parametrize("how", [raw_forks, multiprocessing_forks])
def test_parent_and_children_go_on_with_the_same_client(tmp_path: Path, how: Callable[[str], None]) -> None:
    run(how, tmp_path / "test.db")


def different_ends(path: str) -> None:
    client = opened(path)
    expected: Batches = {1: (50, 0)}
    number = 10
    for uses_it in (False, True):
        for end in (
            lambda: os._exit(0),
            sys.exit,
            lambda: os.kill(os.getpid(), signal.SIGKILL),
            client.close,
        ):
            number += 1
            pid = os.fork()
            if not pid:
                if uses_it:
                    client.insert("c", rows(number, 20, 0))
                end()
                sys.exit()
            assert ended(pid) in (0, -signal.SIGKILL)
            expected |= {number: (20, 0)} if uses_it else {}
            client.insert("c", rows(number + 100, 10, 0))
            expected[number + 100] = (10, 0)
            assert seen(client) == seen_by_search(client) == expected
    check(path, client, expected)


def test_a_child_may_end_in_any_way(tmp_path: Path) -> None:
    """At once, as an interpreter does, killed, or after closing the client; whether it has used it or not."""
    run(different_ends, tmp_path / "test.db")


def parent_closes_first(path: str) -> None:
    client = opened(path)
    to_child, from_parent = os.pipe(), os.pipe()

    def child() -> None:
        client.insert("c", rows(2, 20, 0))
        os.write(from_parent[1], b"1")
        os.read(to_child[0], 1)
        client.insert("c", rows(3, 20, 0))
        assert seen(client) == {1: (50, 0), 2: (20, 0), 3: (20, 0)}
        os.kill(os.getpid(), signal.SIGKILL)

    pid = forked(child)
    os.read(from_parent[0], 1)
    client.close()
    os.write(to_child[1], b"1")
    assert ended(pid) == -signal.SIGKILL
    with MilvusClient(path) as client:
        assert seen(client) == {1: (50, 0), 2: (20, 0), 3: (20, 0)}


def test_what_a_child_wrote_after_its_parent_closed_is_kept(tmp_path: Path) -> None:
    run(parent_closes_first, tmp_path / "test.db")


def children_see_each_other(path: str) -> None:
    """Two children whose parent is gone from the file; each waits for the other in turn."""
    client = opened(path)
    talk, answer = os.pipe(), os.pipe()

    def first() -> None:
        for batch in range(10, 20):
            os.read(answer[0], 1)
            client.insert("c", rows(batch, 20, 0))
            os.write(talk[1], b"1")

    def second() -> None:
        for batch in range(10, 20):
            os.write(answer[1], b"1")
            os.read(talk[0], 1)
            assert seen(client).get(batch) == (20, 0)
            client.upsert("c", rows(batch, 20, 1))

    pids = [forked(first), forked(second)]
    client.close()
    assert [ended(pid) for pid in pids] == [0, 0]
    with MilvusClient(path) as client:
        assert seen(client) == {1: (50, 0)} | dict.fromkeys(range(10, 20), (20, 1))


def test_siblings_see_each_others_writes_when_the_parent_has_closed(tmp_path: Path) -> None:
    run(children_see_each_other, tmp_path / "test.db")


def look_and_write(client: MilvusClient, batch: int) -> None:
    Reader().read(client)
    client.insert("c", rows(batch, 5, 0))


def fork_while_threads_work(path: str) -> None:
    client = opened(path)
    is_over = threading.Event()
    errors = []

    def work(number: int) -> None:
        writer, reader = Writer(number), Reader()
        try:
            while not is_over.is_set():
                writer.write(client)
                reader.read(client)
        except BaseException:
            errors.append(traceback.format_exc())

    threads = [threading.Thread(target=work, args=(number,)) for number in (20, 21, 22)]
    for thread in threads:
        thread.start()
    try:
        for number in range(30, 60):
            # A child that waits for a lock of a thread it does not have is ended by its alarm.
            pid = forked(lambda number=number: look_and_write(client, number))  # type: ignore[misc]
            assert ended(pid) == 0
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
    assert not errors, errors[0]
    assert {number for number in seen(client) if number < 100} == {1, *range(30, 60)}
    client.close()


def test_a_fork_while_threads_use_the_client_hangs_nobody(tmp_path: Path) -> None:
    run(fork_while_threads_work, tmp_path / "test.db")


def fork_while_locks_are_held(path: str) -> None:
    client = opened(path)
    query = [rows(1, 1, 0)[0]["vector"]]
    client.search("c", query)
    are_held, is_over = threading.Event(), threading.Event()

    def hold() -> None:
        for one in list(GATE._locking):
            one._lock.acquire()  # type: ignore[attr-defined]
        are_held.set()
        is_over.wait()
        for one in list(GATE._locking):
            one._lock.release()  # type: ignore[attr-defined]

    holder = threading.Thread(target=hold)
    holder.start()
    are_held.wait()

    def work() -> None:
        client.search("c", query)
        look_and_write(client, 5)
        assert len(client.search("c", query, limit=100)[0]) == 55

    pid = forked(work)
    is_over.set()
    holder.join()
    assert ended(pid) == 0
    client.close()


def test_a_child_has_locks_of_its_own(tmp_path: Path) -> None:
    run(fork_while_locks_are_held, tmp_path / "test.db")


def wait_at_the_gate_empty_handed(path: str) -> None:
    client = opened(path)
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("tenant", DataType.VARCHAR, max_length=9, is_partition_key=True)
    index = client.prepare_index_params("vector", metric_type="L2")
    client.create_collection("tenants", schema=schema, index_params=index)
    enter, arrivals, nobody = GATE.enter, 0, ThreadPoolExecutor(1)

    def is_free(one: Locking) -> bool:
        is_taken: bool = one._lock.acquire(blocking=False)  # type: ignore[attr-defined]
        if is_taken:
            one._lock.release()  # type: ignore[attr-defined]
        return is_taken

    def arrive() -> None:
        nonlocal arrivals
        if not GATE._own:  # who is inside already does not wait
            arrivals += 1
            held = [one for one in list(GATE._locking) if not nobody.submit(is_free, one).result()]
            assert not held, f"the fork may wait for who wants a lock of {held}"
        enter()

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
        assert len(client._together._waiting) == len(searches)
        with client._together._lock:
            pid = forked(lambda: asyncio.run(client.search("c", query)))
        are_free.set()
        assert [len((await one)[0]) for one in waiting] == list(range(1, 5))
        await client.close()
        return pid

    assert ended(asyncio.run(fork())) == 0


def test_a_child_does_not_wait_for_its_parents_searches(tmp_path: Path) -> None:
    run(fork_while_searches_wait, tmp_path / "test.db")


def fork_after_parallel_searches(path: str) -> None:
    vectors = np.random.default_rng(1).standard_normal((6_000, 16), dtype=np.float32)
    client = MilvusClient(path)
    client.create_collection("i", dimension=16)
    client.insert("i", [{"id": place, "vector": vector} for place, vector in enumerate(vectors)])
    client.release_collection("i")
    client.drop_index("i", "vector")
    index = client.prepare_index_params(
        "vector", index_type="IVF_FLAT", metric_type="L2", params={"nlist": 8}
    )
    client.create_index("i", index)
    client.load_collection("i")

    def search() -> None:
        assert [hits.ids[0] for hits in client.search("i", vectors[:50], limit=1)] == list(range(50))

    search()
    assert ended(forked(search)) == 0
    client.close()


def test_a_child_searches_by_an_index_as_its_parent_did(tmp_path: Path) -> None:
    """With a pool of threads that are in the parent, OpenMP would wait for them."""
    run(fork_after_parallel_searches, tmp_path / "test.db")


def fork_while_a_client_closes(path: str) -> None:
    client = opened(path)
    GATE._shut()
    closing = threading.Thread(target=client.close)
    closing.start()
    closing.join(0.5)
    assert closing.is_alive(), "it closed while a fork was under way"
    GATE._open()
    closing.join()


def test_no_client_closes_during_a_fork(tmp_path: Path) -> None:
    """The child would have SQLite's account of it, half done."""
    run(fork_while_a_client_closes, tmp_path / "test.db")


def fork_while_a_module_is_imported(folder: str) -> None:
    Path(folder, "milvus_store_slow.py").write_text("import time; time.sleep(1); done = True")
    sys.path.insert(0, folder)
    importing = threading.Thread(target=importlib.import_module, args=("milvus_store_slow",))
    importing.start()
    while "milvus_store_slow" not in sys.modules:
        pass
    assert ended(forked(lambda: importlib.import_module("milvus_store_slow").done)) == 0
    importing.join()


def test_a_child_does_not_wait_for_its_parents_imports(tmp_path: Path) -> None:
    run(fork_while_a_module_is_imported, tmp_path)


def fork_in_c(path: str) -> None:
    """As a server written in C may: Python hears nothing of it, before or after."""
    client = opened(path)
    fork = ctypes.PyDLL(None).fork
    pid = fork()
    if not pid:
        signal.alarm(_PATIENCE)
        for use in (lambda: seen(client), lambda: MilvusClient(path, busy_timeout=9)):
            with pytest.raises(DatabaseLockedError, match="after the fork"):
                use()
        client.close()
        os._exit(0)
    assert ended(pid) == 0
    client.close()
    pid = fork()
    if not pid:
        with MilvusClient(path) as client:
            client.insert("c", rows(2, 20, 0))
        os._exit(0)
    assert ended(pid) == 0
    with MilvusClient(path) as client:
        assert seen(client) == {1: (50, 0), 2: (20, 0)}


def test_a_child_that_cannot_use_its_parents_client_is_told_so(tmp_path: Path) -> None:
    run(fork_in_c, tmp_path / "test.db")


def fork_with_a_database_in_memory() -> None:
    client = MilvusClient(":memory:")
    client.create_collection("c", dimension=2)
    pid = os.fork()
    if not pid:
        client.insert("c", {"id": 1, "vector": [1, 2]})
        sys.exit()
    assert ended(pid) == 0
    assert client.get("c", 1) == [{"id": 1, "vector": [1.0, 2.0]}]


def test_a_child_leaves_its_parents_database_in_memory(tmp_path: Path) -> None:
    run(fork_with_a_database_in_memory)
