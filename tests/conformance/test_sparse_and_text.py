"""Sparse and full text searches through pymilvus on Milvus Lite and through our client find and score alike."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pymilvus
import pytest
import scipy.sparse

import milvus_store

pytestmark = [
    pytest.mark.filterwarnings("default"),
    pytest.mark.skipif(sys.platform == "win32", reason="Milvus Lite does not run on Windows"),
]

COUNT = 150
WORDS = ["apple", "pear", "plum", "Cherry", "fig", "and", "the", "ripe", "sweet", "green", "red", "tree"]


def texts() -> list[str]:
    random = np.random.default_rng(5)
    return [" ".join(random.choice(WORDS, random.integers(0, 12))) for _ in range(COUNT)]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Any]]:
    """A client of Milvus Lite by pymilvus and one of ours, each with the same rows."""
    folder = tmp_path_factory.mktemp("text")
    matrix = scipy.sparse.random(COUNT, 40, density=0.2, format="csr", random_state=4, dtype=np.float32)
    clients = []
    for module, name in ((pymilvus, "lite.db"), (milvus_store, "ours.db")):
        client: Any = module.MilvusClient(str(folder / name))  # type: ignore[attr-defined]
        schema = client.create_schema()
        schema.add_field("id", module.DataType.INT64, is_primary=True)
        schema.add_field("weights", module.DataType.SPARSE_FLOAT_VECTOR)
        schema.add_field("text", module.DataType.VARCHAR, max_length=500, enable_analyzer=True)
        schema.add_field("bm25", module.DataType.SPARSE_FLOAT_VECTOR)
        schema.add_function(module.Function("f", module.FunctionType.BM25, "text", "bm25"))
        index = client.prepare_index_params()
        index.add_index("weights", index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
        params = {"bm25_k1": 1.5, "bm25_b": 0.75}
        index.add_index("bm25", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25", params=params)
        client.create_collection("c", schema=schema, index_params=index)
        client.insert("c", [{"id": n, "weights": matrix[n], "text": text} for n, text in enumerate(texts())])
        clients.append(client)
    yield clients
    for client in clients:
        client.close()


@pytest.mark.parametrize(
    ("field", "query", "expression"),
    [
        ("weights", [{1: 0.5, 7: 1.25, 30: 2.0}], ""),
        ("weights", [{1: 0.5, 7: 1.25, 30: 2.0}], "id > 99"),
        ("weights", [[(3, 0.25)]], ""),
        ("weights", [[(3, 0.25)]], "id > 99"),
        ("weights", [{39: 1.0}, {}, {1000: 1.0}], ""),
        ("weights", [{39: 1.0}, {}, {1000: 1.0}], "id > 99"),
        ("weights", [scipy.sparse.csr_matrix([[0.0, 1.5, 0.0, 2.0]])], ""),
        ("weights", [scipy.sparse.csr_matrix([[0.0, 1.5, 0.0, 2.0]])], "id > 99"),
        ("bm25", ["ripe cherry"], ""),
        ("bm25", ["THE fig, the pear!", "nothing", ""], ""),
    ],
)
def test_rows_and_scores_agree(both: list[Any], field: str, query: Any, expression: str) -> None:
    theirs, ours = (
        client.search("c", query, filter=expression, anns_field=field, limit=COUNT) for client in both
    )
    # Milvus Lite shows BM25 scores with the sign of a distance, and takes its statistics of the filtered rows
    # only; Milvus does neither.
    sign = -1 if field == "bm25" else 1
    for their, our in zip(theirs, ours, strict=True):
        assert {hit["id"]: hit["distance"] for hit in our} == pytest.approx(
            {hit["id"]: sign * hit["distance"] for hit in their}, rel=1e-5
        )


def test_rows_are_read_back_alike(both: list[Any]) -> None:
    theirs, ours = (client.query("c", "id >= 0", output_fields=["weights", "text"]) for client in both)
    assert list(ours) == [dict(row) for row in theirs]
