"""Rows: written, read, searched and paged."""

from __future__ import annotations

from typing import Any

import pymilvus

from .setup import ROWS, TYPES, full, ids, index, quick, schema, with_text


def _writes(c: Any) -> None:
    quick(c)
    c.create_partition("c", "p")
    c.upsert("c", [{"id": 1, "vector": [1.0, 0.0], "n": 100}])
    c.upsert("c", [{"id": 8, "vector": [8.0, 0.0], "n": 8}], partition_name="p")
    c.upsert("c", {"id": 1, "m": 5}, partial_update=True)
    assert c.get("c", 1, output_fields=["n", "m"])[0] == {"id": 1, "n": 100, "m": 5}
    c.delete("c", ids=[0])
    c.delete("c", filter="n in {gone}", filter_params={"gone": [100]})
    c.delete("c", ids=[8], partition_name="p")
    assert ids(c.query("c", filter="id >= 0")) == [2]
    c.delete("c", pks=[2])
    assert c.get_collection_stats("c") == {"row_count": 0}


def _field_ops(c: Any) -> None:
    made = c.create_schema()
    made.add_field("id", TYPES.INT64, is_primary=True)
    made.add_field("vector", TYPES.FLOAT_VECTOR, dim=2)
    made.add_field("tags", TYPES.ARRAY, element_type=TYPES.INT64, max_capacity=9)
    c.create_collection("c", schema=made, index_params=index(c))
    c.insert("c", [{"id": 1, "vector": [1, 2], "tags": [1, 2]}])
    ops = {"tags": pymilvus.FieldOp.array_append()}
    c.upsert("c", [{"id": 1, "tags": [3]}], partial_update=True, field_ops=ops)
    assert c.get("c", [1], output_fields=["tags"])[0]["tags"] == [1, 2, 3]
    c.upsert("c", [{"id": 1, "tags": [1]}], partial_update=True, field_ops={"tags": "array_remove"})
    assert c.get("c", [1], output_fields=["tags"])[0]["tags"] == [2, 3]


def _reads(c: Any) -> None:
    quick(c)
    c.create_partition("c", "p")
    c.insert("c", [{"id": 9, "vector": [9.0, 0.0], "n": 9}], partition_name="p")
    assert ids(c.query("c", filter="n > 0", output_fields=["n"], limit=1, offset=1)) == [2]
    assert sorted(ids(c.query("c", ids=[2, 1]))) == [1, 2]
    assert ids(c.query("c", filter="n > {least}", filter_params={"least": 1}, partition_names=["p"])) == [9]
    assert ids(c.get("c", [9, 1], partition_names=["p"])) == [9]


def _times(c: Any) -> None:
    made = schema(c)
    made.add_field("at", TYPES.TIMESTAMPTZ, nullable=True)
    c.create_collection("c", schema=made, index_params=index(c))
    c.insert("c", [{**ROWS[0], "at": "2026-01-01T00:00:00Z"}])
    shown = {"output_fields": ["at"], "timezone": "Asia/Tokyo"}
    (row,) = c.query("c", filter="id == 0", **shown)
    assert row["at"] == "2026-01-01T09:00:00+09:00"
    assert c.get("c", [0], **shown)[0]["at"] == "2026-01-01T09:00:00+09:00"
    assert c.search("c", [[1, 2]], **shown)[0][0]["entity"]["at"] == "2026-01-01T09:00:00+09:00"
    parts = {"output_fields": ["at"], "time_fields": "year,month"}
    assert c.query("c", filter="id == 0", **parts)[0]["at"] == [2026, 1]
    assert c.get("c", [0], **parts)[0]["at"] == [2026, 1]
    assert c.search("c", [[1, 2]], **parts)[0][0]["entity"]["at"] == [2026, 1]


def _ordered_query(c: Any) -> None:
    full(c)
    found = c.query("c", filter="id >= 0", order_by_fields=["tenant:asc", "n:desc"], limit=3)
    assert ids(found) == [4, 2, 0]


def _ordered_query_by_its_old_name(c: Any) -> None:
    full(c)
    assert ids(c.query("c", filter="id >= 0", order_by=["n:desc"], limit=2)) == [5, 4]


def _ordered_get(c: Any) -> None:
    full(c)
    assert ids(c.get("c", [1, 3, 2], order_by_fields=["n:desc"])) == [3, 2, 1]


def _ordered_get_by_its_old_name(c: Any) -> None:
    full(c)
    assert ids(c.get("c", [1, 3, 2], order_by=["n:desc"])) == [3, 2, 1]


def _limited_get(c: Any) -> None:
    full(c)
    assert len(c.get("c", [1, 3, 2], limit=2, offset=1)) == 2


def _grouped_query(c: Any) -> None:
    full(c)
    found = c.query(
        "c", filter="id >= 0", group_by_fields=["tenant"], output_fields=["tenant", "count(*)", "sum(n)"]
    )
    assert sorted((row["tenant"], row["count(*)"], row["sum(n)"]) for row in found) == [
        ("t0", 3, 6),
        ("t1", 3, 9),
    ]


def _grouped_get(c: Any) -> None:
    full(c)
    found = c.get("c", [1, 2], group_by_fields=["tenant"], output_fields=["tenant", "count(*)"])
    assert sorted(row["count(*)"] for row in found) == [1, 1]


def _search(c: Any) -> None:
    full(c)
    c.create_partition("c", "p")
    near = {"params": {"radius": 20.0}}
    hits = c.search(
        "c",
        [[0.0, 1.0]],
        filter="n > {least}",
        filter_params={"least": 1},
        limit=2,
        output_fields=["n"],
        search_params=near,
        anns_field="vector",
        offset=1,
        round_decimal=1,
    )
    assert [(hit["id"], hit["distance"], hit["entity"]["n"]) for hit in hits[0]] == [
        (3, 9.0, 3),
        (4, 16.0, 4),
    ]
    assert ids(c.search("c", ids=[3], limit=1)[0]) == [3]
    assert len(c.search("c", [[0, 1]], partition_names=["p"])[0]) == 0


def _groups(c: Any) -> None:
    full(c)
    grouped = {"group_by_field": "tenant", "group_size": 2, "strict_group_size": True, "limit": 2}
    assert len(c.search("c", [[0, 1]], **grouped)[0]) == 4


def _json_groups(c: Any) -> None:
    full(c)
    hits = c.search(
        "c", [[0, 1]], group_by_field="doc", json_path='doc["a"]', json_type=TYPES.INT64, strict_cast=True
    )
    assert len(hits[0]) == 6


def _groups_by_several(c: Any) -> None:
    full(c)
    assert len(c.search("c", [[0, 1]], group_by_fields=["tenant", "color"])[0]) == 4


def _ordered_search(c: Any) -> None:
    full(c)
    found = c.search("c", [[0, 1]], limit=3, order_by_fields=[{"field": "n", "order": "desc"}])
    assert ids(found[0]) == [2, 1, 0]


def _ranked_search(c: Any) -> None:
    full(c)
    params = {"reranker": "boost", "filter": "id == 2", "weight": -1.0}
    boost = pymilvus.Function("b", pymilvus.FunctionType.RERANK, [], params=params)
    assert ids(c.search("c", [[0, 2]], limit=3, ranker=boost)[0])[0] == 2


def _chained_search(c: Any) -> None:
    from pymilvus.function_chain import FunctionChain, FunctionChainStage, col

    full(c)
    chain = FunctionChain(FunctionChainStage.L2_RERANK).sort(col("$score"), desc=True).limit(2)
    assert ids(c.search("c", [[0, 1]], limit=3, function_chains=chain)[0]) == [2, 1]


def _aggregated_search(c: Any) -> None:
    full(c)
    wanted = pymilvus.SearchAggregation(["tenant"], 2, top_hits=pymilvus.TopHits(1))
    assert c.search("c", [[0, 1]], search_aggregation=wanted) is not None


def _highlighted_search(c: Any) -> None:
    with_text(c)
    marks = pymilvus.LexicalHighlighter(pre_tags=["<b>"], post_tags=["</b>"], highlight_search_text=True)
    hits = c.search("c", ["fox"], anns_field="terms", output_fields=["text"], highlighter=marks)
    assert "<b>fox</b>" in str(hits[0][0]["highlight"])


def _lists_of_embeddings(c: Any) -> None:
    from pymilvus.client.embedding_list import EmbeddingList

    members = c.create_struct_field_schema()
    members.add_field("token", TYPES.FLOAT_VECTOR, dim=2)
    made = c.create_schema()
    made.add_field("id", TYPES.INT64, is_primary=True)
    made.add_field("tokens", TYPES.ARRAY, element_type=TYPES.STRUCT, struct_schema=members, max_capacity=9)
    indexes = c.prepare_index_params()
    indexes.add_index("tokens[token]", index_type="HNSW", metric_type="MAX_SIM_COSINE")
    c.create_collection("c", schema=made, index_params=indexes)
    c.insert(
        "c", [{"id": 1, "tokens": [{"token": [1.0, 0.0]}]}, {"id": 2, "tokens": [{"token": [0.0, 1.0]}]}]
    )
    query = EmbeddingList([[0.0, 1.0], [0.1, 1.0]])
    assert ids(c.search("c", [query], anns_field="tokens[token]", limit=1)[0]) == [2]


def _pages(c: Any) -> None:
    quick(c)
    c.create_partition("c", "p")
    rows = c.query_iterator("c", batch_size=2, limit=2, filter="id > 0", output_fields=["n"])
    assert ids(rows.all()) == [1, 2]
    assert c.query_iterator("c", partition_names=["p"]).all() == []
    hits = c.search_iterator(
        "c",
        [[0.0, 0.0]],
        batch_size=2,
        filter="id > 0",
        limit=2,
        output_fields=["n"],
        search_params={"params": {}},
        anns_field="vector",
        round_decimal=1,
        external_filter_func=lambda page: [hit for hit in page if hit["id"] != 1],
    )
    assert ids(hits.all()) == [2]
    assert c.search_iterator("c", [[0.0, 0.0]], partition_names=["p"]).all() == []


def _hybrid(c: Any) -> None:
    with_text(c)
    c.create_partition("c", "p")
    requests = [
        pymilvus.AnnSearchRequest([[0, 1]], "vector", {"params": {}}, limit=5, expr="n > 0"),
        pymilvus.AnnSearchRequest(["word3"], "terms", {"params": {}}, limit=5),
    ]
    found = c.hybrid_search(
        "c",
        requests,
        pymilvus.RRFRanker(),
        limit=2,
        output_fields=["n"],
        offset=0,
        round_decimal=3,
    )
    assert ids(found[0])[0] == 3
    assert len(c.hybrid_search("c", requests, pymilvus.RRFRanker(), partition_names=["p"])[0]) == 0


def _chained_hybrid(c: Any) -> None:
    from pymilvus.function_chain import FunctionChain, FunctionChainStage, col

    full(c)
    requests = [pymilvus.AnnSearchRequest([[0, 1]], "vector", {"params": {}}, limit=5)]
    chain = FunctionChain(FunctionChainStage.L2_RERANK).sort(col("$score"), desc=True).limit(2)
    assert len(c.hybrid_search("c", requests, None, limit=3, function_chains=chain)[0]) == 2


def _aggregated_hybrid(c: Any) -> None:
    full(c)
    requests = [pymilvus.AnnSearchRequest([[0, 1]], "vector", {"params": {}}, limit=5)]
    wanted = pymilvus.SearchAggregation(["tenant"], 2, top_hits=pymilvus.TopHits(1))
    assert c.hybrid_search("c", requests, pymilvus.RRFRanker(), search_aggregation=wanted) is not None


def _with(**more: Any) -> dict[str, Any]:
    """Programs of the calls on rows, each with the arguments ``more``."""
    request = pymilvus.AnnSearchRequest([[0, 1]], "vector", {"params": {}}, limit=5)
    calls: dict[str, Any] = {
        "insert": lambda c: c.insert("c", [{**ROWS[0], "id": 9}], **more),
        "query": lambda c: c.query("c", filter="id >= 0", **more),
        "get": lambda c: c.get("c", [1], **more),
        "search": lambda c: c.search("c", [[0, 1]], **more),
        "hybrid_search": lambda c: c.hybrid_search("c", [request], pymilvus.RRFRanker(), **more),
        "query_iterator": lambda c: c.query_iterator("c", **more).all(),
        "search_iterator": lambda c: c.search_iterator("c", [[0, 1]], batch_size=5, **more).all(),
    }
    return {f"{name} with {', '.join(more)}": (full, call) for name, call in calls.items()}


def _strict_floats(call: str, *args: Any, **kwargs: Any) -> Any:
    def program(c: Any) -> None:
        full(c)
        (row,) = getattr(c, call)("c", *args, output_fields=["vector"], strict_float32=True, **kwargs)
        assert [float(part) for part in row["vector"]] == [1.0, 1.0]

    return program


def _template_of_get(c: Any) -> None:
    full(c)
    assert ids(c.get("c", [1], expr_params={})) == [1]


PROGRAMS = {
    "writes": _writes,
    "field_ops": _field_ops,
    "reads": _reads,
    "times": _times,
    "a query in order": _ordered_query,
    "a query in order_by": _ordered_query_by_its_old_name,
    "get in order": _ordered_get,
    "get in order_by": _ordered_get_by_its_old_name,
    "get with a limit": _limited_get,
    "a query of groups": _grouped_query,
    "get of groups": _grouped_get,
    "search": _search,
    "groups of hits": _groups,
    "groups of hits by a path": _json_groups,
    "groups of hits by several fields": _groups_by_several,
    "a search in order": _ordered_search,
    "a search with a ranker": _ranked_search,
    "a search with a chain": _chained_search,
    "a search with aggregates": _aggregated_search,
    "a search with highlights": _highlighted_search,
    "a search with lists of embeddings": _lists_of_embeddings,
    **{
        name: lambda c, begin=begin, call=call: (begin(c), call(c))
        for more in ({"namespace": "one"}, {"cluster_id": "other"})
        for name, (begin, call) in _with(**more).items()
    },
    "query with strict_float32": _strict_floats("query", filter="id == 1"),
    "get with strict_float32": _strict_floats("get", [1]),
    "get with expr_params": _template_of_get,
    "pages": _pages,
    "a hybrid search": _hybrid,
    "a hybrid search with a chain": _chained_hybrid,
    "a hybrid search with aggregates": _aggregated_hybrid,
}
