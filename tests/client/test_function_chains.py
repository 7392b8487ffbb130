"""``function_chains=`` of a search: what each step does, beside the plain search."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pymilvus
import pytest

from milvus_store import DataType, Function, FunctionType, MilvusClient, function_chain, rerankers
from milvus_store.errors import ParamError
from milvus_store.function_chain import (
    FunctionChain,
    FunctionChainExpr,
    FunctionChainOp,
    FunctionChainStage,
    col,
    fn,
)

RANDOM = np.random.default_rng(3)
VECTORS = RANDOM.standard_normal((60, 4)).astype(np.float32)
QUERIES = RANDOM.standard_normal((2, 4)).astype(np.float32)
HOUR = 3600


@pytest.fixture
def news(client: MilvusClient) -> MilvusClient:
    schema = client.create_schema(enable_dynamic_field=True)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("v", DataType.FLOAT_VECTOR, dim=4)
    schema.add_field("clicks", DataType.INT32)
    schema.add_field("stars", DataType.DOUBLE, nullable=True)
    schema.add_field("at", DataType.TIMESTAMPTZ)
    schema.add_field("fresh", DataType.BOOL)
    schema.add_field("title", DataType.VARCHAR, max_length=20)
    schema.add_field("doc", DataType.JSON, nullable=True)
    index = client.prepare_index_params("v", metric_type="L2")
    client.create_collection("news", schema=schema, index_params=index)
    client.insert(
        "news",
        [
            {
                "id": 100 - n,
                "v": VECTORS[n],
                "clicks": n % 7,
                "stars": None if n % 6 == 0 else n / 10,
                "at": f"2025-01-01T{n % 24:02}:00:00Z",
                "fresh": n % 2 == 0,
                "title": "x" * (n % 5),
            }
            for n in range(60)
        ],
    )
    return client


def chain() -> FunctionChain:
    return FunctionChain(FunctionChainStage.L2_RERANK, "best first")


def plain(news: MilvusClient, limit: int = 12, **options: Any) -> Any:
    return news.search("news", QUERIES, limit=limit, output_fields=["*"], **options)


def run(news: MilvusClient, *chains: Any, limit: int = 12, **options: Any) -> list[list[tuple[int, float]]]:
    found = news.search("news", QUERIES, limit=limit, function_chains=list(chains), **options)
    return [[(hit["id"], hit["distance"]) for hit in hits] for hits in found]


def scored(hits: Any, score: Callable[[Any], float | None]) -> list[tuple[int, Any]]:
    return [(hit["id"], pytest.approx(score(hit) or 0.0, rel=1e-5, abs=1e-9)) for hit in hits]


def test_a_chain_without_a_sort_keeps_the_order_of_the_search(news: MilvusClient) -> None:
    combined = chain().map("$score", fn.num_combine(col("$score"), col("clicks"), mode="sum"))
    for hits, found in zip(plain(news), run(news, combined), strict=True):
        assert found == scored(hits, lambda hit: hit["distance"] + hit["clicks"])


COMBINE: dict[str, Callable[[float, float], float]] = {
    "sum": lambda a, b: a + b,
    "multiply": lambda a, b: a * b,
    "max": max,
    "min": min,
    "avg": lambda a, b: (a + b) / 2,
    "weighted": lambda a, b: 0.7 * a + 0.3 * b,
}


@pytest.mark.parametrize("mode", COMBINE)
def test_numbers_are_combined_and_null_makes_null(news: MilvusClient, mode: str) -> None:
    weights = [0.7, 0.3] if mode == "weighted" else None
    combined = chain().map("$score", fn.num_combine(col("$score"), col("stars"), mode=mode, weights=weights))
    for hits, found in zip(plain(news), run(news, combined), strict=True):
        expected = COMBINE[mode]
        assert found == scored(
            hits,
            lambda hit, by=expected: None if hit["stars"] is None else by(hit["distance"], hit["stars"]),
        )


def test_times_decay_by_seconds_and_columns_are_passed_on(news: MilvusClient) -> None:
    origin = 1735689600  # 2025-01-01T00:00:00Z
    steps = (
        chain()
        .map("age", fn.decay(col("at"), function="exp", origin=origin, scale=6 * HOUR, offset=HOUR))
        .map("$score", fn.num_combine(col("age"), col("age"), mode="multiply"))
        .map("$score", fn.round_decimal(col("$score"), decimal=4))
    )
    for hits, found in zip(plain(news), run(news, steps), strict=True):
        for hit, (key, score) in zip(hits, found, strict=True):
            hours = max(0, (100 - key) % 24 - 1)
            assert hit["id"] == key
            assert score == pytest.approx(0.5 ** (2 * hours / 6), abs=6e-5)
            assert score == pytest.approx(round(score, 4), rel=1e-6)


def test_sorts_are_stable_break_ties_upwards_and_put_nulls_last(news: MilvusClient) -> None:
    (hits, _) = plain(news)
    near = [hit["id"] for hit in hits]
    clicks = {hit["id"]: hit["clicks"] for hit in hits}
    stars = {hit["id"]: hit["stars"] for hit in hits}
    titles = {hit["id"]: hit["title"] for hit in hits}

    def ids(steps: FunctionChain) -> list[int]:
        return [key for key, _ in run(news, steps)[0]]

    assert ids(chain().sort("clicks")) == sorted(near, key=lambda key: -clicks[key])
    assert ids(chain().sort(col("clicks"), desc=False)) == sorted(near, key=lambda key: clicks[key])
    assert ids(chain().sort("clicks", tie_break_col="$id")) == sorted(
        near, key=lambda key: (-clicks[key], key)
    )
    assert ids(chain().sort("title", desc=False, tie_break_col="id")) == sorted(
        near, key=lambda key: (titles[key], key)
    )
    for desc in (True, False):
        found = ids(chain().sort("stars", desc=desc))
        rated = [key for key in near if stars[key] is not None]
        rated.sort(key=lambda key: stars[key], reverse=desc)
        assert found == rated + [key for key in near if stars[key] is None]


def test_limits_and_searches_page_one_after_the_other(news: MilvusClient) -> None:
    (hits, _) = plain(news, limit=10, offset=2)
    steps = chain().sort("$score").limit(3, offset=4)
    found = run(news, steps, limit=10, offset=2, round_decimal=1)[0]
    expected = sorted(((hit["distance"], hit["id"]) for hit in hits), reverse=True)[4:7]
    assert found == [(key, pytest.approx(round(score, 1))) for score, key in expected]


def test_fields_that_a_chain_reads_are_not_shown(news: MilvusClient) -> None:
    steps = chain().map("$score", fn.num_combine(col("$score"), col("clicks")))
    (hits, _) = news.search("news", QUERIES, limit=3, output_fields=["title"], function_chains=steps)
    assert all(list(hit["entity"]) == ["title"] for hit in hits)


def test_a_model_scores_texts(news: MilvusClient) -> None:
    rerankers.register("longest", lambda query, texts: [len(query) + len(text) for text in texts])
    try:
        model = fn.rerank_model(col("title"), queries=["a", "bcd"], provider="longest")
        found = run(news, chain().map("$score", model))
        for hits, of_query, more in zip(plain(news), found, (1, 3), strict=True):
            assert of_query == scored(hits, lambda hit, more=more: len(hit["title"]) + more)
        with pytest.raises(ParamError, match="one text in queries for each of the 2 query vectors, got 1"):
            run(news, chain().map("$score", fn.rerank_model(col("title"), queries=["a"], provider="longest")))
    finally:
        rerankers.unregister("longest")


def test_constants_stand_for_a_column(news: MilvusClient) -> None:
    steps = chain().map("$score", FunctionChainExpr("num_combine", (col("$score"), 10.5), {"mode": "max"}))
    assert {score for _, score in run(news, steps)[0]} == {10.5}


def test_chains_of_pymilvus_score_alike(news: MilvusClient) -> None:
    theirs = pytest.importorskip("pymilvus.function_chain", reason="pymilvus 2.6 has no function chains")

    def built(module: Any) -> Any:
        col, fn = module.col, module.fn
        return (
            module.FunctionChain(module.FunctionChainStage.L2_RERANK, name="n")
            .map("f", fn.decay(col("clicks"), function="gauss", origin=3, scale=2))
            .map("$score", fn.num_combine(col("$score"), col("f"), mode="weighted", weights=[0.2, 0.8]))
            .map("$score", fn.round_decimal(col("$score"), decimal=3))
            .sort(col("$score"), tie_break_col=col("$id"))
            .limit(5, offset=1)
        )

    ours = run(news, built(function_chain))
    assert ours == run(news, built(theirs))
    assert len(ours[0]) == 5
    assert built(function_chain).ops == tuple(
        FunctionChainOp(
            op.op,
            op.expr
            and FunctionChainExpr(
                op.expr.name, tuple(col(one.name) for one in op.expr.args), dict(op.expr.params)
            ),
            op.inputs,
            op.outputs,
            op.params,
        )
        for op in built(theirs).ops
    )
    assert [stage.name for stage in FunctionChainStage] == [stage.name for stage in theirs.FunctionChainStage]
    assert [int(stage) for stage in FunctionChainStage] == [int(stage) for stage in theirs.FunctionChainStage]


DECAY: dict[str, Any] = {"function": "gauss", "origin": 0, "scale": 1}
SCORE = col("$score")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("rank", "must be a FunctionChain or a list of them, got str"),
        (chain(), "must have one step at least, got none"),
        (
            [chain().limit(3), chain().limit(2)],
            "one function chain of a stage, got 2: put their steps in one",
        ),
        (FunctionChain(FunctionChainStage.L0_RERANK).limit(2), "runs the stage L2_RERANK, got L0_RERANK"),
        (chain().map("id", fn.decay(SCORE, **DECAY)), "'id', which cannot be written"),
        (chain().map("$id", fn.decay(SCORE, **DECAY)), "step 0.*'\\$id', which cannot be written"),
        (chain().map("f", fn.decay(col("clicsk"), **DECAY)), "column 'clicsk' is neither.*'clicks'"),
        (chain().map("f", fn.decay(col("$ts"), **DECAY)), "column '\\$ts' is neither"),
        (chain().map("f", fn.decay(col("v"), **DECAY)), "field 'v' must be a number.*FLOAT_VECTOR"),
        (chain().map("f", fn.decay(col("doc"), **DECAY)), "field 'doc' must be a number.*JSON"),
        (
            chain().map("f", fn.decay(col("title"), **DECAY)),
            "one column of numbers or times, got texts",
        ),
        (chain().map("f", fn.decay(SCORE, **{**DECAY, "scale": 0})), "scale of a decay must be above 0"),
        (
            chain().map("f", FunctionChainExpr("decay", (SCORE,), {"scale": 1})),
            "decay needs 'function', got none",
        ),
        (chain().map("f", fn.num_combine(SCORE)), "two columns of numbers or more, got numbers"),
        (
            chain().map("f", fn.num_combine(SCORE, col("fresh"))),
            "numbers or more, got numbers, bools",
        ),
        (
            chain().map("f", fn.num_combine(SCORE, SCORE, mode="weighted", weights=[1])),
            "for each of its 2 columns, got 1",
        ),
        (chain().map("f", fn.num_combine(SCORE, SCORE, weights=[1, 2])), "weights in the mode 'weighted'"),
        (chain().map("f", fn.num_combine(SCORE, SCORE, mode="median")), "mode of num_combine must be"),
        (chain().map("f", fn.round_decimal(SCORE, decimal=7)), "an int from 0 to 6, got 7"),
        (chain().map("f", fn.rerank_model(SCORE, queries=["a", "b"], provider="nobody")), "got 'nobody'"),
        (
            chain().map("f", fn.xgboost(SCORE, model_resource="m")),
            "got 'xgboost': rerank_model takes a callable",
        ),
        (chain().map("f", FunctionChainExpr("sine", (SCORE,))), "must be one of num_combine, .* got 'sine'"),
        (chain().map("f", FunctionChainExpr("decay", ([1],), DECAY)), "must be col"),
        (chain().sort("nothing"), "column 'nothing' is neither"),
        (chain().limit(0), "limit of a function chain must be an int of at least 1, got 0"),
        (chain().limit(2, offset=-1), "offset of a function chain must be an int of at least 0, got -1"),
    ],
)
def test_mistakes_are_named(news: MilvusClient, given: Any, message: str) -> None:
    with pytest.raises(ParamError, match=message):
        news.search("news", QUERIES, function_chains=given)


def test_chains_of_ones_own_steps_are_checked(news: MilvusClient) -> None:
    class Steps:
        stage, name = FunctionChainStage.L2_RERANK, "own"

        def __init__(self, *ops: FunctionChainOp) -> None:
            self.ops = ops

    for op, message in (
        (FunctionChainOp("filter"), "a step must be map, sort or limit, got 'filter'"),
        (FunctionChainOp("map", outputs=("f",)), "map needs an expression and one output"),
        (FunctionChainOp("sort", params={"column": ""}), "the name of a column must be a str"),
        (
            FunctionChainOp("sort", params={"column": "$score", "desc": 1}),
            "desc of sort must be a bool, got 1",
        ),
        (FunctionChainOp("limit", outputs=("f",)), "limit takes no expression and no output"),
        (
            FunctionChainOp("sort", params={"column": "$score", "tiebreak_col": "$id"}),
            "did you mean 'tie_break_col'",
        ),
    ):
        with pytest.raises(ParamError, match=message):
            news.search("news", QUERIES, function_chains=Steps(op))
    with pytest.raises(ParamError, match="the stage of a function chain must be"):
        FunctionChain(9)  # type: ignore[arg-type]
    with pytest.raises(ParamError, match="the name of a column must be a str"):
        col("")


def test_a_search_takes_a_ranker_or_chains(news: MilvusClient) -> None:
    ranker = Function("f", FunctionType.RERANK, [], params={"reranker": "rrf"})
    with pytest.raises(ParamError, match="a ranker or function_chains, got both"):
        news.search("news", QUERIES, ranker=ranker, function_chains=chain().limit(1))
    assert len(news.search("news", QUERIES, ranker=ranker, function_chains=[])[0]) == 10
    requests = [pymilvus.AnnSearchRequest(QUERIES, "v", {}, 3)]
    with pytest.raises(ParamError, match="'function_chains': it belongs to search"):
        news.hybrid_search("news", requests, ranker, function_chains=chain().limit(1))
