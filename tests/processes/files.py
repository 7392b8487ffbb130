"""What tests of replaced files do to them, in this process and in others."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from milvus_store import MilvusClient

ENDS = ("", "-wal", "-shm")


def rows(begin: int, end: int, tag: str = "") -> list[dict[str, object]]:
    return [{"id": n, "vector": [n, 1.0], "tag": tag, "pad": "x" * 500} for n in range(begin, end)]


def make(path: str | Path, count: int, tag: str = "") -> None:
    """A closed database with ``count`` rows of ``tag``."""
    with MilvusClient(path) as client:
        client.create_collection("docs", dimension=2)
        client.insert("docs", rows(0, count, tag))


def tags(client: MilvusClient) -> dict[str, int]:
    found = [row["tag"] for row in client.query("docs", "id >= 0", output_fields=["tag"])]
    return {tag: found.count(tag) for tag in set(found)}


def add_and_die(path: str, begin: int, end: int, flush: bool) -> None:
    """Insert rows and be killed; with ``flush``, some of them are in the file and some in the log."""
    client = MilvusClient(path)
    client.insert("docs", rows(begin, end, "crashed"))
    if flush:
        client.flush("docs")
        client.delete("docs", ids=[begin])
        client.insert("docs", rows(begin, begin + 1, "crashed"))
    os.kill(os.getpid(), 9)


def hold(path: str) -> str:
    """Have the database open with rows in its log, and do what the lines on stdin say."""
    client = MilvusClient(path)
    client.insert("docs", rows(1_000, 1_100, "held"))
    print("ready", flush=True)
    for line in sys.stdin:
        try:
            if line.strip() == "write":
                client.insert("docs", rows(2_000, 2_001, "late"))
            elif line.strip() == "read":
                print(sum(tags(client).values()), flush=True)
                continue
            elif line.strip() == "close":
                client.close()
            print("done", flush=True)
        except Exception as error:
            print(type(error).__name__, flush=True)
    return "end"
