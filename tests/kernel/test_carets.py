"""The caret of an error stands under the word that is wrong, whatever kind of statement it is in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milvus_store_kernel.errors import CellError
from milvus_store_kernel.parse import MOST_NESTED, parse
from milvus_store_kernel.python_lines import is_python
from milvus_store_kernel.run import run
from milvus_store_kernel.session import Session

from .conftest import Run

WRONG = [
    "«lst» table",
    "list «tabel»",
    "list table «docs»",
    "list partitions «nope»",
    "drop «tabel» T",
    "drop table «nope»",
    "drop index «nope»",
    "flush T, «nope»",
    "compact «nope»",
    "desc «nope»",
    "stats «nope»",
    "create table «1x» where dimension=3",
    "create table «T» where dimension=3",
    "create table x where dimension=«1»",
    "create table x where dimension=«'a'»",
    "create table x where «dimensoin»=3",
    "create table x where dimension=3 and metric_type=«'L3'»",
    "create table x where dimension=3 and index_file_size=«0»",
    "create table x where dimension=3 and «dimension»=4",
    "create table x where dimension=3 «or» index_file_size=4",
    "create collection x where dimension=«0»",
    "create collection x where dimension=3 and metric_type=«'NO'»",
    "create collection x where dimension=3 and «metrik_type»='L2'",
    "create collection «T» where dimension=3",
    "create collection x where dimension=3 and id_type=«'no'»",
    "create collection x where dimension=3 and «collection_name»='L2'",
    "create partition «nope» where partition_tag='x'",
    "create partition T where partition_tag=«'a'»",
    "create partition T where partition_tag=«3»",
    "create partition T where «tag»='x'",
    "drop partition T where partition_tag=«'no'»",
    "drop partition T where partition_tag=«'_default'»",
    "create index «nope» where index_type='FLAT'",
    "create index T where index_type=«'FLATT'»",
    "create index T where index_type='HNSW' and M=«1» and efConstruction=100",
    "create index T where index_type='HNSW' and M=8 and efConstruction=100 and «efConstructio»=8",
    "create index T where index_type='IVF_FLAT' and nlist=«'x'»",
    "insert 1,2 «into» T",
    "insert 1,2 from «nope»",
    "insert «1,2,3» from T",
    "insert [1,2], «[1,2,3]» from T",
    "insert «x'0f'» from T",
    "insert «1,2» from B",
    "insert 1,2 from T where partition_tag=«'no'»",
    "insert 1,2 from T where «tag»='a'",
    "insert 1,2 from T where partition_tag=«5»",
    "insert 1,2 from T by «idd»=3",
    "insert 1,2 from T by id=«x»",
    "insert 1,2 from T by id=«99999999999999999999»",
    "insert 1,2 from T by id=«1,2»",
    "insert 1,2 from T by id=1 where partition_tag=«'no'»",
    'insert into «nope» {"id": 1}',
    'insert into docs «{"id": 1}»',
    'insert into docs {"id": 1, «"vector": [1,2,3]»}',
    'insert into docs {"id": 1, "vector": [1,2]}, {«"id": "x"», "vector": [1,2]}',
    'insert into docs {"id": 1, "vector": [1,2]}, «{"id": 2}»',
    'insert into docs {"id": 1, "vector": [1,«}»',
    'insert into docs {"id": 1, «"vector": ["a", 2]»}',
    "select «1,2,3» from T where top_k=1",
    "select 1,2 from «nope» where top_k=1",
    "select 1,2 from T where top_k=«0»",
    "select 1,2 from T where top_k=«'x'»",
    "select 1,2 from T where top_k=1 and partition_tags=«'no'»",
    "select 1,2 from T where top_k=1 and partition_tags=('a', «'no'»)",
    "select 1,2 from T where top_k=1 and «nprob»=3",
    "select T by id=«x»",
    "select «nope» by id=1",
    "select T by «ids»=1",
    "delete «nope» by id=1",
    "delete T by id=«99999999999999999999»",
    "delete from «nope» where id > 3",
    "delete from docs where id «>>» 3",
    "delete from docs where nope «+» 3",
    "select title from «nope»",
    "select title from docs where price > «>» 3",
    "select title from docs where id > 3 «limit» x",
    "select title from docs limit «99999999»",
    "select title from docs limit «-1»",
    "select title from docs limit 5 offset «-1»",
    "select title from docs order «title»",
    "select * from docs nearest «[1,2,3]»",
    "select * from docs nearest [1,2], «[1,2,3]»",
    "select * from docs nearest [1,2] in «nope»",
    "select * from docs nearest [1,2] limit «0»",
    "select * from docs nearest [1,2] where nope «nope»",
    "select id from docs nearest [1,2] order by «id»",
    "«ftp»://x",
    "«milvus://127.0.0.1:99999»",
    "connect «'/nope/x.db'»",
    "help «-nope»",
    "help «nope»",
]
"""Statements with the wrong word between « and ». T has vectors of two numbers, B of eight bits, docs rows."""

HABITS = [
    ("show tables", "'list tables'"),
    ("SHOW COLLECTIONS;", "'list tables'"),
    ("show partitions T", "'list partitions T'"),
    ("show databases", "./milvus_demo.db"),
    ("show index from T", "'desc T'"),
    ("use db", "./milvus_demo.db"),
    ("insert into T values (1, 2)", "JSON"),
    ("insert into T (id, vector) values (1, '[1,2]')", "JSON"),
    ("delete from T", "delete from T where"),
    ("delete T where id > 3", "delete from T where"),
    ("truncate table T", "drop table T"),
    ("update T set a = 1", "upsert"),
    ("create table T (id int, v vector)", "where dimension="),
    ("create index i on T (v)", "create index T where"),
    ("create database x", "create_database"),
    ("alter table T add x int", ">>> milvus_client"),
    ("count T", "select count(*) from T"),
    ("select count(id) from T", "select count(*) from T"),
    ("select a from T group by a", ">>> milvus_client.query"),
    ("select a from T limit 5, 10", "limit 10 offset 20"),
    ("list table; show tables", "'list tables'"),
]


@pytest.fixture
def prepared(cell: Run) -> None:
    cell(
        """
        create table T where dimension=2 and metric_type='L2'; create partition T where partition_tag='a';
        create table B where dimension=8 and metric_type='HAMMING';
        create collection docs where dimension=2 and metric_type='L2';
        insert into docs {"id": 1, "vector": [0, 1], "title": "a"}
        """
    )


@pytest.mark.parametrize("marked", WRONG)
def test_the_caret_points_at_the_wrong_word(
    prepared: None, fault: Callable[[str], CellError], marked: str
) -> None:
    text = marked.replace("«", "").replace("»", "")
    error = fault(text)
    assert error.at == marked.index("«"), error.message
    _, line, caret = error.shown(text)
    assert line[caret.index("^") :][:8] == text[error.at :][:8]


def test_what_is_all_right_around_the_wrong_words_is_taken(prepared: None, cell: Run) -> None:
    cell(
        "insert 1,2 from T by id=8 where partition_tag='a'; insert 1,2 from T where partition_tag='a' by id=9"
    )
    cell("select * from T; describe T; select count(*) from T; drop table T")


@pytest.mark.parametrize(("text", "hint"), HABITS)
def test_habits_of_other_sql_get_a_hint(text: str, hint: str) -> None:
    error = parse(text).error
    assert error is not None
    assert hint in error.message


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("list table \x1c", 11),
        ("\x00list table", 0),
        ("list table\xa0", 10),
        ("desc \x85", 5),
        ("desc \ud800", 5),
        ("select * from T where a == '\ud800'", 28),
        ('insert into T {"a": "\\x"}', 21),
        ('insert into T {"a\\x": 1}', 17),
        ('insert into T {"a": "\\ud800"}', 20),
        ("insert 1,2 from T by id=" + "9" * 5000, 24),
        ("insert into T {" + '"a": ' + "[" * 5000, 20 + MOST_NESTED - 1),
        ("insert into T " + '{"a": ' * 5000, 14 + 6 * MOST_NESTED),
    ],
)
def test_odd_characters_and_deep_texts_have_a_place(text: str, at: int) -> None:
    error = parse(text).error
    assert error is not None
    assert (error.name, error.at) == ("SyntaxError", at)
    assert len(error.shown(text)) == 3


PIECES = [
    *(
        "select",
        "from",
        "where",
        "T",
        "docs",
        "id",
        "vector",
        "insert",
        "into",
        "by",
        "=",
        "limit",
        "nearest",
    ),
    *(",", ";", "[1,2]", "[1,2,3]", "1", "-1", "1e999", "99999999999999999999", "'x'", "''", "count(*)"),
    *(
        "create",
        "table",
        "collection",
        "partition",
        "index",
        "dimension",
        "metric_type",
        "'L2'",
        "and",
        "drop",
    ),
    *(
        "delete",
        "order",
        "desc",
        "list",
        "flush",
        "compact",
        "stats",
        "partition_tag",
        "top_k",
        "offset",
        "*",
    ),
    *('{"id": 1, "vector": [1, 2], "x": {}}', '{"vector": null}', '{"id": 2}', "x'0f'", "help", "id > 3"),
    *("> 3", "in", "\x00", "\x1c"),
]
TEXTS = st.one_of(st.text(max_size=40), st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join)).filter(
    lambda text: not is_python(text) and ".db" not in text and "/" not in text and "\\" not in text
)


def outcome(text: str, session: Session) -> CellError | None:
    """The error of a cell, if it has one."""
    script = parse(text)
    try:
        for statement in script.statements:
            run(statement, session)
    except CellError as error:
        return error
    return script.error


@settings(max_examples=150)
@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_any_text_gives_a_result_or_the_kernels_own_error(texts: list[str]) -> None:
    with TemporaryDirectory() as folder:
        session = Session()
        session.connect(str(Path(folder, "a.db")))
        try:
            for text in [
                "create collection docs where dimension=2; create table T where dimension=2",
                *texts,
            ]:
                error = outcome(text, session)
                if error is not None:
                    assert error.at is not None
                    assert 0 <= error.at <= len(text)
                    assert len(error.shown(text)) == 3
        finally:
            session.close()
