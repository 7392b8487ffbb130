"""Calls that are broken off at any instant, and what must be so after each of them.

An exception is brought about in four ways: at one of the steps at which Python looks for signals, counted by a
profiler; by a timer's signal, as Ctrl-C is; from another thread, by ``PyThreadState_SetAsyncExc``; and by
cancelling tasks of an event loop, or breaking off one of their steps or the loop itself. What was acknowledged
must be in the file, and what was broken off wholly or not at all; nothing may be left open, locked or counted, and
every thread and process can go on.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import inspect
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import Any
from weakref import ref

from milvus_store import (
    AnnSearchRequest,
    AsyncMilvusClient,
    DataType,
    Function,
    FunctionType,
    MilvusClient,
    RRFRanker,
)
from milvus_store_lite.process.calls import of_every_thread
from milvus_store_lite.process.forks import GATE
from milvus_store_lite.storage.connections import Connections

from .forking import ended, forked

PATIENCE = 30.0
ROWS = 40

Contents = dict[int, int]
"""Of each row's id, its number."""


class Struck(BaseException):
    """What breaks a call off; no code of the product knows it."""


@dataclass
class Attempt:
    """``call``, after which ``after`` is there if it was not broken off; None where it changes nothing."""

    call: Callable[[], object]
    after: Contents | None = None


@dataclass
class Scene:
    """A file with two collections, in use by one client."""

    path: str
    random: random.Random
    client: MilvusClient = field(init=False)
    contents: Contents = field(default_factory=dict)
    last_id: int = ROWS
    done: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.client = client = MilvusClient(self.path, durability="normal", busy_timeout=PATIENCE)
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("tenant", DataType.VARCHAR, max_length=9, is_partition_key=True)
        schema.add_field("n", DataType.INT64)
        schema.add_field("text", DataType.VARCHAR, max_length=99, enable_analyzer=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=4)
        schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
        schema.add_function(
            Function("bm25", FunctionType.BM25, input_field_names=["text"], output_field_names=["sparse"])
        )
        indexes = client.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
        indexes.add_index("sparse", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
        client.create_collection("docs", schema=schema, index_params=indexes)
        client.insert("docs", [self.row(one, one) for one in range(ROWS)])
        self.contents = {one: one for one in range(ROWS)}
        client.create_collection("other", dimension=2)

    def row(self, key: int, n: int) -> dict[str, Any]:
        return {"id": key, "tenant": f"t{key % 3}", "n": n, "text": f"all word{n}", "vector": self.vector()}

    def vector(self) -> list[float]:
        return [self.random.random() for _ in range(4)]

    def new_ids(self, count: int) -> list[int]:
        self.last_id += count
        return list(range(self.last_id - count + 1, self.last_id + 1))


# Kinds of calls -------------------------------------------------------------------------------------------


def insert(scene: Scene) -> Attempt:
    ids = scene.new_ids(2)
    rows = [scene.row(one, one) for one in ids]
    return Attempt(lambda: scene.client.insert("docs", rows), {**scene.contents, **{one: one for one in ids}})


def upsert(scene: Scene) -> Attempt:
    (n,) = scene.new_ids(1)
    ids = [*scene.random.sample(sorted(scene.contents), 2), n]
    rows = [scene.row(one, n) for one in ids]
    return Attempt(lambda: scene.client.upsert("docs", rows), {**scene.contents, **dict.fromkeys(ids, n)})


def delete(scene: Scene) -> Attempt:
    ids = set(scene.random.sample(sorted(scene.contents), 2)) - set(range(ROWS // 2))
    after = {one: n for one, n in scene.contents.items() if one not in ids}
    return Attempt(lambda: scene.client.delete("docs", ids=sorted(ids)), after)


def delete_where(scene: Scene) -> Attempt:
    low = max(ROWS, scene.last_id - 6)
    after = {one: n for one, n in scene.contents.items() if one <= low}
    return Attempt(lambda: scene.client.delete("docs", filter=f"id > {low}"), after)


def get(scene: Scene) -> Attempt:
    return Attempt(lambda: scene.client.get("docs", [1, 2, 3]))


def query(scene: Scene) -> Attempt:
    n = scene.random.randrange(ROWS)
    return Attempt(lambda: scene.client.query("docs", f"n > {n}", output_fields=["*"]))


def search(scene: Scene) -> Attempt:
    options: dict[str, Any] = scene.random.choice(
        [{}, {"filter": "n < 30"}, {"filter": "tenant == 't1'"}, {"output_fields": ["text"]}]
    )
    return Attempt(lambda: scene.client.search("docs", [scene.vector()], anns_field="vector", **options))


def search_for_words(scene: Scene) -> Attempt:
    return Attempt(lambda: scene.client.search("docs", ["all word3"], anns_field="sparse"))


def hybrid_search(scene: Scene) -> Attempt:
    requests = [
        AnnSearchRequest([scene.vector()], "vector", {}, 5),
        AnnSearchRequest(["word3"], "sparse", {}, 5),
    ]
    return Attempt(lambda: scene.client.hybrid_search("docs", requests, RRFRanker(), 5))


def iterate(scene: Scene) -> Attempt:
    def pages() -> None:
        if scene.random.random() < 0.5:
            pages: Any = scene.client.query_iterator("docs", batch_size=15, output_fields=["n"])
        else:
            pages = scene.client.search_iterator("docs", [scene.vector()], 15, anns_field="vector")
        while pages.next():
            pass

    return Attempt(pages)


def collections(scene: Scene) -> Attempt:
    for left in ("made", "renamed"):
        scene.client.drop_collection(left)

    def make() -> None:
        scene.client.create_collection("made", dimension=3)
        scene.client.rename_collection("made", "renamed")
        scene.client.drop_collection("renamed")

    return Attempt(make)


def indexes(scene: Scene) -> Attempt:
    by_n = scene.client.prepare_index_params("n", index_type="INVERTED", index_name="by_n")

    def make() -> None:
        scene.client.create_index("docs", by_n)
        scene.client.drop_index("docs", "by_n")

    return Attempt(make)


def names(scene: Scene) -> Attempt:
    scene.client.drop_alias("alias")

    def make() -> None:
        scene.client.create_alias("docs", "alias")
        scene.client.query("alias", "n == 1")
        scene.client.drop_alias("alias")
        scene.client.describe_collection("docs")

    return Attempt(make)


def opening(scene: Scene) -> Attempt:
    def come_and_go() -> None:
        # With settings of its own, it is opened anew; with those of the other client, it joins it.
        timeout = scene.random.choice([PATIENCE, PATIENCE + 1])
        with MilvusClient(scene.path, durability="normal", busy_timeout=timeout) as client:
            client.query("docs", "n == 1")

    return Attempt(come_and_go)


def forgetting(scene: Scene) -> Attempt:
    def forget() -> None:
        MilvusClient(scene.path, durability="normal", busy_timeout=PATIENCE + 2).list_collections()

    return Attempt(forget)


def building(scene: Scene) -> Attempt:
    if not scene.client.has_collection("large"):
        scene.client.create_collection("large", dimension=4)
        rows = [{"id": one, "vector": scene.vector()} for one in range(1500)]
        scene.client.insert("large", rows)
    scene.client.release_collection("large")
    for name in scene.client.list_indexes("large"):
        scene.client.drop_index("large", name)
    index = scene.client.prepare_index_params("vector", index_type="HNSW", metric_type="L2")
    return Attempt(lambda: scene.client.create_index("large", index))


def maintenance(scene: Scene) -> Attempt:
    copy = f"{scene.path}.copy"
    for left in (copy, f"{copy}.part"):
        with suppress(FileNotFoundError):
            os.remove(left)
    return Attempt(
        scene.random.choice([lambda: scene.client.compact("docs"), lambda: scene.client.backup(copy)])
    )


KINDS: list[Callable[[Scene], Attempt]] = [
    insert,
    upsert,
    delete,
    delete_where,
    get,
    query,
    search,
    search_for_words,
    hybrid_search,
    iterate,
    collections,
    indexes,
    names,
    opening,
    forgetting,
    maintenance,
    building,
]


# Ways to break one off -------------------------------------------------------------------------------------


def _strike(*_: object) -> None:
    raise Struck


@contextmanager
def at_step(number: int) -> Iterator[list[int]]:
    """Break off the block at its ``number``-th step; gives a list whose only item counts them."""
    steps = [0]

    def see(frame: FrameType, event: str, _: object) -> None:
        # At these Python looks for signals: as a function begins, and after one that is written in C.
        if event in ("call", "c_return") and frame.f_code is not at_step.__wrapped__.__code__:  # type: ignore[attr-defined]
            steps[0] += 1
            if steps[0] == number:
                raise Struck

    sys.setprofile(see)
    try:
        yield steps
    finally:
        sys.setprofile(None)


def by_step(call: Callable[[], object], pause: float, scene: Scene) -> None:
    # Most steps are in large calls: the logarithm is drawn.
    number = round(10 ** scene.random.uniform(0, 3.7))
    with at_step(number):
        call()


def by_signal(call: Callable[[], object], pause: float, scene: Scene) -> None:
    signal.signal(signal.SIGALRM, _strike)
    signal.setitimer(signal.ITIMER_REAL, pause)
    try:
        call()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def by_another_thread(call: Callable[[], object], pause: float, scene: Scene) -> None:
    ends: list[BaseException | None] = []

    def work() -> None:
        try:
            call()
            ends.append(None)
        except BaseException as error:
            ends.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    assert thread.ident is not None
    time.sleep(pause)
    if thread.is_alive():
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(Struck))
    thread.join(PATIENCE)
    assert not thread.is_alive()
    if not ends or ends[0] is not None:
        raise ends[0] if ends and ends[0] is not None else Struck


WAYS = [by_step, by_signal, by_another_thread]


# What must be so after each ----------------------------------------------------------------------------------


_OTHER_PROCESS = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=5)
for _ in sys.stdin:
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("ROLLBACK")
    print("free", flush=True)
"""


class Judge:
    """Another process and another thread that use the file, and what the product says of itself."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._process = subprocess.Popen(
            [sys.executable, "-c", _OTHER_PROCESS, scene.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def check(self, after: Contents | None) -> None:
        self._check_nothing_is_left()
        self._check_another_process_can_write()
        self._check_another_thread_can_go_on()
        self._check_contents(after)

    def _check_nothing_is_left(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while left := self._left():
            gc.collect()  # an iterator or a client that was broken off ends when it is forgotten
            if time.monotonic() > deadline:
                break
            time.sleep(0.001)  # an index that is built beside the calls takes its time
        assert not left, left

    @staticmethod
    def _left() -> list[str]:
        calls = [(one.inside, one.long, one.taken) for one in of_every_thread()]
        left = [f"a call that has ended is counted: {one}" for one in calls if one != (0, 0, [])]
        for connections in GATE.members:
            assert isinstance(connections, Connections)
            for one in connections.pool._all:
                if connections.is_closed:
                    left.append("a closed client has a connection open")
                elif one.connection is None or not (one.is_free or one.is_of(connections)):
                    left.append("nobody gives back a connection")
                elif one.connection.in_transaction:
                    left.append("a transaction is open")
        return left

    def _check_another_process_can_write(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        print(file=self._process.stdin, flush=True)
        assert self._process.stdout.readline() == "free\n", "another process cannot write"

    def _check_another_thread_can_go_on(self) -> None:
        scene, seen = self._scene, []

        def use() -> None:
            scene.client.upsert("other", {"id": 1, "vector": [1, scene.last_id]})
            scene.client.search("other", [[1, 2]])
            seen.extend(scene.client.get("other", 1))

        thread = threading.Thread(target=use, daemon=True)
        thread.start()
        thread.join(PATIENCE)
        assert seen == [{"id": 1, "vector": [1, scene.last_id]}], "another thread cannot go on"

    def _check_contents(self, after: Contents | None) -> None:
        scene = self._scene
        found = scene.client.query("docs", output_fields=["n"], limit=16_000)
        contents = {row["id"]: row["n"] for row in found}
        assert contents == scene.contents or (after is not None and contents == after), "a half is written"
        words = scene.client.search("docs", ["all"], anns_field="sparse", limit=1_000, output_fields=["n"])
        assert {hit["id"]: hit["entity"]["n"] for hit in words[0]} == contents
        scene.contents = contents


def strike(path: str, count: int, seed: int) -> dict[str, int]:
    """Break off ``count`` calls of all kinds, and check after each; returns how many of each were broken off."""
    sys.unraisablehook = lambda _: None  # what strikes as the garbage is collected, Python says and forgets
    scene = Scene(path, random.Random(seed))
    judge = Judge(scene)
    durations: dict[str, float] = {}
    for kind in KINDS:
        # Each once to its end: what it imports is then there. Python's own import may keep a lock when broken off.
        for _ in range(4):
            attempt = kind(scene)
            attempt.call()
            scene.contents = scene.contents if attempt.after is None else attempt.after
            judge.check(None)
    while scene.done.total() < count:
        kind = scene.random.choice(KINDS if scene.random.random() < 0.9 else KINDS[:4])
        way = scene.random.choice(WAYS)
        attempt = kind(scene)
        begun = time.perf_counter()
        duration = durations.get(kind.__name__, 0.01)
        try:
            way(attempt.call, scene.random.uniform(0, duration), scene)
        except Struck:
            scene.done[f"{kind.__name__} {way.__name__}"] += 1
        else:
            scene.contents = scene.contents if attempt.after is None else attempt.after
            attempt.after = None
            durations[kind.__name__] = 0.7 * duration + 0.3 * (time.perf_counter() - begun)
        try:
            judge.check(attempt.after)
        except BaseException as error:
            raise AssertionError(
                f"after {sum(scene.done.values())}, {kind.__name__} {way.__name__}"
            ) from error
    assert ended(forked(lambda: judge._check_contents(None))) == 0, "a child cannot use the file"
    scene.client.close()
    judge.close()
    with MilvusClient(path) as client:
        found = client.query("docs", output_fields=["n"], limit=16_000)
        assert {row["id"]: row["n"] for row in found} == scene.contents
    return dict(scene.done)


def strike_in_finalizers(folder: str) -> int:
    """Forget a client, break off its end at each step in turn, and open another file; returns how many steps there
    are. The file of the first client is closed then, and its memory given back."""
    sys.unraisablehook = lambda _: None
    number, steps = 0, [0]
    while steps[0] == number:  # it was reached
        number += 1
        client = MilvusClient(f"{folder}/forgotten.db", durability="normal")
        client.list_collections()
        file = ref(client._backend.file)  # type: ignore[attr-defined]
        with suppress(Struck), at_step(number) as steps:
            del client
        MilvusClient(f"{folder}/other.db", durability="normal").close()
        gc.collect()
        assert file() is None, f"after step {number}, the file is still in use"
        assert not GATE.members, f"after step {number}, the file is still open"
    return number


def strike_in_ends_of_iterators(path: str, in_a_cycle: bool) -> int:
    """Forget an iterator, break off its end at each step in turn, and make another call; returns how many steps
    there are. The transaction of the iterator has ended then.

    Args:
        in_a_cycle: whether the garbage collection is what ends it.
    """
    sys.unraisablehook = lambda _: None
    client = MilvusClient(path, durability="normal")
    client.create_collection("docs", dimension=2)
    client.insert("docs", [{"id": one, "vector": [1, one]} for one in range(9)])
    (connections,) = GATE.members
    assert isinstance(connections, Connections)
    number, steps = 0, [0]
    while steps[0] == number:
        number += 1
        first, second = (client.query_iterator("docs", batch_size=3) for _ in range(2))
        first.next()
        second.next()
        second.close()  # a connection that is free as well
        held = [first]
        del first
        if in_a_cycle:
            held.append(held)  # type: ignore[arg-type]
        gc.collect()
        with suppress(Struck), at_step(number) as steps:
            del held
            if in_a_cycle:
                gc.collect()
        client.list_collections()
        left = [one.connection for one in connections.pool._all]
        assert not any(one is None or one.in_transaction for one in left), (
            f"after step {number}, a transaction"
        )
    client.close()
    return number


# Tasks -------------------------------------------------------------------------------------------------------


def in_a_coroutine(call: Callable[[], object], pause: float) -> None:
    """Break off a step of a coroutine of the product. Asyncio gives what it raises to whoever awaits it.

    Elsewhere a signal's exception may hang asyncio itself: it loses the step of a task that it was about to take.
    """

    def strike_there(_: int, frame: FrameType | None) -> None:
        if frame is not None and _is_ours(frame) and any(map(_is_coroutine, _stack(frame))):
            raise Struck
        signal.setitimer(signal.ITIMER_REAL, 0.0001)

    signal.signal(signal.SIGALRM, strike_there)
    signal.setitimer(signal.ITIMER_REAL, pause)
    try:
        call()
    finally:
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
        signal.setitimer(signal.ITIMER_REAL, 0)


def _stack(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _is_ours(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__")).partition(".")[0] in ("milvus_store", "milvus_store_lite")


def _is_coroutine(frame: FrameType) -> bool:
    return _is_ours(frame) and bool(frame.f_code.co_flags & inspect.CO_COROUTINE)


def _break_the_loop_off() -> None:
    """Called by the loop, which goes no step further: as Ctrl-C does to it, but between two steps of asyncio's."""
    raise KeyboardInterrupt


def strike_tasks(path: str, count: int, seed: int) -> int:
    """Cancel ``count`` tasks, break off their steps or the loops that they run in, and check after each loop."""
    sys.unraisablehook = lambda _: None
    scene = Scene(path, random.Random(seed))
    judge, client = Judge(scene), AsyncMilvusClient(path, durability="normal", busy_timeout=PATIENCE)
    counts: list[int] = []

    async def one(number: int) -> None:
        await client.search("docs", [scene.vector()], anns_field="vector", limit=1 + number % 2)
        await client.query("docs", f"n == {number}")
        await client.insert("other", {"id": number, "vector": [number, number]})
        await client.search("docs", ["all"], anns_field="sparse")

    async def several(breaks_off_after: float | None = None) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        if breaks_off_after is not None:
            asyncio.get_running_loop().call_later(breaks_off_after, _break_the_loop_off)
        tasks = [asyncio.create_task(one(number)) for number in range(2, 8)]
        await asyncio.sleep(scene.random.uniform(0, 0.01))
        for task in scene.random.sample(tasks, 3):
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(end, (asyncio.CancelledError, Struck)) for end in ends if end is not None), ends
        counts.append(sum(end is not None for end in ends))

    while sum(counts) < count:
        pause = scene.random.uniform(0, 0.02)
        if scene.random.random() < 0.5:
            in_a_coroutine(lambda pause=pause: asyncio.run(several()), pause)  # type: ignore[misc]
        else:
            with suppress(KeyboardInterrupt):
                asyncio.run(several(pause))
            counts.append(1)
        asyncio.run(asyncio.wait_for(several(), PATIENCE))
        for _ in range(1000):  # what a thread had begun goes on to its end
            if not any(one.inside for one in of_every_thread()):
                break
            time.sleep(0.01)
        judge.check(None)
    asyncio.run(client.close())
    scene.client.close()
    judge.close()
    return sum(counts)
