"""How a graph is built by several threads."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from milvus_store import MilvusClient
from milvus_store_lite.indexes import graphs
from milvus_store_lite.indexes.ann import AnnIndex
from milvus_store_lite.indexes.graphs import Graph
from tests import thresholds

ROWS, DIM = 4_500, 8


def sizes_added(path: Path, monkeypatch: pytest.MonkeyPatch, threads: Callable[[], int]) -> list[int]:
    """How many vectors the build of a graph adds at a time where it may use as many ``threads`` when it asks."""
    sizes: list[int] = []
    add = AnnIndex.add

    def noted(self: Graph, vectors: np.ndarray) -> None:
        sizes.append(len(vectors))
        add(self, vectors)

    monkeypatch.setattr(Graph, "add", noted)
    monkeypatch.setattr(graphs, "allowed_threads", threads)
    vectors = np.random.default_rng(5).standard_normal((ROWS, DIM), dtype=np.float32)
    with thresholds.lowered(), MilvusClient(path) as client:
        client.create_collection("c", dimension=DIM)
        client.release_collection("c")
        client.drop_index("c", "vector")
        client.insert("c", {"id": np.arange(ROWS), "vector": vectors})
        index = client.prepare_index_params(
            "vector", index_type="HNSW", metric_type="COSINE", params={"M": 8, "efConstruction": 40}
        )
        client.create_index("c", index)
        client.load_collection("c")
        found = client.search("c", vectors[:20], limit=1)
    assert [hits[0]["id"] for hits in found] == list(range(20))
    return sizes


def test_each_thread_has_vectors_enough_to_add(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sizes_added(tmp_path / "one.db", monkeypatch, lambda: 1) == [1_024] * 4 + [404]
    assert sizes_added(tmp_path / "two.db", monkeypatch, lambda: 2) == [4_096, 404]


def test_no_chunk_outgrows_memory_where_there_are_many_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphs, "allowed_threads", lambda: 128)
    assert Graph.empty(DIM, "COSINE", {}, ROWS).chunk == 16_384


def test_cores_that_come_during_a_build_change_no_chunk_that_has_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more_and_more = itertools.count(1).__next__
    assert sum(sizes_added(tmp_path / "more.db", monkeypatch, more_and_more)) == ROWS
