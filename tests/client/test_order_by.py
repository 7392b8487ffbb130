"""``order_by_fields`` of queries and searches, against sorting in Python."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cmp_to_key
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milvus_store import AsyncMilvusClient, MilvusClient
from milvus_store.errors import MilvusException, ParamError

from .shelf import ROWS, shelf

VALUES = {
    **{
        name: lambda row, name=name: row[name]
        for name in ("id", "flag", "small", "large", "real", "exact", "word", "when")
    },
    'doc["k"]': lambda row: None if row["doc"] is None else row["doc"]["k"],
    "extra": lambda row: row.get("extra"),
    '$meta["extra"]': lambda row: row.get("extra"),
}
QUERIES = [[3.0, 4.0], [8.5, 0.5]]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusClient]:
    with shelf(tmp_path_factory.mktemp("shelf") / "shelf.db") as client:
        yield client


def _class(value: Any) -> int:
    """Milvus orders JSON values of different types by the first character of their texts."""
    return 0 if isinstance(value, str) else 2 if isinstance(value, bool) else 1


def _compare(order: Sequence[tuple[str, bool, bool]], one: dict[str, Any], other: dict[str, Any]) -> int:
    for name, descending, nulls_first in order:
        left, right = VALUES[name](one), VALUES[name](other)
        if left is None or right is None:
            if (left is None) != (right is None):
                return -1 if (left is None) == nulls_first else 1
            continue
        keys = (_class(left), left), (_class(right), right)
        if keys[0] != keys[1]:
            return -1 if (keys[0] < keys[1]) != descending else 1
    return 0


def _sorted(rows: list[dict[str, Any]], order: Sequence[tuple[str, bool, bool]]) -> list[dict[str, Any]]:
    return sorted(rows, key=cmp_to_key(lambda one, other: _compare(order, one, other)))


def _text(name: str, descending: bool, nulls_first: bool) -> str:
    direction = "desc" if descending else "asc"
    if nulls_first == descending:  # the default
        return f"{name}:{direction}" if descending else name
    return f"{name}:{direction}:{'nulls_first' if nulls_first else 'nulls_last'}"


orders = st.lists(
    st.tuples(st.sampled_from(list(VALUES)), st.booleans(), st.booleans()), min_size=1, max_size=3
)


@settings(max_examples=60)
@given(order=orders, limit=st.integers(1, 100), offset=st.integers(0, 30), filtered=st.booleans())
def test_a_query_gives_the_page_of_the_sorted_rows(
    client: MilvusClient, order: list[tuple[str, bool, bool]], limit: int, offset: int, filtered: bool
) -> None:
    rows = [row for row in ROWS if row["flag"] or not filtered]
    found = client.query(
        "shelf",
        filter="flag == true" if filtered else "",
        order_by_fields=[_text(*one) for one in order],
        limit=limit,
        offset=offset,
        output_fields=["id"],
    )
    assert [row["id"] for row in found] == [row["id"] for row in _sorted(rows, order)][
        offset : offset + limit
    ]


@pytest.mark.parametrize("name", VALUES)
def test_each_field_is_ordered_in_each_direction(client: MilvusClient, name: str) -> None:
    for descending, nulls_first, limit in product([False, True], [False, True], [1, 7, 40, 89, 100]):
        order = [(name, descending, nulls_first), ("flag", not descending, False)]
        asked = ",".join(_text(*one) for one in order)
        found = client.query("shelf", order_by_fields=asked, limit=limit, output_fields=["id"])
        assert [row["id"] for row in found] == [row["id"] for row in _sorted(ROWS, order)][:limit]


@settings(max_examples=40)
@given(order=orders, limit=st.integers(1, 30), offset=st.integers(0, 10))
def test_a_search_shows_its_nearest_rows_in_order(
    client: MilvusClient, order: list[tuple[str, bool, bool]], limit: int, offset: int
) -> None:
    by_id = {row["id"]: row for row in ROWS}
    nearest = client.search("shelf", QUERIES, limit=limit + offset)
    found = client.search(
        "shelf", QUERIES, limit=limit, offset=offset, order_by_fields=",".join(_text(*one) for one in order)
    )
    for hits, near in zip(found, nearest, strict=True):
        distance = dict(zip(near.ids, near.distances, strict=True))
        expected = [row["id"] for row in _sorted([by_id[pk] for pk in near.ids], order)][offset:]
        assert hits.ids == expected
        assert hits.distances == [distance[pk] for pk in expected]


@pytest.mark.parametrize(("limit", "offset"), [(3, 0), (2, 2), (5, 9)])
def test_groups_are_in_the_order_of_their_nearest_rows(client: MilvusClient, limit: int, offset: int) -> None:
    by_id = {row["id"]: row for row in ROWS}
    groups: dict[Any, list[int]] = {}
    (nearest,) = client.search("shelf", QUERIES[:1], limit=len(ROWS))
    for pk in nearest.ids:
        groups.setdefault(by_id[pk]["small"], []).append(pk)
    chosen = [members[:2] for members in list(groups.values())[: limit + offset]]
    order = [("word", True, True), ("id", False, False)]
    firsts = _sorted([by_id[members[0]] for members in chosen], order)
    expected = {members[0]: members for members in chosen}
    (hits,) = client.search(
        "shelf",
        QUERIES[:1],
        limit=limit,
        offset=offset,
        group_by_field="small",
        group_size=2,
        order_by_fields=[{"field": "word", "order": "desc"}, {"field": "id"}],
    )
    assert hits.ids == [pk for row in firsts[offset:] for pk in expected[row["id"]]]


@pytest.mark.parametrize(
    "given",
    [
        "word:desc:nulls_last,id",
        ["word:desc:nulls_last", "id:asc"],
        ["word : DESC : nulls_last, id"],
        [{"field": "word", "order": "desc:nulls_last"}, {"field": "id", "order": "ascending"}],
        ({"field": "word", "order": "descending:nulls_last"}, "id:"),
    ],
)
@pytest.mark.parametrize("argument", ["order_by_fields", "order_by"])
def test_an_order_may_be_given_in_each_form_of_pymilvus(
    client: MilvusClient, given: Any, argument: str
) -> None:
    expected = _sorted(ROWS, [("word", True, False), ("id", False, False)])[:7]
    found = client.query("shelf", limit=7, output_fields=["id"], **{argument: given})
    assert [row["id"] for row in found] == [row["id"] for row in expected]


def test_rows_with_given_keys_are_ordered_too(client: MilvusClient) -> None:
    chosen = ROWS[10:20]
    found = client.query(
        "shelf",
        ids=[row["id"] for row in chosen],
        order_by_fields="small:desc,id",
        limit=4,
        output_fields=["id"],
    )
    expected = _sorted(chosen, [("small", True, True), ("id", False, False)])[:4]
    assert [row["id"] for row in found] == [row["id"] for row in expected]


def test_equal_rows_stay_in_the_order_they_were_written(client: MilvusClient) -> None:
    found = client.query("shelf", limit=40, order_by_fields="flag", output_fields=["id"])
    assert [row["id"] for row in found] == [row["id"] for row in ROWS if not row["flag"]][:40]


async def test_the_asynchronous_client_orders_as_well(client: MilvusClient) -> None:
    expected = client.query("shelf", limit=5, order_by_fields="real,id", output_fields=["id"])
    async with AsyncMilvusClient(client.uri) as other:
        assert (
            await other.query("shelf", limit=5, order_by_fields="real,id", output_fields=["id"]) == expected
        )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"order_by_fields": "id"}, "order_by_fields needs a limit"),
        ({"order_by_fields": "nope[", "limit": 1}, "order_by_fields 'nope.': expected a name or a path"),
        ({"order_by_fields": "vector", "limit": 1}, "'vector' .FLOAT_VECTOR.dim=2.. has no order"),
        ({"order_by_fields": "tags", "limit": 1}, "'tags' .ARRAY<VARCHAR.max_length=9.>. has no order"),
        ({"order_by_fields": "doc", "limit": 1}, "'doc' is a whole JSON document"),
        ({"order_by_fields": "id:down", "limit": 1}, "order of 'id' to be 'asc' or 'desc', got 'down'"),
        ({"order_by_fields": "id:asc:last", "limit": 1}, "'nulls_first' or 'nulls_last', got 'last'"),
        ({"order_by_fields": "id:asc:nulls_last:x", "limit": 1}, "such as 'price:desc'"),
        ({"order_by_fields": ":asc", "limit": 1}, "expected a field and its order"),
        ({"order_by_fields": [{"order": "asc"}], "limit": 1}, "expected {'field': name"),
        ({"order_by_fields": [{"field": "id", "nulls": "last"}], "limit": 1}, "'desc:nulls_last', got"),
        ({"order_by_fields": [3], "limit": 1}, "expected a dict such as .*, got 3"),
        ({"order_by_fields": 3, "limit": 1}, "expected a list of fields such as .*, got 3"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(
    client: MilvusClient, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(MilvusException, match=message):
        client.query("shelf", filter="id >= 0", **arguments)
    if "limit" in arguments:
        with pytest.raises(MilvusException, match=message):
            client.search("shelf", QUERIES, **arguments)


def test_a_search_takes_no_texts_in_a_list_as_in_pymilvus(client: MilvusClient) -> None:
    with pytest.raises(ParamError, match="a search takes no texts in a list, as in pymilvus, got 'id'"):
        client.search("shelf", QUERIES, order_by_fields=["id"])
    (hits,) = client.search("shelf", QUERIES[:1], limit=5, order_by_fields="id")
    assert hits.ids == sorted(hits.ids)


def test_a_container_at_the_path_is_refused(client: MilvusClient) -> None:
    client.create_collection("boxes", dimension=2)
    client.insert("boxes", [{"id": 1, "vector": [1, 0], "box": [1]}, {"id": 2, "vector": [1, 1], "box": 2}])
    with pytest.raises(ParamError, match="order_by_fields 'box': .* got an array"):
        client.query("boxes", limit=2, order_by_fields="box")
    assert client.query("boxes", filter="id == 2", limit=2, order_by_fields="box", output_fields=["id"])


def test_iterators_take_no_order(client: MilvusClient) -> None:
    with pytest.raises(ParamError, match="query_iterator.* 'order_by_fields': it belongs to query"):
        client.query_iterator("shelf", order_by_fields="id")
    with pytest.raises(ParamError, match="search_iterator.* neither groups nor orders"):
        client.search_iterator("shelf", QUERIES[:1], order_by_fields="id")


def test_many_words_are_ordered_among_few_rows_and_among_all(client: MilvusClient) -> None:
    """Few rows are ordered by their own words, many by the order of all words, which follows new ones."""
    client.create_collection("words", dimension=2)
    words = [f"{number * 7919 % 5000:04}" for number in range(5000)]
    schema_free = [{"id": number, "vector": [0, 1], "word": word} for number, word in enumerate(words)]
    client.insert("words", schema_free)
    few = client.query("words", filter="id < 30", limit=5, order_by_fields="word", output_fields=["word"])
    assert [row["word"] for row in few] == sorted(words[:30])[:5]
    every = client.query("words", limit=5, offset=2490, order_by_fields="word:desc", output_fields=["word"])
    assert [row["word"] for row in every] == sorted(words, reverse=True)[2490:2495]
    client.insert("words", [{"id": 9000, "vector": [0, 1], "word": "0000x"}])
    again = client.query("words", limit=3, order_by_fields="word", output_fields=["word"])
    assert [row["word"] for row in again] == ["0000", "0000x", "0001"]


def test_get_orders_and_pages_the_rows_with_its_keys(client: MilvusClient) -> None:
    chosen = ROWS[10:20]
    ids = [row["id"] for row in chosen]
    expected = [row["id"] for row in _sorted(chosen, [("small", True, True), ("id", False, False)])]
    found = client.get("shelf", iter(ids), ["id"], order_by_fields="small:desc,id")  # type: ignore[arg-type]
    assert [row["id"] for row in found] == expected
    page = client.get("shelf", ids, ["id"], order_by_fields="small:desc,id", limit=3, offset=2)
    assert [row["id"] for row in page] == expected[2:5]
    assert [row["id"] for row in client.get("shelf", ids, ["id"], limit=3)] == ids[:3]
    assert client.get("shelf", ids, ["count(*)"]) == [{"count(*)": 10}]
    assert client.get("shelf", [], order_by_fields="small") == []
    grouped = client.get("shelf", ids, ["flag", "count(*)"], group_by_fields=["flag"])
    assert sum(row["count(*)"] for row in grouped) == 10
