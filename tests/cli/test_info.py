from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from milvus_store import DataType, MilvusClient
from milvus_store.cli.info import _shown_bug
from milvus_store_lite.indexes.field_index import FieldIndex
from milvus_store_lite.storage.migrations import FORMAT_VERSION

from .conftest import Run

BUILT = 5_000
"""So many rows an HNSW index is built for."""


def test_info_shows_what_a_file_holds(run: Run, file: Path) -> None:
    outcome = run("info", file)
    assert (outcome.code, outcome.err) == (0, "")
    first, second, *others = outcome.out.splitlines()
    assert first.startswith(f"{file}: ")
    assert first.endswith(f" kB, format {FORMAT_VERSION}, 2 collections")
    assert second.split(",")[0] == f"SQLite {sqlite3.sqlite_version}"
    assert others == [
        "",
        "docs: 20 rows, Loaded",
        "  fields    id      INT64, primary key",
        "            vector  FLOAT_VECTOR(dim=2)",
        "            title   VARCHAR(max_length=40), nullable",
        "            $meta   dynamic field",
        "  indexes   vector  FLAT, L2",
        "",
        "empty: 0 rows, NotLoad",
        "  fields    id      INT64, primary key",
        "            vector  FLOAT_VECTOR(dim=2)",
        "            title   VARCHAR(max_length=40), nullable",
        "            $meta   dynamic field",
        "  indexes   none",
    ]


def test_info_as_json(run: Run, file: Path) -> None:
    told = json.loads(run("info", file, "--json").out)
    assert (told["path"], told["size"], told["format"]) == (str(file), file.stat().st_size, FORMAT_VERSION)
    assert told["sqlite"] == sqlite3.sqlite_version
    assert told["log"]["size"] == 0
    docs, empty = told["collections"]
    assert docs == {
        "name": "docs",
        "database": "default",
        "rows": 20,
        "load_state": "Loaded",
        "aliases": [],
        "fields": [
            {"name": "id", "type": "INT64", "is_primary": True},
            {"name": "vector", "type": "FLOAT_VECTOR", "dim": 2},
            {"name": "title", "type": "VARCHAR", "max_length": 40, "nullable": True},
        ],
        "enable_dynamic_field": True,
        "indexes": [{"name": "vector", "field": "vector", "type": "FLAT", "metric": "L2", "waiting": 0}],
        "snapshots": [],
    }
    assert (empty["name"], empty["rows"], empty["load_state"], empty["indexes"]) == (
        "empty",
        0,
        "NotLoad",
        [],
    )


def test_info_shows_snapshots(run: Run, file: Path) -> None:
    with MilvusClient(file) as client:
        client.create_snapshot("monday", "docs")
        client.create_snapshot("friday", "docs")
    assert run("info", file).out.splitlines()[8:11] == [
        "  indexes   vector  FLAT, L2",
        "  kept as   monday  snapshot",
        "            friday  snapshot",
    ]
    assert json.loads(run("info", file, "--json").out)["collections"][0]["snapshots"] == ["monday", "friday"]


def test_a_database_inside_the_file_that_does_not_exist_is_an_error(run: Run, file: Path) -> None:
    outcome = run("info", file, "--db", "nope")
    assert outcome.code == 2
    assert "'nope'" in outcome.err


def test_info_shows_every_database_of_the_file(run: Run, file: Path) -> None:
    with MilvusClient(file) as client:
        client.create_database("other")
        client.create_database("bare")
        client.use_database("other")
        client.create_collection("quick", dimension=2)
    first, *others = run("info", file).out.splitlines()
    assert first.endswith("3 collections in 3 databases")
    assert "docs: 20 rows, Loaded" in others
    assert "quick of database other: 0 rows, Loaded" in others
    told = json.loads(run("info", file, "--json").out)
    assert told["databases"] == ["default", "other", "bare"]
    assert [(one["database"], one["name"]) for one in told["collections"]] == [
        ("default", "docs"),
        ("default", "empty"),
        ("other", "quick"),
    ]
    assert run("info", file, "--db", "other").out.count("rows") == 1


def test_info_loads_no_index_and_says_how_many_rows_wait(
    run: Run, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with MilvusClient(path) as client:
        index = client.prepare_index_params("v", index_type="HNSW", metric_type="L2", params={"M": 8})
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("v", DataType.FLOAT_VECTOR, dim=2)
        client.create_collection("docs", schema=schema)
        client.insert("docs", [{"id": i, "v": [i, 1]} for i in range(BUILT)])
        client.create_index("docs", index)
        client.insert("docs", [{"id": i, "v": [i, 1]} for i in range(BUILT, BUILT + 100)])
        client.delete("docs", ids=[1])

    def refuse(*_: object) -> None:
        raise AssertionError("an index was loaded")

    monkeypatch.setattr(FieldIndex, "_load", refuse)
    assert "HNSW, L2, 100 rows not indexed in the file yet" in run("info", path).out


@pytest.mark.parametrize(
    ("version", "is_named"),
    [
        *[(version, True) for version in ((3, 40, 1), (3, 45, 0), (3, 51, 2))],
        *[(version, False) for version in ((3, 44, 6), (3, 50, 7), (3, 51, 3), (3, 53, 0))],
    ],
)
def test_info_names_the_bug_of_a_version_that_has_it(version: tuple[int, ...], is_named: bool) -> None:
    assert ("WAL-reset bug" in _shown_bug(version)) == is_named
