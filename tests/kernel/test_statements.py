from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from milvus_store_kernel.session import Session
from milvus_store_kernel.tables import Line

from .conftest import Run


@pytest.fixture
def vectors(cell: Run) -> Run:
    """``cell``, with the table ``T`` of three vectors, the last in partition ``tag01``."""
    cell(
        "create table T where dimension=2 and metric_type='L2'; create partition T where partition_tag='tag01'"
    )
    cell("insert [0,0], [3,4] from T by id=1,2; insert 6,8 from T where partition_tag='tag01' by id=3")
    return cell


@pytest.fixture
def docs(cell: Run) -> Run:
    """``cell``, with the collection ``docs`` of four rows."""
    cell(
        """
        create collection docs where dimension=2 and metric_type='L2';
        insert into docs {"id": 1, "vector": [0, 0], "title": "b", "price": 30},
            {"id": 2, "vector": [0, 1], "title": "a; 'x'", "price": 10},
            {"id": 3, "vector": [0, 2], "title": "c", "price": 20},
            {"id": 4, "vector": [0, 3], "title": null}
        """
    )
    return cell


def test_messages_are_those_of_the_legacy_client(cell: Run) -> None:
    shown = cell(
        """
        create table T where dimension=2 and index_file_size=1024 and metric_type='l2';
        create partition T where partition_tag='tag01';
        create index T where index_type='IVF_FLAT' and nlist=16;
        drop index T; flush T; flush; compact T;
        drop partition T where partition_tag='tag01';
        drop table T
        """
    )
    assert [line.text for line in shown if isinstance(line, Line)] == [
        "Create collection successfully!",
        "OK",
        "Build index successfully!",
        *["OK"] * 5,
        "Delete collection successfully!",
    ]


def test_tables_and_partitions_are_listed(vectors: Run, rows: Any) -> None:
    assert rows("list table") == [("T",)]
    assert rows("list partitions T") == [("T", "_default"), ("T", "tag01")]


def test_inserting_shows_the_ids(vectors: Run, rows: Any) -> None:
    assert rows("insert [1,1], [2,2] from T by id=10,11") == [(10,), (11,)]
    assert len({one for (one,) in rows("insert [1,1], [2,2] from T")}) == 2


def test_searching_with_one_vector_and_with_several(vectors: Run, rows: Any) -> None:
    assert rows("select 0,0 from T where top_k=2") == [(1, 0.0), (2, 25.0)]
    assert rows("select 0,0 from T where top_k=5 and partition_tags='tag01' and nprobe=16") == [(3, 100.0)]
    assert rows("select 6,8 from T where top_k=1 and partition_tags=('_default', 'tag01')") == [(3, 0.0)]
    assert rows("select [0,0], [6,8] from T where top_k=1") == [(1, 1, 0.0), (2, 3, 0.0)]


def test_vectors_by_id_and_deleting(vectors: Run, rows: Any) -> None:
    assert rows("select T by id=2,77") == [(2, [3.0, 4.0]), (77, None)]
    assert rows("delete T by id=2; select T by id=2") == [(2, None)]


def test_descriptions_and_segments(vectors: Run, rows: Any) -> None:
    assert rows("create index T where index_type='IVF_FLAT' and nlist=16; desc T")[:7] == [
        ("collection_name", "T"),
        ("dimension", 2),
        ("index_file_size", 1024),
        ("metric_type", "L2"),
        ("index_type", "IVF_FLAT"),
        ("params", {"nlist": 16}),
        ("row_count", 3),
    ]
    assert rows("stats T") == [
        ("_default", "_default", 2, "IVFFLAT", 32),
        ("tag01", "tag01", 1, "IVFFLAT", 16),
    ]


def test_bits_are_given_one_by_one_or_in_hexadecimal(cell: Run, rows: Any) -> None:
    cell("create table B where dimension=8 and metric_type='HAMMING'; insert 0,0,0,0,1,1,1,1 from B by id=1")
    assert rows("insert x'f0' from B by id=2; select x'0f' from B") == [(1, 0.0), (2, 8.0)]
    assert rows("select B by id=2") == [(2, b"\xf0")]


def test_rows_are_filtered_ordered_and_limited(docs: Run, rows: Any) -> None:
    assert rows("select title, price from docs where price < 100 order by price") == [
        ("a; 'x'", 10),
        ("c", 20),
        ("b", 30),
    ]
    assert rows("select id from docs order by price desc, id") == [(1,), (3,), (2,), (4,)]
    assert rows("select id from docs order by id limit 2 offset 1") == [(2,), (3,)]
    assert rows("select id from docs limit 2 offset 3") == [(4,)]
    assert rows("select * from docs where title == \"a; 'x'\"") == [(2, [0.0, 1.0], "a; 'x'", 10)]
    assert rows("select count(*) from docs where price >= 20") == [(2,)]
    assert rows("select count(*) from docs") == [(4,)]


def test_rows_are_searched_with_fields_and_a_filter(docs: Run, rows: Any) -> None:
    assert rows("select title from docs nearest [0,0] where price < 30 limit 5") == [
        (2, 1.0, "a; 'x'"),
        (3, 4.0, "c"),
    ]
    assert rows("select id from docs nearest 0,3 in vector limit 1 offset 1") == [(3, 1.0)]
    assert rows("select title from docs nearest [0,0], [0,2] limit 1") == [(1, 1, 0.0, "b"), (2, 3, 0.0, "c")]


def test_rows_are_deleted_by_a_filter(docs: Run, rows: Any) -> None:
    (line,) = docs("delete from docs where price > 15")
    assert line == Line("Deleted 2 rows")
    assert rows("select id from docs") == [(2,), (4,)]


def test_a_long_select_says_that_there_is_more(cell: Run) -> None:
    many = ", ".join(f'{{"id": {number}, "vector": [0, {number}]}}' for number in range(150))
    shown = cell(f"create collection many where dimension=2; insert into many {many}; select id from many")[
        -1
    ]
    assert "there are more" in shown.plain()
    assert shown.plain().count("\n") == 102
    assert "150 rows" in cell("select id from many limit 1000")[0].plain()


def test_a_collection_that_0_9_could_not_have_is_described_too(cell: Run, rows: Any) -> None:
    cell(
        "create collection named where dimension=2 and id_type='string' and max_length=9 and metric_type='IP'"
    )
    described = dict(rows("desc named"))
    assert described["field id"] == "VARCHAR(9), primary key"
    assert described["metric_type of vector"] == "IP"
    assert described["row_count"] == 0
    assert rows("stats named") == [("_default", 0)]
    cell('insert into named {"id": "b", "vector": [1, 2]}, {"id": "a", "vector": [1, 2]}')
    assert rows("select id from named order by id") == [("a",), ("b",)]


def test_help_lists_statements_metrics_and_indexes_and_its_examples_are_statements(rows: Any) -> None:
    from milvus_store_kernel.parse import parse
    from milvus_store_kernel.python_lines import is_python

    for _, example in rows("help"):
        assert is_python(example) or parse(example).error is None, example
    assert ("JACCARD",) in rows("help -metric")
    assert ("ANNOY",) in rows("help -index")


@pytest.mark.parametrize(
    ("text", "name", "at", "message"),
    [
        ("list table; drop table nope", "COLLECTION_NOT_EXISTS", 23, "nope"),
        ("select * from nope", "CollectionNotExistException", 14, "nope"),
        (
            "create table x where dimension=3 and metric_typ='L2'",
            "ParamError",
            37,
            "did you mean 'metric_type'?",
        ),
        ("create table x where dimension=3 and metric_type='L3'", "ParamError", 49, "expected one of L2, IP"),
        ("create index docs where index_type='FLATT'", "ParamError", 35, "expected one of FLAT"),
        ("create table x where dimension='three'", "ParamError", 31, "dimension is illegal"),
        ("create partition docs where tag='x'", "ParamError", 28, "unknown parameter 'tag'"),
        ("insert [1,2], [1] from docs", "ParamError", 14, "equally long"),
        ("insert 1,2,3 from docs", "ILLEGAL_DIMENSION", 7, "got 3"),
        ("select title\nfrom docs\nwhere price > > 3", "FilterError", 37, "unexpected '>'"),
        ("delete from docs where price + 'x' > 3", "FilterError", None, "'x'"),
        ("select id from docs nearest [1,2] order by id", "SyntaxError", 43, "'nearest' orders by distance"),
        ("milvus://127.0.0.1:9", "NotConnectError", 0, "cannot open"),
        ("ftp://127.0.0.1", "NotConnectError", 0, "ftp"),
        ('insert into docs {"id": 1}', "DataNotMatchException", 17, "vector"),
    ],
)
def test_faults_say_where_and_why(
    docs: Run, fault: Any, text: str, name: str, at: int | None, message: str
) -> None:
    error = fault(text)
    assert (error.name, message in error.message) == (name, True), error.message
    assert at is None or error.at == at
    assert "at column" not in error.message


def test_a_fault_leaves_the_connection_and_what_came_before(docs: Run, fault: Any, rows: Any) -> None:
    fault('insert into docs {"id": 9, "vector": [0, 9]}; milvus://127.0.0.1:9; drop table docs')
    assert rows("select count(*) from docs") == [(5,)]


def test_without_a_connection_the_error_says_how_to_get_one() -> None:
    from milvus_store_kernel.errors import CellError
    from milvus_store_kernel.parse import parse
    from milvus_store_kernel.run import run

    session = Session()
    with pytest.raises(CellError, match="milvus_demo.db"):
        run(parse("list table").statements[0], session)
    assert session.collections() == []
    assert session.fields(None) == {}


def test_a_file_is_named_in_three_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from milvus_store_kernel.parse import parse
    from milvus_store_kernel.run import run

    monkeypatch.chdir(tmp_path)
    session = Session()
    for text in ("./a.db", "milvus:///./a.db", f"connect '{tmp_path / 'a.db'}'"):
        (statement,) = parse(text).statements
        assert run(statement, session) is None
        assert session.collections() == []
    session.close()
    assert [one.name for one in tmp_path.iterdir()] == ["a.db"]


@pytest.mark.filterwarnings("default")
def test_statements_work_on_a_server(milvus_server: tuple[str, int]) -> None:
    from milvus_store_kernel.parse import parse
    from milvus_store_kernel.run import run

    session = Session()
    text = """
        milvus://{}:{};
        create table on_server where dimension=2 and metric_type='L2';
        insert [0,0], [3,4] from on_server by id=1,2;
        select 0,0 from on_server where top_k=1;
        select id from on_server where id > 1;
        select id from on_server nearest [3,4] limit 1;
        desc on_server; stats on_server;
        drop table on_server
    """.format(*milvus_server)
    script = parse(text)
    assert script.error is None
    shown = [run(statement, session) for statement in script.statements]
    session.close()
    assert [tuple(row) for row in shown[3].rows] == [(1, 0.0)]  # type: ignore[union-attr]
    assert [tuple(row) for row in shown[4].rows] == [(2,)]  # type: ignore[union-attr]
    assert [tuple(row) for row in shown[5].rows] == [(2, 0.0)]  # type: ignore[union-attr]


def test_a_database_in_memory_is_one_for_vectors_and_rows(cell: Run, rows: Any) -> None:
    cell(":memory:; create table T where dimension=2; insert 1,2 from T by id=1")
    assert rows("select id from T") == [(1,)]
