"""Buckets of a search, against buckets made in Python of what a plain search finds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pymilvus
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import milvus_store
from milvus_store import AsyncMilvusClient, MilvusClient, SearchAggregation, TopHits
from milvus_store.errors import MilvusException, ParamError

from .shelf import ROWS, shelf

QUERIES = [[3.2, 4.1], [8.5, 0.4]]
BY_ID = {
    # As a FLOAT field has it: what sums of 1e30 round to decides which of two buckets is greater.
    row["id"]: {**row, "real": None if row["real"] is None else float(np.float32(row["real"]))}
    for row in ROWS
}
SHOWN = ["small", "word", "real", "when", "flag"]
METRICS = {
    "rows": {"count": "*"},
    "words": {"count": "word"},
    "sum": {"sum": "small"},
    "mean": {"avg": "real"},
    "last": {"max": "word"},
    "first": {"min": "when"},
    "near": {"min": "_score"},
    "mean score": {"avg": "_score"},
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusClient]:
    with shelf(tmp_path_factory.mktemp("shelf") / "shelf.db") as client:
        yield client


def _metric(spec: dict[str, str], rows: list[dict[str, Any]]) -> Any:
    ((operator, name),) = spec.items()
    values = [row[name] for row in rows if row[name] is not None] if name != "*" else rows
    if operator == "count":
        return len(values)
    if not values:
        return None
    found = {"sum": sum, "avg": lambda them: sum(them) / len(them), "max": max, "min": min}[operator](values)
    return pytest.approx(found, rel=1e-5) if isinstance(found, float) else found


def _sort_key(value: Any) -> Any:
    return (value is not None, 0 if value is None else value)


def _expected(spec: SearchAggregation, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """``rows``: those that take part, nearest first."""
    buckets: dict[Any, list[dict[str, Any]]] = {}
    for row in rows:
        buckets.setdefault(tuple(row[name] for name in spec.fields), []).append(row)
    found = list(buckets.items())
    for pair in reversed(spec.order):
        ((key, direction),) = pair.items()

        def sort_key(item: Any, key: str = key) -> Any:
            if key == "_count":
                return len(item[1])
            if key == "_key":
                return [_sort_key(value) for value in item[0]]
            value = _metric(spec.metrics[key], item[1])
            return _sort_key(getattr(value, "expected", value))

        found.sort(key=sort_key, reverse=direction == "desc")
    return [
        {
            "key": list(zip(spec.fields, key, strict=True)),
            "count": len(members),
            "metrics": {
                alias: value
                for alias, one in spec.metrics.items()
                if (value := _metric(one, members)) is not None
            },
            "hits": [] if spec.top_hits is None else _top(spec.top_hits, members),
            "within": [] if spec.sub_aggregation is None else _expected(spec.sub_aggregation, members),
        }
        for key, members in found[: spec.size]
    ]


def _top(spec: TopHits, rows: list[dict[str, Any]]) -> list[Any]:
    for pair in reversed(spec.sort):
        ((name, direction),) = pair.items()
        there = [row for row in rows if row.get(name) is not None]
        there.sort(key=lambda row: row[name], reverse=direction == "desc")
        rows = [*there, *(row for row in rows if row.get(name) is None)]
    return [
        (
            row["id"],
            pytest.approx(row["_score"]),
            {name: pytest.approx(row[name]) for name in SHOWN if row[name] is not None},
        )
        for row in rows[: spec.size]
    ]


def _taking_part(spec: SearchAggregation, hits: Any) -> list[dict[str, Any]]:
    """The nearest rows of the nearest values of all fields, as many as the sizes say."""
    levels = [spec]
    while levels[-1].sub_aggregation is not None:
        levels.append(levels[-1].sub_aggregation)
    names = [name for level in levels for name in level.fields]
    most, size = 1, max(1 if level.top_hits is None else level.top_hits.size for level in levels)
    for level in levels:
        most *= level.size
    groups: dict[Any, list[dict[str, Any]]] = {}
    rows = [{**BY_ID[pk], "_score": distance} for pk, distance in zip(hits.ids, hits.distances, strict=True)]
    for row in rows:
        groups.setdefault(tuple(row[name] for name in names), []).append(row)
    chosen = {id(row) for group in list(groups.values())[:most] for row in group[:size]}
    return [row for row in rows if id(row) in chosen]


def _plain(buckets: list[Any]) -> list[dict[str, Any]]:
    return [
        {
            "key": [(entry["field_name"], entry["value"]) for entry in bucket.key],
            "count": bucket.count,
            "metrics": bucket.metrics,
            "hits": [(hit.pk, hit.score, hit.fields) for hit in bucket.hits],
            "within": _plain(bucket.sub_groups),
        }
        for bucket in buckets
    ]


aliases = st.lists(st.sampled_from(list(METRICS)), max_size=4, unique=True)
directions = st.sampled_from(["asc", "desc"])
sorts = st.sampled_from(["_score", "word", "small", "when", "extra"]).flatmap(
    lambda name: directions.map(lambda direction: {name: direction})
)
top_hits = st.one_of(st.none(), st.builds(TopHits, st.integers(1, 4), st.lists(sorts, max_size=2)))


@st.composite
def aggregations(draw: st.DrawFn) -> SearchAggregation:
    names = draw(st.permutations(["small", "word", "flag", "when"]))
    spec = None
    for _ in range(draw(st.integers(1, 3))):
        metrics = {alias: METRICS[alias] for alias in draw(aliases)}
        keys = st.sampled_from([*metrics, "_count", "_key"])
        order = [{key: draw(directions)} for key in draw(st.lists(keys, max_size=2))]
        spec = SearchAggregation([names.pop()], draw(st.integers(1, 5)), metrics, order, draw(top_hits), spec)
    assert spec is not None
    return spec


@settings(max_examples=50)
@given(spec=aggregations())
def test_buckets_are_those_of_the_nearest_rows(client: MilvusClient, spec: SearchAggregation) -> None:
    ids = [row["id"] for row in ROWS if not isinstance(row.get("extra"), str)]
    scope = {"filter": "id in {ids}", "filter_params": {"ids": ids}}
    plain = client.search("shelf", QUERIES, limit=len(ROWS), **scope)
    found = client.search("shelf", QUERIES, output_fields=SHOWN, search_aggregation=spec, **scope)
    assert [list(hits) for hits in found] == [[], []]
    for buckets, hits in zip(found.agg_buckets, plain, strict=True):
        assert _plain(buckets) == _expected(spec, _taking_part(spec, hits))


@pytest.mark.skipif(not hasattr(pymilvus, "SearchAggregation"), reason="pymilvus 2 has no buckets")
def test_pymilvus_own_description_asks_for_the_same(client: MilvusClient) -> None:
    def asked(library: Any) -> Any:
        return library.SearchAggregation(
            ["flag", "small"],
            4,
            {"rows": {"count": "*"}},
            [{"rows": "desc"}],
            library.TopHits(2, [{"word": "asc"}]),
            library.SearchAggregation(["word"], 2),
        )

    ours, theirs = (
        client.search("shelf", QUERIES, search_aggregation=asked(library))
        for library in (milvus_store, pymilvus)
    )
    assert _plain(ours.agg_buckets[0]) == _plain(theirs.agg_buckets[0])
    assert ours.agg_buckets[0][0].key[0].keys() == {"field_name", "field_id", "value"}


async def test_the_asynchronous_client_finds_buckets_as_well(client: MilvusClient) -> None:
    spec = SearchAggregation(["flag"], 2, top_hits=TopHits(1))
    async with AsyncMilvusClient(client.uri) as other:
        found = await other.search("shelf", QUERIES, search_aggregation=spec, output_fields=["word"])
    expected = client.search("shelf", QUERIES, search_aggregation=spec, output_fields=["word"])
    assert list(map(_plain, found.agg_buckets)) == list(map(_plain, expected.agg_buckets))
    assert found.agg_buckets[0][0].hits[0].field_ids().keys() <= {"word"}


@pytest.mark.parametrize(
    ("spec", "arguments", "message"),
    [
        (SearchAggregation(["nope"], 1), {}, "'nope': expected a field of the schema"),
        (SearchAggregation(["extra"], 1), {}, "'extra': expected a field of the schema"),
        (SearchAggregation(["real"], 1), {}, "'real' .FLOAT. must be an integer"),
        (SearchAggregation(["doc"], 1), {}, "'doc' is a whole JSON document"),
        (SearchAggregation(["flag", "flag"], 1), {}, "by field 'flag' twice"),
        (SearchAggregation(["flag"], 101, top_hits=TopHits(50)), {}, "2 x 101 x 50 rows .* at most 10,000"),
        (SearchAggregation(["flag"], 1, {"m": {"sum": "word"}}), {}, "sum takes a number field, got 'word'"),
        (SearchAggregation(["flag"], 1, {"m": {"count": "doc"}}), {}, "metric 'm' must be of a number"),
        (SearchAggregation(["flag"], 1, {"m": {"count": "gone"}}), {}, "field 'gone' does not exist"),
        (SearchAggregation(["flag"], 1, top_hits=TopHits(1, [{"vector": "asc"}])), {}, "has no order"),
        (SearchAggregation(["flag"], 1), {"output_fields": ["*"]}, "show numbers, BOOL, .* got 'doc' .JSON."),
        (SearchAggregation(["flag"], 1), {"output_fields": ["extra"]}, "got dynamic keys"),
        (SearchAggregation(["flag"], 1), {"offset": 1}, "goes with no offset"),
        (SearchAggregation(["flag"], 1), {"group_by_field": "flag"}, "goes with .* no group_by_field"),
        (SearchAggregation(["flag"], 1), {"order_by_fields": "flag"}, "goes with .* no order_by_fields"),
        ({"fields": ["flag"]}, {}, "must be a SearchAggregation, got {'fields'"),
    ],
)
def test_buckets_that_make_no_sense_are_refused(
    client: MilvusClient, spec: Any, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(MilvusException, match=message):
        client.search("shelf", QUERIES, search_aggregation=spec, **arguments)


def test_there_are_four_levels_at_most(client: MilvusClient) -> None:
    spec = None
    for name in ("id", "flag", "small", "word"):
        spec = SearchAggregation([name], 1, sub_aggregation=spec)
    assert client.search("shelf", QUERIES, search_aggregation=spec).agg_buckets[0][0].sub_groups
    spec = SearchAggregation(["large"], 1, sub_aggregation=spec)
    with pytest.raises(ParamError, match="5 levels, expected at most 4"):
        client.search("shelf", QUERIES, search_aggregation=spec)


def test_other_calls_take_no_aggregation(client: MilvusClient) -> None:
    spec = SearchAggregation(["flag"], 1)
    with pytest.raises(ParamError, match="neither groups nor orders"):
        client.search_iterator("shelf", QUERIES[:1], search_aggregation=spec)
    with pytest.raises(ParamError, match="'search_aggregation': it belongs to search"):
        client.query("shelf", limit=1, search_aggregation=spec)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"fields": [], "size": 1}, "expected a list of names of fields, one at least"),
        ({"fields": ['doc["a"]'], "size": 1}, "paths are not supported, as in Milvus"),
        ({"fields": ["a"], "size": 0}, "SearchAggregation.size must be a positive int, got 0"),
        ({"fields": ["a"], "size": True}, "positive int, got True"),
        ({"fields": ["a"], "size": 1, "metrics": {"m": {"median": "b"}}}, "expected one of avg, count"),
        ({"fields": ["a"], "size": 1, "metrics": {"m": {"sum": "*"}}}, "'\\*' only counts"),
        ({"fields": ["a"], "size": 1, "metrics": {"m": "b"}}, "an alias and"),
        ({"fields": ["a"], "size": 1, "metrics": ["m"]}, "a dict of aliases"),
        ({"fields": ["a"], "size": 1, "order": [{"m": "asc"}]}, "expected one of _count, _key, got 'm'"),
        ({"fields": ["a"], "size": 1, "order": [{"_key": "up"}]}, "expected dicts such as"),
        ({"fields": ["a"], "size": 1, "top_hits": 3}, "expected a TopHits, got 3"),
        ({"fields": ["a"], "size": 1, "sub_aggregation": 3}, "expected a SearchAggregation, got 3"),
    ],
)
def test_a_description_is_checked(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ParamError, match=message):
        SearchAggregation(**arguments)


def test_top_hits_are_checked() -> None:
    with pytest.raises(ParamError, match="TopHits.size must be a positive int, got 0"):
        TopHits(0)
    with pytest.raises(ParamError, match="TopHits.sort: expected dicts such as"):
        TopHits(1, [{"a": "asc", "b": "asc"}])
