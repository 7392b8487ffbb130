"""Queries of single elements, against a model that looks at every element in Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milvus_store import AsyncMilvusClient, DataType, MilvusClient
from milvus_store.errors import FilterError, ParamError
from milvus_store.filters import And, Not, Or, parse

Row = dict[str, Any]
Place = tuple[int, int]
"""Primary key and offset."""

COUNT = 80


def _rows() -> list[Row]:
    random = np.random.default_rng(11)

    def structs() -> list[Row] | None:
        if random.random() < 0.1:
            return None
        return [
            {"text": "abc"[random.integers(3)], "page": int(random.integers(9)), "emb": [float(place), 1.0]}
            for place in range(random.integers(7))
        ]

    return [
        {
            "id": int(pk),
            "tag": "xyz"[pk % 3],
            "price": int(random.integers(5)),
            "tags": random.integers(4, size=random.integers(4)).tolist(),
            "list": [1, "a", None, 2.5][: random.integers(5)],
            "chunks": structs(),
        }
        for pk in random.permutation(COUNT)
    ]


ROWS = _rows()


def _create(client: MilvusClient) -> None:
    chunk = client.create_struct_field_schema()
    chunk.add_field("text", DataType.VARCHAR, max_length=9)
    chunk.add_field("page", DataType.INT64)
    chunk.add_field("emb", DataType.FLOAT_VECTOR, dim=2)
    schema = client.create_schema(enable_dynamic_field=True)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("tag", DataType.VARCHAR, max_length=9, is_partition_key=True)
    schema.add_field("price", DataType.INT64)
    schema.add_field("tags", DataType.ARRAY, element_type=DataType.INT64, max_capacity=9)
    array = {"element_type": DataType.STRUCT, "struct_schema": chunk, "max_capacity": 9, "nullable": True}
    schema.add_field("chunks", DataType.ARRAY, **array)
    indexes = client.prepare_index_params("chunks[emb]", metric_type="L2")
    client.create_collection("c", schema=schema, index_params=indexes)
    client.insert("c", ROWS)


@pytest.fixture
def filled(client: MilvusClient) -> MilvusClient:
    _create(client)
    return client


@pytest.fixture(scope="module", params=[None, 8], ids=["whole", "little memory"])
def kept(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[MilvusClient]:
    """A client whose rows no test changes."""
    path = tmp_path_factory.mktemp("elements") / "test.db"
    with MilvusClient(path, memory_limit=request.param) as client:
        _create(client)
        yield client


CONDITIONS: dict[str, Callable[[Row], bool]] = {
    "$[page] > 5": lambda chunk: chunk["page"] > 5,
    "$[page] == 99": lambda chunk: False,
    "$[text] == 'a' or $[page] == 2": lambda chunk: chunk["text"] == "a" or chunk["page"] == 2,
    "$[text] != 'b'": lambda chunk: chunk["text"] != "b",
    "$[page] >= 0": lambda chunk: True,
}
OF_ROWS: dict[str, Callable[[Row], bool]] = {
    "id >= 0": lambda row: True,
    "id < 30": lambda row: row["id"] < 30,
    "tag == 'x'": lambda row: row["tag"] == "x",
    "match_all(chunks, $[page] < 8)": lambda row: (
        row["chunks"] is not None and all(chunk["page"] < 8 for chunk in row["chunks"])
    ),
    "price > 3 or id % 2 == 0": lambda row: row["price"] > 3 or row["id"] % 2 == 0,
}


def _model(
    structs: list[str], rows: list[str], order: Callable[[Row], Any] | None = None
) -> list[tuple[Row, int]]:
    """Rows and the offset of each struct that all conditions hold for."""
    chosen = [row for row in ROWS if all(OF_ROWS[text](row) for text in rows)]
    return [
        (row, offset)
        for row in (sorted(chosen, key=order) if order else chosen)
        for offset, chunk in enumerate(row["chunks"] or [])
        if all(CONDITIONS[text](chunk) for text in structs)
    ]


def _places(found: list[tuple[Row, int]]) -> list[Place]:
    return [(row["id"], offset) for row, offset in found]


def _found(client: Any, filter: Any, **options: Any) -> list[Place]:
    return [(row["id"], row["offset"]) for row in client.query("c", filter, ["id"], **options)]


@st.composite
def _filters(draw: st.DrawFn) -> tuple[str, list[str], list[str]]:
    """A filter, its conditions on structs, and those on rows, joined in any order and nesting."""
    structs = draw(st.lists(st.sampled_from(list(CONDITIONS)), min_size=1, max_size=2))
    rows = draw(st.lists(st.sampled_from(list(OF_ROWS)), max_size=2))
    parts = [f"element_filter(chunks, {text})" for text in structs] + [f"({text})" for text in rows]
    first, *others = draw(st.permutations(parts))
    for other in others:
        first = draw(st.sampled_from([f"({first}) and {other}", f"{other} && ({first})"]))
    return first, structs, rows


@given(
    drawn=_filters(),
    limit=st.none() | st.integers(1, 60),
    offset=st.integers(0, 70),
    order=st.sampled_from([None, "price", "id"]),
)
@settings(max_examples=150, deadline=None)
def test_a_query_finds_every_struct_by_itself(
    kept: MilvusClient,
    drawn: tuple[str, list[str], list[str]],
    limit: int | None,
    offset: int,
    order: str | None,
) -> None:
    text, structs, rows = drawn
    options: dict[str, Any] = {"offset": offset} if limit is None else {"offset": offset, "limit": limit}
    if limit is None or order is None:
        expected = _model(structs, rows)
    else:
        options["order_by_fields"] = [{"field": order, "order": "asc"}]
        expected = _model(structs, rows, lambda row: row[order])
    page = _places(expected)[offset:][:limit]
    assert _found(kept, text, **options) == page
    (counted,) = kept.query("c", text, ["count(*)"])
    assert counted == {"count(*)": len(expected)}


@given(
    drawn=_filters(), batch=st.integers(1, 40), limit=st.integers(-1, 50), offset=st.sampled_from([0, 1, 33])
)
@settings(max_examples=60, deadline=None)
def test_an_iterator_comes_to_every_struct_once(
    kept: MilvusClient, drawn: tuple[str, list[str], list[str]], batch: int, limit: int, offset: int
) -> None:
    text, structs, rows = drawn
    iterator = kept.query_iterator(
        "c", batch_size=batch, limit=limit, filter=text, output_fields=["id"], offset=offset
    )
    found: list[Place] = []
    while page := iterator.next():
        assert len(page) <= batch
        found += [(row["id"], row["offset"]) for row in page]
    expected = _places(_model(structs, rows))[offset:]
    assert found == (expected if limit < 0 else expected[:limit])


def test_a_row_shows_its_fields_and_the_offset_behind_the_first(kept: MilvusClient) -> None:
    for fields in (["*"], ["chunks[text]", "list"], ["tag", "chunks"], ["id"], ["chunks[emb]"]):
        rows = kept.query("c", "element_filter(chunks, $[page] > 5)", fields, limit=20)
        of_rows = {row["id"]: row for row in kept.query("c", "id >= 0", fields)}
        assert [list(row)[:2] for row in rows] == [["id", "offset"]] * 20
        for row in rows:
            assert dict(row, offset=0) == {**of_rows[row["id"]], "offset": 0}
            assert [key for key in row if key != "offset"] == list(of_rows[row["id"]])


def test_an_iterator_shows_one_state(filled: MilvusClient) -> None:
    iterator = filled.query_iterator("c", batch_size=7, filter="element_filter(chunks, $[page] > 5)")
    filled.delete("c", filter="id >= 0")
    found = []
    while page := iterator.next():
        found += [(row["id"], row["offset"], row["chunks"]) for row in page]
    expected = _model(["$[page] > 5"], [])
    assert found == [(row["id"], offset, row["chunks"]) for row, offset in expected]


def test_the_elements_of_other_arrays(kept: MilvusClient) -> None:
    expected = [
        (row["id"], offset) for row in ROWS for offset, tag in enumerate(row["tags"]) if tag in (1, 3)
    ]
    assert _found(kept, "element_filter(tags, $ in [1, 3])") == expected
    expected = [
        (row["id"], offset)
        for row in ROWS
        for offset, value in enumerate(row["list"])
        if isinstance(value, int | float) and value > 0
    ]
    assert _found(kept, "element_filter(list, $ > 0)") == expected


def test_changed_rows_are_found_as_they_are(filled: MilvusClient) -> None:
    text = "element_filter(chunks, $[text] == 'new')"
    assert _found(filled, text) == []
    old, new = {"text": "a", "page": 1, "emb": [0, 0]}, {"text": "new", "page": 1, "emb": [0, 0]}
    filled.upsert("c", [{**ROWS[0], "chunks": [old, new, new]}, {**ROWS[1], "chunks": []}])
    filled.insert("c", {**ROWS[2], "id": 999, "chunks": [new]})
    first = ROWS[0]["id"]
    assert _found(filled, text) == [(first, 1), (first, 2), (999, 0)]
    filled.delete("c", ids=[first])
    assert _found(filled, text) == [(999, 0)]


def test_tenants_and_partitions_confine_a_query_of_structs(filled: MilvusClient) -> None:
    expected = _places(_model(["$[page] > 5"], ["tag == 'x'"]))
    bound = filled.for_tenant("c", "x")
    text = "element_filter(chunks, $[page] > 5)"
    assert _found(bound, text) == expected
    assert bound.query("c", text, ["count(*)"]) == [{"count(*)": len(expected)}]
    iterator = bound.query_iterator("c", batch_size=9, filter=text)
    pages = []
    while page := iterator.next():
        pages += [(row["id"], row["offset"]) for row in page]
    assert pages == expected


def test_an_offset_hides_a_field_of_its_name(client: MilvusClient) -> None:
    schema = client.create_schema(enable_dynamic_field=True)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("v", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("tags", DataType.ARRAY, element_type=DataType.INT64, max_capacity=9)
    index = client.prepare_index_params("v", metric_type="L2")
    client.create_collection("c", schema=schema, index_params=index)
    client.insert("c", {"id": 1, "v": [0, 0], "tags": [5, 6], "offset": "mine", "other": 7})
    rows = client.query("c", "element_filter(tags, $ == 6)", ["offset", "other", "tags"])
    assert [list(row.items()) for row in rows] == [[("id", 1), ("offset", 1), ("tags", [5, 6]), ("other", 7)]]


def test_other_calls_are_about_rows(filled: MilvusClient) -> None:
    text = "element_filter(chunks, $[page] > 5)"
    pks = list(dict.fromkeys(pk for pk, _ in _places(_model(["$[page] > 5"], []))))
    assert "offset" not in filled.get("c", pks[:1])[0]
    assert [row["id"] for row in filled.query("c", ids=pks[:2], output_fields=["id"])] == pks[:2]
    assert filled.query("c", "match_any(chunks, $[page] > 5)", ["count(*)"]) == [{"count(*)": len(pks)}]
    without = sum(row["chunks"] is not None and row["id"] not in pks for row in ROWS)
    assert filled.delete("c", filter=f"id >= 0 and not {text}")["delete_count"] == without
    assert filled.delete("c", filter=text)["delete_count"] == len(pks)


def test_a_sample_is_one_of_rows(kept: MilvusClient) -> None:
    found = _found(kept, "element_filter(chunks, $[page] >= 0) and random_sample(0.3)")
    lengths = {row["id"]: len(row["chunks"] or []) for row in ROWS}
    assert found == [
        (pk, offset) for pk in dict.fromkeys(pk for pk, _ in found) for offset in range(lengths[pk])
    ]


@pytest.mark.parametrize(
    ("filter", "message"),
    [
        ("id == 1 or element_filter(chunks, $[page] == 1)", "joined to the rest by 'and'"),
        ("not element_filter(chunks, $[page] == 1)", "expected match_any, which is about whole rows"),
        ("id > 1 and (id < 9 or not (id > 2 and element_filter(tags, $ == 1)))", "under 'or' and 'not'"),
        (
            "element_filter(chunks, $[page] == 1) and element_filter(tags, $ == 1)",
            "one array, got 'chunks' and 'tags': use match_any",
        ),
    ],
)
def test_filters_that_choose_no_elements(kept: MilvusClient, filter: str, message: str) -> None:
    for output in (["id"], ["count(*)"], ["max(price)"]):
        with pytest.raises(FilterError, match=message):
            kept.query("c", filter, output)
    with pytest.raises(FilterError, match=message):
        kept.query_iterator("c", filter=filter)


@pytest.mark.parametrize(
    "options",
    [
        {"output_fields": ["sum(price)"]},
        {"output_fields": ["count(*)", "max(id)"]},
        {"output_fields": ["tag", "count(*)"], "group_by_fields": ["tag"]},
    ],
)
def test_groups_and_aggregates_are_of_rows(kept: MilvusClient, options: dict[str, Any]) -> None:
    with pytest.raises(ParamError, match=r"count\(\*\) are of rows.*expected match_any"):
        kept.query("c", "element_filter(chunks, $[page] == 1)", **options)


def test_a_filter_as_a_tree_and_with_values(kept: MilvusClient) -> None:
    text = "element_filter(chunks, $[page] > {least}) and id < {most}"
    expected = _places(_model(["$[page] > 5"], ["id < 30"]))
    assert _found(kept, text, filter_params={"least": 5, "most": 30}) == expected
    part = parse("element_filter(chunks, $[page] > 5)")
    assert _found(kept, And((part, parse("id < 30")))) == expected


def test_a_deep_filter_is_looked_through(kept: MilvusClient) -> None:
    deep = parse("id >= 0")
    for _ in range(48):
        deep = Not(Or((deep, parse("id < 0"))))
    tree = And((parse("element_filter(chunks, $[page] > 5)"), deep))
    assert _found(kept, tree) == _places(_model(["$[page] > 5"], []))
    hidden = Or((deep, parse("element_filter(chunks, $[page] > 5)")))
    with pytest.raises(FilterError, match="joined to the rest by 'and'"):
        kept.query("c", And((hidden, parse("id > 1"))))


async def test_asynchronous_clients_find_structs(path: Path) -> None:
    with MilvusClient(path) as client:
        _create(client)
    other = AsyncMilvusClient(path)
    text, expected = "element_filter(chunks, $[page] > 5)", _places(_model(["$[page] > 5"], []))
    rows = await other.query("c", text, ["id"], limit=5, offset=2)
    assert [(row["id"], row["offset"]) for row in rows] == expected[2:7]
    pages = await other.query_iterator("c", batch_size=9, filter=text, output_fields=["id"])
    found = [(row["id"], row["offset"]) async for page in pages for row in page]
    assert found == expected
    await other.close()
