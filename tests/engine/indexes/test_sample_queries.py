"""How hard an index looks where a filter leaves few rows: as hard as the data asks for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from milvus_store_lite.codec import Columns
from milvus_store_lite.collection.collection import Collection
from milvus_store_lite.database_file import DatabaseFile
from milvus_store_lite.indexes import sample_queries
from milvus_store_lite.indexes.sample_queries import SampleQueries
from milvus_store_lite.schema.data_types import DataType
from milvus_store_lite.schema.fields import Field
from milvus_store_lite.schema.model import Schema
from milvus_store_lite.search.request import SearchRequest
from milvus_store_lite.search.scope import Scope
from milvus_store_lite.storage.catalog import IndexRecord
from tests import thresholds

DIM = 128
ROWS, CLUSTERS, QUERIES = 10_000, 200, 50
LIMIT = 10
SCHEMA = Schema(
    (
        Field("id", DataType.INT64, is_primary=True),
        Field("v", DataType.FLOAT_VECTOR, dim=DIM),
        Field("n", DataType.INT64),
    )
)


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    """Clusters of fifty rows: of a tenth of the rows, the nearest ten lie in several clusters."""
    random = np.random.default_rng(11)
    centres = random.standard_normal((CLUSTERS, DIM), dtype=np.float32)
    noise = 0.5 * random.standard_normal((ROWS + QUERIES, DIM), dtype=np.float32)
    found: np.ndarray = centres[random.integers(0, CLUSTERS, ROWS + QUERIES)] + noise
    return found


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory, vectors: np.ndarray) -> Iterator[Collection]:
    with pytest.MonkeyPatch.context() as patch, thresholds.lowered():
        patch.setattr(sample_queries, "_LEAST_ROWS", 200)
        file = DatabaseFile(Path(tmp_path_factory.mktemp("tuning"), "tuned.db"), durability="normal")
        index = IndexRecord("v", "v", "AUTOINDEX", "L2", {})
        file.database().create_collection("c", SCHEMA, indexes=(index,))
        made = file.database().collection("c")
        numbers = np.random.default_rng(12).permutation(ROWS) % 1000
        made.insert(Columns.of({"id": np.arange(ROWS), "v": vectors[:ROWS], "n": numbers}))
        made.build_index("v", wait=True)
        yield made
        file.close()


@pytest.mark.parametrize("thousandths", [1000, 500, 250, 150, 100, 70, 40, 20])
def test_the_nearest_are_found_whatever_share_of_the_rows_a_filter_leaves(
    collection: Collection, vectors: np.ndarray, thousandths: int
) -> None:
    numbers = np.random.default_rng(12).permutation(ROWS) % 1000
    queries = vectors[ROWS:]
    away = (vectors[:ROWS] ** 2).sum(axis=1) - 2 * queries @ vectors[:ROWS].T
    away[:, numbers >= thousandths] = np.inf
    truth = np.argsort(away, axis=1)[:, :LIMIT].tolist()
    request = SearchRequest(limit=LIMIT, scope=Scope(f"n < {thousandths}"))
    found = np.array(collection.search(request, queries.tolist()).pks).reshape(QUERIES, LIMIT).tolist()
    hits = sum(len(set(near) & set(pks)) for near, pks in zip(truth, found, strict=True))
    assert hits >= 0.98 * LIMIT * QUERIES  # 0.99 or more here; what is lost without the samples is 0.1


@pytest.mark.parametrize("metric", ["L2", "IP"])
def test_samples_know_what_is_next_to_the_nearest_among_half_of_the_vectors_and_half_of_those(
    metric: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample_queries, "_LEAST_ROWS", 1_000)
    random = np.random.default_rng(5)
    vectors, queries = random.standard_normal((4_500, 8)), random.standard_normal((6, 8))
    asked = SampleQueries(metric, queries.astype(np.float32), len(vectors))
    for first in range(0, len(vectors), 1_500):
        asked.update(vectors[first : first + 1_500].astype(np.float32), first)
    samples = asked.samples()
    shares = [1.0 if sample.allowed is None else sample.allowed.flags.mean() for sample in samples]
    assert shares == pytest.approx([1, 1 / 2, 1 / 4], abs=0.05)
    nearness = queries @ vectors.T
    if metric == "L2":
        nearness = 2 * nearness - (vectors**2).sum(axis=1)
    for sample in samples:
        allowed = slice(None) if sample.allowed is None else sample.allowed.flags
        labels = np.arange(len(vectors))[allowed]
        best = labels[np.argsort(-nearness[:, allowed], axis=1)[:, 1 : 1 + sample_queries.NEAREST]]
        assert sample.truth == [set(near) for near in best.tolist()]
