from __future__ import annotations

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
    FunctionType,
    MilvusClient,
    RRFRanker,
    WeightedRanker,
)
from milvus_store.errors import FilterError, MilvusException, ParamError

RANDOM = np.random.default_rng(5)
FIRST, SECOND = RANDOM.standard_normal((60, 4)), RANDOM.standard_normal((60, 3))
QUERIES = RANDOM.standard_normal((2, 4)).tolist(), RANDOM.standard_normal((2, 3)).tolist()


@pytest.fixture
def shop(client: MilvusClient) -> MilvusClient:
    """A client with the collection ``shop``: two vector fields, a partition key, and ids that fall with age."""
    schema = client.create_schema(enable_dynamic_field=True)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("first", DataType.FLOAT_VECTOR, dim=4)
    schema.add_field("second", DataType.FLOAT_VECTOR, dim=3)
    schema.add_field("tenant", DataType.VARCHAR, max_length=9, is_partition_key=True)
    index = client.prepare_index_params()
    index.add_index("first", metric_type="COSINE")
    index.add_index("second", metric_type="L2")
    client.create_collection("shop", schema=schema, index_params=index)
    client.insert(
        "shop",
        [
            {
                "id": 100 - n,
                "first": FIRST[n],
                "second": SECOND[n],
                "tenant": f"t{n % 3}",
                "n": n,
                "group": n % 5,
            }
            for n in range(60)
        ],
    )
    return client


def requests(limit: int = 12, **options: Any) -> list[AnnSearchRequest]:
    return [
        AnnSearchRequest(QUERIES[0], "first", {"metric_type": "COSINE"}, limit, **options),
        AnnSearchRequest(QUERIES[1], "second", {"metric_type": "L2"}, limit, **options),
    ]


def fused_by_hand(client: MilvusClient, query: int, score: Any, limit: int = 12, **options: Any) -> list[Any]:
    """(id, score) best first, from single searches; ``score(search, rank, distance)`` is what a hit is worth."""
    total: dict[int, float] = {}
    for search, field in enumerate(("first", "second")):
        (hits,) = client.search("shop", [QUERIES[search][query]], anns_field=field, limit=limit, **options)
        for rank, hit in enumerate(hits, start=1):
            total[hit["id"]] = total.get(hit["id"], 0) + score(search, rank, hit["distance"])
    return sorted(
        ((key, np.float32(value)) for key, value in total.items()), key=lambda one: (-one[1], one[0])
    )


def as_pairs(hits: Any) -> list[Any]:
    return [(hit["id"], np.float32(hit["distance"])) for hit in hits]


def rrf(_: int, rank: int, __: float) -> float:
    return 1 / (60 + rank)


@pytest.mark.parametrize("module", ["ours", "pymilvus's", "function"])
def test_reciprocal_ranks_of_several_fields(shop: MilvusClient, module: str) -> None:
    ranker: Any = RRFRanker()
    reqs: list[Any] = requests()
    if module == "pymilvus's":
        ranker = pymilvus.RRFRanker()
        reqs = [pymilvus.AnnSearchRequest(one.data, one.anns_field, one.param, one.limit) for one in reqs]
    elif module == "function":
        ranker = Function("rrf", FunctionType.RERANK, [], params={"reranker": "rrf", "k": 60})
    found = shop.hybrid_search("shop", reqs, ranker, limit=20, output_fields=["n"])
    for query in range(2):
        expected = fused_by_hand(shop, query, rrf)
        assert as_pairs(found[query]) == expected[:20]
        assert all(hit["entity"] == {"n": 100 - hit["id"]} for hit in found[query])


def test_weighted_scores_are_normalised_by_metric(shop: MilvusClient) -> None:
    def score(search: int, _: int, distance: float) -> float:
        return 0.7 * (1 + distance) / 2 if search == 0 else 0.2 * (1 - 2 * np.arctan(distance) / np.pi)

    for ranker in (WeightedRanker(0.7, 0.2), pymilvus.WeightedRanker(0.7, 0.2)):
        found = shop.hybrid_search("shop", requests(), ranker, limit=20)
        expected = fused_by_hand(shop, 1, score)[:20]
        assert [key for key, _ in as_pairs(found[1])] == [key for key, _ in expected]
        assert [hit["distance"] for hit in found[1]] == pytest.approx([float(one) for _, one in expected])


def test_distances_alone_stay_distances_without_norming(shop: MilvusClient) -> None:
    reqs = [AnnSearchRequest([vector], "second", {}, 5) for vector in QUERIES[1]]
    found = shop.hybrid_search("shop", reqs, WeightedRanker(1.0, 0.0, norm_score=False), limit=10)[0]
    (nearest,) = shop.search("shop", [QUERIES[1][0]], anns_field="second", limit=5)
    distances = {hit["id"]: hit["distance"] for hit in nearest}
    assert [hit["distance"] for hit in found] == sorted(hit["distance"] for hit in found)
    for hit in found:
        assert hit["distance"] == pytest.approx(distances.get(hit["id"], 0.0))


def test_each_request_has_its_filter_and_limit(shop: MilvusClient) -> None:
    reqs = requests()
    reqs[0] = AnnSearchRequest(QUERIES[0], "first", {}, 3, expr="n < {most}", expr_params={"most": 20})
    reqs[1] = AnnSearchRequest(QUERIES[1], "second", {}, 4, filter='tenant == "t1"')
    found = shop.hybrid_search("shop", reqs, RRFRanker(), limit=50, output_fields=["n", "tenant"])
    for query in range(2):
        (first,) = shop.search("shop", [QUERIES[0][query]], "n < 20", 3, anns_field="first")
        (second,) = shop.search("shop", [QUERIES[1][query]], 'tenant == "t1"', 4, anns_field="second")
        assert set(found[query].ids) == {*first.ids, *second.ids}


def test_a_page_is_a_slice_of_the_whole(shop: MilvusClient) -> None:
    whole = shop.hybrid_search("shop", requests(), RRFRanker(10), limit=30)
    page = shop.hybrid_search("shop", requests(), RRFRanker(10), limit=5, offset=4, round_decimal=3)
    for query in range(2):
        assert page[query].ids == whole[query].ids[4:9]
        assert page[query].distances == [round(one, 3) for one in whole[query].distances[4:9]]


def test_partitions_and_deletions_count(client: MilvusClient) -> None:
    client.create_collection("c", dimension=2, metric_type="L2")
    client.create_partition("c", "extra")
    client.insert("c", [{"id": n, "vector": [n, n]} for n in range(5)])
    client.insert("c", [{"id": n, "vector": [n, n]} for n in range(5, 9)], partition_name="extra")
    client.delete("c", ids=[6])
    reqs = [AnnSearchRequest([[0, 0]], "vector", {}, 9), AnnSearchRequest([[9, 9]], "vector", {}, 9)]
    found = client.hybrid_search("c", reqs, RRFRanker(), partition_names=["extra"])[0]
    assert sorted(found.ids) == [5, 7, 8]
    client.release_partitions("c", "extra")
    assert sorted(client.hybrid_search("c", reqs, RRFRanker())[0].ids) == [0, 1, 2, 3, 4]


def test_groups_are_led_by_their_best_row(shop: MilvusClient) -> None:
    reqs = [*requests(limit=3), AnnSearchRequest(QUERIES[0], "first", {}, 3, expr='tenant == "t1"')]
    found = shop.hybrid_search(
        "shop", reqs, RRFRanker(), limit=3, group_by_field="group", group_size=2, output_fields=["group"]
    )
    for hits in found:
        groups = [hit["group"] for hit in hits]
        assert list(dict.fromkeys(groups)) == sorted(set(groups), key=groups.index)
        assert len(set(groups)) == 3
        assert all(groups.count(group) <= 2 for group in groups)
        best = {group: max(hit["distance"] for hit in hits if hit["group"] == group) for group in groups}
        assert list(best.values()) == sorted(best.values(), reverse=True)


def test_a_request_may_be_a_range_or_find_nothing(shop: MilvusClient) -> None:
    reqs = [
        AnnSearchRequest(QUERIES[1], "second", {"params": {"radius": 2.0}}, 60),
        AnnSearchRequest(QUERIES[0], "first", {}, 5, expr="n > 1000"),
    ]
    found = shop.hybrid_search("shop", reqs, RRFRanker(), limit=60)
    expected = shop.search("shop", QUERIES[1], limit=60, anns_field="second", search_params={"radius": 2.0})
    assert [hits.ids for hits in found] == [hits.ids for hits in expected]
    assert shop.hybrid_search("shop", reqs[1:], RRFRanker()) == [[], []]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"reqs": []}, ParamError, "one at least"),
        ({"reqs": "text"}, ParamError, "list of AnnSearchRequest"),
        ({"reqs": [5]}, ParamError, r"reqs\[0\] must be an AnnSearchRequest"),
        ({"ranker": "rrf"}, ParamError, "ranker must be an RRFRanker"),
        ({"ranker": WeightedRanker(0.5)}, ParamError, "one weight for each of the 2 requests, got 1"),
        ({"ranker": WeightedRanker(0.5, 3)}, ParamError, "from 0 to 1, got 3"),
        ({"ranker": RRFRanker(0)}, ParamError, "above 0"),
        ({"ranker": Function("f", FunctionType.BM25, "a", "b")}, ParamError, "of type RERANK"),
        (
            {"ranker": Function("f", FunctionType.RERANK, [], params={"reranker": "best"})},
            ParamError,
            "one of boost, decay, model, rrf, weighted, got 'best'",
        ),
        (
            {"ranker": Function("f", FunctionType.RERANK, [], params={"reranker": "rrf", "weight": 1})},
            ParamError,
            "the reranker 'rrf' takes no 'weight'",
        ),
        ({"limit": 0}, ParamError, "limit must be at least 1"),
        ({"limit": 16_000, "offset": 1_000}, ParamError, "at most 16384"),
        ({"output_fields": "n"}, ParamError, "output_fields"),
        ({"grouping": "n"}, ParamError, "unexpected argument 'grouping'"),
        (
            {"rank_group_scorer": "min", "group_by_field": "group"},
            ParamError,
            "'max', 'sum' or 'avg', got 'min'",
        ),
        ({"partition_names": ["nope"]}, MilvusException, "'nope'"),
    ],
)
def test_mistakes_are_named(
    shop: MilvusClient, change: dict[str, Any], error: type[Exception], message: str
) -> None:
    arguments = {"reqs": requests(), "ranker": RRFRanker(), **change}
    with pytest.raises(error, match=message):
        shop.hybrid_search("shop", **arguments)


@pytest.mark.parametrize("scorer", ["max", "sum", "avg"])
def test_groups_are_ordered_by_what_their_scores_make(shop: MilvusClient, scorer: str) -> None:
    reqs = requests(limit=5)
    options: dict[str, Any] = {"group_by_field": "group", "group_size": 3, "output_fields": ["group"]}
    (rows, _) = shop.hybrid_search("shop", reqs, RRFRanker(), limit=5, **options)
    (found, _) = shop.hybrid_search(
        "shop", reqs, RRFRanker(), limit=3, offset=1, rank_group_scorer=scorer, **options
    )
    scores: dict[int, list[float]] = {}
    for hit in rows:
        scores.setdefault(hit["group"], []).append(hit["distance"])
    make = {"max": max, "sum": sum, "avg": lambda values: sum(values) / len(values)}[scorer]
    order = sorted(scores, key=lambda group: -make(scores[group]))
    assert list(dict.fromkeys(hit["group"] for hit in found)) == order[1:4]
    decay = Function(
        "f",
        FunctionType.RERANK,
        ["id"],
        params={"reranker": "decay", "function": "gauss", "origin": 0, "scale": 1e9},
    )
    (decayed, _) = shop.hybrid_search("shop", reqs, decay, limit=5, rank_group_scorer=scorer, **options)
    by_group: dict[int, list[float]] = {}
    for hit in decayed:
        by_group.setdefault(hit["group"], []).append(hit["distance"])
    totals = [make(values) for values in by_group.values()]
    assert totals == sorted(totals, reverse=True)


def test_mistakes_in_a_request_are_named(shop: MilvusClient) -> None:
    good = requests()[0]
    for bad, error, message in (
        (
            AnnSearchRequest([[1.0] * 4], "first", {}, 3),
            ParamError,
            r"as many query vectors each, got \[2, 1\]",
        ),
        (AnnSearchRequest([[1.0]] * 2, "first", {}, 3), ParamError, "dimension 1"),
        (AnnSearchRequest(QUERIES[0], "nope", {}, 3), ParamError, "anns_field 'nope'"),
        (AnnSearchRequest(QUERIES[0], "first", {"metric_type": "L2"}, 3), ParamError, "metric_type"),
        (AnnSearchRequest(QUERIES[0], "first", {"offset": 2}, 3), ParamError, r"reqs\[1\] has the offset 2"),
        (AnnSearchRequest(QUERIES[0], "first", {}, 3, expr="n >"), FilterError, "column"),
    ):
        with pytest.raises(error, match=message):
            shop.hybrid_search("shop", [good, bad], RRFRanker())
    with pytest.raises(ParamError, match="expr or filter"):
        AnnSearchRequest(QUERIES[0], "first", {}, 3, expr="n > 1", filter="n > 1")
    with pytest.raises(TypeError, match="weight must be a number"):
        WeightedRanker("0.5")  # type: ignore[arg-type]


async def test_hybrid_searches_are_awaited(shop: MilvusClient, path: Path) -> None:
    async with AsyncMilvusClient(path) as client:
        found = await client.hybrid_search("shop", requests(), RRFRanker(), limit=7, output_fields=["n"])
    assert found == shop.hybrid_search("shop", requests(), RRFRanker(), limit=7, output_fields=["n"])
