"""Range search, group-by and search by primary keys, each against what a plain search of all rows says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from milvus_store import DataType, Function, FunctionType, MilvusClient
from milvus_store.errors import ParamError

COUNT = 400
RANDOM = np.random.default_rng(23)
VECTORS = RANDOM.standard_normal((COUNT, 4)).astype(np.float32)
QUERIES = RANDOM.standard_normal((3, 4)).astype(np.float32)


@pytest.fixture(params=["L2", "IP", "COSINE"])
def items(client: MilvusClient, request: pytest.FixtureRequest) -> MilvusClient:
    """A client with the collection ``items``: scalar fields of uneven groups, some null, and JSON; one in ten rows
    was deleted."""
    schema = client.create_schema(enable_dynamic_field=True)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=4)
    schema.add_field("kind", DataType.VARCHAR, max_length=10, nullable=True)
    schema.add_field("number", DataType.INT64, nullable=True)
    schema.add_field("flag", DataType.BOOL)
    schema.add_field("price", DataType.DOUBLE)
    schema.add_field("doc", DataType.JSON)
    index = client.prepare_index_params("vector", index_type="FLAT", metric_type=request.param)
    client.create_collection("items", schema=schema, index_params=index)
    client.insert("items", [_row(i) for i in range(COUNT)])
    client.delete("items", filter="id % 10 == 3")
    return client


def _row(i: int) -> dict[str, Any]:
    # Most rows are of one kind, so that the nearest rows alone never make up enough groups.
    kind = None if i % 50 == 7 else f"k{i % 6}" if i % 8 == 0 else "common"
    return {
        "id": i,
        "vector": VECTORS[i],
        "kind": kind,
        "number": None if i % 9 == 0 else i % 5 - 2,
        "flag": i % 2 == 0,
        "price": i / 2,
        "doc": {"a": {"b": (i % 3, float(i % 3), str(i % 3), None, True)[i % 5]}, "list": [i]},
        "team": f"t{i % 4}",
    }


VALUES = {
    "kind": lambda i: _row(i)["kind"],
    "number": lambda i: _row(i)["number"],
    "flag": lambda i: _row(i)["flag"],
    "team": lambda i: _row(i)["team"],
    '$meta["team"]': lambda i: _row(i)["team"],
    # Text, numbers and booleans are different values in JSON, which Python's 1 == True hides.
    'doc["a"]["b"]': lambda i: (type(_row(i)["doc"]["a"]["b"]) in (str, bool), _row(i)["doc"]["a"]["b"]),
}


def ranked(client: MilvusClient, **options: Any) -> list[Any]:
    return client.search("items", QUERIES, limit=COUNT, **options)


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize(("size", "strict"), [(1, None), (3, False), (40, True)])
def test_groups_are_the_nearest_and_complete(items: MilvusClient, name: str, size: int, strict: Any) -> None:
    expression = "price < 150"
    found = items.search(
        "items",
        QUERIES,
        filter=expression,
        limit=3,
        offset=1,
        group_by_field=name,
        group_size=size,
        strict_group_size=strict,
    )
    for hits, everything in zip(found, ranked(items, filter=expression), strict=True):
        groups: dict[Any, list[int]] = {}
        for pk in everything.ids:
            groups.setdefault(VALUES[name](pk), []).append(pk)
        expected = [pk for group in list(groups.values())[1:4] for pk in group[:size]]
        assert hits.ids == expected
        values = dict(zip(everything.ids, everything.distances, strict=True))
        assert hits.distances == [values[pk] for pk in hits.ids]


CASTS = {
    DataType.INT64: lambda value: value if type(value) is int else None,
    DataType.VARCHAR: lambda value: value if type(value) is str else None,
    DataType.BOOL: lambda value: value if type(value) is bool else None,
}


@pytest.mark.parametrize("dtype", CASTS)
@pytest.mark.parametrize(
    "place",
    [
        {"group_by_field": 'doc["a"]["b"]'},
        {"group_by_field": "doc", "json_path": 'doc["a"]["b"]'},
        {"group_by_field": "doc", "json_path": "/a/b"},
    ],
)
def test_groups_by_a_path_are_of_one_type(
    items: MilvusClient, dtype: DataType, place: dict[str, str]
) -> None:
    found = items.search("items", QUERIES, **place, json_type=dtype, group_size=2)
    for hits, everything in zip(found, ranked(items), strict=True):
        groups: dict[Any, list[int]] = {}
        for pk in everything.ids:
            groups.setdefault(CASTS[dtype](_row(pk)["doc"]["a"]["b"]), []).append(pk)
        assert hits.ids == [pk for group in groups.values() for pk in group[:2]]


def test_a_value_beyond_the_type_of_a_group_is_none(client: MilvusClient) -> None:
    client.create_collection("c", dimension=2)
    values = [1, 200, 1.0, -(2**40), None, 2**63]
    client.insert("c", [{"id": n, "vector": [n, 1], "k": value} for n, value in enumerate(values)])
    for dtype, expected in (
        (DataType.INT8, [0, 1]),
        (DataType.INT16, [0, 1, 2]),
        (DataType.INT32, [0, 1, 2]),
        (DataType.INT64, [0, 1, 2, 3]),
        (None, [0, 1, 3, 4, 5]),
    ):
        options = {"group_by_field": "$meta", "json_path": "/k", "json_type": dtype}
        (hits,) = client.search("c", [[0.0, 1.0]], **options, search_params={"metric_type": "COSINE"})
        assert hits.ids == expected, dtype


def test_a_strict_cast_takes_no_other_value(items: MilvusClient) -> None:
    options = {"group_by_field": 'doc["a"]["b"]', "json_type": DataType.INT64, "strict_cast": True}
    with pytest.raises(
        ParamError, match="expected a value of INT64 in every row, got (float|string|null|bool)"
    ):
        items.search("items", QUERIES, **options)
    (hits, *_) = items.search("items", QUERIES, filter='doc["a"]["b"] == 1 and id % 5 == 0', **options)
    assert len(hits) == 1
    with pytest.raises(ParamError, match="expected a string, a number or a bool in every row, got missing"):
        items.search("items", QUERIES, group_by_field="doc", json_path="/none", strict_cast=True)
    with pytest.raises(ParamError, match="got array: leave out strict_cast"):
        items.search("items", QUERIES, group_by_field='doc["list"]', strict_cast=True)
    (hits, *_) = items.search("items", QUERIES, group_by_field="doc", json_path="/list/0", strict_cast=True)
    assert len(hits) == 10


def test_groups_of_a_type_are_kept_by_a_ranker(items: MilvusClient) -> None:
    options = {"group_by_field": 'doc["a"]["b"]', "json_type": DataType.BOOL}
    decay = Function(
        "near",
        FunctionType.RERANK,
        ["price"],
        params={
            "reranker": "decay",
            "function": "linear",
            "origin": 10,
            "scale": 100,
        },
    )
    (hits, *_) = items.search("items", QUERIES, **options, ranker=decay)
    assert len(hits) == 2


def test_more_groups_than_there_are_give_all_of_them(items: MilvusClient) -> None:
    (hits, *_) = items.search("items", QUERIES, limit=100, group_by_field="kind", group_size=COUNT)
    assert sorted(hits.ids) == [i for i in range(COUNT) if i % 10 != 3]
    assert items.search("items", QUERIES, limit=10, offset=100, group_by_field="kind")[0].ids == []


def test_a_ring_keeps_what_lies_between_its_bounds(items: MilvusClient) -> None:
    smaller_is_nearer = items.describe_index("items", "vector")["metric_type"] == "L2"
    everything = ranked(items)
    values = everything[0].distances
    near, far = values[30], values[90]
    for params in (
        {"params": {"radius": far, "range_filter": near}},
        {"radius": far, "range_filter": near},
        {"params": {"radius": far}},
        {"params": {"range_filter": near}},
    ):
        bounds = params.get("params", params)
        found = items.search("items", QUERIES, limit=50, search_params=params)
        for hits, all_hits in zip(found, everything, strict=True):
            expected = [
                (pk, value)
                for pk, value in zip(all_hits.ids, all_hits.distances, strict=True)
                if _is_between(value, bounds, smaller_is_nearer)
            ][:50]
            assert list(zip(hits.ids, hits.distances, strict=True)) == expected
    # The radius itself is outside, the range filter inside.
    ring = {"params": {"radius": far, "range_filter": near}}
    (hits, *_) = items.search("items", QUERIES, limit=COUNT, search_params=ring)
    assert (hits.distances[0], hits.distances[-1]) == (values[30], values[89])
    assert items.search("items", QUERIES[:1], limit=10, offset=55, search_params=ring)[0].ids == hits.ids[55:]


def _is_between(value: float, bounds: Any, smaller_is_nearer: bool) -> bool:
    outer, inner = bounds.get("radius"), bounds.get("range_filter")
    if smaller_is_nearer:
        return (outer is None or value < outer) and (inner is None or value >= inner)
    return (outer is None or value > outer) and (inner is None or value <= inner)


def test_groups_may_be_formed_within_a_ring(items: MilvusClient) -> None:
    values = ranked(items)[0].distances
    ring = {"params": {"radius": values[300], "range_filter": values[20]}}
    (inside, *_) = ranked(items, search_params=ring)
    (hits, *_) = items.search(
        "items", QUERIES, limit=20, search_params=ring, group_by_field="kind", group_size=2
    )
    assert set(hits.ids) <= set(inside.ids)
    kinds = [_row(pk)["kind"] for pk in inside.ids]
    assert [_row(pk)["kind"] for pk in hits.ids] == [
        kind for kind in dict.fromkeys(kinds) for _ in range(min(2, kinds.count(kind)))
    ]


def test_a_ring_must_have_room_in_the_direction_of_the_metric(items: MilvusClient) -> None:
    metric = items.describe_index("items", "vector")["metric_type"]
    low, high = (5.0, 1.0) if metric != "L2" else (1.0, 5.0)
    for radius, range_filter in ((low, high), (1.0, 1.0)):
        with pytest.raises(ParamError, match=f"with metric_type {metric} radius must be"):
            items.search(
                "items", QUERIES, search_params={"params": {"radius": radius, "range_filter": range_filter}}
            )


def test_rows_are_found_by_the_vectors_of_others(items: MilvusClient) -> None:
    ids = [17, 4, 17]
    by_ids = items.search("items", ids=ids, limit=7, filter="flag == true", output_fields=["kind"])
    by_vectors = items.search("items", VECTORS[ids], limit=7, filter="flag == true", output_fields=["kind"])
    assert [list(map(dict, hits)) for hits in by_ids] == [list(map(dict, hits)) for hits in by_vectors]
    assert items.search("items", ids=4, limit=1)[0].ids == items.search("items", VECTORS[[4]], limit=1)[0].ids
    grouped = items.search("items", ids=[4], limit=2, group_by_field="team")
    assert grouped[0].ids == items.search("items", VECTORS[[4]], limit=2, group_by_field="team")[0].ids


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ids": [1, 3, 999, 13]}, r"do not exist: missing IDs = \[3, 999, 13\]"),
        ({"ids": ["1"]}, "id 0: field 'id' .* expected an integer"),
        ({"ids": [1], "data": QUERIES}, "either query vectors or ids, got both"),
        ({}, "either query vectors or ids, got neither"),
        ({"ids": []}, "between 1 and 16,384 query vectors, got 0"),
        (
            {"data": QUERIES, "group_by_field": "price"},
            "'price' .DOUBLE. must be an integer, BOOL, VARCHAR or",
        ),
        ({"data": QUERIES, "group_by_field": "vector"}, "'vector' .* must be an integer"),
        ({"data": QUERIES, "group_by_field": "doc"}, 'expected a path in it, such as doc."key".'),
        ({"data": QUERIES, "group_by_field": 'doc["list"]'}, "got an array"),
        ({"data": QUERIES, "group_by_field": "n + 1"}, "expected a name or a path"),
        ({"data": QUERIES, "group_by_field": 3}, "must be a str, got int"),
        ({"data": QUERIES, "group_by_field": "kind", "group_size": 0}, "group_size .* got 0"),
        ({"data": QUERIES, "group_size": 2}, "need a group_by_field"),
        ({"data": QUERIES, "json_path": "/a"}, "need a group_by_field, got None"),
        (
            {"data": QUERIES, "strict_cast": True, "group_by_fields": ["kind"]},
            "need a group_by_field, got None",
        ),
        ({"data": QUERIES, "group_by_field": "doc", "json_path": "a"}, "'doc.\"key\".' or '/key', got 'a'"),
        ({"data": QUERIES, "group_by_field": "doc", "json_path": 'dock["a"]'}, "json_path must be a path"),
        (
            {"data": QUERIES, "group_by_field": 'doc["a"]', "json_path": "/b"},
            "name two paths: give one of them",
        ),
        ({"data": QUERIES, "group_by_field": "doc", "json_path": "/a", "json_type": 7}, "a DataType, got 7"),
        (
            {"data": QUERIES, "group_by_field": "doc", "json_path": "/a", "json_type": DataType.DOUBLE},
            "must be one of BOOL, INT8, INT16, INT32, INT64, VARCHAR, got DOUBLE",
        ),
        ({"data": QUERIES, "group_by_field": "doc", "json_path": "/a", "strict_cast": 1}, "must be a bool"),
        (
            {"data": QUERIES, "group_by_field": "kind", "json_type": DataType.VARCHAR},
            "'kind' .* are for a path in a JSON field",
        ),
        (
            {"data": QUERIES, "group_by_field": "kind", "strict_group_size": "x"},
            "strict_group_size must be a bool",
        ),
        ({"data": QUERIES, "round_decimal": 7}, "round_decimal must be -1 or an int between 0 and 6, got 7"),
        ({"data": QUERIES, "round_decimal": 1.5}, "got 1.5"),
        (
            {"data": QUERIES, "search_params": {"params": {"radius": "near"}}},
            "radius must be a number, got str",
        ),
        ({"data": QUERIES, "search_params": {"params": {"range_filter": float("nan")}}}, "range_filter"),
        (
            {"data": QUERIES, "search_params": {"radius": 1, "params": {"radius": 2}}},
            "ambiguous parameter 'radius'",
        ),
        ({"data": QUERIES, "offset": 1, "search_params": {"offset": 2}}, "offset is given both"),
        ({"data": QUERIES, "limit": 16_000, "offset": 385}, "limit . offset must be at most 16384"),
    ],
)
def test_search_names_what_it_cannot_take(items: MilvusClient, options: Any, message: str) -> None:
    with pytest.raises(ParamError, match=message):
        items.search("items", **options)


def test_an_unknown_group_field_is_named(colors: MilvusClient, client: MilvusClient) -> None:
    client.create_collection("strict", dimension=2, enable_dynamic_field=False)
    with pytest.raises(ParamError, match="group_by_field 'colour': unknown field 'colour'"):
        client.search("strict", [[1.0, 2.0]], group_by_field="colour")
    # With a dynamic field any name may be a key; rows without it are one group.
    assert len(colors.search("colors", [[0, 1, 0, 0.5]], group_by_field="colour")[0]) == 1
    assert colors.search("colors", [[0, 1, 0, 0.5]], limit=16_000, offset=384)[0].ids == []


def test_sparse_vectors_have_the_same_features(client: MilvusClient) -> None:
    schema = client.create_schema(enable_dynamic_field=True)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.SPARSE_FLOAT_VECTOR, nullable=True)
    index = client.prepare_index_params("vector", index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
    client.create_collection("sparse", schema=schema, index_params=index)
    rows = [{"id": i, "vector": {0: 1.0 + i, 1 + i % 3: 2.0}, "team": f"t{i % 4}"} for i in range(40)]
    client.insert("sparse", [*rows, {"id": 99, "vector": None}])
    queries = [{0: 1.0}, {0: 1.0, 2: 30.0}]
    everything = client.search("sparse", queries, limit=40)
    ring = {"params": {"radius": 20.0, "range_filter": 70.0}}
    for hits, all_hits in zip(
        client.search("sparse", queries, limit=12, search_params=ring), everything, strict=True
    ):
        near = zip(all_hits.ids, all_hits.distances, strict=True)
        assert hits.ids == [pk for pk, value in near if 20 < value <= 70][:12]
    grouped = client.search("sparse", queries, limit=4, group_size=2, group_by_field="team")
    for hits, all_hits in zip(grouped, everything, strict=True):
        teams: dict[int, list[int]] = {}
        for pk in all_hits.ids:
            teams.setdefault(pk % 4, []).append(pk)
        assert hits.ids == [pk for team in teams.values() for pk in team[:2]]
    by_id = client.search("sparse", ids=[5, 30], limit=5)
    by_vector = client.search("sparse", [rows[5]["vector"], rows[30]["vector"]], limit=5)
    assert [hits.ids for hits in by_id] == [hits.ids for hits in by_vector]
    with pytest.raises(ParamError, match=r"'vector' is null in some of the rows .* IDs = \[99\]"):
        client.search("sparse", ids=[5, 99])
    pages = client.search_iterator("sparse", queries[1:], batch_size=7)
    paged = [hit.id for _ in range(7) for hit in pages.next()]
    assert paged == everything[1].ids
