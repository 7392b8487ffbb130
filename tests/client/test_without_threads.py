"""Calls where no thread can be started: in ``atexit`` handlers from Python 3.12 on, or beyond a limit."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from milvus_store import AsyncMilvusClient, MilvusClient
from milvus_store.client.answers import in_thread
from milvus_store.legacy import Milvus
from milvus_store_lite.indexes import maintainer

ROWS = 30_000
VECTORS = np.random.default_rng(1).standard_normal((ROWS, 8), dtype=np.float32)


def run_python(code: str, path: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code), str(path)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def rows() -> list[dict[str, Any]]:
    return [{"id": number, "vector": vector} for number, vector in enumerate(VECTORS)]


@pytest.fixture
def no_threads(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    return monkeypatch


def test_a_write_succeeds_and_its_index_is_built_once_a_thread_can_be_started(
    path: Path, no_threads: pytest.MonkeyPatch
) -> None:
    no_threads.setattr(maintainer, "QUIET", 0.0)
    with MilvusClient(path, durability="normal") as client:
        client.create_collection("c", dimension=8)
        assert client.insert("c", rows())["insert_count"] == ROWS
        assert client.search("c", VECTORS[:1], limit=1)[0][0]["id"] == 0
        assert client.describe_index("c", "vector")["pending_index_rows"] == ROWS
        no_threads.undo()
        client.search("c", VECTORS[:1], limit=1)
        deadline = time.monotonic() + 60
        while client.describe_index("c", "vector")["pending_index_rows"] and time.monotonic() < deadline:
            time.sleep(0.05)
        assert client.describe_index("c", "vector")["pending_index_rows"] == 0


def test_an_index_that_is_waited_for_is_built(path: Path, no_threads: pytest.MonkeyPatch) -> None:
    with MilvusClient(path, durability="normal") as client:
        client.create_collection("c", dimension=8)
        client.insert("c", rows())
        client.build_index("c", "vector")
        assert client.describe_index("c", "vector")["pending_index_rows"] == 0
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_an_asynchronous_client_does_its_calls_itself(path: Path, no_threads: pytest.MonkeyPatch) -> None:
    async def use() -> None:
        async with AsyncMilvusClient(path) as client:
            await client.create_collection("c", dimension=2)
            await client.insert("c", [{"id": 1, "vector": [1, 2]}])
            found = await asyncio.gather(*(client.search("c", [[1, 2]]) for _ in range(3)))
            assert [one[0][0]["id"] for one in found] == [1, 1, 1]
            assert await in_thread(lambda: 5) == 5

    asyncio.run(use())
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_legacy_client_does_its_calls_itself(path: Path, no_threads: pytest.MonkeyPatch) -> None:
    with Milvus(uri=str(path)) as client:
        client.create_collection({"collection_name": "c", "dimension": 2})
        _, ids = client.insert("c", [[1.0, 2.0]], _async=True).result()
        assert len(ids) == 1


_AT_EXIT = """
import asyncio, atexit, sys
import numpy as np
from milvus_store import AsyncMilvusClient, MilvusClient
from milvus_store.client.answers import in_thread
from milvus_store.legacy import Milvus

path = sys.argv[1]
client = MilvusClient(path, durability="normal")
client.create_collection("c", dimension=8)
vectors = np.random.default_rng(0).standard_normal((30_000, 8))
rows = [{"id": number, "vector": vector} for number, vector in enumerate(vectors)]

async def last_calls():
    other = AsyncMilvusClient(path, durability="normal")
    print(len((await other.search("c", vectors[:1].tolist(), limit=3))[0]))
    print((await other.insert("c", [{"id": 30_000, "vector": vectors[0]}]))["insert_count"])
    print(await in_thread(lambda: "here"))
    await other.close()

@atexit.register
def last():
    print(client.insert("c", rows)["insert_count"])
    asyncio.run(last_calls())
    client.build_index("c", "vector")
    print(client.describe_index("c", "vector")["pending_index_rows"] < 2)
    legacy = Milvus(uri=path)
    legacy.create_collection({"collection_name": "old", "dimension": 2})
    print(len(legacy.insert("old", [[1.0, 2.0]], _async=True).result()[1]))
    legacy.close()
    client.close()
    print("closed")
"""


def test_all_calls_can_be_made_as_the_interpreter_ends(path: Path) -> None:
    said = run_python(_AT_EXIT, path).split("\n")
    assert said[:-1] == ["30000", "3", "1", "here", "True", "1", "closed"]
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_what_was_given_to_threads_is_done_as_the_interpreter_ends(path: Path) -> None:
    run_python(
        """
        import sys
        from milvus_store.legacy import Milvus
        client = Milvus(uri=sys.argv[1])
        client.create_collection({"collection_name": "c", "dimension": 2})
        futures = [client.insert("c", [[1.0, 2.0]] * 500, _async=True) for _ in range(20)]
        """,
        path,
    )
    with MilvusClient(path) as client:
        assert client.get_collection_stats("c") == {"row_count": 10_000}
