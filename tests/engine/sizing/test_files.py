"""Where the bytes of a file are, also of one that somebody tampered with."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from milvus_store import DataType, Function, FunctionType, MilvusClient
from milvus_store_lite import DatabaseCorruptError, FileSizes, NotADatabaseError, file_sizes
from milvus_store_lite.storage import file_sizes as reading


@pytest.fixture
def file(path: Path) -> Path:
    """``docs`` with a text, tenants, full text and a dynamic field, a snapshot of it, and ``other`` elsewhere."""
    with MilvusClient(path) as client:
        schema = client.create_schema(enable_dynamic_field=True)
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=64)
        schema.add_field("text", DataType.VARCHAR, max_length=900, enable_analyzer=True)
        schema.add_field("tenant", DataType.VARCHAR, max_length=9, is_partition_key=True)
        schema.add_field("terms", DataType.SPARSE_FLOAT_VECTOR)
        schema.add_function(Function("bm25", FunctionType.BM25, ["text"], ["terms"]))
        index = client.prepare_index_params("vector", index_type="FLAT")
        index.add_index("terms", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
        client.create_collection("docs", schema=schema, index_params=index)
        client.insert(
            "docs",
            [
                {
                    "id": row,
                    "vector": [row, *[1] * 63],
                    "text": f"apple {row} " * 20,
                    "tenant": "t",
                    "more": row,
                }
                for row in range(1_000)
            ],
        )
        client.create_snapshot("before", "docs")
        client.create_database("elsewhere")
        client.use_database("elsewhere")
        client.create_collection("other", dimension=4)
    return path


def changed(file: Path, *statements: str) -> Path:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
    return file


def test_all_bytes_of_a_file_are_told_apart(file: Path) -> None:
    sizes = file_sizes(file)
    assert (sizes.pages, sizes.log) == (file.stat().st_size, 0)
    assert sizes.is_exact
    names = [(each.database, each.name, each.rows) for each in sizes.collections]
    kept = [name for name in names if name[0] is None]
    assert [name for name in names if name[0] is not None] == [
        ("default", "docs", 1_000),
        ("elsewhere", "other", 0),
    ]
    assert [rows for *_, rows in kept] == [1_000]
    assert sum(each.size for each in sizes.collections) + sizes.catalog + sizes.free == sizes.pages
    assert 0 < sizes.catalog < 40 * 16_384


def test_a_collection_is_told_by_table_and_field(file: Path) -> None:
    docs = file_sizes(file).collections[0]
    tables = {(table.holds, table.field): table.size for table in docs.tables}
    assert set(tables) == {
        ("rows", None),
        ("SQL indexes on rows", None),
        ("vectors", "vector"),
        ("vectors", "terms"),
        ("terms", "terms"),
        ("removals", None),
        ("times of insertion", None),
        ("tenants", None),
    }
    assert tables["vectors", "vector"] > 1_000 * 256
    assert docs.fields["text"] == sum(len(f"apple {row} " * 20) for row in range(1_000))
    assert docs.fields["$meta"] == sum(len(f'{{"more":{row}}}') for row in range(1_000))
    assert docs.fields["tenant"] == 1_000
    assert docs.fields["$checksums"] == 1_000 * 4 * 5
    assert sum(docs.fields.values()) < tables["rows", None]
    assert set(docs.memory) == {"vector", "terms"}


def test_what_is_deleted_is_free_and_the_log_is_told(file: Path) -> None:
    before = file_sizes(file)
    with MilvusClient(file) as client:
        client.delete("docs", ids=list(range(200)))
        after = file_sizes(file)  # while it is open here
        assert after.log == os.path.getsize(f"{file}-wal") > 0
        assert client.query("docs", ids=[200])
    assert before.free == 0 < after.free
    assert after.collections[0].rows == 800
    assert after.collections[0].size < before.collections[0].size


def test_without_dbstat_values_are_counted(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exact = file_sizes(file).collections[0]
    monkeypatch.setattr(reading, "_DBSTAT", "no_such_module")
    sizes = file_sizes(file)
    docs = sizes.collections[0]
    assert not sizes.is_exact
    assert docs.fields == exact.fields
    vectors, of_pages = (
        next(table.size for table in each.tables if table.holds == "vectors") for each in (docs, exact)
    )
    assert 1_000 * (8 + 256) <= vectors <= of_pages


@pytest.mark.parametrize(
    ("statements", "reason"),
    [
        (("DROP TABLE vectors_1_vector",), 'table "vectors_1_vector" is missing'),
        (
            ("DROP TABLE vectors_1_vector", "CREATE VIEW vectors_1_vector AS SELECT 1 AS seq, 'x' AS value"),
            'table "vectors_1_vector" is missing',
        ),
        (("CREATE VIEW dbstat AS SELECT 'rows_1' AS name",), "a table of its own called dbstat"),
        (
            (
                "ALTER TABLE index_parts RENAME TO aside",
                "CREATE VIEW index_parts AS SELECT * FROM aside",
            ),
            "tables are missing: index_parts",
        ),
        (("UPDATE collections SET last_seq = last_seq + 9 WHERE id = 1",), ""),
        (("UPDATE collections SET schema = '{}' WHERE id = 1",), ""),
    ],
)
def test_a_file_that_somebody_changed_is_refused(
    file: Path, statements: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(DatabaseCorruptError) as caught:
        file_sizes(changed(file, *statements))
    assert reason in caught.value.message


def test_pages_that_refer_to_each_other_are_no_endless_walk(file: Path) -> None:
    root = _root(file, "vectors_1_vector")
    with file.open("r+b") as opened:
        opened.seek((root - 1) * 16_384)
        page = bytearray(opened.read(16_384))
        assert page[0] == 5, "an inner page"
        cells = [
            int.from_bytes(page[12 + 2 * number : 14 + 2 * number], "big")
            for number in range(int.from_bytes(page[3:5], "big"))
        ]
        below = [int.from_bytes(page[cell : cell + 4], "big") for cell in cells][:12]
        for number, child in zip([root, *below], [*below, root - 1], strict=True):
            for cell in cells:  # all children are one, and so are all of its children: 18 ** 12 ways
                page[cell : cell + 4] = child.to_bytes(4, "big")
            opened.seek((number - 1) * 16_384)
            opened.write(page)
    with pytest.raises(DatabaseCorruptError, match="pages belong to several tables"):
        file_sizes(file)


def _root(file: Path, table: str) -> int:
    with closing(sqlite3.connect(file)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        return int(root)


@pytest.mark.parametrize("content", [None, b"", b"no database", b"SQLite format 3\x00"])
def test_what_is_no_database_is_refused(path: Path, content: bytes | None) -> None:
    if content is not None:
        path.write_bytes(content)
    with pytest.raises((NotADatabaseError, DatabaseCorruptError)):
        file_sizes(path)


def test_nothing_is_written(file: Path) -> None:
    before = file.read_bytes()
    found = file_sizes(file)
    assert isinstance(found, FileSizes)
    assert file.read_bytes() == before
    assert os.listdir(file.parent) == [file.name]
