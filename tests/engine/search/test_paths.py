"""Every way a search can go finds the same rows with the same scores."""

from __future__ import annotations

from pathlib import Path as FilePath

import numpy as np
import pytest

from milvus_store import MilvusClient
from milvus_store_lite import DatabaseFile, HybridRequest, ReciprocalRanks, SearchRequest
from milvus_store_lite.indexes.collection_indexes import CollectionIndexes
from milvus_store_lite.search import plan

COUNT, DIM = 3000, 8


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> FilePath:
    """A collection with deleted and replaced rows in it."""
    path = tmp_path_factory.mktemp("paths") / "p.db"
    random = np.random.default_rng(1)
    vectors = random.standard_normal((COUNT, DIM)).astype(np.float32)
    with MilvusClient(path) as client:
        for metric in ("L2", "IP", "COSINE"):
            client.create_collection(metric, dimension=DIM, metric_type=metric)
            client.insert(metric, [{"id": i, "vector": vector, "n": i} for i, vector in enumerate(vectors)])
            client.delete(metric, filter="n % 7 == 0")
            client.upsert(metric, [{"id": i, "vector": -vectors[i], "n": i} for i in range(1, 500, 5)])
    return path


def test_the_plan_follows_sizes_and_memory() -> None:
    def choose(slots: int, survivors: int, resident: bool = False, can: bool = True) -> plan.Path:
        return plan.choose(slots, survivors, resident=resident, can_be_resident=can)

    assert choose(10, 0) is plan.Path.NOTHING
    assert choose(1_000_000, 200) is plan.Path.FETCH
    assert choose(1_000_000, 200, resident=True) is plan.Path.GATHER
    assert choose(1_000_000, 100_000) is plan.Path.GATHER
    assert choose(1_000_000, 900_000) is plan.Path.SCAN
    assert choose(1_000_000, 900_000, can=False) is plan.Path.STREAM
    assert choose(1_000_000, 10_000, can=False) is plan.Path.FETCH
    assert choose(500, 500) is plan.Path.SCAN


def test_an_exact_search_asks_no_index(path: FilePath, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = np.random.default_rng(3).standard_normal((COUNT, DIM)).astype(np.float32)
    with MilvusClient(path) as client:
        client.create_collection("docs", dimension=DIM, metric_type="L2")
        client.insert("docs", {"id": np.arange(COUNT), "vector": vectors})
    asked = []
    monkeypatch.setattr(CollectionIndexes, "index_for_search", lambda *_: asked.append(_))
    file = DatabaseFile(path)
    try:
        collection = file.database().collection("docs")
        exact = SearchRequest(limit=7, is_exact=True)
        found = [
            collection.search(exact, vectors[:2]),
            collection.hybrid_search(HybridRequest([(exact, vectors[:2])], ReciprocalRanks(), 7)),
        ]
        assert not asked
        collection.search(SearchRequest(limit=7), vectors[:2])
        assert asked
    finally:
        file.close()
    distances = ((vectors[:2, None] - vectors) ** 2).sum(axis=2)
    nearest = np.argsort(distances, axis=1)[:, :7].ravel().tolist()
    assert [hits.pks for hits in found] == [nearest, nearest]


@pytest.mark.parametrize("metric", ["L2", "IP", "COSINE"])
@pytest.mark.parametrize("expression", ["", "n < 2", "n < 300", "n < 2000", "n % 3 == 1"])
def test_all_paths_agree(
    file: FilePath, metric: str, expression: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    queries = np.random.default_rng(2).standard_normal((3, DIM))
    answers = {}
    for path in (plan.Path.FETCH, plan.Path.STREAM, plan.Path.GATHER, plan.Path.SCAN):
        monkeypatch.setattr(plan, "choose", lambda *_, path=path, **__: path)
        with MilvusClient(file, busy_timeout=5) as client:
            found = client.search(metric, queries, filter=expression, limit=40)
        answers[path] = [list(zip(hits.ids, hits.distances, strict=True)) for hits in found]
    assert all(answer == answers[plan.Path.SCAN] for answer in answers.values())
    assert all(hits for hits in answers[plan.Path.SCAN])
