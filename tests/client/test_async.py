from __future__ import annotations

import asyncio
import inspect
import os
import sqlite3
import sys
import threading
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from milvus_store import AsyncMilvusClient, DataType, MilvusClient
from milvus_store.errors import (
    CollectionNotExistException,
    ConnectionNotExistException,
    DatabaseNotExistException,
    ParamError,
)

RANDOM = np.random.default_rng(3)
VECTORS = RANDOM.standard_normal((400, 8)).astype(np.float32)


def rows(start: int, end: int) -> list[dict[str, object]]:
    return [{"id": n, "vector": VECTORS[n], "n": n, "tags": [n, n + 1]} for n in range(start, end)]


@pytest.fixture
async def filled(path: Path) -> AsyncIterator[AsyncMilvusClient]:
    """An asynchronous client of a file with the collection ``c`` of 300 rows."""
    async with AsyncMilvusClient(path) as client:
        await client.create_collection("c", dimension=8)
        await client.insert("c", rows(0, 300))
        yield client


@contextmanager
def file_being_written(path: Path) -> Iterator[None]:
    """Another process's write transaction, as far as SQLite can tell."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


def test_every_call_of_the_client_is_there_and_awaited_where_it_reads_or_writes() -> None:
    plain = {
        "create_schema",
        "create_field_schema",
        "create_struct_field_schema",
        "prepare_index_params",
        "get_server_type",
        "session",
    }
    for name in dir(MilvusClient):
        call = getattr(MilvusClient, name)
        if name.startswith("_") or not callable(call):
            continue
        other = getattr(AsyncMilvusClient, name)
        assert inspect.iscoroutinefunction(other) == (name not in plain), name
        assert inspect.signature(other).parameters.keys() == inspect.signature(call).parameters.keys(), name
        own = ("close", "for_tenant", "use_database", "using_database", "session")
        assert name in own or other.__doc__ == call.__doc__


async def test_calls_give_what_the_synchronous_client_gives(filled: AsyncMilvusClient, path: Path) -> None:
    with MilvusClient(path) as client:
        assert await filled.describe_collection("c") == client.describe_collection("c")
        assert await filled.query("c", "n < 3") == client.query("c", "n < 3")
        assert await filled.get("c", [5, 6]) == client.get("c", [5, 6])
        searched = await filled.search("c", VECTORS[:3], filter="n > 7", limit=4, output_fields=["n"])
        assert searched == client.search("c", VECTORS[:3], filter="n > 7", limit=4, output_fields=["n"])
        assert await filled.delete("c", filter="n == 0") == {"delete_count": 1, "cost": 0}
        assert client.get_collection_stats("c") == {"row_count": 299}
    with pytest.raises(CollectionNotExistException):
        await filled.query("nope", limit=1)
    with pytest.raises(ParamError, match="create_resource_group"):
        await filled.create_resource_group("nodes")


async def test_searches_awaited_together_answer_as_those_awaited_in_a_row(filled: AsyncMilvusClient) -> None:
    def search(n: int) -> object:
        # Some differ in their arguments, some in the kind of vector, so that not all of them can run as one.
        vector = VECTORS[n].tolist() if n % 3 else VECTORS[n]
        return filled.search(
            "c",
            [vector],
            filter="n % 2 == {r}",
            filter_params={"r": n % 2},
            limit=3 + n % 2,
            output_fields=["n"],
        )

    in_a_row = [await search(n) for n in range(40)]  # type: ignore[misc]
    together = await asyncio.gather(*(search(n) for n in range(40)))  # type: ignore[call-overload]
    assert together == in_a_row
    assert [result[0].ids[0] for result in together] == list(range(40))


async def test_an_error_reaches_only_who_made_it(filled: AsyncMilvusClient) -> None:
    queries = [VECTORS[n].tolist() for n in range(6)]
    queries[3] = [1.0, 2.0]
    found = await asyncio.gather(*(filled.search("c", [query]) for query in queries), return_exceptions=True)
    assert isinstance(found[3], ParamError)
    assert "dimension 2" in str(found[3])
    assert [result[0].ids[0] for result in found if not isinstance(result, BaseException)] == [0, 1, 2, 4, 5]


async def test_callers_may_change_what_they_were_given(filled: AsyncMilvusClient) -> None:
    found = await asyncio.gather(
        *(filled.search("c", [VECTORS[7].tolist()], limit=1, output_fields=["tags"]) for _ in range(8))
    )
    for result in found:
        assert result[0][0].entity["tags"] == [7, 8]
        result[0][0].entity["tags"].append("changed")


async def test_the_loop_and_reads_go_on_while_a_write_waits(filled: AsyncMilvusClient, path: Path) -> None:
    with file_being_written(path):
        write = asyncio.create_task(filled.insert("c", rows(300, 301)))
        for n in range(5):
            assert (await filled.search("c", [VECTORS[n]], limit=1))[0].ids == [n]
        assert not write.done()
    assert (await write)["insert_count"] == 1


async def test_writes_happen_in_the_order_they_were_awaited(filled: AsyncMilvusClient) -> None:
    await asyncio.gather(*(filled.upsert("c", {**rows(1, 2)[0], "n": -n}) for n in range(20)))
    assert await filled.get("c", [1], ["n"]) == [{"id": 1, "n": -19}]


async def test_a_cancelled_write_happens_wholly_or_not_at_all(filled: AsyncMilvusClient, path: Path) -> None:
    with file_being_written(path):
        running = asyncio.create_task(filled.insert("c", rows(300, 350)))
        waiting = asyncio.create_task(filled.insert("c", rows(350, 400)))
        while not a_write_runs():
            await asyncio.sleep(0.01)
        for task in (running, waiting):
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
    await filled.close()
    with MilvusClient(path) as client:
        # The first was under way and took place without its caller; the second never began.
        assert client.query("c", "id >= 300", ["count(*)"]) == [{"count(*)": 50}]


def a_write_runs() -> bool:
    """Whether a client's thread is inside a write transaction, or waits to begin one."""
    frames = sys._current_frames()
    for thread in threading.enumerate():
        if thread.name.startswith("milvus-store-write") and thread.ident in frames:
            stack = traceback.extract_stack(frames[thread.ident])
            return any(frame.name == "writing" for frame in stack)
    return False


async def test_a_cancelled_search_does_not_disturb_those_beside_it(filled: AsyncMilvusClient) -> None:
    tasks = [asyncio.create_task(filled.search("c", [VECTORS[n].tolist()], limit=1)) for n in range(12)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    for n, result in enumerate(found):
        if n % 2:
            assert not isinstance(result, BaseException)
            assert result[0].ids == [n]
        else:
            assert isinstance(result, asyncio.CancelledError)


def test_one_client_serves_one_loop_after_another(path: Path) -> None:
    client = AsyncMilvusClient(path)
    asyncio.run(client.create_collection("c", dimension=8))
    asyncio.run(client.insert("c", rows(0, 10)))
    loop = asyncio.new_event_loop()
    assert loop.run_until_complete(client.search("c", [VECTORS[4]], limit=1))[0].ids == [4]
    loop.run_until_complete(client.close())
    loop.close()
    with pytest.raises(ConnectionNotExistException):
        asyncio.run(client.search("c", [VECTORS[4]]))
    with pytest.raises(ConnectionNotExistException):
        asyncio.run(client.query("c", limit=1))
    assert [one.name for one in path.parent.iterdir()] == [path.name]


async def test_closing_waits_for_what_was_awaited_before(path: Path) -> None:
    client = AsyncMilvusClient(path)
    await client.create_collection("c", dimension=8)
    writes = [asyncio.create_task(client.insert("c", rows(n, n + 1))) for n in range(20)]
    await asyncio.sleep(0)
    await client.close()
    await asyncio.gather(*writes)
    with MilvusClient(path) as other:
        assert other.get_collection_stats("c") == {"row_count": 20}


async def test_calls_under_way_stay_in_the_database_they_were_made_for(filled: AsyncMilvusClient) -> None:
    await filled.create_database("other")
    before = [asyncio.create_task(filled.search("c", [VECTORS[n].tolist()], limit=1)) for n in range(5)]
    before.append(asyncio.create_task(filled.query("c", limit=1)))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    await filled.use_database("other")
    assert all([await task for task in before])
    assert await filled.list_collections() == []
    with pytest.raises(DatabaseNotExistException):
        await filled.using_database("nope")
    await filled.using_database("default")
    assert await filled.list_collections() == ["c"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
@pytest.mark.skipif(sys.version_info >= (3, 12), reason="Python warns of forking a process with threads")
def test_a_forked_child_uses_the_client_of_its_parent(path: Path) -> None:
    client = AsyncMilvusClient(path)
    asyncio.run(client.create_collection("c", dimension=8))
    child = os.fork()
    if child == 0:
        try:
            asyncio.run(client.insert("c", rows(0, 10)))
            os._exit(0)
        except BaseException:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert asyncio.run(client.get_collection_stats("c")) == {"row_count": 10}
    asyncio.run(client.close())


async def test_iterators_give_their_pages_one_by_one(filled: AsyncMilvusClient, path: Path) -> None:
    searched = await filled.search_iterator("c", VECTORS[:1], batch_size=70, output_fields=["n"])
    found = list(await searched.next())
    await filled.delete("c", filter="n >= 150")
    while page := await searched.next():
        found += page
    assert sorted(hit["n"] for hit in found) == list(range(300))
    queried = await filled.query_iterator("c", batch_size=40, output_fields=["n"])
    assert [[row["n"] for row in page] async for page in queried] == [
        list(range(start, min(start + 40, 150))) for start in range(0, 150, 40)
    ]
    unfinished = await filled.query_iterator("c", batch_size=40)
    assert len(await unfinished.next()) == 40
    await unfinished.close()
    (await filled.query_iterator("c", batch_size=40)).next().close()  # never awaited, never finished
    await filled.close()
    assert [one.name for one in path.parent.iterdir()] == [path.name]


async def test_a_tenant_awaits_the_calls_on_its_rows(path: Path) -> None:
    async with AsyncMilvusClient(path) as client:
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=8)
        schema.add_field("who", DataType.VARCHAR, max_length=9, is_partition_key=True)
        index = client.prepare_index_params("vector", metric_type="L2")
        await client.create_collection("c", schema=schema, index_params=index)
        await client.insert("c", [{"id": n, "vector": VECTORS[n], "who": "ab"[n % 2]} for n in range(20)])
        ann, bob = await asyncio.gather(client.for_tenant("c", "a"), client.for_tenant("c", "b"))
        assert ann.tenant == "a"
        searches = [one.search("c", [VECTORS[3].tolist()], limit=20) for one in (ann, bob, client) * 4]
        found = [{*result[0].ids} for result in await asyncio.gather(*searches)]
        assert found == [{*range(0, 20, 2)}, {*range(1, 20, 2)}, {*range(20)}] * 4
        assert await ann.delete("c", filter="id >= 0") == {"delete_count": 10, "cost": 0}
        assert len(await bob.query("c", "who == 'a' or true")) == 10
        with pytest.raises(ParamError, match="bound to the tenant 'a'"):
            await ann.query("other", limit=1)
