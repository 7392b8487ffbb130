"""Many inverted lists: vectors go to the nearest one, found by codes of the centroids."""

from __future__ import annotations

from typing import Any

import faiss
import numpy as np
import pytest

from milvus_store_lite.indexes.assigning import assigned_by, quick_quantizer

LISTS = 1024
DIM = 256


def lists(count: int = LISTS, dim: int = DIM, metric: int = faiss.METRIC_L2) -> Any:
    """Inverted lists around centroids drawn at random, with nothing in them."""
    quantizer = faiss.IndexFlat(dim, metric)
    quantizer.add(np.random.default_rng(1).standard_normal((count, dim), dtype=np.float32))
    made = faiss.IndexIVFFlat(quantizer, dim, count, metric)
    made.is_trained = True
    return made


def vectors_of(made: Any, spread: float) -> np.ndarray:
    """2,000 vectors around the centroids of ``made``."""
    random = np.random.default_rng(2)
    centroids = made.quantizer.reconstruct_n(0, made.nlist)[random.integers(0, made.nlist, 2_000)]
    return centroids + spread * random.standard_normal(centroids.shape, dtype=np.float32)


@pytest.mark.parametrize("metric", [faiss.METRIC_L2, faiss.METRIC_INNER_PRODUCT])
def test_it_finds_the_nearest_centroid(metric: int) -> None:
    made = lists(metric=metric)
    vectors = vectors_of(made, spread=1)
    _, nearest = made.quantizer.search(vectors, 1)
    _, found = quick_quantizer(made).search(vectors, 1)
    assert (found == nearest).mean() > 0.99


def test_where_no_centroid_is_near_it_finds_one_hardly_farther() -> None:
    made = lists()
    vectors = np.random.default_rng(3).standard_normal((2_000, DIM), dtype=np.float32)
    distances, _ = made.quantizer.search(vectors, 1)
    found, _ = quick_quantizer(made).search(vectors, 1)
    assert (found / distances).mean() < 1.03


@pytest.mark.parametrize(("count", "dim"), [(LISTS - 1, DIM), (LISTS, DIM - 4), (LISTS, DIM + 1)])
def test_there_is_none_where_it_gains_nothing(count: int, dim: int) -> None:
    assert quick_quantizer(lists(count, dim)) is None


def test_vectors_are_where_a_search_looks_for_them() -> None:
    made = lists()
    vectors = vectors_of(made, spread=0.5)
    with assigned_by(quick_quantizer(made), made):
        made.add(vectors)
    found = made.search(vectors, 1, params=faiss.SearchParametersIVF(nprobe=1))[1][:, 0]
    assert (found == np.arange(len(vectors))).mean() > 0.99


def test_the_index_keeps_its_own_quantizer_whatever_happens() -> None:
    made = lists()
    own, quick = int(made.quantizer.this), quick_quantizer(made)
    with pytest.raises(AssertionError), assigned_by(quick, made):
        made.add(np.zeros((1, DIM + 1), dtype=np.float32))
    assert int(made.quantizer.this) == own
    with assigned_by(quick, made):
        assert int(made.quantizer.this) == int(quick.this)
    with assigned_by(None, made):
        assert int(made.quantizer.this) == own
