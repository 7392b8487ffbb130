from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milvus_store_kernel.parse import expected_after, is_unfinished, parse
from milvus_store_kernel.statements import (
    Connect,
    CreateIndex,
    CreatePartition,
    CreateTable,
    DeleteIds,
    DeleteRows,
    Describe,
    Filter,
    Flush,
    Help,
    Insert,
    InsertRows,
    ListTables,
    Nearest,
    Ordering,
    Search,
    SelectIds,
    SelectRows,
    Statement,
    Statistics,
)


def only(text: str) -> Any:
    script = parse(text)
    assert script.error is None, script.error.shown(text)
    (statement,) = script.statements
    return statement


def values(statement: Any) -> dict[str, Any]:
    return {name: option.value for name, option in statement.options.items()}


def test_statements_of_the_original_kernel() -> None:
    table = only("create table test01 where dimension=128 and index_file_size=1024 and metric_type='L2'")
    assert isinstance(table, CreateTable)
    assert table.collection == "test01"
    assert values(table) == {"dimension": 128, "index_file_size": 1024, "metric_type": "L2"}
    index = only("create index T where index_type='FLAT' and nlist=4096")
    assert isinstance(index, CreateIndex)
    assert values(index) == {"index_type": "FLAT", "nlist": 4096}
    insert = only("insert 2,3,5 from T where partition_tag='tag01' by id=0")
    assert isinstance(insert, Insert)
    assert (insert.vectors, values(insert), insert.ids) == (((2, 3, 5),), {"partition_tag": "tag01"}, (0,))
    search = only("select 2, 3, 5 from T where top_k=1 and partition_tags='tag01' and nprobe=16")
    assert isinstance(search, Search)
    assert values(search) == {"top_k": 1, "partition_tags": "tag01", "nprobe": 16}
    assert only("select T by id=1,2,3") == SelectIds(0, "T", (1, 2, 3))
    assert only("delete T by id=1,2") == DeleteIds(0, "T", (1, 2))
    assert only("flush T1, T2") == Flush(0, ("T1", "T2"))
    assert only("desc T") == Describe(0, "T")
    assert only("stats T") == Statistics(0, "T")
    assert [only(text) for text in ("help", "help -metric", "help -index")] == [
        Help(0, None),
        Help(0, "metric"),
        Help(0, "index"),
    ]


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("milvus://127.0.0.1:19530", "milvus://127.0.0.1:19530"),
        ("milvus:///./milvus_demo.db", "milvus:///./milvus_demo.db"),
        ("./milvus_demo.db", "./milvus_demo.db"),
        ("/tmp/a.db;", "/tmp/a.db"),
        ("~/a.db", "~/a.db"),
        ("demo.db", "demo.db"),
        (r"C:\data\demo.db", r"C:\data\demo.db"),
        (":memory:", ":memory:"),
        ("connect './with a space; and more.db'", "./with a space; and more.db"),
        ("CONNECT tcp://localhost:19530", "tcp://localhost:19530"),
    ],
)
def test_a_connection_is_an_address_or_a_path(text: str, uri: str) -> None:
    assert only(text) == Connect(0, uri)


def test_keywords_in_any_case_and_names_as_they_are() -> None:
    assert only("DELETE MyTable BY ID = 7") == DeleteIds(0, "MyTable", (7,))
    assert only("Desc desc") == Describe(0, "desc")
    assert only("drop table list").collection == "list"


def test_values_may_hold_what_would_end_a_statement() -> None:
    partition = only("create partition T where partition_tag='a and b=1; it''s -- \"fine\"'")
    assert isinstance(partition, CreatePartition)
    assert values(partition) == {"partition_tag": 'a and b=1; it\'s -- "fine"'}
    assert values(only("select [1] from T where partition_tags=('a', 'b')")) == {"partition_tags": ("a", "b")}


def test_several_vectors_and_bits() -> None:
    assert only("insert [2,3], [-4.5e1,.5] from T by id=1,2").vectors == ((2, 3), (-45, 0.5))
    assert only("select x'0F', X'f0' from T").vectors == (b"\x0f", b"\xf0")


def test_selecting_rows() -> None:
    assert only("select * from T") == SelectRows(0, "T", ("*",))
    assert only("select count( * ) from T") == SelectRows(0, "T", ("count(*)",))
    text = (
        "select a, b from T nearest [1,2] in v where a == 'x; limit 5' order by b desc, a limit 10 offset 5"
    )
    assert only(text) == SelectRows(
        0,
        "T",
        ("a", "b"),
        Nearest(((1, 2),), "v"),
        Filter("a == 'x; limit 5'", text.index("a ==")),
        (Ordering("b", True), Ordering("a", False)),
        10,
        5,
    )


def test_a_filter_is_kept_as_it_is() -> None:
    text = 'delete from T where json_contains(tags["limit"], "order by x") and limit_ > 3 -- all of them'
    assert only(text) == DeleteRows(
        0, "T", Filter('json_contains(tags["limit"], "order by x") and limit_ > 3', text.index("json"))
    )


def test_rows_are_json() -> None:
    row = '{"id": 1, "v": [1, 2.5], "x": {"a": [null, true], "b": [], "c": {}}, "s": "\\"; \\u00e9"}'
    text = f"insert into T {row}, {{}}"
    assert only(text) == InsertRows(
        0, "T", ({"id": 1, "v": [1, 2.5], "x": {"a": [None, True], "b": [], "c": {}}, "s": '"; é'}, {})
    )


def test_several_statements_and_comments() -> None:
    text = "# first\nlist table;; -- second\n desc T ;\n"
    assert parse(text).statements == (ListTables(8), Describe(text.index("desc"), "T"))
    assert parse("").statements == parse(" -- nothing\n").statements == ()


@pytest.mark.parametrize(
    ("text", "before", "at", "message"),
    [
        ("selec x", 0, 0, "unexpected 'selec', expected a statement"),
        ("list table desc T", 0, 11, "unexpected 'desc', expected ';'"),
        ("list table; desc T; drop list T", 2, 25, "expected collection, index, partition or table"),
        ("create table x where", 0, 20, "ends too early, expected the name of a parameter"),
        ("create index T where index_type='FLAT", 0, 32, "the text is never closed"),
        ("list table; create table x where dimension=5 and dimension=6", 1, 49, "dimension is given twice"),
        ("select x from T where", 0, 21, "expected a filter expression"),
        ("select 2,3 from T where price < 3", 0, 30, "unexpected '<', expected '='"),
        ("insert 1,2 T", 0, 11, "expected ',' or from"),
    ],
)
def test_an_error_points_at_its_place_and_keeps_what_came_before(
    text: str, before: int, at: int, message: str
) -> None:
    script = parse(text)
    assert len(script.statements) == before
    assert script.error is not None
    assert message in script.error.message
    assert script.error.at == at


def test_the_caret_stands_under_the_place_also_in_long_lines() -> None:
    text = "list table;\n" + "desc T; " * 40 + "oops"
    error = parse(text).error
    assert error is not None
    _, line, caret = error.shown(text)
    assert line.startswith("line 2: …")
    assert line[caret.index("^") :].startswith("oops")


def test_unfinished_text_waits_for_more() -> None:
    assert is_unfinished("create table x where")
    assert is_unfinished("select a from T where")
    assert not is_unfinished("list table")
    assert not is_unfinished("oops")


def test_what_may_follow() -> None:
    assert expected_after("drop table ") == {"COLLECTION"}
    assert expected_after("oops ") == frozenset()
    assert "FILTER" in expected_after("select a from T where b > 1 and ")


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_no_text_breaks_the_parser(text: str) -> None:
    script = parse(text)
    assert all(isinstance(one, Statement) for one in script.statements)
    if script.error is not None:
        assert 0 <= script.error.at <= len(text)
        assert len(script.error.shown(text)) == 3


PIECES = [
    "select",
    "from",
    "where",
    "T",
    "a",
    ",",
    "[1,2]",
    "limit 3",
    "'x'",
    ";",
    "insert",
    "by",
    "id",
    "=",
    "1",
]


def test_a_semicolon_in_the_wrong_place_ends_nothing() -> None:
    script = parse("list collections; select [1,2] ; list collections")
    assert len(script.statements) == 1
    assert script.error is not None
    assert "from" in script.error.message


@given(st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join))
def test_no_order_of_pieces_breaks_the_parser(text: str) -> None:
    script = parse(text)
    if script.error is not None:
        assert script.error.name == "SyntaxError"
