from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from milvus_store import DataType, MilvusClient
from milvus_store.errors import DataTypeNotMatchException, IndexNotExistException, ParamError


def test_hits_have_pymilvus_shape(colors: MilvusClient) -> None:
    found = colors.search("colors", [[1, 1, 0, 0.5], [5, 1, 0, 0.5]], limit=2, output_fields=["color"])
    assert [[hit["id"] for hit in hits] for hits in found] == [[1, 2], [5, 4]]
    hit = found[0][0]
    assert dict(hit) == {"id": 1, "distance": 1.0, "entity": {"color": "red"}}
    assert (hit.id, hit.pk, hit.distance, hit.score, hit.entity) == (1, 1, 1.0, 1.0, {"color": "red"})
    assert (hit["color"], hit.get("color"), hit.get("absent", 0)) == ("red", "red", 0)
    assert (found[0].ids, found[0].distances[0]) == ([1, 2], 1.0)
    assert str(found).startswith("data: [[{'id': 1, 'distance': 1.0, 'entity': {'color': 'red'}}, {'id': 2,")


def test_output_fields_choose_what_the_entity_holds(colors: MilvusClient) -> None:
    def entity(**options: Any) -> dict[str, Any]:
        return colors.search("colors", [[1, 1, 0, 0.5]], limit=1, **options)[0][0].entity

    assert entity() == {}
    assert entity(output_fields=["id", "n"]) == {"id": 1, "n": 1}
    assert entity(output_fields=["vector"]) == {"vector": [1.0, 1.0, 0.0, 0.5]}
    everything = {"id": 1, "vector": [1.0, 1.0, 0.0, 0.5], "color": "red", "n": 1}
    assert entity(output_fields=["*"]) == everything


@pytest.mark.parametrize("metric", ["L2", "IP", "COSINE"])
def test_scores_and_order_follow_the_metric(client: MilvusClient, metric: str) -> None:
    random = np.random.default_rng(3)
    vectors = random.standard_normal((300, 8)).astype(np.float32)
    queries = random.standard_normal((5, 8)).astype(np.float32)
    client.create_collection("m", dimension=8, metric_type=metric)
    client.insert("m", [{"id": i, "vector": vector} for i, vector in enumerate(vectors)])
    wide, asked = vectors.astype(np.float64), queries.astype(np.float64)
    if metric == "L2":
        truth = ((asked[:, None] - wide[None]) ** 2).sum(axis=2)
        order = np.argsort(truth, axis=1)
    else:
        truth = asked @ wide.T
        if metric == "COSINE":
            truth /= np.linalg.norm(asked, axis=1)[:, None] * np.linalg.norm(wide, axis=1)
        order = np.argsort(-truth, axis=1)
    for query, hits in enumerate(client.search("m", queries, limit=20)):
        assert hits.ids == order[query, :20].tolist()
        assert hits.distances == pytest.approx(truth[query, order[query, :20]], rel=1e-6)


def test_limit_and_offset_page_through_all_rows(colors: MilvusClient) -> None:
    query = [[1.0, 1.0, 0.0, 0.5]]
    everything = colors.search("colors", query, limit=100)[0].ids
    assert len(everything) == 6
    pages = [colors.search("colors", query, limit=2, offset=start)[0].ids for start in range(0, 8, 2)]
    assert [found for page in pages for found in page] == everything
    in_params = colors.search("colors", query, limit=2, search_params={"offset": 2})[0].ids
    assert in_params == pages[1]


def test_a_filter_never_returns_fewer_rows_than_match(client: MilvusClient) -> None:
    random = np.random.default_rng(5)
    vectors = random.standard_normal((3000, 4))
    client.create_collection("f", dimension=4)
    client.insert("f", [{"id": i, "vector": vector, "n": i} for i, vector in enumerate(vectors)])
    for expression, matches in (("n < 7", 7), ("n < 700", 700), ("n < 2900", 2900), ("n < 0", 0)):
        hits = client.search("f", [[1, 0, 0, 0]], filter=expression, limit=1000)[0]
        assert len(hits) == min(1000, matches)
        assert all(hit.id < max(matches, 1) for hit in hits)


def test_filters_take_templates_and_batches_share_them(colors: MilvusClient) -> None:
    found = colors.search(
        "colors",
        np.array([[1, 1, 0, 0.5], [4, 1, 0, 0.5]], dtype=np.float64),
        filter="color == {c}",
        filter_params={"c": "blue"},
        limit=2,
        output_fields=["color"],
    )
    assert [hits.ids for hits in found] == [[2, 4], [4, 2]]


def test_round_decimal(colors: MilvusClient) -> None:
    (hit,) = colors.search("colors", [[2, 2, 0, 0.5]], limit=1, round_decimal=2)[0]
    assert hit.distance == round(hit.distance, 2)


def test_a_zero_vector_has_cosine_zero(client: MilvusClient) -> None:
    client.create_collection("z", dimension=2)
    client.insert(
        "z", [{"id": 1, "vector": [0, 0]}, {"id": 2, "vector": [-1, 0]}, {"id": 3, "vector": [1, 0]}]
    )
    hits = client.search("z", [[1, 0]])[0]
    assert [(hit.id, hit.distance) for hit in hits] == [(3, 1.0), (1, 0.0), (2, -1.0)]
    assert client.search("z", [[0, 0]])[0].distances == [0.0, 0.0, 0.0]


def test_several_vector_fields_are_told_apart_by_name(client: MilvusClient) -> None:
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("a", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("b", DataType.FLOAT_VECTOR, dim=3)
    index = client.prepare_index_params("a", metric_type="L2")
    index.add_index("b", metric_type="IP")
    client.create_collection("two", schema=schema, index_params=index)
    client.insert("two", [{"id": 1, "a": [0, 0], "b": [0, 0, 1]}, {"id": 2, "a": [5, 5], "b": [9, 9, 9]}])
    assert client.search("two", [[0, 0]], anns_field="a")[0].ids == [1, 2]
    assert client.search("two", [[0, 0, 1]], anns_field="b")[0].ids == [2, 1]
    with pytest.raises(ParamError, match="one of a, b, got none"):
        client.search("two", [[0, 0]])


def test_search_refuses_what_it_cannot_answer(colors: MilvusClient) -> None:
    query = [[1, 1, 1, 1]]
    cases: list[tuple[dict[str, Any], str]] = [
        ({"data": [[1, 2]]}, "query vector 0.*dimension 4, got dimension 2"),
        ({"data": [[1, 1, 1, 1], [1, 1, 1, float("nan")]]}, "query vector 1.*finite"),
        ({"data": [["a", "b", "c", "d"]]}, "query vector 0.*numbers"),
        ({"data": "text"}, "query vector 0.*4 numbers, got str"),
        ({"ids": [1, "one"]}, "id 1: field 'id'.*an integer, got str: 'one'"),
        ({"data": []}, "at least one query vector"),
        ({"data": query, "limit": 0}, "limit must be at least 1"),
        ({"data": query, "limit": None}, "limit must be an int of at least 1, got None"),
        ({"data": query, "limit": 16_385}, "at most 16384"),
        ({"data": query, "offset": -1}, "offset"),
        ({"data": query, "anns_field": "color"}, "anns_field 'color'"),
        ({"data": query, "search_params": {"metric_type": "L2"}}, "COSINE, got 'L2'"),
        ({"data": query, "search_params": {"metric_type": "XX"}}, "'XX'"),
        ({"data": query, "search_params": {"params": {"nprob": 3}}}, "'nprob'; did you mean 'nprobe'"),
        ({"data": query, "search_params": {"radius": "3"}}, "radius must be a number"),
        ({"data": query, "limt": 3}, "'limt'"),
    ]
    for arguments, message in cases:
        with pytest.raises(ParamError, match=message):
            colors.search("colors", **arguments)
    for data in ([1, 1, 1, 1], np.ones(4), 3):
        with pytest.raises(DataTypeNotMatchException, match="list of query vectors"):
            colors.search("colors", data)  # type: ignore[arg-type]


def test_a_vector_field_without_an_index_cannot_be_searched(client: MilvusClient) -> None:
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("a", DataType.FLOAT_VECTOR, dim=2)
    client.create_collection("n", schema=schema)
    with pytest.raises(IndexNotExistException, match="'a'"):
        client.load_collection("n")
