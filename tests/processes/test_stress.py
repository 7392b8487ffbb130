"""Eight processes on one file: whole batches only, every acknowledged row there once, no error.

``MILVUS_STORE_STRESS_SECONDS`` makes a longer run.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import time
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from milvus_store import MilvusClient

from .batches import Batches, Reader, Writer, create, seen, seen_by_search
from .children import run

SECONDS = float(os.environ.get("MILVUS_STORE_STRESS_SECONDS", "4"))
ROLES = ("writer", "reader", "writer", "writer", "reader", "writer", "reader", "writer")
_KEEPER = 0
"""The writer that deletes nothing."""
_CALLS_A_CLIENT = 40
"""Processes come and go: after so many calls they close their client and open another."""


def play(role: str, number: int, path: str, seconds: float, said: Connection) -> None:
    """One process: says how many calls it made and which batches it leaves, or what went wrong."""
    writer, reader = Writer(number, keeps_everything=number == _KEEPER), Reader(_KEEPER)
    step = writer.write if role == "writer" else reader.read
    try:
        said.send("ready")
        said.recv()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with MilvusClient(path) as client:
                for _ in range(_CALLS_A_CLIENT):
                    step(client)
        said.send((writer.calls + reader.reads, writer.acknowledged))
    except BaseException:
        said.send(traceback.format_exc())


def stress(path: str, seconds: float) -> dict[str, Any]:
    """Half of the processes start afresh, half are forked where the system can."""
    create(Path(path))
    methods = ["spawn", "fork" if hasattr(os, "fork") else "spawn"]
    contexts = [multiprocessing.get_context(method) for method in methods]
    talks, processes = [], []
    for number, role in enumerate(ROLES):
        context = contexts[number // 4]
        ours, theirs = context.Pipe()
        process = context.Process(target=play, args=(role, number, path, seconds, theirs))  # type: ignore[attr-defined]
        process.start()
        talks.append(ours)
        processes.append(process)
    for talk in talks:
        assert talk.recv() == "ready"
    for talk in talks:
        talk.send("go")
    results = [talk.recv() for talk in talks]
    for process in processes:
        process.join(60)
    errors = [one for one in results if isinstance(one, str)]
    assert not errors, errors[0]
    calls = {"writer": 0, "reader": 0}
    left: Batches = {}
    for role, (count, batches) in zip(ROLES, results, strict=True):
        calls[role] += count
        left |= batches
    with MilvusClient(path) as client:
        assert seen(client) == seen_by_search(client) == left
        assert client.get_collection_stats("c") == {"row_count": sum(size for size, _ in left.values())}
    return {**calls, "exits": [process.exitcode for process in processes]}


def test_many_processes_lose_nothing_and_see_whole_batches(tmp_path: Path) -> None:
    done = run(stress, tmp_path / "test.db", SECONDS, timeout=SECONDS + 120)
    print(json.dumps(done))
    assert done["exits"] == [0] * len(ROLES)
    assert done["writer"] > 50
    assert done["reader"] > 10
    assert [one.name for one in tmp_path.iterdir()] == ["test.db"]
