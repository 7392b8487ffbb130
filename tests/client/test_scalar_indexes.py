from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from milvus_store import DataType, MilvusClient
from milvus_store.errors import AmbiguousIndexName, ParamError
from milvus_store_lite.checks.file import check_file
from tests.inside import state_of


@pytest.fixture
def books(client: MilvusClient) -> MilvusClient:
    """A client with the collection ``books`` of 90 rows: scalar fields, JSON and a dynamic field, not read yet."""
    schema = client.create_schema(enable_dynamic_field=True)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("v", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("title", DataType.VARCHAR, max_length=30, nullable=True)
    schema.add_field("Title", DataType.VARCHAR, max_length=30, nullable=True)
    schema.add_field("year", DataType.INT16)
    schema.add_field("price", DataType.DOUBLE)
    schema.add_field("sold", DataType.BOOL)
    schema.add_field("meta", DataType.JSON)
    schema.add_field("words", DataType.ARRAY, element_type=DataType.VARCHAR, max_capacity=4, max_length=9)
    schema.add_field("ratios", DataType.ARRAY, element_type=DataType.FLOAT, max_capacity=4)
    schema.add_field("place", DataType.GEOMETRY, nullable=True)
    schema.add_field("at", DataType.TIMESTAMPTZ, nullable=True)
    index = client.prepare_index_params("v", index_type="FLAT", metric_type="L2")
    client.create_collection("books", schema=schema, index_params=index)
    client.insert("books", [_book(i) for i in range(90)])
    return client


def _book(i: int) -> dict[str, Any]:
    return {
        "id": i,
        "v": [i, 1.0],
        "title": None if i % 10 == 9 else f"t{i % 30}",
        "Title": f"T{i % 3}",
        "year": 1990 + i % 20,
        "price": i / 4,
        "sold": i % 2 == 0,
        "meta": {"author": {"name": f"a{i % 5}"}, "pages": i},
        "words": ["a", f"w{i % 7}"],
        "ratios": [0.5],
        "shelf": f"s{i % 4}",
    }


def add(client: MilvusClient, field: str, kind: str, name: str = "", **params: Any) -> None:
    client.create_index(
        "books", client.prepare_index_params(field, index_type=kind, index_name=name, params=params)
    )


@pytest.mark.parametrize(
    ("field", "kinds"),
    [
        ("title", ["AUTOINDEX", "", "INVERTED", "BITMAP", "STL_SORT", "Trie", "TRIE"]),
        ("year", ["AUTOINDEX", "INVERTED", "BITMAP", "STL_SORT"]),
        ("price", ["AUTOINDEX", "INVERTED", "STL_SORT"]),
        ("sold", ["AUTOINDEX", "INVERTED", "BITMAP"]),
        ("id", ["AUTOINDEX", "INVERTED", "STL_SORT"]),
        ("words", ["AUTOINDEX", "INVERTED", "BITMAP"]),
        ("ratios", ["AUTOINDEX", "INVERTED"]),
        ("place", ["AUTOINDEX", "RTREE"]),
        ("at", ["AUTOINDEX", "STL_SORT"]),
    ],
)
def test_fields_take_the_index_types_that_milvus_gives_them(
    books: MilvusClient, path: Path, field: str, kinds: list[str]
) -> None:
    for kind in kinds:
        add(books, field, kind)
        assert books.list_indexes("books", field) == [field]
        described = books.describe_index("books", field)
        assert described["index_type"] == {"": "AUTOINDEX", "TRIE": "Trie"}.get(kind, kind)
        assert (described["field_name"], described["indexed_rows"]) == (field, 90)
        books.drop_index("books", field)  # also while the collection is loaded
        assert books.list_indexes("books", field) == []
    refused = {"NGRAM", "RTREE", "HNSW", "BITMAP", "Trie", "STL_SORT", "INVERTED"} - set(kinds) - {"NGRAM"}
    for kind in refused:
        with pytest.raises(ParamError, match=f"field '{field}' .* cannot have index type '{kind.upper()}'"):
            add(books, field, kind)
    assert check_file(path).problems == ()


@pytest.mark.parametrize(
    ("field", "kind", "params", "message"),
    [
        ("title", "NGRAM", {}, "'min_gram' of index type NGRAM is missing: it must be an int of at least 1"),
        ("title", "NGRAM", {"min_gram": 2}, "'max_gram' .* is missing: .* at least min_gram .2."),
        ("title", "NGRAM", {"min_gram": 3, "max_gram": 2}, "'max_gram' .* at least min_gram .3., got 2"),
        ("title", "INVERTED", {"json_path": "meta"}, "takes no parameters, got 'json_path'"),
        ("meta", "INVERTED", {"json_path": 'meta["a"]'}, "'json_cast_type' .* is missing"),
        (
            "meta",
            "INVERTED",
            {"json_cast_type": "INT"},
            "'json_cast_type' .* one of BOOL, DOUBLE, .*got 'INT'",
        ),
        ("meta", "BITMAP", {"json_cast_type": "DOUBLE"}, "one of BOOL, VARCHAR, got 'DOUBLE'"),
        ("meta", "STL_SORT", {"json_cast_type": "BOOL"}, "one of DOUBLE, VARCHAR, got 'BOOL'"),
        ("meta", "Trie", {"json_cast_type": "VARCHAR"}, "cannot have index type 'TRIE'"),
        (
            "meta",
            "INVERTED",
            {"json_cast_type": "JSON", "json_path": "title"},
            "'title' .* is not a JSON document",
        ),
        (
            "meta",
            "INVERTED",
            {"json_cast_type": "JSON", "json_path": "shelf"},
            "must be a path in that field",
        ),
        ("meta", "INVERTED", {"json_cast_type": "JSON", "json_path": "meta[["}, "expected a name or a path"),
        (
            "meta",
            "INVERTED",
            {"json_cast_type": "VARCHAR", "json_cast_function": "STRING_TO_DOUBLE"},
            "'json_cast_function' makes numbers of texts: expected json_cast_type DOUBLE .* got 'VARCHAR'",
        ),
        (
            "meta",
            "INVERTED",
            {"json_cast_type": "DOUBLE", "json_cast_function": "STRING_TO_INT"},
            "'json_cast_function' .* must be one of STRING_TO_DOUBLE, got 'STRING_TO_INT'",
        ),
        ("shelff", "HNSW", {}, "cannot index field 'shelff'"),
        ("year", "INVERTED", {"jsonpath": "x"}, "'jsonpath'; did you mean 'json_path'"),
    ],
)
def test_what_an_index_cannot_be_is_named(
    books: MilvusClient, field: str, kind: str, params: Any, message: str
) -> None:
    with pytest.raises(ParamError, match=message):
        add(books, field, kind, **params)
    assert books.list_indexes("books") == ["v"]


def test_paths_in_documents_have_an_index_each(books: MilvusClient, path: Path) -> None:
    add(books, "meta", "INVERTED", "names", json_path='meta["author"]["name"]', json_cast_type="VARCHAR")
    add(books, "meta", "STL_SORT", json_path="meta['pages']", json_cast_type="double")
    add(books, "meta", "NGRAM", "whole", json_cast_type="varchar", min_gram=2, max_gram=3)
    add(books, "shelf", "AUTOINDEX", json_path="shelf", json_cast_type="VARCHAR")
    add(books, "$meta", "AUTOINDEX", json_path='$meta["deep"]["key"]', json_cast_type="BOOL")
    assert sorted(books.list_indexes("books", "meta")) == ['meta["pages"]', "names", "whole"]
    assert books.list_indexes("books", "shelf") == ['$meta["shelf"]']
    described = books.describe_index("books", 'meta["pages"]')
    assert described["index_type"] == "STL_SORT"
    assert (described["json_path"], described["json_cast_type"]) == ("meta['pages']", "DOUBLE")
    # The same path is the same place, however it is written.
    with pytest.raises(AmbiguousIndexName, match="has index 'names'"):
        add(books, "meta", "INVERTED", json_path="meta['author'][\"name\"]", json_cast_type="VARCHAR")
    assert len(books.query("books", 'meta["author"]["name"] == "a2" and shelf == "s1"')) == 4
    books.drop_index("books", "names")
    assert sorted(books.list_indexes("books", "meta")) == ['meta["pages"]', "whole"]
    assert check_file(path).problems == ()


CASTS = {"json_path": 'meta["p"]', "json_cast_type": "double", "json_cast_function": "STRING_TO_DOUBLE"}
VALUES = [
    "10",
    "9.5",
    9,
    12.25,
    "-3e1",
    ".5",
    "+7.",
    "ten",
    "",
    " 10",
    "1_0",
    "nan",
    "1e999",
    None,
    True,
    ["10"],
]


def test_texts_of_numbers_count_as_numbers_where_an_index_casts_them(client: MilvusClient) -> None:
    client.create_collection("c", dimension=2)
    client.add_collection_field("c", "meta", DataType.JSON, nullable=True)
    rows = [{"id": at, "vector": [at, 0], "meta": {"p": one, "q": one}} for at, one in enumerate(VALUES)]
    client.insert(
        "c", [*rows, {"id": 90, "vector": [0, 0], "meta": None}, {"id": 91, "vector": [0, 0], "meta": {}}]
    )

    def found(condition: str) -> list[Any]:
        return [VALUES[row["id"]] for row in client.query("c", condition, ["id"])]

    assert found('meta["p"] > 9') == [12.25]
    index = client.prepare_index_params("meta", index_type="INVERTED", index_name="numbers", params=CASTS)
    client.create_index("c", index)
    assert found('meta["p"] > 9') == ["10", "9.5", 12.25]
    assert found('meta["p"] == 10') == ["10"]
    assert found('meta["p"] in [9, 0.5]') == [9, ".5"]
    assert found('meta["p"] + 1 < 9 and meta["p"] != 0.5') == ["-3e1", "+7."]
    assert found('9 < meta["p"] <= 10') == ["10", "9.5"]
    assert client.delete("c", filter='meta["p"] == -30')["delete_count"] == 1
    # They are texts all the same, and other paths are as they were.
    assert found('meta["p"] == "10"') == ["10"]
    assert found('meta["p"] like "1%"') == ["10", "1_0", "1e999"]
    assert found('meta["q"] > 9') == [12.25]
    assert client.get("c", [0], ["meta"])[0]["meta"]["p"] == "10"
    client.insert("c", {"id": 20, "vector": [0, 0], "meta": {"p": "99"}})
    assert [row["id"] for row in client.query("c", 'meta["p"] > 50')] == [20]
    client.drop_index("c", "numbers")
    assert found('meta["p"] > 9') == [12.25]


def test_keys_of_the_dynamic_field_are_cast_too(client: MilvusClient) -> None:
    client.create_collection("c", dimension=2)
    client.insert("c", [{"id": 1, "vector": [0, 0], "price": "10"}, {"id": 2, "vector": [0, 0], "price": 5}])
    params = {"json_cast_type": "DOUBLE", "json_cast_function": "STRING_TO_DOUBLE"}
    client.create_index("c", client.prepare_index_params("price", index_type="AUTOINDEX", params=params))
    assert [row["id"] for row in client.query("c", "price >= 5")] == [1, 2]
    assert [hit["id"] for hit in client.search("c", [[1, 0]], filter="price > 5")[0]] == [1]


def indexes_in(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
        return sorted(sql.split(" ON ")[1] for (sql,) in rows)


def test_fields_that_are_looked_up_have_an_sql_index(books: MilvusClient, path: Path) -> None:
    for field, kind in (
        ("title", "INVERTED"),
        ("Title", "Trie"),
        ("year", "STL_SORT"),
        ("price", "INVERTED"),
    ):
        add(books, field, kind)
    held = ['"rows_1" ("Title_")', '"rows_1" ("title")', '"rows_1" ("year")']
    assert indexes_in(path) == held
    books.compact("books")
    assert indexes_in(path) == held
    assert check_file(path).problems == ()
    books.drop_index("books", "Title")
    assert indexes_in(path) == held[1:]
    books.drop_index("books", "title")
    books.drop_collection_field("books", "title")
    assert indexes_in(path) == held[2:]
    books.drop_collection("books")
    assert indexes_in(path) == []


def was_all_read(client: MilvusClient) -> bool:
    """Whether the process has looked at more than parts of the collection ``books``."""
    state = state_of(client)
    return state.snapshot_caches.whole.is_read


@pytest.mark.parametrize(
    ("expression", "is_part"),
    [
        ('title == "t7"', True),
        ('title in ["t7", "t8", "nothing"] and price < 10', True),
        ('year == 1995 and title == "t5"', True),
        ("year == 1995 or year == 1996", True),
        ("year == 70000", True),
        ('title == "t7" or price < 3', False),
        ('title != "t7"', False),
        ("price == 2.5", False),
        ("sold == true", False),
    ],
)
def test_rows_of_some_values_are_read_alone(
    books: MilvusClient, path: Path, expression: str, is_part: bool
) -> None:
    truth = books.query("books", expression)
    ranked = books.search("books", [[30.0, 1.0]], filter=expression, limit=90)
    for field in ("title", "year", "price", "sold"):
        add(books, field, "INVERTED")
    books.close()
    with MilvusClient(path) as client:
        assert client.query("books", expression) == truth
        assert client.search("books", [[30.0, 1.0]], filter=expression, limit=90) == ranked
        assert was_all_read(client) is not is_part
        # What is written later is seen, in parts as elsewhere.
        book = {**_book(7), "id": 700, "v": [30.0, 1.0]}
        client.insert("books", [book])
        client.upsert("books", [{**_book(8), "title": "t7", "year": 1995, "price": 2.5, "sold": True}])
        client.delete("books", ids=[5, 37])
        part = [row["id"] for row in client.query("books", expression)]
        found = client.search("books", [[30.0, 1.0]], filter=expression, limit=90)[0].ids
        assert was_all_read(client) is not is_part
    with MilvusClient(path) as client:
        client.query("books", limit=1)
        assert part == [row["id"] for row in client.query("books", expression)]
        assert found == client.search("books", [[30.0, 1.0]], filter=expression, limit=90)[0].ids


def test_once_all_rows_are_read_parts_are_not(books: MilvusClient, path: Path) -> None:
    add(books, "title", "INVERTED")
    books.close()
    with MilvusClient(path) as client:
        client.query("books", limit=1)
        assert was_all_read(client)
        assert len(client.query("books", 'title == "t7"')) == 3
        state = state_of(client)
        assert not state.snapshot_caches._subsets
