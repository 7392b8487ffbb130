"""How a graph is built by several threads, and how it is walked with and without a filter."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from milvus_store import MilvusClient
from milvus_store_lite.columns.masks import Mask
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


@pytest.fixture(scope="module")
def graph() -> tuple[Graph, np.ndarray]:
    """A graph and its vectors, of length 1."""
    vectors = np.random.default_rng(6).standard_normal((ROWS, DIM), dtype=np.float32)
    made = Graph.empty(DIM, "COSINE", {"M": 8, "efConstruction": 60}, ROWS)
    vectors = made.prepare(vectors)
    made.add(vectors)
    return made, vectors


def test_a_filter_is_heeded_while_the_graph_is_walked(graph: tuple[Graph, np.ndarray]) -> None:
    made, vectors = graph
    allowed = np.arange(ROWS) % 10 == 3
    found = made.candidates(vectors[:20], made.effort(10, 0.1, {}), Mask(allowed))
    assert [len(labels) for labels in found] == [10] * 20
    assert all(allowed[labels].all() for labels in found)


@pytest.mark.parametrize("ef", [16, 64])
def test_without_a_filter_a_heap_finds_as_much_as_an_array(graph: tuple[Graph, np.ndarray], ef: int) -> None:
    made, vectors = graph
    effort = made.effort(10, 1.0, {"ef": ef})
    assert not made._search_params(effort, None).bounded_queue
    by_heap = made.candidates(vectors[:200], effort, None)
    by_array = made.candidates(vectors[:200], effort, Mask(np.ones(ROWS, dtype=np.bool_)))
    truth = np.argpartition(-(vectors[:200] @ vectors.T), 10, axis=1)[:, :10]
    right = [
        sum(len(np.intersect1d(labels, near)) for labels, near in zip(found, truth, strict=True))
        for found in (by_heap, by_array)
    ]
    assert right[0] >= max(0.9 * 2000, 0.99 * right[1])
