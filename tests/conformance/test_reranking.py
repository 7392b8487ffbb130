"""The same rerankings through pymilvus on Milvus Lite and through our client score the same rows alike.

Milvus Lite ranks ten times as many candidates as Milvus, which ranks ``limit`` + ``offset``: here the limit is at
least the number of rows. It boosts the root of an L2 distance, and gives boosted BM25 scores a minus, so such
searches are compared with what Milvus documents, in ``tests/client``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np
import pymilvus
import pytest

import milvus_store
import milvus_store.function_chain as our_chains

pytestmark = [
    pytest.mark.filterwarnings("default"),
    pytest.mark.skipif(sys.platform == "win32", reason="Milvus Lite does not run on Windows"),
]

ROWS = 40
RANDOM = np.random.default_rng(4)
VECTORS = {name: RANDOM.standard_normal((ROWS, 5)).astype(np.float32) for name in ("cosine", "l2", "ip")}
QUERIES = RANDOM.standard_normal((2, 5)).tolist()
BM25 = {"bm25_k1": 1.5, "bm25_b": 0.75}
TEXTS = ["red apple", "blue sky", "apple pie", "green tea with an apple"]


HAS_CHAINS = hasattr(pymilvus, "FunctionChain")
NEEDS_CHAINS = pytest.mark.skipif(not HAS_CHAINS, reason="pymilvus 2.6 has no function chains")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[Any, Any, Any]]]:
    """(module, its chains, client) of pymilvus on Milvus Lite and of ours, with the same collection."""
    folder = tmp_path_factory.mktemp("reranking")
    their_chains = import_module("pymilvus.function_chain") if HAS_CHAINS else None
    opened: list[tuple[Any, Any, Any]] = [
        (pymilvus, their_chains, pymilvus.MilvusClient(str(folder / "lite.db"))),
        (milvus_store, our_chains, milvus_store.MilvusClient(folder / "ours.db")),
    ]
    for module, _, client in opened:
        kinds = module.DataType
        schema = client.create_schema()
        schema.add_field("id", kinds.INT64, is_primary=True)
        schema.add_field("n", kinds.INT32)
        schema.add_field("price", kinds.DOUBLE)
        schema.add_field("kind", kinds.INT8)
        schema.add_field("text", kinds.VARCHAR, max_length=60, enable_analyzer=True)
        schema.add_field("terms", kinds.SPARSE_FLOAT_VECTOR)
        schema.add_function(module.Function("bm25", module.FunctionType.BM25, ["text"], ["terms"]))
        index = client.prepare_index_params()
        for name in VECTORS:
            schema.add_field(name, kinds.FLOAT_VECTOR, dim=5)
            index.add_index(name, index_type="FLAT", metric_type=name.upper())
        index.add_index("terms", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25", params=BM25)
        client.create_collection("c", schema=schema, index_params=index)
        client.insert(
            "c",
            [
                {
                    "id": n,
                    "n": n,
                    "price": n / 3,
                    "kind": n % 3,
                    "text": TEXTS[n % 4],
                    **{name: VECTORS[name][n].tolist() for name in VECTORS},
                }
                for n in range(ROWS)
            ],
        )
    yield opened
    for _, _, client in opened:
        client.close()


def function(module: Any, reranker: str, inputs: list[str], params: dict[str, Any]) -> Any:
    kind = module.FunctionType.RERANK
    return module.Function("f", kind, inputs, params={"reranker": reranker, **params})


def assert_alike(answers: list[Any]) -> None:
    """The same rows with the same scores, in the same order but for equal scores."""
    theirs, ours = answers
    for their_hits, our_hits in zip(theirs, ours, strict=True):
        close = {hit["id"]: pytest.approx(hit["distance"], rel=1e-4, abs=1e-6) for hit in their_hits}
        assert close == {hit["id"]: hit["distance"] for hit in our_hits}
        in_order = [hit["distance"] for hit in their_hits]
        assert [hit["distance"] for hit in our_hits] == pytest.approx(in_order, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("field", ["cosine", "l2", "ip", "terms"])
@pytest.mark.parametrize("curve", ["gauss", "exp", "linear"])
def test_decays_agree(both: list[tuple[Any, Any, Any]], field: str, curve: str) -> None:
    answers = []
    for module, _, client in both:
        params = {"function": curve, "origin": 15, "scale": 20, "offset": 2, "decay": 0.4}
        if curve == "exp":
            params["norm_score"] = True
        ranker = function(module, "decay", ["n"], params)
        data = ["apple", "tea"] if field == "terms" else QUERIES
        answers.append(client.search("c", data, anns_field=field, limit=ROWS, ranker=ranker))
    assert_alike(answers)


@pytest.mark.parametrize("field", ["cosine", "ip"])
@pytest.mark.parametrize("mode", ["multiply", "sum"])
def test_boosts_agree(both: list[tuple[Any, Any, Any]], field: str, mode: str) -> None:
    answers = []
    for module, _, client in both:
        boosts = [
            function(module, "boost", [], {"filter": "price > 5", "weight": 0.7}),
            function(module, "boost", [], {"filter": "kind == 1", "weight": 1.5}),
        ]
        ranker = module.FunctionScore(boosts, {"boost_mode": mode, "function_mode": mode})
        answers.append(client.search("c", QUERIES, anns_field=field, limit=ROWS, ranker=ranker))
    assert_alike(answers)


@pytest.mark.parametrize("mode", ["max", "sum", "avg"])
def test_decays_of_hybrid_searches_agree(both: list[tuple[Any, Any, Any]], mode: str) -> None:
    answers = []
    for module, _, client in both:
        requests = [module.AnnSearchRequest(QUERIES, field, {}, 15) for field in VECTORS]
        params = {"function": "gauss", "origin": 5, "scale": 9, "score_mode": mode}
        ranker = function(module, "decay", ["price"], params)
        answers.append(client.hybrid_search("c", requests, ranker, limit=60))
    assert_alike(answers)


def test_rankers_of_one_search_agree(both: list[tuple[Any, Any, Any]]) -> None:
    for reranker, params in (("rrf", {"k": 7}), ("weighted", {"weights": [0.3], "norm_score": True})):
        answers = []
        for module, _, client in both:
            ranker = function(module, reranker, [], params)
            answers.append(client.search("c", QUERIES, anns_field="l2", limit=ROWS, ranker=ranker))
        assert_alike(answers)


def test_a_decay_after_boosts_agrees(both: list[tuple[Any, Any, Any]]) -> None:
    answers = []
    for module, _, client in both:
        decay = {"function": "exp", "origin": 3, "scale": 2}
        parts = [
            function(module, "boost", [], {"filter": "kind != 1", "weight": 2}),
            function(module, "decay", ["price"], decay),
        ]
        ranker = module.FunctionScore(parts)
        answers.append(client.search("c", QUERIES, anns_field="cosine", limit=ROWS, ranker=ranker))
    assert_alike(answers)


@NEEDS_CHAINS
@pytest.mark.parametrize("mode", ["sum", "multiply", "max", "min", "avg", "weighted"])
def test_chains_agree(both: list[tuple[Any, Any, Any]], mode: str) -> None:
    answers = []
    for _, chains, client in both:
        col, fn = chains.col, chains.fn
        weights = [0.5, 2.0, 0.25] if mode == "weighted" else None
        columns = col("$score"), col("near"), col("n")
        chain = chains.FunctionChain(chains.FunctionChainStage.L2_RERANK)
        chain.map("near", fn.decay(col("price"), function="gauss", origin=4, scale=3))
        chain.map("$score", fn.num_combine(*columns, mode=mode, weights=weights))
        chain.map("$score", fn.round_decimal(col("$score"), decimal=3))
        chain.sort(col("kind"), desc=False, tie_break_col=col("$id")).limit(20, offset=5)
        answers.append(
            client.search(
                "c", QUERIES, anns_field="ip", limit=30, function_chains=chain, output_fields=["kind"]
            )
        )
    theirs, ours = answers
    for their_hits, our_hits in zip(theirs, ours, strict=True):
        assert [hit["id"] for hit in our_hits] == [hit["id"] for hit in their_hits]
        assert [hit["distance"] for hit in our_hits] == pytest.approx(
            [hit["distance"] for hit in their_hits], abs=2e-3
        )


def test_both_refuse_the_same_rankers(both: list[tuple[Any, Any, Any]]) -> None:
    curve = {"function": "exp", "origin": 1, "scale": 1}
    for module, _, client in both:
        decay = function(module, "decay", ["n"], curve)
        for ranker in (
            function(module, "decay", ["text"], curve),
            function(module, "decay", ["n", "price"], curve),
            function(module, "decay", ["n"], {**curve, "scale": 0}),
            function(module, "decay", ["n"], {**curve, "decay": 1}),
            function(module, "decay", ["n"], {**curve, "score_mode": "min"}),
            function(module, "boost", ["n"], {"weight": 1}),
            function(module, "boost", [], {"filter": "n > 1"}),
            module.FunctionScore([decay, decay]),
            module.FunctionScore([function(module, "boost", [], {"weight": 1})], {"boost_mode": "max"}),
        ):
            with pytest.raises((pymilvus.MilvusException, milvus_store.MilvusException)):
                client.search("c", QUERIES, anns_field="l2", ranker=ranker)


@NEEDS_CHAINS
def test_both_refuse_the_same_chains(both: list[tuple[Any, Any, Any]]) -> None:
    curve = {"function": "exp", "origin": 1, "scale": 1}
    for _, chains, client in both:
        stage = chains.FunctionChainStage
        for chain in (
            chains.FunctionChain(stage.L0_RERANK).limit(3),
            chains.FunctionChain(stage.L2_RERANK),
            chains.FunctionChain(stage.L2_RERANK).sort("nothing"),
            chains.FunctionChain(stage.L2_RERANK).map("n", chains.fn.decay(chains.col("n"), **curve)),
            chains.FunctionChain(stage.L2_RERANK).map("f", chains.fn.decay(chains.col("text"), **curve)),
        ):
            with pytest.raises((pymilvus.MilvusException, milvus_store.MilvusException)):
                client.search("c", QUERIES, anns_field="l2", function_chains=chain)
