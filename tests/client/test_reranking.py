"""``ranker=`` of a search and a hybrid search, beside what the plain searches find and the documented formulas."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pymilvus
import pytest

from milvus_store import (
    AnnSearchRequest,
    AsyncMilvusClient,
    DataType,
    Function,
    FunctionScore,
    FunctionType,
    MilvusClient,
    RRFRanker,
    rerankers,
)
from milvus_store.errors import FilterError, MilvusException, ParamError

RANDOM = np.random.default_rng(8)
VECTORS = {name: RANDOM.standard_normal((80, 4)).astype(np.float32) for name in ("l2", "ip", "cosine")}
QUERIES = RANDOM.standard_normal((2, 4)).astype(np.float32)


@pytest.fixture
def shop(client: MilvusClient) -> MilvusClient:
    """A client with the collection ``shop``: a vector field for each metric, a nullable number, a text, groups."""
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("age", DataType.INT32, nullable=True)
    schema.add_field("weight", DataType.FLOAT)
    schema.add_field("text", DataType.VARCHAR, max_length=20, nullable=True)
    schema.add_field("kind", DataType.INT8)
    schema.add_field("bits", DataType.BINARY_VECTOR, dim=8)
    index = client.prepare_index_params("bits", index_type="BIN_FLAT", metric_type="HAMMING")
    for name in VECTORS:
        schema.add_field(name, DataType.FLOAT_VECTOR, dim=4)
        index.add_index(name, metric_type=name.upper())
    client.create_collection("shop", schema=schema, index_params=index)
    client.insert("shop", [row(number) for number in range(80)])
    return client


def row(number: int) -> dict[str, Any]:
    return {
        "id": 200 - number,
        "age": None if number % 9 == 4 else number,
        "weight": number / 4,
        "text": None if number % 10 == 3 else "ab" * (number % 4),
        "kind": number % 5,
        "bits": bytes([number]),
        **{name: vectors[number] for name, vectors in VECTORS.items()},
    }


def rank(reranker: str, inputs: str | list[str] = (), name: str = "f", **params: Any) -> Function:
    return Function(name, FunctionType.RERANK, inputs or [], params={"reranker": reranker, **params})


CURVE: dict[str, Any] = {"function": "gauss", "origin": 40, "scale": 12, "offset": 2, "decay": 0.4}
DECAY = rank("decay", "age", **CURVE)


def factor(age: int | None) -> float | None:
    if age is None:
        return None
    return math.exp(math.log(0.4) * (max(0, abs(age - 40) - 2) / 12) ** 2)


def closeness(distance: float) -> float:
    return 1 - 2 * math.atan(distance) / math.pi


def by_hand(hits: Any, score: Callable[[Any], float | None]) -> list[tuple[int, float]]:
    """(id, score), best first; those without a score last, with 0; the smaller id first among equals."""
    scored = [(hit["id"], score(hit)) for hit in hits]
    with_score = sorted((-np.float32(of), key) for key, of in scored if of is not None)
    without = sorted(key for key, of in scored if of is None)
    return [(key, -float(of)) for of, key in with_score] + [(key, 0.0) for key in without]


def pairs(hits: Any) -> list[tuple[int, float]]:
    return [(hit["id"], hit["distance"]) for hit in hits]


def assert_same(found: Any, expected: list[tuple[int, float]]) -> None:
    assert [key for key, _ in pairs(found)] == [key for key, _ in expected]
    assert [score for _, score in pairs(found)] == pytest.approx([score for _, score in expected], rel=1e-5)


# Decay ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["l2", "ip", "cosine", "bits"])
def test_decay_multiplies_scores_of_which_larger_is_nearer(shop: MilvusClient, field: str) -> None:
    data: Any = [b"\x07", b"\xf0"] if field == "bits" else QUERIES
    plain = shop.search("shop", data, anns_field=field, limit=30, output_fields=["age"])
    found = shop.search("shop", data, anns_field=field, limit=30, ranker=DECAY)
    turned = closeness if field in ("l2", "bits") else float
    for query in range(2):

        def score(hit: Any) -> float | None:
            of_age = factor(hit["age"])
            return None if of_age is None else turned(hit["distance"]) * of_age

        assert_same(found[query], by_hand(plain[query], score))


def test_norm_score_brings_scores_between_0_and_1_first(shop: MilvusClient) -> None:
    ranker = rank("decay", "weight", function="exp", origin=0, scale=9, norm_score=True)
    (plain,) = shop.search("shop", QUERIES[:1], anns_field="cosine", limit=20, output_fields=["weight"])
    (found,) = shop.search("shop", QUERIES[:1], anns_field="cosine", limit=20, ranker=ranker)
    assert_same(found, by_hand(plain, lambda hit: (1 + hit["distance"]) / 2 * 0.5 ** (hit["weight"] / 9)))


def test_linear_decay_ends_at_zero(shop: MilvusClient) -> None:
    ranker = rank("decay", "age", function="linear", origin=0, scale=10)
    (found,) = shop.search(
        "shop", QUERIES[:1], "age >= 20", anns_field="cosine", limit=80, ranker=ranker, output_fields=["age"]
    )
    assert set(found.distances) == {0.0}
    assert [hit["id"] for hit in found] == sorted(hit["id"] for hit in found)


def test_the_candidates_are_limit_and_offset(shop: MilvusClient) -> None:
    (plain,) = shop.search("shop", QUERIES[:1], anns_field="cosine", limit=12, output_fields=["age"])
    expected = by_hand(
        plain, lambda hit: None if hit["age"] is None else hit["distance"] * factor(hit["age"])
    )
    (page,) = shop.search(
        "shop", QUERIES[:1], anns_field="cosine", limit=5, offset=7, ranker=DECAY, round_decimal=3
    )
    assert pairs(page) == [(key, pytest.approx(round(score, 3), abs=2e-4)) for key, score in expected[7:]]


def test_a_range_and_a_filter_choose_the_candidates(shop: MilvusClient) -> None:
    options: dict[str, Any] = {
        "anns_field": "l2",
        "filter": "kind in [1, 2]",
        "limit": 30,
        "search_params": {"params": {"radius": 9.0, "range_filter": 1.0}},
        "output_fields": ["age"],
    }
    (plain,) = shop.search("shop", QUERIES[:1], **options)
    (found,) = shop.search("shop", QUERIES[:1], ranker=DECAY, **options)
    assert {hit["id"] for hit in found} == {hit["id"] for hit in plain}
    assert {hit["id"]: hit["age"] for hit in found} == {hit["id"]: hit["age"] for hit in plain}


def test_groups_are_led_by_their_new_scores(shop: MilvusClient) -> None:
    grouping: dict[str, Any] = {"group_by_field": "kind", "group_size": 2, "output_fields": ["kind", "age"]}
    (plain,) = shop.search("shop", QUERIES[:1], anns_field="cosine", limit=5, **grouping)
    (found,) = shop.search(
        "shop", QUERIES[:1], anns_field="cosine", limit=3, offset=2, ranker=DECAY, **grouping
    )
    scores = dict(
        by_hand(plain, lambda hit: None if hit["age"] is None else hit["distance"] * factor(hit["age"]))
    )
    kinds = {hit["id"]: hit["kind"] for hit in plain}
    order = list(dict.fromkeys(kinds[key] for key in scores))
    expected = [(key, scores[key]) for kind in order[2:5] for key in scores if kinds[key] == kind]
    assert_same(found, expected)
    assert [hit["kind"] for hit in found] == [kinds[key] for key, _ in expected]


@pytest.mark.parametrize("mode", ["max", "sum", "avg"])
def test_a_hybrid_search_decays_what_the_score_mode_makes(shop: MilvusClient, mode: str) -> None:
    fields = ("l2", "cosine")
    requests = [AnnSearchRequest([QUERIES[0]], field, {}, 25) for field in fields]
    joined: dict[int, list[float]] = {}
    ages: dict[int, int | None] = {}
    for field in fields:
        (hits,) = shop.search("shop", QUERIES[:1], anns_field=field, limit=25, output_fields=["age"])
        for hit in hits:
            value = closeness(hit["distance"]) if field == "l2" else hit["distance"]
            joined.setdefault(hit["id"], []).append(value)
            ages[hit["id"]] = hit["age"]
    combine = {"max": max, "sum": sum, "avg": lambda values: sum(values) / len(values)}[mode]
    rows = [{"id": key, "score": combine(values)} for key, values in joined.items()]

    def score(one: Any) -> float | None:
        of_age = factor(ages[one["id"]])
        return None if of_age is None else one["score"] * of_age

    ranker = rank("decay", "age", **CURVE, score_mode=mode)
    (found,) = shop.hybrid_search("shop", requests, ranker, limit=9, offset=3, output_fields=["age"])
    assert_same(found, by_hand(rows, score)[3:12])
    assert all(hit["age"] == ages[hit["id"]] for hit in found)
    (groups,) = shop.hybrid_search(
        "shop", requests, ranker, limit=2, group_by_field="kind", output_fields=["kind"]
    )
    assert groups.distances == sorted(groups.distances, reverse=True)
    assert len({hit["kind"] for hit in groups}) == len(groups) == 2


# Boosts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["l2", "ip", "cosine"])
@pytest.mark.parametrize("boost_mode", ["multiply", "Sum"])
@pytest.mark.parametrize("function_mode", ["Multiply", "sum"])
def test_boosts_change_the_distances_of_the_rows_that_match(
    shop: MilvusClient, field: str, boost_mode: str, function_mode: str
) -> None:
    ranker = FunctionScore(
        [
            rank("boost", filter="age > 30", weight=0.5),
            rank("boost", filter="kind == {kind}", weight=1.5),
        ],
        {"boost_mode": boost_mode, "function_mode": function_mode},
    )
    plain = shop.search("shop", QUERIES, anns_field=field, limit=25, output_fields=["age", "kind"])
    found = shop.search(
        "shop", QUERIES, anns_field=field, limit=20, offset=5, ranker=ranker, filter_params={"kind": 2}
    )
    for query in range(2):
        expected = []
        for hit in plain[query]:
            given = [0.5] * ((hit["age"] or 0) > 30) + [1.5] * (hit["kind"] == 2)
            boost = sum(given) if function_mode == "sum" else math.prod(given)
            distance = hit["distance"]
            if given:
                distance = distance + boost if boost_mode == "Sum" else distance * boost
            expected.append((hit["id"], distance))
        expected.sort(key=lambda one: one[1] if field == "l2" else -one[1])
        assert_same(found[query], expected[5:])


def test_a_random_score_depends_on_seed_and_field(shop: MilvusClient) -> None:
    def shuffled(seed: int, **random: Any) -> list[tuple[int, float]]:
        ranker = rank("boost", weight=1.0, random_score={"seed": seed, **random})
        return pairs(shop.search("shop", QUERIES[:1], anns_field="l2", limit=80, ranker=ranker)[0])

    (plain,) = shop.search("shop", QUERIES[:1], anns_field="l2", limit=80)
    before = dict(pairs(plain))
    first = shuffled(126, field="id")
    assert first == shuffled(126, field="id")
    assert first != shuffled(127, field="id")
    assert first != shuffled(126)
    shares = [distance / before[key] for key, distance in first]
    assert all(0 <= share < 1 for share in shares)
    assert max(shares) > 0.9


def test_boosts_come_before_the_other_ranker(shop: MilvusClient) -> None:
    boost = rank("boost", filter="kind == 1", weight=3.0)
    (plain,) = shop.search("shop", QUERIES[:1], anns_field="cosine", limit=20, output_fields=["age", "kind"])

    def boosted(hit: Any) -> float:
        return float(hit["distance"] * (3 if hit["kind"] == 1 else 1))

    (decayed,) = shop.search(
        "shop", QUERIES[:1], anns_field="cosine", limit=20, ranker=FunctionScore([DECAY, boost])
    )
    assert_same(
        decayed, by_hand(plain, lambda hit: None if hit["age"] is None else boosted(hit) * factor(hit["age"]))
    )
    (ranked,) = shop.search(
        "shop", QUERIES[:1], anns_field="cosine", limit=20, ranker=FunctionScore([boost, rank("rrf", k=9)])
    )
    assert [key for key, _ in pairs(ranked)] == [key for key, _ in by_hand(plain, boosted)]
    assert ranked.distances == pytest.approx([1 / (9 + place) for place in range(1, 21)])


# Others -----------------------------------------------------------------------------------------------


def test_rrf_and_weighted_rank_a_single_search(shop: MilvusClient) -> None:
    (plain,) = shop.search("shop", QUERIES[:1], anns_field="l2", limit=5)
    (ranked,) = shop.search("shop", QUERIES[:1], anns_field="l2", limit=5, ranker=rank("rrf"))
    assert_same(ranked, [(hit["id"], 1 / (61 + place)) for place, hit in enumerate(plain)])
    weighted = rank("weighted", weights=[0.5], norm_score=True)
    (ranked,) = shop.search("shop", QUERIES[:1], anns_field="l2", limit=5, ranker=weighted)
    assert_same(ranked, [(hit["id"], closeness(hit["distance"]) / 2) for hit in plain])
    (ranked,) = shop.search(
        "shop", QUERIES[:1], anns_field="l2", limit=5, ranker=rank("weighted", weights=[0.5])
    )
    assert_same(ranked, [(hit["id"], hit["distance"] / 2) for hit in plain])


@pytest.fixture
def length_model() -> Any:
    """The model ``length``, which scores a text by how near its length is to the number that the query is."""
    calls: list[tuple[str, list[str]]] = []

    def length(query: str, texts: list[str], sign: int = 1) -> list[float]:
        calls.append((query, texts))
        return [-sign * abs(len(text) - int(query)) for text in texts]

    rerankers.register("Length", length)
    yield calls
    rerankers.unregister("length")


def test_a_model_scores_the_texts_of_each_query(shop: MilvusClient, length_model: list[Any]) -> None:
    ranker = rank("model", "text", provider="length", queries=["6", "0"])
    plain = shop.search("shop", QUERIES, anns_field="l2", limit=12, output_fields=["text"])
    found = shop.search("shop", QUERIES, anns_field="l2", limit=12, ranker=ranker, output_fields=["text"])
    for query, wanted in enumerate((6, 0)):
        expected = by_hand(plain[query], lambda hit, w=wanted: -abs(len(hit["text"] or "") - w))
        assert pairs(found[query]) == expected
    assert [len(texts) for _, texts in length_model] == [12, 12]
    requests = [AnnSearchRequest(QUERIES, field, {}, 10) for field in ("l2", "ip")]
    fused = shop.hybrid_search("shop", requests, ranker, limit=4)
    assert [max(hits.distances) == hits.distances[0] for hits in fused] == [True, True]
    batched = rank("model", "text", provider="LENGTH", queries=["6"], max_client_batch_size=5, sign=-1)
    del length_model[:]
    (found,) = shop.search("shop", QUERIES[:1], anns_field="l2", limit=12, ranker=batched)
    assert [len(texts) for _, texts in length_model] == [5, 5, 2]
    assert found.distances == sorted(found.distances, reverse=True)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ([1.0], "one finite number for each of the 12 texts"),
        ([math.nan] * 12, "one finite number"),
        (None, "one finite number"),
        (["high"] * 12, "one finite number"),
    ],
)
def test_what_a_model_answers_is_checked(shop: MilvusClient, answer: Any, message: str) -> None:
    rerankers.register("odd", lambda query, texts: answer)
    try:
        with pytest.raises(ParamError, match=message):
            shop.search(
                "shop",
                QUERIES[:1],
                anns_field="l2",
                limit=12,
                ranker=rank("model", "text", provider="odd", queries=["q"]),
            )
    finally:
        rerankers.unregister("odd")


def test_the_error_of_a_model_is_the_callers(shop: MilvusClient) -> None:
    def broken(query: str, texts: list[str]) -> list[float]:
        raise ConnectionError("no model today")

    rerankers.register("broken", broken)
    try:
        with pytest.raises(ConnectionError, match="no model today"):
            shop.search(
                "shop",
                QUERIES[:1],
                anns_field="l2",
                ranker=rank("model", "text", provider="broken", queries=["q"]),
            )
    finally:
        rerankers.unregister("broken")
    assert len(shop.search("shop", QUERIES[:1], anns_field="l2", limit=3)[0]) == 3


def test_a_model_holds_no_transaction(shop: MilvusClient) -> None:
    """It may write to the collection that it ranks, and take its time: no other call waits for it."""

    def writing(query: str, texts: list[str]) -> list[float]:
        shop.delete("shop", ids=[200])
        shop.insert("shop", [row(0)])
        return [0.0] * len(texts)

    rerankers.register("writing", writing)
    try:
        (found,) = shop.search(
            "shop",
            QUERIES[:1],
            anns_field="l2",
            limit=80,
            ranker=rank("model", "text", provider="writing", queries=["q"]),
        )
    finally:
        rerankers.unregister("writing")
    assert len(found) == 80


def test_functions_of_pymilvus_rank_alike(shop: MilvusClient) -> None:
    def theirs(ours: Function) -> Any:
        kind = pymilvus.FunctionType.RERANK
        return pymilvus.Function(ours.name, kind, ours.input_field_names, params=ours.params)

    boost = rank("boost", filter="age > 30", weight="0.5")
    for ours, other in (
        (DECAY, theirs(DECAY)),
        (boost, theirs(boost)),
        (
            FunctionScore([boost, DECAY], {"boost_mode": "sum"}),
            pymilvus.FunctionScore([theirs(boost), theirs(DECAY)], {"boost_mode": "sum"}),
        ),
    ):
        expected = shop.search("shop", QUERIES, anns_field="l2", limit=9, ranker=ours, output_fields=["*"])
        assert (
            shop.search("shop", QUERIES, anns_field="l2", limit=9, ranker=other, output_fields=["*"])
            == expected
        )


async def test_reranked_searches_are_awaited(shop: MilvusClient, path: Path) -> None:
    async with AsyncMilvusClient(path) as client:
        found = await client.search("shop", QUERIES, anns_field="l2", limit=7, ranker=DECAY)
    assert found == shop.search("shop", QUERIES, anns_field="l2", limit=7, ranker=DECAY)


def test_tenants_rank_their_own_rows(client: MilvusClient) -> None:
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("tenant", DataType.VARCHAR, max_length=9, is_partition_key=True)
    schema.add_field("age", DataType.INT64)
    schema.add_field("v", DataType.FLOAT_VECTOR, dim=2)
    client.create_collection(
        "t", schema=schema, index_params=client.prepare_index_params("v", metric_type="L2")
    )
    client.insert("t", [{"id": n, "tenant": "ab"[n % 2], "age": n, "v": [n, 0]} for n in range(20)])
    mine = client.for_tenant("t", "b")
    boost = rank("boost", filter="age < 100", weight=0.5)
    ranker = FunctionScore([boost, rank("decay", "age", function="exp", origin=19, scale=3)])
    (found,) = mine.search("t", [[0, 0]], limit=20, ranker=ranker)
    assert sorted(hit["id"] for hit in found) == list(range(1, 20, 2))
    assert len(client.search("t", [[0, 0]], limit=20, ranker=ranker)[0]) == 20


def test_nothing_found_is_nothing_ranked(shop: MilvusClient, length_model: list[Any]) -> None:
    for ranker in (DECAY, rank("boost", weight=2), rank("model", "text", provider="length", queries=["1"])):
        (found,) = shop.search("shop", QUERIES[:1], "id < 0", anns_field="l2", ranker=ranker)
        assert len(found) == 0
    assert length_model == []


MODEL = {"provider": "nobody", "queries": ["q"]}


@pytest.mark.parametrize(
    ("ranker", "error", "message"),
    [
        (RRFRanker(), ParamError, "must be a RERANK Function or a FunctionScore"),
        ("decay", ParamError, "must be a RERANK Function or a FunctionScore"),
        (FunctionScore([]), ParamError, "must be a RERANK Function or a FunctionScore"),
        (FunctionScore([DECAY, DECAY]), ParamError, "boosts and one other ranker, got 2 others"),
        (FunctionScore(DECAY, {"boost_mode": "max"}), None, ""),
        (
            FunctionScore(rank("boost", weight=1), {"boost_mode": "max"}),
            ParamError,
            "boost_mode must be 'multiply' or 'sum', got 'max'",
        ),
        (Function("f", FunctionType.BM25, "text", "ip"), ParamError, "of type RERANK"),
        (rank("best"), ParamError, "must be one of boost, decay, model, rrf, weighted, got 'best'"),
        (Function("f", FunctionType.RERANK, [], params={}), ParamError, "must be one of .* got None"),
        (
            Function("f", FunctionType.RERANK, [], "text", params={"reranker": "rrf"}),
            ParamError,
            "no output field",
        ),
        (
            rank("decay", "text", **CURVE),
            ParamError,
            "'text' of a decay ranker must be numeric.*VARCHAR",
        ),
        (rank("decay", "l2", **CURVE), ParamError, "'l2' of a decay ranker must be numeric"),
        (rank("decay", "aeg", **CURVE), ParamError, "'aeg' of a ranker does not exist.*'age'"),
        (rank("decay", ["age", "kind"], **CURVE), ParamError, "takes one input field"),
        (rank("decay", "age", function="gauss", origin=1), ParamError, "'decay' needs 'scale', got none"),
        (rank("decay", "age", function="gauss", origin="x", scale=1), ParamError, "origin must be a number"),
        (
            rank("decay", "age", **CURVE, score_mode="min"),
            ParamError,
            "score_mode must be 'max', 'sum' or 'avg', got 'min'",
        ),
        (rank("decay", "age", **CURVE, weights=[1]), ParamError, "takes no 'weights'"),
        (rank("decay", "age", **CURVE, orgin=1), ParamError, "did you mean 'origin'"),
        (rank("boost", filter="age > 1"), ParamError, "needs 'weight', got none"),
        (rank("boost", "age", weight=1), ParamError, "takes no input field"),
        (rank("boost", weight=math.inf), ParamError, "weight of a boost must be a finite number"),
        (rank("boost", weight=1, filter="agee > 1"), FilterError, "agee"),
        (rank("boost", weight=1, random_score="yes"), ParamError, "random_score must be a dict"),
        (
            rank("boost", weight=1, random_score={"seed": "x"}),
            ParamError,
            "seed of random_score must be an int",
        ),
        (
            rank("boost", weight=1, random_score={"field": "age"}),
            ParamError,
            "must be an INT64 field, got 'age'",
        ),
        (rank("boost", weight=1, filter="random_sample(0.5)"), ParamError, "takes no random sample"),
        (rank("weighted", weights=[0.5, 0.5]), ParamError, "one weight for each of the 1 requests, got 2"),
        (rank("model", "age", **MODEL), ParamError, "register.*got 'nobody'"),
        (
            rank("model", "text", provider="cohere", queries="q", model_name="m"),
            ParamError,
            "needs queries, a list",
        ),
    ],
)
def test_mistakes_are_named(
    shop: MilvusClient, ranker: Any, error: type[Exception] | None, message: str
) -> None:
    if error is None:
        shop.search("shop", QUERIES, anns_field="l2", ranker=ranker)
        return
    with pytest.raises(error, match=message):
        shop.search("shop", QUERIES, anns_field="l2", ranker=ranker)


def test_what_milvus_refuses_is_refused(shop: MilvusClient, length_model: list[Any]) -> None:
    boost = rank("boost", weight=2)
    with pytest.raises(ParamError, match="takes no groups, as in Milvus"):
        shop.search("shop", QUERIES, anns_field="l2", ranker=boost, group_by_field="kind")
    requests = [AnnSearchRequest(QUERIES, "l2", {}, 5)]
    with pytest.raises(ParamError, match="a hybrid search takes no boost, as in Milvus"):
        shop.hybrid_search("shop", requests, boost)
    with pytest.raises(MilvusException, match="RRFRanker, a WeightedRanker or a RERANK Function"):
        shop.hybrid_search("shop", requests, FunctionScore(boost))
    with pytest.raises(ParamError, match="'ranker': it belongs to search"):
        shop.search_iterator("shop", QUERIES[:1], anns_field="l2", ranker=DECAY)
    with pytest.raises(ParamError, match="must be VARCHAR, got INT32"):
        shop.search(
            "shop",
            QUERIES,
            anns_field="l2",
            ranker=rank("model", "age", provider="length", queries=["1", "2"]),
        )
    with pytest.raises(ParamError, match="one text in queries for each of the 2 query vectors, got 1"):
        shop.search(
            "shop", QUERIES, anns_field="l2", ranker=rank("model", "text", provider="length", queries=["1"])
        )
