"""Unmodified pymilvus on our server, beside ``MilvusClient`` on a file: the same calls with the same results."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pymilvus
import pytest

from milvus_store import MilvusClient, rerankers
from milvus_store.errors import MilvusException
from milvus_store.server.endpoint import MilvusServer
from tests.filters.key_sets import bloom_of, roaring_of

Step = Callable[[Any], Any]


def _without_times(found: Any) -> dict[str, Any]:
    """What an answer about a snapshot says, without when it was made and how long that took."""
    times = ("create_ts", "start_time", "time_cost")
    return {name: value for name, value in vars(found).items() if name not in times}


def _pinned(client: Any, call: Callable[[], Any]) -> Any:
    """What a call comes to while a snapshot is pinned."""
    pin = client.pin_snapshot_data("s", "quick", ttl_seconds=60)
    try:
        return call()
    finally:
        client.unpin_snapshot_data(pin)


def _schema(client: Any) -> Any:
    types = pymilvus.DataType
    schema = client.create_schema(enable_dynamic_field=True, description="everything")
    schema.add_field("pk", types.INT64, is_primary=True)
    schema.add_field("vector", types.FLOAT_VECTOR, dim=3)
    schema.add_field("half", types.FLOAT16_VECTOR, dim=3)
    schema.add_field("bits", types.BINARY_VECTOR, dim=16)
    schema.add_field("sparse", types.SPARSE_FLOAT_VECTOR)
    schema.add_field("small", types.INT8, nullable=True)
    schema.add_field("title", types.VARCHAR, max_length=100, default_value="untitled")
    schema.add_field("doc", types.JSON, nullable=True)
    schema.add_field("tags", types.ARRAY, element_type=types.VARCHAR, max_capacity=4, max_length=9)
    schema.add_field("numbers", types.ARRAY, element_type=types.FLOAT, max_capacity=4, nullable=True)
    schema.add_field("price", types.FLOAT)
    schema.add_field("exact", types.DOUBLE, nullable=True)
    schema.add_field("flag", types.BOOL)
    schema.add_field("when", types.TIMESTAMPTZ, nullable=True)
    return schema


def _text_schema(client: Any) -> Any:
    types = pymilvus.DataType
    schema = client.create_schema()
    schema.add_field("name", types.VARCHAR, is_primary=True, max_length=20)
    schema.add_field("tenant", types.VARCHAR, max_length=20, is_partition_key=True)
    schema.add_field("text", types.VARCHAR, max_length=200, enable_analyzer=True, enable_match=True)
    schema.add_field("terms", types.SPARSE_FLOAT_VECTOR)
    schema.add_field("vector", types.FLOAT_VECTOR, dim=2)
    schema.add_function(pymilvus.Function("bm25", pymilvus.FunctionType.BM25, ["text"], ["terms"]))
    return schema


def _signatures_schema(client: Any) -> Any:
    types = pymilvus.DataType
    schema = client.create_schema()
    schema.add_field("id", types.INT64, is_primary=True)
    schema.add_field("text", types.VARCHAR, max_length=200, enable_analyzer=True)
    schema.add_field("signature", types.BINARY_VECTOR, dim=32 * 16)
    params = {"num_hashes": 16, "shingle_size": 1}
    schema.add_function(
        pymilvus.Function("f", pymilvus.FunctionType.MINHASH, ["text"], ["signature"], params=params)
    )
    return schema


def _signatures_index(client: Any) -> Any:
    indexes = client.prepare_index_params()
    params = {"mh_element_bit_width": 32, "mh_lsh_band": 4}
    indexes.add_index("signature", index_type="MINHASH_LSH", metric_type="MHJACCARD", params=params)
    return indexes


def _indexes(client: Any) -> Any:
    indexes = client.prepare_index_params()
    indexes.add_index("vector", index_type="HNSW", metric_type="L2", params={"M": 8, "efConstruction": 64})
    indexes.add_index("half", index_type="AUTOINDEX", metric_type="IP")
    indexes.add_index("bits", index_type="BIN_FLAT", metric_type="HAMMING")
    indexes.add_index("sparse", index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
    return indexes


def _text_indexes(client: Any) -> Any:
    indexes = client.prepare_index_params()
    indexes.add_index("terms", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
    indexes.add_index("vector", index_type="AUTOINDEX", metric_type="COSINE")
    return indexes


def _row(number: int) -> dict[str, Any]:
    return {
        "pk": number,
        "vector": [number, 1.0, 0.5],
        "half": np.array([1, number, 2], dtype=np.float16),
        "bits": bytes([number, 255 - number]),
        "sparse": {number: 1.0, 1000 + number: 0.5},
        "small": None if number % 3 == 0 else number,
        "doc": None if number % 4 == 0 else {"size": number, "names": ["a", "b"]},
        "tags": ["red", "blue"][: number % 3],
        "numbers": None if number % 2 else [number / 2, 1.5],
        "price": number / 3,
        "exact": None if number % 5 == 0 else number / 7,
        "flag": number % 2 == 0,
        "when": None if number % 6 == 0 else f"2026-01-{number + 1:02}T00:00:00Z",
        "color": f"c{number % 3}",
        "nested": {"deep": [number]},
    }


def _text_row(number: int) -> dict[str, Any]:
    words = ["apple pie", "green apple", "blue sky and sea", "pie in the sky"][number % 4]
    return {
        "name": f"n{number}",
        "tenant": f"t{number % 2}",
        "text": f"{words} {number}",
        "vector": [1.0, number],
    }


def _pages(iterator: Any) -> list[list[Any]]:
    pages = []
    while page := iterator.next():
        pages.append(list(page))
    iterator.close()
    return pages


def _request(field: str, vector: Any, **more: Any) -> Any:
    return pymilvus.AnnSearchRequest([vector], field, {"params": {}}, limit=5, **more)


def _rank(reranker: str, inputs: Sequence[str] = (), **params: Any) -> Any:
    kind = pymilvus.FunctionType.RERANK
    return pymilvus.Function("rank", kind, list(inputs), params={"reranker": reranker, **params})


def _chain() -> Any:
    return pymilvus.FunctionChain(pymilvus.FunctionChainStage.L2_RERANK, name="steps")


def _longest(query: str, texts: list[str], bonus: int = 0) -> list[float]:
    return [len(text) + bonus * (query in text) for text in texts]


_CHAIN_STEPS: dict[str, Step] = {}
if hasattr(pymilvus, "FunctionChain"):  # pymilvus 2.6 has none
    from pymilvus.function_chain import col, fn

    _CHAIN_STEPS = {
        "search, chain": lambda client: client.search(
            "all",
            [[1, 1, 0]],
            anns_field="vector",
            limit=8,
            output_fields=["title"],
            function_chains=_chain()
            .map("near", fn.decay(col("price"), function="linear", origin=1, scale=1, offset=0.5))
            .map("$score", fn.num_combine(col("$score"), col("near"), mode="weighted", weights=[0.25, 1]))
            .sort(col("$score"), desc=False, tie_break_col=col("$id"))
            .limit(4, offset=1),
        ),
        "search, model in a chain": lambda client: client.search(
            "texts",
            [[1, 1]],
            anns_field="vector",
            function_chains=_chain().map(
                "$score", fn.rerank_model(col("text"), queries=["sky"], provider="longest", bonus=2)
            ),
        ),
        "search, bad chain": lambda client: client.search(
            "all", [[1, 1, 0]], anns_field="vector", function_chains=_chain().sort("nothing")
        ),
    }


STEPS: dict[str, Step] = {
    "list_collections": lambda client: client.list_collections(),
    "create_collection": lambda client: client.create_collection(
        "all", schema=_schema(client), index_params=_indexes(client), consistency_level="Strong"
    ),
    "create_collection, again": lambda client: client.create_collection("all", schema=_schema(client)),
    "create_collection, quick": lambda client: client.create_collection("quick", 2, metric_type="IP"),
    "create_collection, text": lambda client: client.create_collection(
        "texts", schema=_text_schema(client), index_params=_text_indexes(client)
    ),
    "create_collection, bad": lambda client: client.create_collection("no good", 2),
    "has_collection": lambda client: [client.has_collection("all"), client.has_collection("none")],
    "describe_collection": lambda client: _described(client, "all"),
    "describe_collection, text": lambda client: _described(client, "texts"),
    "describe_collection, none": lambda client: _described(client, "none"),
    "create_collection, signatures": lambda client: client.create_collection(
        "copies", schema=_signatures_schema(client), index_params=_signatures_index(client)
    ),
    "describe_collection, signatures": lambda client: _described(client, "copies"),
    "insert, signatures": lambda client: client.insert(
        "copies", [{"id": number, "text": _text_row(number)["text"]} for number in range(4)]
    ),
    "search, signatures": lambda client: client.search("copies", ["green apple 2"], limit=2),
    "query, signatures": lambda client: client.query("copies", filter="id == 1", output_fields=["signature"]),
    "insert": lambda client: client.insert("all", [_row(number) for number in range(12)]),
    "insert, one": lambda client: client.insert("quick", {"id": 7, "vector": [1, 2], "x": None}),
    "insert, texts": lambda client: client.insert("texts", [_text_row(number) for number in range(12)]),
    "insert, too long": lambda client: client.insert("texts", [{**_text_row(1), "tenant": "x" * 30}]),
    "insert, bad dimension": lambda client: client.insert("quick", [{"id": 1, "vector": [1, 2, 3]}]),
    "insert, infinite": lambda client: client.insert("quick", [{"id": 1, "vector": [1, math.inf]}]),
    "insert, none": lambda client: client.insert("none", [{"id": 1, "vector": [1, 2]}]),
    "create_collection, numbered": lambda client: client.create_collection(
        "numbered", 2, auto_id=True, properties={"allow_insert_auto_id": "true"}
    ),
    "insert, numbered": lambda client: client.insert("numbered", [{"vector": [1, 2]}] * 2),
    "insert, own keys": lambda client: client.insert("numbered", [{"id": 99, "vector": [1, 2]}]),
    "upsert, own keys": lambda client: client.upsert("numbered", [{"id": 99, "vector": [1, 3]}]),
    "insert, numbered on": lambda client: client.insert("numbered", [{"vector": [1, 2]}]),
    "drop_collection_properties, keys": lambda client: client.drop_collection_properties(
        "numbered", ["allow_insert_auto_id"]
    ),
    "insert, refused keys": lambda client: client.insert("numbered", [{"id": 98, "vector": [1, 2]}]),
    "upsert, other keys": lambda client: client.upsert("numbered", [{"id": 99, "vector": [1, 4]}]),
    "query, numbered": lambda client: client.query("numbered", filter="", limit=9, output_fields=["*"]),
    "drop_collection, numbered": lambda client: client.drop_collection("numbered"),
    "get_collection_stats": lambda client: client.get_collection_stats("all"),
    "query": lambda client: client.query("all", filter="pk > 3", output_fields=["*"]),
    "query, fields": lambda client: client.query(
        "all", filter="flag == true", output_fields=["title", "color"]
    ),
    "query, dynamic": lambda client: client.query("all", filter="color == 'c1'", output_fields=["nested"]),
    "query, count": lambda client: client.query("all", filter="price < 2", output_fields=["count(*)"]),
    "query, page": lambda client: client.query("all", filter="", limit=3, offset=2, output_fields=["pk"]),
    "query, template": lambda client: client.query(
        "all",
        filter="pk in {keys} and price < {most}",
        filter_params={"keys": [1, 2, 9], "most": 2.5},
        output_fields=["pk"],
    ),
    "query, keys in a Bloom filter": lambda client: client.query(
        "all",
        filter="membership_match(small, {keys}, type=bloom) or membership_match(doc['size'], {keys})",
        filter_params={"keys": bloom_of([1, 2])},
        output_fields=["pk"],
    ),
    "query, keys in a bitmap": lambda client: client.query(
        "all",
        filter="not membership_match(pk, {keys})",
        filter_params={"keys": roaring_of([1, 2, 9])},
        output_fields=["pk"],
    ),
    "query, keys of another type": lambda client: client.query(
        "all",
        filter="membership_match(title, {keys}, type=bloom)",
        filter_params={"keys": roaring_of([1])},
    ),
    "query, ids": lambda client: client.query("all", ids=[3, 4], output_fields=["pk", "small"]),
    "query, times": lambda client: client.query(
        "all", filter="pk == 1", output_fields=["when"], timezone="Asia/Shanghai"
    ),
    "query, ordered": lambda client: client.query(
        "all",
        order_by_fields=[{"field": "small", "order": "desc:nulls_last"}, {"field": "pk"}],
        limit=5,
        offset=1,
        output_fields=["small"],
    ),
    "query, ordered by paths": lambda client: client.query(
        "all", order_by_fields=['doc["size"]:desc', "color"], limit=9, output_fields=["pk"]
    ),
    "query, ordered without a limit": lambda client: client.query("all", filter="pk > 0", order_by="pk:desc"),
    "query, ordered by a vector": lambda client: client.query("all", order_by=["vector"], limit=2),
    "query, groups": lambda client: client.query(
        "all",
        group_by_fields=["small", "title"],
        output_fields=[
            "small",
            "count(*)",
            "sum(small)",
            "avg(price)",
            "min(exact)",
            "max(when)",
            "count(doc)",
        ],
        order_by_fields=["small:desc"],
        limit=4,
    ),
    "query, no groups": lambda client: client.query(
        "all",
        filter="pk > 100",
        group_by_fields=["title"],
        output_fields=["title", "avg(price)", "max(title)"],
    ),
    "query, aggregates": lambda client: client.query(
        "all", filter="pk > 100", output_fields=["count(*)", "sum(pk)", "max(title)", "min(price)"]
    ),
    "query, groups of a float": lambda client: client.query(
        "all", group_by_fields=["price"], output_fields=["price"], limit=1
    ),
    "query, nothing": lambda client: client.query("all", filter="pk < 0", output_fields=["*"]),
    "query, bad filter": lambda client: client.query("all", filter="pk ==", output_fields=["pk"]),
    "query, no filter": lambda client: client.query("all", filter=""),
    "query, bad field": lambda client: client.query("texts", filter="name > ''", output_fields=["nope"]),
    "get": lambda client: sorted(
        client.get("all", ids=[2, 1], output_fields=["pk", "doc"]), key=lambda row: int(row["pk"])
    ),  # pymilvus asks for them by a filter, whose rows come in the order of writing
    "search": lambda client: client.search("all", [[1, 1, 0], [5, 0, 0]], limit=3, anns_field="vector"),
    "search, fields": lambda client: client.search(
        "all", [[1, 1, 0]], limit=4, anns_field="vector", output_fields=["*"]
    ),
    "search, filter": lambda client: client.search(
        "all", [[1, 1, 0]], filter="color in {c}", filter_params={"c": ["c1"]}, anns_field="vector", limit=4
    ),
    "search, half": lambda client: client.search(
        "all", [np.array([1, 2, 3], dtype=np.float16)], anns_field="half", limit=2, output_fields=["half"]
    ),
    "search, bits": lambda client: client.search("all", [bytes([1, 2])], anns_field="bits", limit=2),
    "search, sparse": lambda client: client.search("all", [{3: 1.0}], anns_field="sparse", limit=2),
    "search, range": lambda client: client.search(
        "all",
        [[1, 1, 0]],
        anns_field="vector",
        search_params={"params": {"radius": 9.0, "range_filter": 1.0}},
    ),
    "search, groups of a JSON type": lambda client: client.search(
        "all",
        [[1, 1, 0]],
        anns_field="vector",
        group_by_field="doc",
        json_path="/size",
        json_type=pymilvus.DataType.INT64,
        limit=9,
    ),
    "search, groups of a JSON type, strictly": lambda client: client.search(
        "all",
        [[1, 1, 0]],
        anns_field="vector",
        group_by_field="doc",
        json_path="/size",
        json_type=pymilvus.DataType.VARCHAR,
        strict_cast=True,
    ),
    "search, groups": lambda client: client.search(
        "all",
        [[1, 1, 0]],
        anns_field="vector",
        group_by_field="flag",
        group_size=2,
        limit=2,
        output_fields=["flag"],
    ),
    "search, groups of several": lambda client: client.search(
        "all",
        [[1, 1, 0]],
        anns_field="vector",
        group_by_fields=["flag", "small"],
        limit=3,
        order_by_fields="pk:desc",
        output_fields=["flag", "small"],
    ),
    "search, ordered": lambda client: client.search(
        "all",
        [[1, 1, 0], [5, 0, 0]],
        anns_field="vector",
        limit=4,
        offset=1,
        order_by_fields=[{"field": "color", "order": "desc"}, {"field": "small"}],
        output_fields=["color", "small"],
    ),
    "search, buckets": lambda client: _buckets(
        client.search(
            "all",
            [[1, 1, 0], [5, 0, 0]],
            anns_field="vector",
            output_fields=["title", "small", "price", "exact", "flag", "when"],
            search_aggregation=pymilvus.SearchAggregation(
                ["flag"],
                2,
                {"sum": {"sum": "small"}, "best": {"min": "_score"}, "mean": {"avg": "price"}},
                [{"mean": "desc"}],
                pymilvus.TopHits(2, [{"color": "desc"}, {"_score": "asc"}]),
                pymilvus.SearchAggregation(
                    ["small", "title"], 3, {"rows": {"count": "*"}, "last": {"max": "when"}}
                ),
            ),
        )
    ),
    "search, buckets of a float": lambda client: client.search(
        "all",
        [[1, 1, 0]],
        anns_field="vector",
        search_aggregation=pymilvus.SearchAggregation(["price"], 2),
    ),
    "search, buckets and an offset": lambda client: client.search(
        "all",
        [[1, 1, 0]],
        anns_field="vector",
        offset=1,
        search_aggregation=pymilvus.SearchAggregation(["flag"], 2),
    ),
    "search, ordered by nothing": lambda client: client.search(
        "all", [[1, 1, 0]], anns_field="vector", order_by_fields="tags"
    ),
    "search, offset": lambda client: client.search(
        "all", [[1, 1, 0]], anns_field="vector", limit=2, offset=3
    ),
    "search, rounded": lambda client: client.search(
        "all", [[1, 1, 0.3]], anns_field="vector", limit=2, round_decimal=1
    ),
    "search, ids": lambda client: client.search("all", ids=[3], anns_field="vector", limit=2),
    "search, text": lambda client: client.search(
        "texts", ["apple"], anns_field="terms", limit=3, output_fields=["text"]
    ),
    "search, match": lambda client: client.search(
        "texts", [[1, 1]], anns_field="vector", filter="text_match(text, 'sky')", limit=9
    ),
    "search, nothing": lambda client: client.search("all", [[1, 1, 0]], filter="pk < 0", anns_field="vector"),
    "search, no field": lambda client: client.search("all", [[1, 1, 0]]),
    "search, bad dimension": lambda client: client.search("quick", [[1, 1, 0]]),
    "search, bad metric": lambda client: client.search(
        "quick", [[1, 1]], search_params={"metric_type": "L2"}
    ),
    "search, bad limit": lambda client: client.search("quick", [[1, 1]], limit=20_000),
    "search, bad parameter": lambda client: client.search(
        "all", [[1, 1, 0]], anns_field="vector", search_params={"params": {"ef": 1}}, limit=3
    ),
    "hybrid_search": lambda client: client.hybrid_search(
        "all",
        [_request("vector", [1, 1, 0]), _request("sparse", {3: 1.0})],
        pymilvus.RRFRanker(10),
        limit=4,
        output_fields=["color"],
    ),
    "hybrid_search, weights": lambda client: client.hybrid_search(
        "all",
        [_request("vector", [1, 1, 0], expr="pk > 2"), _request("sparse", {3: 1.0})],
        pymilvus.WeightedRanker(0.3, 0.7),
        limit=4,
    ),
    "hybrid_search, function": lambda client: client.hybrid_search(
        "all",
        [_request("vector", [1, 1, 0]), _request("sparse", {3: 1.0})],
        pymilvus.Function("rank", pymilvus.FunctionType.RERANK, [], params={"reranker": "rrf", "k": 20}),
        limit=4,
    ),
    "search, decay": lambda client: client.search(
        "all",
        [[1, 1, 0], [5, 1, 1]],
        anns_field="vector",
        limit=4,
        offset=1,
        output_fields=["price"],
        ranker=_rank("decay", ["price"], function="gauss", origin=2, scale=0.5, offset=0.1, decay=0.3),
    ),
    "search, boosts": lambda client: client.search(
        "all",
        [[1, 1, 0]],
        anns_field="vector",
        limit=5,
        ranker=pymilvus.FunctionScore(
            [
                _rank("boost", filter="price > 1.5", weight=0.5),
                _rank("boost", weight=2, random_score={"seed": 3, "field": "pk"}),
                _rank("decay", ["exact"], function="exp", origin=1, scale=3, norm_score=True),
            ],
            {"boost_mode": "Multiply", "function_mode": "Sum"},
        ),
    ),
    "search, model": lambda client: client.search(
        "texts",
        [[1, 1]],
        anns_field="vector",
        limit=4,
        ranker=_rank("model", ["text"], provider="longest", queries=["sky"], bonus=2),
    ),
    "search, two rankers": lambda client: client.search(
        "all", [[1, 1, 0]], anns_field="vector", ranker=pymilvus.FunctionScore([_rank("rrf"), _rank("rrf")])
    ),
    "search, bad decay": lambda client: client.search(
        "all",
        [[1, 1, 0]],
        anns_field="vector",
        ranker=_rank("decay", ["title"], function="exp", origin=1, scale=1),
    ),
    **_CHAIN_STEPS,
    "hybrid_search, decay": lambda client: client.hybrid_search(
        "all",
        [_request("vector", [1, 1, 0]), _request("sparse", {3: 1.0})],
        _rank("decay", ["price"], function="exp", origin=2, scale=1, score_mode="sum"),
        limit=4,
        output_fields=["color", "price"],
    ),
    "hybrid_search, groups": lambda client: client.hybrid_search(
        "all",
        [_request("vector", [1, 1, 0]), _request("sparse", {3: 1.0})],
        pymilvus.RRFRanker(10),
        limit=2,
        group_by_field="flag",
        group_size=3,
        rank_group_scorer="sum",
        output_fields=["flag"],
    ),
    "hybrid_search, boost": lambda client: client.hybrid_search(
        "all", [_request("vector", [1, 1, 0])], _rank("boost", weight=2)
    ),
    "query_iterator": lambda client: _pages(
        client.query_iterator("all", batch_size=5, filter="pk >= 0", output_fields=["pk", "title"])
    ),
    "query_iterator, texts": lambda client: sorted(
        row["name"]
        for page in _pages(client.query_iterator("texts", batch_size=5, filter="name > ''"))
        for row in page
    ),  # pymilvus pages by key
    "query_iterator, bounds": lambda client: _pages(
        client.query_iterator("all", batch_size=3, filter="", limit=7, offset=2, output_fields=["pk"])
    ),
    "search_iterator, ordered": lambda client: client.search_iterator(
        "all", [[1, 1, 0]], batch_size=5, anns_field="vector", order_by_fields=[{"field": "pk"}]
    ),
    "search_iterator": lambda client: _pages(
        client.search_iterator("all", [[1, 1, 0]], batch_size=5, anns_field="vector", output_fields=["color"])
    ),
    "upsert": lambda client: client.upsert("all", [{**_row(1), "title": "changed"}, _row(20)]),
    "upsert, partial": lambda client: client.upsert("all", [{"pk": 2, "title": "part"}], partial_update=True),
    "upsert, seen": lambda client: client.query("all", filter="pk in [1, 2, 20]", output_fields=["*"]),
    "delete": lambda client: client.delete("all", ids=[20]),
    "delete, filter": lambda client: client.delete("all", filter="pk in [10, 11]"),
    "delete, bad": lambda client: client.delete("all", filter="pk =="),
    "create_partition": lambda client: client.create_partition("quick", "p"),
    "list_partitions": lambda client: client.list_partitions("quick"),
    "has_partition": lambda client: [client.has_partition("quick", "p"), client.has_partition("quick", "q")],
    "insert, partition": lambda client: client.insert(
        "quick", [{"id": 9, "vector": [3, 4]}], partition_name="p"
    ),
    "get_partition_stats": lambda client: client.get_partition_stats("quick", "p"),
    "search, partition": lambda client: client.search("quick", [[1, 1]], partition_names=["p"]),
    "search, no partition": lambda client: client.search("quick", [[1, 1]], partition_names=["q"]),
    "release_partitions": lambda client: client.release_partitions("quick", ["p"]),
    "get_load_state, partition": lambda client: str(client.get_load_state("quick", "p")["state"]),
    "load_partitions": lambda client: client.load_partitions("quick", ["p"]),
    "release_partitions, again": lambda client: client.release_partitions("quick", "p"),
    "drop_partition": lambda client: client.drop_partition("quick", "p"),
    "create_alias": lambda client: client.create_alias("quick", "fast"),
    "describe_alias": lambda client: client.describe_alias("fast")["collection_name"],
    "alter_alias": lambda client: client.alter_alias("texts", "fast"),
    "list_aliases": lambda client: client.list_aliases("texts")["aliases"],
    "query, alias": lambda client: client.query("fast", filter="", limit=1, output_fields=["name"]),
    "drop_alias": lambda client: client.drop_alias("fast"),
    "describe_alias, none": lambda client: client.describe_alias("fast"),
    "create_snapshot": lambda client: client.create_snapshot("s", "quick", description="as it is"),
    "create_snapshot, again": lambda client: client.create_snapshot("s", "quick"),
    "create_snapshot, bad": lambda client: client.create_snapshot("no-name", "quick"),
    "list_snapshots": lambda client: client.list_snapshots("quick"),
    "list_snapshots, of none": lambda client: client.list_snapshots(),
    "describe_snapshot": lambda client: _without_times(client.describe_snapshot("s", "quick")),
    "describe_snapshot, none": lambda client: client.describe_snapshot("t", "quick"),
    "restore_snapshot": lambda client: client.restore_snapshot("s", "quick", "back"),
    "restore_snapshot, taken": lambda client: client.restore_snapshot("s", "quick", "back"),
    "get_restore_snapshot_state": lambda client: [
        _without_times(client.get_restore_snapshot_state(job.job_id))
        for job in client.list_restore_snapshot_jobs("back")
    ],
    "get_restore_snapshot_state, none": lambda client: client.get_restore_snapshot_state(1),
    "list_restore_snapshot_jobs": lambda client: [
        _without_times(job) for job in client.list_restore_snapshot_jobs()
    ],
    "load_collection, restored": lambda client: client.load_collection("back"),
    "search, restored": lambda client: client.search("back", [[1, 1]], limit=3),
    "pin_snapshot_data, none": lambda client: client.pin_snapshot_data("t", "quick"),
    "drop_snapshot, pinned": lambda client: _pinned(client, lambda: client.drop_snapshot("s", "quick")),
    "unpin_snapshot_data, again": lambda client: client.unpin_snapshot_data(1),
    "drop_snapshot": lambda client: client.drop_snapshot("s", "quick"),
    "list_snapshots, dropped": lambda client: client.list_snapshots("quick"),
    "drop_collection, restored": lambda client: client.drop_collection("back"),
    "list_indexes": lambda client: client.list_indexes("all"),
    "describe_index": lambda client: _of_index(client.describe_index("all", "vector")),
    "describe_index, none": lambda client: client.describe_index("all", "none"),
    "release_collection": lambda client: client.release_collection("quick"),
    "search, released": lambda client: client.search("quick", [[1, 1]]),
    "get_load_state": lambda client: str(client.get_load_state("quick")["state"]),
    "get_load_state, none": lambda client: str(client.get_load_state("none")["state"]),
    "drop_index": lambda client: client.drop_index("quick", "vector"),
    "load_collection, no index": lambda client: client.load_collection("quick"),
    "create_index": lambda client: client.create_index("quick", _one_index(client)),
    "create_index, bad": lambda client: client.create_index("texts", _one_index(client)),
    "load_collection": lambda client: client.load_collection("quick"),
    "upsert, array_append": lambda client: client.upsert(
        "all", [{"pk": 7, "tags": ["green"]}], field_ops={"tags": pymilvus.FieldOp.array_append()}
    ),
    "upsert, array_remove": lambda client: client.upsert(
        "all",
        [{"pk": 7, "tags": ["red"], "numbers": [4.0]}],
        field_ops={"tags": "array_remove", "numbers": "array_append"},
    ),
    "query, changed arrays": lambda client: client.query(
        "all", filter="pk == 7", output_fields=["tags", "numbers", "title", "color"]
    ),
    "upsert, array_append to a number": lambda client: client.upsert(
        "all", [{"pk": 7, "small": 3}], field_ops={"small": "array_append"}
    ),
    "refresh_load": lambda client: client.refresh_load("quick"),
    "alter_collection_properties": lambda client: client.alter_collection_properties(
        "quick", {"timezone": "Europe/Berlin"}
    ),
    "describe_collection, properties": lambda client: client.describe_collection("quick")["properties"],
    "drop_collection_properties": lambda client: client.drop_collection_properties("quick", ["timezone"]),
    "alter_collection_properties, ttl": lambda client: client.alter_collection_properties(
        "all", {"ttl_field": "when"}
    ),
    "query, living": lambda client: client.query("all", filter="pk > 0", output_fields=["pk"]),
    "describe_collection, ttl": lambda client: client.describe_collection("all")["properties"],
    "alter_collection_properties, both": lambda client: client.alter_collection_properties(
        "all", {"collection.ttl.seconds": "60"}
    ),
    "drop_collection_properties, ttl": lambda client: client.drop_collection_properties("all", ["ttl_field"]),
    "alter_collection_properties, bad ttl": lambda client: client.alter_collection_properties(
        "all", {"collection.ttl.seconds": "soon"}
    ),
    "create_collection, ttl": lambda client: client.create_collection(
        "cache", 2, properties={"collection.ttl.seconds": "60"}
    ),
    "describe_collection, created ttl": lambda client: client.describe_collection("cache")["properties"],
    "drop_collection, ttl": lambda client: client.drop_collection("cache"),
    "alter_collection_field": lambda client: client.alter_collection_field(
        "texts", "text", field_params={"max_length": 300}
    ),
    "add_collection_field": lambda client: client.add_collection_field(
        "all", "later", pymilvus.DataType.INT64, nullable=True
    ),
    "insert, new field": lambda client: client.insert("all", [{**_row(30), "later": 5}]),
    "query, new field": lambda client: client.query(
        "all", filter="later == 5", output_fields=["pk", "later"]
    ),
    "drop_collection_field": lambda client: client.drop_collection_field("all", "later"),
    "drop_function_field": lambda client: _function_goes_and_comes(client),
    "alter_collection_function": lambda client: client.alter_collection_function(
        "texts", "bm25", pymilvus.Function("bm25", pymilvus.FunctionType.BM25, ["text"], ["terms"], "words")
    ),
    "release_collection, to alter": lambda client: client.release_collection("quick"),
    "alter_index_properties": lambda client: client.alter_index_properties(
        "quick", "vector", {"mmap.enabled": True}
    ),
    "alter_index_properties, unknown": lambda client: client.alter_index_properties(
        "quick", "vector", {"nlist": 5}
    ),
    "drop_index_properties": lambda client: client.drop_index_properties("quick", "vector", ["mmap.enabled"]),
    "alter_index_properties, none": lambda client: client.alter_index_properties(
        "quick", "none", {"mmap.enabled": True}
    ),
    "load_collection, altered": lambda client: client.load_collection("quick"),
    "run_analyzer": lambda client: client.run_analyzer("The Quick fox", {"type": "english"}).tokens,
    "run_analyzer, several": lambda client: [
        result.tokens for result in client.run_analyzer(["a b", "c"], {"tokenizer": "standard"})
    ],
    "run_analyzer, hashes": lambda client: [
        {"token": token["token"], "hash": token["hash"]}
        for token in client.run_analyzer("a é", {"tokenizer": "standard"}, with_hash=True).tokens
    ],
    "flush": lambda client: client.flush("all"),
    "flush_all": lambda client: client.flush_all(),
    "compact": lambda client: client.get_compaction_state(client.compact("all")),
    "list_segments": lambda client: _segments(client.list_segments("all")),
    "list_persistent_segments": lambda client: _segments(client.list_persistent_segments("all")),
    "list_persistent_segments, none": lambda client: _segments(client.list_persistent_segments("none")),
    "list_loaded_segments": lambda client: _segments(client.list_loaded_segments("all")),
    "describe_replica": lambda client: [
        (one.id, one.resource_group, list(one.group_nodes)) for one in client.describe_replica("all")
    ],
    "list_resource_groups": lambda client: client.list_resource_groups(),
    "describe_resource_group": lambda client: _resources(
        client.describe_resource_group("__default_resource_group")
    ),
    "describe_resource_group, none": lambda client: client.describe_resource_group("none"),
    "get_compaction_plans": lambda client: client.get_compaction_plans(client.compact("all")).plans,
    "list_compaction_tasks": lambda client: client.list_compaction_tasks("all").plans,
    "optimize": lambda client: client.optimize("all").status,
    "list_file_resources": lambda client: client.list_file_resources(),
    "list_refresh_external_collection_jobs": lambda client: client.list_refresh_external_collection_jobs(
        "all"
    ),
    "truncate_collection": lambda client: client.truncate_collection("quick"),
    "rename_collection": lambda client: client.rename_collection("quick", "slow"),
    "list_collections, renamed": lambda client: sorted(client.list_collections()),
    "create_database": lambda client: client.create_database("other", properties={"timezone": "UTC"}),
    "list_databases": lambda client: client.list_databases(),
    "describe_database": lambda client: client.describe_database("other"),
    "alter_database_properties": lambda client: client.alter_database_properties(
        "other", {"timezone": "Asia/Tokyo"}
    ),
    "drop_database_properties": lambda client: client.drop_database_properties("other", ["timezone"]),
    "use_database": lambda client: client.use_database("other"),
    "list_collections, other": lambda client: client.list_collections(),
    "create_collection, other": lambda client: client.create_collection("quick", 2),
    "drop_collection, other": lambda client: client.drop_collection("quick"),
    "use_database, back": lambda client: client.use_database("default"),
    "drop_database": lambda client: client.drop_database("other"),
    "drop_collection": lambda client: client.drop_collection("all"),
    "drop_collection, none": lambda client: client.drop_collection("all"),
}
"""Calls in their order, each by its name and what is special about it."""


def _function_goes_and_comes(client: Any) -> list[Any]:
    client.drop_function_field("texts", "bm25")
    without = _described(client, "texts")
    again = _outcome(lambda client: client.drop_function_field("texts", "bm25"), client)
    indexes = client.prepare_index_params()
    indexes.add_index("terms", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
    field = pymilvus.FieldSchema("terms", pymilvus.DataType.SPARSE_FLOAT_VECTOR)
    function = pymilvus.Function("bm25", pymilvus.FunctionType.BM25, ["text"], ["terms"])
    client.add_function_field("texts", field, function, indexes)
    found = client.search("texts", ["apple"], anns_field="terms", limit=3, output_fields=["text"])
    return [without, again, _described(client, "texts"), found]


def _one_index(client: Any) -> Any:
    indexes = client.prepare_index_params()
    indexes.add_index("vector", index_type="IVF_FLAT", metric_type="IP", params={"nlist": 4})
    return indexes


def _of_index(described: Mapping[str, Any]) -> dict[str, str]:
    """pymilvus shows every value of a server as a text."""
    return {key: str(value).lower() for key, value in described.items() if key != "params"}


def _segments(found: list[Any]) -> list[tuple[Any, ...]]:
    """What each of the segments is, as far as the installed pymilvus knows."""
    parts = ["segment_id", "collection_id", "num_rows", "state_name", "level_name", "partition_id"]
    if not hasattr(pymilvus, "SegmentState"):  # in 2.6 a loaded segment alone names its partition
        parts.remove("partition_id")
    return [tuple(str(getattr(one, part)) for part in parts) for one in found]


def _resources(group: Any) -> tuple[Any, ...]:
    config = group.config if isinstance(group.config, dict) else _of_message(group.config)
    nodes = [(node.node_id, node.address, node.hostname) for node in group.nodes]
    return group.name, group.capacity, dict(group.num_loaded_replica), config, nodes


def _of_message(config: Any) -> dict[str, Any]:
    return {part: {"node_num": getattr(config, part).node_num} for part in ("requests", "limits")}


def _buckets(found: Any) -> Any:
    def plain(bucket: Any) -> Any:
        hits = [(hit.pk, hit.score, hit.fields, hit.field_ids()) for hit in bucket.hits]
        return bucket.key, bucket.count, bucket.metrics, hits, list(map(plain, bucket.sub_groups))

    return list(found), [list(map(plain, buckets)) for buckets in found.agg_buckets]


_TOLD_BY_SERVERS = ("enable_namespace", "schema_version", "update_timestamp", "created_timestamp")
_NUMBERS_OF_FUNCTIONS = ("id", "input_field_ids", "output_field_ids")


def _described(client: Any, name: str) -> dict[str, Any]:
    """A description without what only servers tell, and without texts in place of the numbers in parameters."""
    found = {
        key: value for key, value in client.describe_collection(name).items() if key not in _TOLD_BY_SERVERS
    }
    for field in found["fields"]:
        field["params"] = {key: str(value).lower() for key, value in field["params"].items()}
    found["functions"] = [
        {
            **{key: value for key, value in function.items() if key not in _NUMBERS_OF_FUNCTIONS},
            "params": {key: str(value) for key, value in function["params"].items()},
        }
        for function in found["functions"]
    ]
    return found


def _plain(value: Any) -> Any:
    """``value`` in a form that compares equal for both libraries."""
    if hasattr(value, "distance"):
        return {
            "id": value.id,
            "distance": pytest.approx(value.distance, rel=1e-5),
            "entity": _plain(dict(value["entity"])),
        }
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if hasattr(value, "WhichOneof"):  # the default of a field
        return getattr(value, value.WhichOneof("data"))
    if isinstance(value, (list, tuple)) or type(value).__name__ in ("HybridHits", "RepeatedScalarContainer"):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return pytest.approx(value, rel=1e-5)
    return value


def _outcome(step: Step, client: Any) -> Any:
    try:
        return _plain(step(client))
    except (MilvusException, pymilvus.MilvusException) as error:
        return {
            "code": error.code,
            "message": error.message.partition(", got list")[0].partition(", got ndarray")[0],
        }


@pytest.fixture
def clients(server: MilvusServer, tmp_path: Path) -> Iterator[tuple[Any, MilvusClient]]:
    served, local = pymilvus.MilvusClient(server.uri), MilvusClient(tmp_path / "local.db")
    yield served, local
    served.close()
    local.close()


_NEWER_THAN_2_6 = {
    *("drop_collection_field", "drop_function_field", "list_segments", "list_compaction_tasks"),
    "optimize",
    *("list_file_resources", "list_refresh_external_collection_jobs", "get_compaction_plans"),
}

_ASKED_BY_3 = (
    "query, ordered",
    "query, groups",
    "query, no groups",
    "query, keys",
    "search, ordered",
    "search, groups of",
    "search, buckets",
    *("create_snapshot", "list_snapshots", "describe_snapshot", "restore_snapshot", "drop_snapshot"),
    *("pin_snapshot_data", "unpin_snapshot_data", "get_restore_snapshot_state", "list_restore_snapshot_jobs"),
    *("load_collection, restored", "search, restored", "drop_collection, restored"),
)
"""How the names of steps begin that only pymilvus 3 can ask for."""

_CHECKED_BY_PYMILVUS = {
    "insert, bad dimension",
}
"""Steps that pymilvus refuses itself, in its own words."""


def test_pymilvus_gets_from_the_server_what_a_client_gets_from_a_file(
    clients: tuple[Any, MilvusClient],
) -> None:
    served, local = clients
    rerankers.register("longest", _longest)
    differing = {}
    for name, step in STEPS.items():
        if name in _NEWER_THAN_2_6 and not hasattr(served, name):
            step(local)  # for the steps that follow
            continue
        if name.startswith(_ASKED_BY_3) and not hasattr(pymilvus, "SearchAggregation"):
            continue
        theirs, ours = _outcome(step, served), _outcome(step, local)
        if theirs != ours and not (name in _CHECKED_BY_PYMILVUS and "code" in theirs and "code" in ours):
            differing[name] = theirs, ours
    rerankers.unregister("longest")
    for name, (theirs, ours) in differing.items():
        print(name, "\n   ", theirs, "\n   ", ours)
    assert not differing
