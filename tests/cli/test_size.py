from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from .conftest import Run


def test_size_tells_where_the_bytes_of_a_file_are(run: Run, file: Path) -> None:
    outcome = run("size", file)
    assert (outcome.code, outcome.err) == (0, "")
    assert f"{file}: " in outcome.out
    for part in ("docs: 20 rows", "vectors, field vector", "title", "searched by vector", "empty: 0 rows"):
        assert part in outcome.out


def test_sizes_of_a_file_as_json_add_up(run: Run, file: Path) -> None:
    found = json.loads(run("size", file, "--json").out)
    tables = [table["size"] for each in found["collections"] for table in each["tables"]]
    assert sum(tables) + found["catalog"] + found["free"] == found["pages"] == file.stat().st_size
    docs = found["collections"][0]
    assert docs["fields"]["title"] == sum(len(f"título {row}".encode()) for row in range(20))
    assert docs["memory"]["vector"]["structure"] == "SCAN"


def test_size_plans_a_collection(run: Run) -> None:
    outcome = run("size", "--rows", "2e6", "--dim", 768, "--text", 500, "--index", "AUTOINDEX")
    assert outcome.code == 0
    assert outcome.out.startswith("2,000,000 rows of 768 float, 500 bytes of text, AUTOINDEX\n")
    for part in (
        "disk      8.7 GB",
        "searching",
        "building",
        "1 to 10 ms",
        "a file serves this",
        "Milvus would need one server",
        "https://milvus.io/tools/sizing",
    ):
        assert part in outcome.out


def test_size_says_when_to_leave(run: Run) -> None:
    out = run("size", "--rows", "1e8", "--dim", 768, "--machine-memory", 0.5).out
    assert "leave     a process that searches takes more memory than the machine has" in out
    assert "Milvus would need a cluster" in out
    assert "query node" in out
    assert "a file serves this" not in out


def test_a_plan_as_json(run: Run) -> None:
    given = ("--rows", "1e5", "--dim", 256, "--vector", "fp16", "--index", "HNSW", "--param", "M=16")
    found = json.loads(run("size", *given, "--json").out)
    assert found["workload"]["vector"] == "FLOAT16_VECTOR"
    assert found["workload"]["parameters"] == {"M": 16}
    assert found["disk"]["vectors"] > 1e5 * 512
    assert found["memory"]["structure"] == "INDEX"
    assert found["milvus"]["nodes"][0]["kind"] == "standalone"


@pytest.mark.parametrize("index", ["BIN_FLAT", "MINHASH_LSH"])
def test_vectors_are_of_the_type_that_was_named(run: Run, index: str) -> None:
    assert run("size", "--rows", 100, "--dim", 64, "--vector", "binary", "--index", index).code == 0


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((), "expected a FILE, or --rows and --dim"),
        (("--rows", "10"), "expected a FILE, or --rows and --dim"),
        (("x.db", "--rows", "10"), "expected a FILE or --rows and --dim, got both"),
        (("x.db",), "does not exist"),
        (("--rows", "0", "--dim", "8"), "rows must be an int between 1"),
        (("--rows", "1.5", "--dim", "8"), "expected a whole number, got '1.5'"),
        (("--rows", "inf", "--dim", "8"), "expected a whole number, got 'inf'"),
        (("--rows", "9", "--dim", "8", "--index", "TREE"), "cannot have index type 'TREE'"),
        (("--rows", "9", "--dim", "8", "--index", "HNSW", "--param", "M=x"), "M"),
        (("--rows", "9", "--dim", "8", "--param", "M"), "--param must be NAME=VALUE, got 'M'"),
        (("--rows", "9", "--dim", "8", "--machine-memory", "nan"), "machine"),
    ],
)
def test_what_cannot_be_is_refused(run: Run, arguments: tuple[str, ...], reason: str) -> None:
    outcome = run("size", *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert reason in outcome.err


def test_a_hostile_file_gives_an_error_and_no_traceback(run: Run, file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("DROP TABLE rows_1")
        endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT i AS seq FROM n"
        connection.execute(f"CREATE VIEW rows_1 AS {endless}")
    outcome = run("size", file)
    assert (outcome.code, outcome.out) == (2, "")
    assert "rows_1" in outcome.err
