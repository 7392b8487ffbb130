"""Aggregates and ``group_by_fields`` of queries, against counting in Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milvus_store import AsyncMilvusClient, DataType, MilvusClient
from milvus_store.errors import MilvusException, ParamError

from .shelf import ROWS, shelf

Rows = list[dict[str, Any]]

KEYS = ["id", "flag", "small", "large", "word", "when"]
NUMBERS = ["id", "small", "real", "exact"]
ORDERED = [*NUMBERS, "large", "word", "when"]
COUNTED = [*ORDERED, "flag", "doc", "tags", "vector"]

OPERATORS: dict[str, Callable[[list[Any]], Any]] = {
    "sum": lambda values: sum(values) if values else None,
    "avg": lambda values: sum(values) / len(values) if values else None,
    "min": lambda values: min(values, default=None),
    "max": lambda values: max(values, default=None),
    "count": len,
}

aggregates = st.one_of(
    st.just("count(*)"),
    st.sampled_from([f"{operator}({name})" for operator in ("sum", "avg") for name in NUMBERS]),
    st.sampled_from([f"{operator}({name})" for operator in ("min", "max") for name in ORDERED]),
    st.sampled_from([f"count({name})" for name in COUNTED]),
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusClient]:
    with shelf(tmp_path_factory.mktemp("shelf") / "shelf.db") as client:
        yield client


def _aggregated(name: str, rows: Rows) -> Any:
    operator, field = name.removesuffix(")").split("(")
    if field == "*":
        return len(rows)
    found = OPERATORS[operator]([row[field] for row in rows if row[field] is not None])
    return pytest.approx(found, rel=1e-6) if isinstance(found, float) else found


def _key(row: dict[str, Any], names: list[str]) -> tuple[tuple[bool, Any], ...]:
    """Sorts as groups are in an answer: ascending, nulls last."""
    return tuple((row[name] is None, 0 if row[name] is None else row[name]) for name in names)


def _grouped(rows: Rows, names: list[str]) -> list[Rows]:
    groups: dict[Any, Rows] = {}
    for row in rows:
        groups.setdefault(_key(row, names), []).append(row)
    return [groups[key] for key in sorted(groups)]


@settings(max_examples=60)
@given(
    names=st.lists(st.sampled_from(KEYS), max_size=3, unique=True),
    shown=st.lists(aggregates, min_size=1, max_size=4, unique=True),
    filtered=st.booleans(),
)
def test_groups_have_the_aggregates_of_their_rows(
    client: MilvusClient, names: list[str], shown: list[str], filtered: bool
) -> None:
    rows = [row for row in ROWS if row["flag"] or not filtered]
    found = client.query(
        "shelf",
        filter="flag == true" if filtered else "",
        group_by_fields=names,
        output_fields=[*shown, *names],
    )
    expected = [
        {**{name: _aggregated(name, group) for name in shown}, **{name: group[0][name] for name in names}}
        for group in (_grouped(rows, names) if names else [rows])
    ]
    assert list(found) == expected
    assert all(list(row) == [*shown, *names] for row in found)


@settings(max_examples=30)
@given(limit=st.integers(1, 12), offset=st.integers(0, 5), descending=st.booleans())
def test_a_page_of_groups_in_an_order(
    client: MilvusClient, limit: int, offset: int, descending: bool
) -> None:
    found = client.query(
        "shelf",
        group_by_fields=["word", "small"],
        order_by_fields=[{"field": "small", "order": "desc" if descending else "asc"}],
        output_fields=["small", "word"],
        limit=limit,
        offset=offset,
    )
    groups = [group[0] for group in _grouped(ROWS, ["word", "small"])]
    by_small = sorted(
        groups, key=lambda row: ((row["small"] is None) != descending and (1, 0)) or (0, row["small"] or 0)
    )
    if descending:
        by_small = sorted(groups, key=lambda row: (0, 0) if row["small"] is None else (1, -row["small"]))
    expected = [{"small": row["small"], "word": row["word"]} for row in by_small]
    assert list(found) == expected[offset : offset + limit]


def test_no_rows_are_no_group_but_one_without_fields(client: MilvusClient) -> None:
    shown = ["count(*)", "count(word)", "sum(id)", "avg(real)", "min(word)", "max(when)"]
    nothing = {"filter": "id < 0", "output_fields": shown}
    assert client.query("shelf", **nothing) == [
        {name: 0 if name.startswith("count") else None for name in shown}
    ]
    assert client.query("shelf", **nothing, group_by_fields=["small"]) == []


def test_names_are_shown_as_they_were_written(client: MilvusClient) -> None:
    (row,) = client.query("shelf", output_fields=["COUNT(*)", "Max( id )", "count(*)"])
    assert row == {
        "COUNT(*)": len(ROWS),
        "Max( id )": max(row["id"] for row in ROWS),
        "count(*)": len(ROWS),
    }


def test_keys_choose_the_rows_as_a_filter_does(client: MilvusClient) -> None:
    ids = [row["id"] for row in ROWS[:10]]
    assert client.query("shelf", ids=ids, output_fields=["count(*)", "max(id)"]) == [
        {"count(*)": 10, "max(id)": max(ids)}
    ]


def test_times_are_shown_in_the_zone_of_the_call(client: MilvusClient) -> None:
    found = client.query(
        "shelf", output_fields=["when", "min(when)"], group_by_fields=["when"], timezone="Asia/Tokyo"
    )
    assert found[0] == {"when": "2020-01-01T09:00:00+09:00", "min(when)": "2020-01-01T09:00:00+09:00"}


def test_sums_are_exact_or_refused(client: MilvusClient) -> None:
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("n", DataType.INT64)
    schema.add_field("k", DataType.INT64)
    client.create_collection("sums", schema=schema, index_params=client.prepare_index_params("vector"))
    values = [2**62, -(2**62), 2**53 + 1, 2**53 + 1, -(2**63), 2**63 - 1]
    client.insert("sums", [{"id": i, "vector": [1, 0], "n": n, "k": i // 2} for i, n in enumerate(values)])
    found = client.query("sums", group_by_fields=["k"], output_fields=["sum(n)", "avg(n)"])
    assert [row["sum(n)"] for row in found] == [0, 2**54 + 2, -1]
    assert [row["avg(n)"] for row in found] == [0.0, (2**54 + 2) / 2, -0.5]
    assert client.query("sums", output_fields=["sum(n)"]) == [{"sum(n)": 2**54 + 1}]
    client.insert("sums", {"id": 10, "vector": [1, 0], "n": 2**63 - 1, "k": 2})
    for names in (["k"], []):
        with pytest.raises(ParamError, match=r"sum\(n\) is \d+ for a group, .* INT64"):
            client.query("sums", filter="n > 0", group_by_fields=names, output_fields=["sum(n)"])


async def test_the_asynchronous_client_groups_as_well(client: MilvusClient) -> None:
    asked = {"group_by_fields": ["small"], "output_fields": ["small", "count(*)"]}
    async with AsyncMilvusClient(client.uri) as other:
        assert await other.query("shelf", **asked) == client.query("shelf", **asked)


def test_groups_of_a_search_share_the_values_of_several_fields(client: MilvusClient) -> None:
    names = ["small", "word", "extra"]
    by_id = {row["id"]: row for row in ROWS}
    (nearest,) = client.search("shelf", [[3.0, 4.0]], limit=len(ROWS))
    groups: dict[Any, list[int]] = {}
    for pk in nearest.ids:
        groups.setdefault(tuple(map(repr, map(by_id[pk].get, names))), []).append(pk)
    (hits,) = client.search(
        "shelf", [[3.0, 4.0]], limit=6, offset=1, group_by_fields=names, group_size=2, output_fields=names
    )
    assert hits.ids == [pk for members in list(groups.values())[1:7] for pk in members[:2]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"group_by_fields": ["small"]}, "output field '\\*': a query of groups shows .*small"),
        ({"group_by_fields": ["small"], "output_fields": ["id"]}, "output field 'id'"),
        ({"output_fields": ["count(*)", "id"]}, "output field 'id'"),
        ({"group_by_fields": "small", "output_fields": ["small"]}, "group_by_fields must be a list"),
        ({"group_by_fields": ["real"], "output_fields": ["real"]}, "'real' .FLOAT. must be an integer"),
        ({"group_by_fields": ["extra"], "output_fields": ["extra"]}, "'extra': expected a field"),
        ({"group_by_fields": ["doc"], "output_fields": ["doc"]}, "whole JSON document"),
        ({"output_fields": ["sum(word)"]}, "sum takes a number field, got 'word'"),
        ({"output_fields": ["max(flag)"]}, "max takes a number, VARCHAR or TIMESTAMPTZ field"),
        ({"output_fields": ["avg(*)"]}, "only count takes '\\*'"),
        ({"output_fields": ["sum(smal)"]}, "field 'smal' does not exist, .* did you mean 'small'"),
        ({"output_fields": ["sum(id)", "count(*)"], "limit": 3}, "expected no limit, got 3"),
        (
            {"group_by_fields": ["small"], "output_fields": ["small"], "order_by_fields": "id", "limit": 1},
            "order_by_fields 'id': groups are ordered by the fields of group_by_fields .small.",
        ),
        (
            {"group_by_fields": ["small"], "output_fields": ["count(*)"], "order_by_fields": "small"},
            "order_by_fields needs a limit",
        ),
    ],
)
def test_groups_that_make_no_sense_are_refused(
    client: MilvusClient, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(MilvusException, match=message):
        client.query("shelf", filter="id >= 0", **arguments)


def test_groups_without_aggregates_and_filter_need_a_limit(client: MilvusClient) -> None:
    asked = {"group_by_fields": ["flag"], "output_fields": ["flag"]}
    with pytest.raises(ParamError, match="an empty filter needs a limit"):
        client.query("shelf", **asked)
    assert client.query("shelf", **asked, limit=5) == [{"flag": False}, {"flag": True}]


def test_a_search_takes_one_way_to_name_groups(client: MilvusClient) -> None:
    with pytest.raises(ParamError, match="expected group_by_field or group_by_fields"):
        client.search("shelf", [[1.0, 2.0]], group_by_field="small", group_by_fields=["word"])
