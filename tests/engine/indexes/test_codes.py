"""One-bit codes: a query finds the same alone, by one thread or by all, as among others."""

from __future__ import annotations

import numpy as np
import pytest

from milvus_store_lite.columns.masks import Mask
from milvus_store_lite.indexes import codes
from milvus_store_lite.indexes.ann import SearchEffort
from milvus_store_lite.indexes.codes import Codes

ROWS, DIM = 5_000, 64
QUERIES = 12


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    return np.random.default_rng(1).standard_normal((ROWS, DIM), dtype=np.float32)


@pytest.fixture(scope="module", params=["L2", "IP", "COSINE"])
def index(request: pytest.FixtureRequest, vectors: np.ndarray) -> Codes:
    made = Codes.empty(DIM, request.param, {"nlist": 64}, ROWS)
    prepared = made.prepare(vectors)
    made.train(prepared)
    made.add(prepared)
    return made


@pytest.mark.parametrize("threshold", [0, ROWS + 1], ids=["all threads", "one thread"])
@pytest.mark.parametrize("is_filtered", [False, True])
def test_a_query_alone(
    index: Codes,
    vectors: np.ndarray,
    threshold: int,
    is_filtered: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(codes, "_CODES_FOR_THREADS", threshold)
    allowed = Mask(np.arange(ROWS) % 3 == 0) if is_filtered else None
    queries = index.prepare_queries(vectors[:QUERIES], np.linalg.norm(vectors[:QUERIES], axis=1).tolist())
    effort = SearchEffort(width=16, candidates=200)
    together = index.candidates(queries, effort, allowed)
    for place in range(QUERIES):
        (alone,) = index.candidates(queries[place : place + 1], effort, allowed)
        # Of equal estimates at the end of the list either may be taken.
        assert len(alone) == 200
        assert len(np.intersect1d(alone, together[place])) >= 198
        assert not is_filtered or (alone % 3 == 0).all()
