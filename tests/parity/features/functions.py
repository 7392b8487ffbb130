"""Functions of a schema, rankers, chains, highlights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import pymilvus

from milvus_store import embeddings, highlighters, rerankers

from ..programs.setup import TYPES, full, ids, with_text
from .fields import METRICS

Program = Callable[[Any], object]
_RERANK: Final = pymilvus.FunctionType.RERANK


def _embedding(c: Any) -> None:
    made = c.create_schema()
    made.add_field("id", TYPES.INT64, is_primary=True)
    made.add_field("text", TYPES.VARCHAR, max_length=99)
    made.add_field("vector", TYPES.FLOAT_VECTOR, dim=4)
    params = {"provider": "openai", "model_name": "text-embedding-3-small"}
    made.add_function(
        pymilvus.Function("embed", pymilvus.FunctionType.TEXTEMBEDDING, ["text"], ["vector"], params=params)
    )
    indexes = c.prepare_index_params()
    indexes.add_index("vector", index_type="FLAT", metric_type="L2")
    # Instead of the service, which a test does not ask.
    embeddings.register("openai", lambda texts, model_name: [[len(text), 1, 2, 3] for text in texts])
    try:
        c.create_collection("c", schema=made, index_params=indexes)
        (found,) = c.describe_collection("c")["functions"]
        assert found["params"]["provider"] == "openai"
        c.insert("c", [{"id": 1, "text": "apple"}, {"id": 2, "text": "a longer text"}])
        assert ids(c.search("c", ["orange"], limit=1)[0]) == [1]
    finally:
        embeddings.unregister("openai")


def _minhash(c: Any) -> None:
    made = c.create_schema()
    made.add_field("id", TYPES.INT64, is_primary=True)
    made.add_field("text", TYPES.VARCHAR, max_length=99, enable_analyzer=True)
    made.add_field("signature", TYPES.BINARY_VECTOR, dim=32 * 64)
    params = {"num_hashes": 64, "shingle_size": 2}
    made.add_function(
        pymilvus.Function("f", pymilvus.FunctionType.MINHASH, ["text"], ["signature"], params=params)
    )
    lsh = {"mh_element_bit_width": 32, "mh_lsh_band": 16}
    indexes = c.prepare_index_params()
    indexes.add_index("signature", index_type="MINHASH_LSH", metric_type="MHJACCARD", params=lsh)
    c.create_collection("c", schema=made, index_params=indexes)
    texts = ["the quick brown fox jumps over the lazy dog", "numbers count what nobody has counted before"]
    c.insert("c", [{"id": number, "text": text} for number, text in enumerate(texts)])
    assert ids(c.search("c", [texts[1]], limit=1)[0]) == [1]


def _reranking(c: Any) -> None:
    with_text(c)
    rank = pymilvus.Function("r", _RERANK, [], params={"reranker": "rrf", "k": 60})
    assert ids(c.hybrid_search("c", _requests(), rank, limit=2)[0])[0] == 3


FUNCTION_TYPES: Final[Mapping[str, Program]] = {
    "BM25": METRICS["BM25"],
    "TEXTEMBEDDING": _embedding,
    "RERANK": _reranking,
    "MINHASH": _minhash,
}
NOT_FUNCTIONS: Final = {"UNKNOWN"}


def _requests() -> list[Any]:
    return [
        pymilvus.AnnSearchRequest([[0, 1]], "vector", {"params": {}}, limit=5),
        pymilvus.AnnSearchRequest(["word3"], "terms", {"params": {}}, limit=5),
    ]


def _hybrid(ranker: Any) -> Program:
    def program(c: Any) -> None:
        with_text(c)
        assert ids(c.hybrid_search("c", _requests(), ranker, limit=2)[0])[0] == 3

    return program


def _by_function(fields: list[str], *expected: int, **params: Any) -> Program:
    """A search of all six rows by distance, ranked anew."""

    def program(c: Any) -> None:
        full(c)
        ranker = pymilvus.Function("r", _RERANK, fields, params=params)
        assert ids(c.search("c", [[0, 2]], limit=6, ranker=ranker)[0])[: len(expected)] == list(expected)

    return program


def _score(c: Any) -> None:
    full(c)
    boosts = [
        pymilvus.Function(
            "a", _RERANK, [], params={"reranker": "boost", "filter": "id == 5", "weight": 0.001}
        ),
        pymilvus.Function("b", _RERANK, [], params={"reranker": "boost", "filter": "id == 4", "weight": 0.5}),
    ]
    score = pymilvus.FunctionScore(boosts, {"boost_mode": "multiply", "function_mode": "multiply"})
    found = c.search("c", [[0, 2]], limit=6, ranker=score)[0]
    assert 5 in ids(found)[:2]


def _random(c: Any) -> None:
    full(c)
    params = {"reranker": "boost", "weight": 1.0, "random_score": {"seed": 7, "field": "id"}}
    ranker = pymilvus.Function("r", _RERANK, [], params=params)
    assert len(c.search("c", [[0, 2]], limit=6, ranker=ranker)[0]) == 6


def _about_four(query: str, texts: list[str], **_: Any) -> list[float]:
    return [float("4" in text) for text in texts]


def _model(c: Any) -> None:
    rerankers.register("parity", _about_four)
    params = {"reranker": "model", "provider": "parity", "queries": ["fox"]}
    _by_function(["text"], 4, **params)(c)


def _model_in_a_chain(c: Any) -> None:
    rerankers.register("parity", _about_four)
    _chain(
        lambda chain, fn, col: chain.map(
            "$score", fn.rerank_model(col("text"), queries=["fox"], provider="parity")
        ).sort(col("$score")),
        lambda hits: ids(hits)[0] == 4,
    )(c)


_AT_FOUR: Final = {"reranker": "decay", "origin": 4, "scale": 0.5, "decay": 0.5}

RANKERS: Final[Mapping[str, Program]] = {
    "RRFRanker": _hybrid(pymilvus.RRFRanker(60)),
    "WeightedRanker": _hybrid(pymilvus.WeightedRanker(0.1, 0.9)),
    "rrf": FUNCTION_TYPES["RERANK"],
    "weighted": _hybrid(
        pymilvus.Function("r", _RERANK, [], params={"reranker": "weighted", "weights": [0.1, 0.9]})
    ),
    "weighted, norm_score": _hybrid(
        pymilvus.Function(
            "r", _RERANK, [], params={"reranker": "weighted", "weights": [0.1, 0.9], "norm_score": True}
        )
    ),
    **{
        f"decay, {function}": _by_function(["n"], 4, function=function, **_AT_FOUR)
        for function in ("gauss", "exp", "linear")
    },
    "boost": _by_function([], 2, reranker="boost", filter="id == 2", weight=-1.0),
    "boost, random_score": _random,
    "FunctionScore": _score,
    "model": _model,
}
"""pymilvus's rankers, and the names that ``Function(…, params={"reranker": …})`` takes in Milvus 3.0."""


def _chain(build: Callable[[Any, Any, Any], Any], check: Callable[[list[Any]], bool]) -> Program:
    def program(c: Any) -> None:
        from pymilvus import function_chain
        from pymilvus.function_chain import FunctionChain, FunctionChainStage

        full(c)
        chain = build(FunctionChain(FunctionChainStage.L2_RERANK), function_chain.fn, function_chain.col)
        assert check(c.search("c", [[0, 1]], limit=6, output_fields=["n"], function_chains=chain)[0])

    return program


CHAINS: Final[Mapping[str, Program]] = {
    "sort": _chain(lambda chain, fn, col: chain.sort(col("n"), desc=True), lambda hits: ids(hits)[0] == 5),
    "limit": _chain(lambda chain, fn, col: chain.limit(2, 1), lambda hits: len(hits) == 2),
    "map, num_combine": _chain(
        lambda chain, fn, col: chain.map("$score", fn.num_combine(col("$score"), col("n"))),
        lambda hits: len(hits) == 6,
    ),
    "map, decay": _chain(
        lambda chain, fn, col: chain.map(
            "$score", fn.decay(col("n"), function="gauss", origin=4, scale=1)
        ).sort(col("$score")),
        lambda hits: ids(hits)[0] == 4,
    ),
    "map, round_decimal": _chain(
        lambda chain, fn, col: chain.map("$score", fn.round_decimal(col("$score"), decimal=1)),
        lambda hits: len(hits) == 6,
    ),
    "map, rerank_model": _model_in_a_chain,
    "map, xgboost": _chain(
        lambda chain, fn, col: chain.map("$score", fn.xgboost(col("n"), model_resource="model")),
        lambda hits: True,
    ),
}
"""Steps of ``FunctionChain``, and the functions of ``pymilvus.function_chain.fn``."""


def _highlighted(marks: Any) -> Program:
    def program(c: Any) -> None:
        with_text(c)
        found = c.search("c", ["fox"], anns_field="terms", output_fields=["text"], highlighter=marks)
        assert "fox" in str(found[0][0]["highlight"])

    return program


def _semantically_highlighted(c: Any) -> None:
    highlighters.register(
        "foxes", lambda query, texts: [[(text.index(query), len(text), 1.0)] for text in texts]
    )
    try:
        marks = pymilvus.SemanticHighlighter(["fox"], ["text"], model_deployment_id="foxes")
        with_text(c)
        found = c.search("c", ["fox"], anns_field="terms", highlighter=marks, limit=1)
        assert found[0][0]["highlight"]["text"]["scores"] == [1.0]
    finally:
        highlighters.unregister("foxes")


HIGHLIGHTERS: Final[Mapping[str, Program]] = {
    "LexicalHighlighter": _highlighted(
        pymilvus.LexicalHighlighter(pre_tags=["<b>"], post_tags=["</b>"], highlight_search_text=True)
    ),
    "SemanticHighlighter": _semantically_highlighted,
}
