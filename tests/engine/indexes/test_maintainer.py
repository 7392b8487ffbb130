"""The thread that keeps indexes up to date."""

from __future__ import annotations

import gc
import threading
from pathlib import Path

import numpy as np
import pytest

from milvus_store import MilvusClient
from milvus_store_lite.indexes import maintainer

ROWS = 30_000


def test_a_client_that_is_forgotten_while_its_index_is_built_closes_its_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the garbage collection finds it: here, in the thread that builds."""
    monkeypatch.setattr(maintainer, "QUIET", 0.0)
    is_forgotten, is_collected = threading.Event(), threading.Event()
    improve = maintainer.IndexMaintainer._improve

    def collect_first(*arguments: object, **named: object) -> None:
        assert is_forgotten.wait(30)
        gc.collect()
        is_collected.set()
        improve(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(maintainer.IndexMaintainer, "_improve", collect_first)
    client = MilvusClient(path)
    client.create_collection("c", dimension=8)
    vectors = np.random.default_rng(1).standard_normal((ROWS, 8), dtype=np.float32)
    client.insert("c", [{"id": n, "vector": vector} for n, vector in enumerate(vectors)])
    threads = [one for one in threading.enumerate() if one.name == "milvus-store-indexes"]
    assert threads
    gc.disable()
    try:
        client.itself = client  # type: ignore[attr-defined]  # a cycle
        del client
        is_forgotten.set()
        assert is_collected.wait(30)
    finally:
        gc.enable()
    for thread in threads:
        thread.join(30)
    assert [one.name for one in path.parent.iterdir()] == [path.name]
