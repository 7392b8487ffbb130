"""The write-ahead log of a file that stays open: bounded, unless a reader keeps it, and then that one is named."""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from milvus_store import MilvusClient
from milvus_store.cli.program import main
from milvus_store_lite.storage.file import log

from .children import running
from .files import make, rows

MIB = 1 << 20


@pytest.fixture(autouse=True)
def short_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "BOUND", 2 * MIB)
    monkeypatch.setattr(log, "STEP", MIB)


def size(path: Path) -> int:
    return os.path.getsize(f"{path}-wal")


@contextlib.contextmanager
def readers(client: MilvusClient, count: int) -> Iterator[None]:
    """Threads that read without a pause, so that there is always somebody who does."""
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            client.query("docs", "id < 50", output_fields=["tag"])
            client.search("docs", [[1, 1]], output_fields=["tag"])

    threads = [threading.Thread(target=read) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_a_log_is_bounded_while_readers_overlap(path: Path) -> None:
    make(path, 300)
    numbers = random.Random(5)
    with MilvusClient(path, durability="normal") as client, readers(client, 4):
        largest = written = 0
        for number in range(300):
            begin = numbers.randrange(250)
            if number % 5 == 4:
                client.delete("docs", ids=list(range(begin, begin + 5)))
            else:
                client.upsert("docs", rows(begin, begin + 20, str(number)))
            if number % 7 == 0:
                iterator = client.query_iterator("docs", batch_size=10, filter="id >= 0")
                iterator.next()
                iterator.close()
            written += 5 * 16_384
            largest = max(largest, size(path))
    assert written > 20 * MIB
    assert largest < 6 * MIB


def test_a_reader_that_keeps_the_log_is_named(path: Path) -> None:
    make(path, 300)
    with MilvusClient(path, durability="normal") as client:
        iterator = client.query_iterator("docs", batch_size=10, filter="id >= 0")
        iterator.next()
        while size(path) < 4 * MIB:
            client.upsert("docs", rows(0, 100))
        with running(tell, path) as other:
            told = json.loads(other.hear())
            words = other.hear()
        assert told["size"] == size(path)
        assert told["readers"] == ([os.getpid()] if sys.platform == "linux" else None)
        assert "write-ahead log: 4." in words
        if sys.platform == "linux":
            assert words.endswith(f"in process {os.getpid()}")
        iterator.close()
        for _ in range(50):
            client.upsert("docs", rows(0, 100))
        assert size(path) < 4 * MIB
        with running(tell, path) as other:
            assert json.loads(other.hear())["readers"] in ([], None)


def tell(path: str) -> None:
    """What ``info`` says of the log: as JSON, and in words."""
    for options in (["--json"], []):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            assert main(["info", path, *options]) == 0
        if options:
            print(json.dumps(json.loads(out.getvalue())["log"]), flush=True)
        else:
            print(out.getvalue().splitlines()[2], flush=True)


def test_a_large_write_leaves_no_large_log(path: Path) -> None:
    make(path, 1)
    with MilvusClient(path, durability="normal") as client:
        client.insert("docs", rows(1_000, 9_000))
        client.insert("docs", rows(9_000, 9_001))
        assert size(path) < 3 * MIB
