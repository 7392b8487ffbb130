"""Requests that are built anew each time, as a server does: an equal one is found, and memory stays bounded."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from weakref import ref

import pytest

from milvus_store_lite import (
    Collection,
    Columns,
    DatabaseFile,
    DataType,
    Field,
    GroupBy,
    IndexRecord,
    RangeBounds,
    Schema,
    Scope,
    SearchRequest,
    TenantCollection,
    parse,
)

QUERIES = [[0.0, 1.0]]


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    file = DatabaseFile(tmp_path / "f.db")
    database = file.database()
    schema = Schema(
        (
            Field("id", DataType.INT64, is_primary=True),
            Field("v", DataType.FLOAT_VECTOR, dim=2),
            Field("n", DataType.INT64),
            Field("who", DataType.VARCHAR, max_length=9, is_partition_key=True),
        )
    )
    database.create_collection("c", schema, indexes=(IndexRecord("", "v", "FLAT", "L2", {}),))
    made = database.collection("c")
    numbers = list(range(8))
    who = [f"w{number % 2}" for number in numbers]
    made.insert(
        Columns.of({"id": numbers, "v": [[number, 1.0] for number in numbers], "n": numbers, "who": who})
    )
    yield made
    file.close()


def request(expression: Any = "n < {most}", **changes: Any) -> SearchRequest:
    scope = Scope(expression, {"most": 5, "ids": [1, 2]}, ["_default"])
    parts: dict[str, Any] = {"limit": 3, "output_fields": ["n"], "scope": scope, "params": {"nprobe": 8}}
    return SearchRequest(**{**parts, **changes})


def prepared(collection: Collection, asked: SearchRequest) -> object:
    with collection._reading() as session:
        return session.state.search(collection._own(asked))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"expression": parse("n < 5 and n in {ids}")},
        {"ring": RangeBounds(9.0, 0.0)},
        {"group_by": GroupBy(("n",), 2)},
    ],
)
def test_an_equal_request_that_is_built_anew_is_not_worked_out_again(
    collection: Collection, changes: dict[str, Any]
) -> None:
    changes = {"scope": Scope(None), **changes} if "ring" in changes else changes
    first = prepared(collection, request(**changes))
    assert prepared(collection, request(**changes)) is first
    assert prepared(collection, request(**{**changes, "limit": 2})) is not first


def test_values_that_only_compare_equal_are_worked_out_each(collection: Collection) -> None:
    asked = [SearchRequest(scope=Scope("n == {x}", {"x": value})) for value in (1, 1.0)]
    assert prepared(collection, asked[0]) is not prepared(collection, asked[1])


def test_a_tenants_equal_requests_are_found_too(collection: Collection) -> None:
    first, other = (TenantCollection(collection, who) for who in ("w0", "w1"))
    found = prepared(first, request())
    assert prepared(TenantCollection(collection, "w0"), request()) is found
    assert prepared(other, request()) is not found
    assert prepared(collection, request()) is not found


def test_a_changed_collection_works_requests_out_anew(collection: Collection) -> None:
    first = prepared(collection, request())
    collection.alter_properties({"timezone": "Asia/Tokyo"})
    assert prepared(collection, request()) is not first


def test_equal_requests_share_the_mask_of_their_filter(collection: Collection) -> None:
    masks = []
    for _ in range(2):
        with collection._reading() as session:
            masks.append(session.selected(session.state.search(request())).rows)
    assert masks[0] is masks[1]


def test_a_snapshot_keeps_no_filter_that_nobody_else_keeps(collection: Collection) -> None:
    with collection._reading() as session:
        state = session.state
        search = state.search(request())
        session.selected(search)
        bound = ref(search.choice)
        del search
        for number in range(1_000):
            state.search(SearchRequest(scope=Scope(f"n == {number}")))
        gc.collect()
        assert bound() is None


def test_large_filters_take_bounded_memory(collection: Collection) -> None:
    def ask(number: int) -> None:
        scope = Scope("who != {who}", {"who": f"{number}" * 500_000})
        collection.search(SearchRequest(scope=scope), QUERIES)
        collection.query(scope, ["n"], limit=1)

    ask(0)
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(1, 101):
            ask(number)
        gc.collect()
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 20 << 20  # all of them are 95 MB
