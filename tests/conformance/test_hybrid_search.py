"""The same hybrid searches through pymilvus on Milvus Lite and through our client score the same rows alike."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pymilvus
import pytest

import milvus_store

pytestmark = [
    pytest.mark.filterwarnings("default"),
    pytest.mark.skipif(sys.platform == "win32", reason="Milvus Lite does not run on Windows"),
]

RANDOM = np.random.default_rng(23)
VECTORS = {name: RANDOM.standard_normal((200, 6)).astype(np.float32) for name in ("cosine", "l2", "ip")}
SPARSE = [{int(key): float(RANDOM.random()) for key in RANDOM.integers(0, 50, 6)} for _ in range(200)]
QUERIES = {name: RANDOM.standard_normal((2, 6)).tolist() for name in VECTORS} | {"sparse": SPARSE[:2]}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[Any, Any]]]:
    """(module, client) of pymilvus on Milvus Lite and of ours, with the same collection of four vector fields."""
    folder = tmp_path_factory.mktemp("hybrid")
    peers = [(pymilvus, "lite.db"), (milvus_store, "ours.db")]
    opened: list[tuple[Any, Any]] = [
        (module, module.MilvusClient(str(folder / name)))  # type: ignore[attr-defined]
        for module, name in peers
    ]
    for module, client in opened:
        schema = client.create_schema()
        schema.add_field("id", module.DataType.INT64, is_primary=True)
        schema.add_field("n", module.DataType.INT64)
        index = client.prepare_index_params()
        for name in VECTORS:
            schema.add_field(name, module.DataType.FLOAT_VECTOR, dim=6)
            index.add_index(name, index_type="FLAT", metric_type=name.upper())
        schema.add_field("sparse", module.DataType.SPARSE_FLOAT_VECTOR)
        index.add_index("sparse", index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
        client.create_collection("c", schema=schema, index_params=index)
        rows = [
            {"id": n, "n": n, "sparse": SPARSE[n], **{name: VECTORS[name][n].tolist() for name in VECTORS}}
            for n in range(200)
        ]
        client.insert("c", rows)
    yield opened
    for _, client in opened:
        client.close()


@pytest.mark.parametrize("fields", [("cosine", "sparse"), ("cosine", "l2", "ip"), ("l2", "l2")])
@pytest.mark.parametrize("ranker", ["rrf", "weighted", "weighted as is"])
def test_rows_and_scores_agree(both: list[tuple[Any, Any]], fields: tuple[str, ...], ranker: str) -> None:
    answers = []
    for module, client in both:
        reqs = [
            module.AnnSearchRequest(QUERIES[field], field, {}, 15, expr=f"n > {10 * place}")
            for place, field in enumerate(fields)
        ]
        weights = [0.9, 0.4, 0.2][: len(fields)]
        rankers = {
            "rrf": module.RRFRanker(30),
            "weighted": module.WeightedRanker(*weights),
            "weighted as is": module.WeightedRanker(*weights, norm_score=False),
        }
        answers.append(client.hybrid_search("c", reqs, rankers[ranker], limit=60, output_fields=["n"]))
    for theirs, ours in zip(*answers, strict=True):
        expected = {hit["id"]: hit["distance"] for hit in theirs}
        assert {hit["id"]: hit["distance"] for hit in ours} == pytest.approx(expected, abs=1e-5)
        assert [hit["distance"] for hit in ours] == pytest.approx(
            [hit["distance"] for hit in theirs], abs=1e-5
        )
