"""Elements found by queries of the engine: what the answers hold, where they go on, and what copies read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milvus_store_lite.codec import Columns
from milvus_store_lite.collection.collection import Collection
from milvus_store_lite.database_file import DatabaseFile
from milvus_store_lite.errors import DataNotMatchException, ParamError
from milvus_store_lite.schema.data_types import DataType
from milvus_store_lite.schema.fields import Field
from milvus_store_lite.schema.model import Schema
from milvus_store_lite.search.found import FoundElements
from milvus_store_lite.search.request import ElementPlace
from milvus_store_lite.search.scope import Scope
from milvus_store_lite.storage.catalog import IndexRecord

SCHEMA = Schema(
    (
        Field("id", DataType.INT64, is_primary=True),
        Field("v", DataType.FLOAT_VECTOR, dim=2),
        Field("tags", DataType.ARRAY, element_type=DataType.INT64, max_capacity=9, nullable=True),
    )
)
TAGS: dict[int, list[int] | None] = {7: [1, 0, 1], 3: None, 9: [0], 1: [1, 1, 1, 1], 4: [], 2: [0, 1]}
ONES = Scope("element_filter(tags, $ == 1)")
FOUND = [(7, 0), (7, 2), (1, 0), (1, 1), (1, 2), (1, 3), (2, 1)]
"""Primary keys and offsets of the ones, as they were written."""


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    yield from _made(tmp_path_factory.mktemp("elements"))


def _made(folder: Path) -> Iterator[Collection]:
    file = DatabaseFile(folder / "elements.db", durability="normal")
    file.database().create_collection("c", SCHEMA, indexes=(IndexRecord("v", "v", "FLAT", "L2", {}),))
    made = file.database().collection("c")
    columns: dict[str, Any] = {"id": list(TAGS), "v": [[0.0, 1.0]] * len(TAGS), "tags": list(TAGS.values())}
    made.insert(Columns.of(columns))
    yield made
    file.close()


def _places(rows: list[dict[str, Any]]) -> list[tuple[int, int]]:
    return [(row["id"], row["offset"]) for row in rows]


def test_columns_have_each_row_once(collection: Collection) -> None:
    found = collection.query(ONES, ["tags"], limit=4, offset=1)
    assert found.pks == [7, 1]
    assert found.columns() == {"id": [7, 1], "tags": [TAGS[7], TAGS[1]]}
    assert found.elements == FoundElements([0, 1, 4], [2, 0, 1, 2])
    assert found.elements.of_rows() == [[2], [0, 1, 2]]
    assert _places(found.dicts()) == FOUND[1:5]


def test_no_elements_are_no_rows(collection: Collection) -> None:
    found = collection.query(Scope("element_filter(tags, $ == 5)"), ["tags"])
    assert (found.dicts(), found.columns()) == ([], {"id": [], "tags": []})
    assert found.elements == FoundElements([0], [])
    assert collection.query(ONES, ["tags"], offset=len(FOUND)).dicts() == []
    assert collection.query(Scope("id > 0"), ["tags"]).elements is None


@given(limit=st.integers(1, 9), after=st.tuples(st.sampled_from([*TAGS, 5]), st.integers(0, 6)))
@settings(max_examples=60, deadline=None)
def test_a_page_goes_on_after_an_element_of_a_row(
    collection: Collection, limit: int, after: tuple[int, int]
) -> None:
    expected = [place for place in sorted(FOUND) if place[0] != after[0] or place[1] > after[1]]
    found = collection.query(ONES, ["id"], limit, by_pk=True, after=ElementPlace(*after))
    assert _places(found.dicts()) == expected[:limit]
    assert _places(collection.query(ONES, ["id"]).dicts()) == FOUND  # what one call leaves out, others find


def test_where_a_page_cannot_go_on(collection: Collection) -> None:
    with pytest.raises(ParamError, match="only where it has an element_filter, got the element 1 of row 7"):
        collection.query(Scope("id > 0"), ["id"], after=ElementPlace(7, 1))
    with pytest.raises(DataNotMatchException, match="id"):
        collection.query(ONES, ["id"], after=ElementPlace("seven", 1))


def test_a_cursor_counts_elements_and_copies_read_rows(collection: Collection) -> None:
    with closing(collection.iterate_query(ONES, ["id"], 2)) as cursor:
        assert cursor.left == len(FOUND) - 2
        assert _places(cursor.next(3).dicts()) == FOUND[2:5]
        assert _places(cursor.next(1).dicts()) == FOUND[5:6]
        assert cursor.left == 1
        assert _places(cursor.next(9).dicts()) == FOUND[6:]
        assert cursor.next(9).dicts() == []
    for scope in (ONES, Scope("id == 9 or element_filter(tags, $ == 1)")):
        with closing(collection.iterate_query(scope, ["id"], only_loaded=False)) as cursor:
            rows = [7, 9, 1, 2] if scope is not ONES else [7, 1, 2]
            assert cursor.left == len(rows)
            assert list(cursor.next_columns(9).by_name["id"].values) == rows


def test_elements_are_counted(collection: Collection) -> None:
    assert collection.count_where(ONES) == len(FOUND)
    assert collection.count_where(Scope("element_filter(tags, $ == 1) and id > 1")) == 3
    assert collection.count_where(Scope("match_any(tags, $ == 1)")) == 3
