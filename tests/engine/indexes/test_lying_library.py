"""Which rows a search may return does not depend on faiss: here it proposes rows that it was told to leave out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from milvus_store import DataType, MilvusClient
from milvus_store_lite.indexes.ann import AnnIndex, SearchEffort
from milvus_store_lite.indexes.codes import Codes
from tests import thresholds

ROWS, DIM, LIMIT = 900, 16, 15
PARAMETERS: dict[str, dict[str, Any]] = {
    "AUTOINDEX": {},
    "IVF_FLAT": {"nlist": 4},
    "HNSW": {"M": 4, "efConstruction": 40},
}


def _every_label(own: np.ndarray, rows: int) -> np.ndarray:
    """Whatever is in the index, nearest or not, allowed or not."""
    return np.tile(np.arange(rows), (len(own), 1))


def _labels_that_there_are_not(own: np.ndarray, rows: int) -> np.ndarray:
    others = np.array([rows, rows + 7, 2**31, 2**62, -7])
    return np.hstack([own, np.tile(others, (len(own), 1))])


def _counted_from_the_end(own: np.ndarray, rows: int) -> np.ndarray:
    """Numpy takes such a label for that of another row."""
    return np.hstack([own, own - rows])


def _each_twice(own: np.ndarray, rows: int) -> np.ndarray:
    return np.hstack([own, own])


def _nothing(own: np.ndarray, rows: int) -> np.ndarray:
    return np.full_like(own, -1)


@pytest.fixture(params=PARAMETERS)
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MilvusClient]:
    """Rows of two tenants, a third of them deleted after the index was built."""
    vectors = np.random.default_rng(1).standard_normal((ROWS, DIM)).astype(np.float32)
    with thresholds.lowered(), MilvusClient(tmp_path / "lying.db") as made:
        schema = made.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=DIM)
        schema.add_field("tenant", DataType.INT64)
        made.create_collection("c", schema=schema)
        made.insert("c", [{"id": i, "vector": vector, "tenant": i % 2} for i, vector in enumerate(vectors)])
        index = made.prepare_index_params(
            "vector", index_type=request.param, metric_type="L2", params=PARAMETERS[request.param]
        )
        made.create_index("c", index)
        made.load_collection("c")
        made.delete("c", filter="id % 3 == 2")
        yield made


@pytest.mark.parametrize("filter", ["", "tenant == 1", "tenant == 1 and id % 2 == 1 and id < 700"])
@pytest.mark.parametrize(
    "proposed",
    [_every_label, _labels_that_there_are_not, _counted_from_the_end, _each_twice, _nothing],
    ids=lambda one: one.__name__,
)
def test_no_row_is_returned_that_may_not_be(
    client: MilvusClient, proposed: Any, filter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    queries = np.random.default_rng(2).standard_normal((3, DIM)).astype(np.float32)
    asked = 0
    for family in (AnnIndex, Codes):
        honest = family._search

        def lying(
            self: AnnIndex, queries: Any, count: int, effort: SearchEffort, params: Any, honest: Any = honest
        ) -> Any:
            nonlocal asked
            asked += 1
            return np.ascontiguousarray(proposed(honest(self, queries, count, effort, params), self.rows))

        monkeypatch.setattr(family, "_search", lying)
    allowed = {
        i
        for i in range(ROWS)
        if i % 3 != 2 and ("tenant" not in filter or i % 2 == 1) and ("700" not in filter or i < 700)
    }
    for hits in client.search("c", queries, limit=LIMIT, filter=filter):
        found = [hit["id"] for hit in hits]
        assert len(found) == len(set(found)) == LIMIT
        assert set(found) <= allowed
    assert asked
