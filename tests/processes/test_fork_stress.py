"""Forks while threads do everything at once, and clients come and go: nobody hangs, nothing is lost or damaged.

``MILVUS_STORE_STRESS_SECONDS`` makes longer runs.
"""

from __future__ import annotations

import gc
import json
import os
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from milvus_store import AnnSearchRequest, DataType, MilvusClient, RRFRanker
from milvus_store.errors import DatabaseLockedError
from milvus_store_lite.checks import check_file

from .batches import Batches, Reader, Writer, rows, seen, seen_by_search
from .children import run
from .forking import ended, forked, opened

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")

SECONDS = float(os.environ.get("MILVUS_STORE_STRESS_SECONDS", "5"))
_CHILDREN = 3
"""So many are alive at once."""
_REFUSED = 7
_INDEXED = 2_000
_QUERIES = [[float(place % 7), 1.0, float(place % 3), 0.5] for place in range(16)]


def create_indexed(client: MilvusClient) -> None:
    """A collection with all kinds of indexes, which nobody changes but by upserts of the same rows."""
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=4)
    schema.add_field("words", DataType.SPARSE_FLOAT_VECTOR)
    schema.add_field("tenant", DataType.VARCHAR, max_length=9, is_partition_key=True)
    index = client.prepare_index_params()
    index.add_index("vector", index_type="IVF_FLAT", metric_type="L2", params={"nlist": 16})
    index.add_index("words", index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
    client.create_collection("indexed", schema=schema, index_params=index)
    client.insert("indexed", indexed_rows(0, _INDEXED))


def indexed_rows(first: int, count: int) -> list[dict[str, object]]:
    return [
        {"id": pk, "vector": _QUERIES[pk % 16], "words": {pk % 50: 1.0, 60: 0.5}, "tenant": f"t{pk % 9}"}
        for pk in range(first, first + count)
    ]


def search_by_indexes(client: MilvusClient, step: int) -> None:
    query = [_QUERIES[step % 16]]
    for expression in ("", "id < 900", f"tenant == 't{step % 9}'"):
        (hits,) = client.search("indexed", query, anns_field="vector", filter=expression, limit=5)
        assert len(hits) == 5, expression
    requests = [
        AnnSearchRequest(query, "vector", {"metric_type": "L2"}, limit=5),
        AnnSearchRequest([{60: 1.0}], "words", {"metric_type": "IP"}, limit=5),
    ]
    assert len(client.hybrid_search("indexed", requests, RRFRanker(), limit=5)[0]) == 5
    client.upsert("indexed", indexed_rows(step * 20 % _INDEXED, 20))


def come_and_go(client: MilvusClient, step: int, busy_timeout: float) -> None:
    """A client with settings of its own, which is closed or left to the garbage collection."""
    other = MilvusClient(client.uri, busy_timeout=busy_timeout)
    assert other.get("indexed", 1)
    if step % 2:
        other.close()
        return
    other.itself = other  # type: ignore[attr-defined]  # a cycle
    del other
    if step % 10 == 0:
        gc.collect()


def make_and_drop(client: MilvusClient, step: int) -> None:
    client.create_collection("short", dimension=4)
    client.insert("short", [{"id": 1, "vector": _QUERIES[0]}])
    assert len(client.search("short", [_QUERIES[0]])[0]) == 1
    client.drop_collection("short")
    if step % 10 == 0:
        client.compact("c")


def iterate(client: MilvusClient, step: int) -> None:
    pages = client.query_iterator("indexed", batch_size=500)
    for _ in range(step % 3):
        assert len(pages.next()) == 500
    if step % 2:
        pages.close()
    del pages  # that ends it as well
    time.sleep(0.05)


@contextmanager
def doing(client: MilvusClient, *tasks: Callable[[MilvusClient, int], None]) -> Iterator[list[str]]:
    """Each task again and again in a thread of its own, for the length of the block, and what they raised."""
    is_over = threading.Event()
    errors: list[str] = []

    def repeat(task: Callable[[MilvusClient, int], None]) -> None:
        step = 0
        try:
            while not is_over.is_set():
                task(client, step)
                step += 1
        except BaseException:
            errors.append(traceback.format_exc())

    threads = [threading.Thread(target=repeat, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    try:
        yield errors
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
    assert not errors, errors[0]


def live(client: MilvusClient, number: int) -> None:
    """What a child does; a thread that it lacks, or a lock of one, would keep it until its alarm."""
    try:
        client.insert("c", rows(number, 5, 0))
    except DatabaseLockedError as error:
        if "iterator" not in str(error):
            raise
        os._exit(_REFUSED)
    search_by_indexes(client, number)
    client.upsert("c", rows(number, 5, 1))
    assert len(client.query("c", filter=f"batch == {number} and stamp == 1")) == 5
    if number % 2:
        client.close()


def fork_amid_everything(path: str, seconds: float, *, with_iterators: bool) -> dict[str, int]:
    client = opened(path)
    create_indexed(client)
    writer, reader = Writer(2), Reader()
    tasks = [
        lambda client, _: writer.write(client),
        lambda client, _: reader.read(client),
        search_by_indexes,
        partial(come_and_go, busy_timeout=20),
        partial(come_and_go, busy_timeout=21),
        make_and_drop,
        *([iterate] if with_iterators else []),
    ]
    alive: list[tuple[int, int]] = []
    counts = {"forked": 0, "used": 0, "refused": 0}

    def reap(most: int) -> None:
        while len(alive) > most:
            number, pid = alive.pop(0)
            end = ended(pid)
            assert end in ((0, _REFUSED) if with_iterators else (0,))
            counts["refused" if end == _REFUSED else "used"] += 1
            # What it wrote is seen by the next read, and goes again, for readers to have little to read.
            kept = client.query("c", filter=f"batch == {number}", output_fields=["stamp"])
            assert [row["stamp"] for row in kept] == [1] * 5 * (end == 0)
            client.delete("c", filter=f"batch == {number}")

    def is_seen() -> bool:
        """Whether all has happened that the run is for."""
        return counts["used"] > 0 and (counts["refused"] > 0 or not with_iterators)

    with doing(client, *tasks) as errors:
        end = time.monotonic() + seconds
        while not errors and (time.monotonic() < end or not is_seen()):
            counts["forked"] += 1
            number = 100_000 + counts["forked"]
            alive.append((number, forked(lambda number=number: live(client, number))))  # type: ignore[misc]
            reap(_CHILDREN - 1)
        reap(0)
    expected: Batches = {1: (50, 0)} | writer.acknowledged
    assert seen(client) == seen_by_search(client) == expected
    client.close()
    gc.collect()
    # A client that the garbage collection closes does not wait for what its threads have begun.
    end = time.monotonic() + 10
    while (left := os.listdir(Path(path).parent)) != [Path(path).name]:
        assert time.monotonic() < end, left
        time.sleep(0.01)
    assert check_file(path).problems == ()
    return counts


def fork_without_iterators(path: str, seconds: float) -> dict[str, int]:
    return fork_amid_everything(path, seconds, with_iterators=False)


def fork_with_iterators(path: str, seconds: float) -> dict[str, int]:
    return fork_amid_everything(path, seconds, with_iterators=True)


def test_forks_amid_everything_lose_nothing_and_hang_nobody(tmp_path: Path) -> None:
    done = run(fork_without_iterators, tmp_path / "test.db", SECONDS, timeout=SECONDS + 120)
    print(json.dumps(done))
    assert done["used"] == done["forked"] > 1


def test_a_child_uses_the_file_unless_it_is_told_of_an_iterator(tmp_path: Path) -> None:
    done = run(fork_with_iterators, tmp_path / "test.db", SECONDS, timeout=SECONDS + 120)
    print(json.dumps(done))
    assert done["used"] > 0
    assert done["refused"] > 0
