from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from .conftest import Run


@pytest.fixture
def damaged(file: Path) -> Path:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DELETE FROM vectors_1_vector WHERE seq = 7")
        connection.execute("UPDATE rows_1 SET title = x'00' WHERE seq IN (3, 5)")
        connection.commit()
    return file


def test_a_sound_file_is_ok(run: Run, file: Path) -> None:
    outcome = run("check", file)
    assert (outcome.code, outcome.out, outcome.err) == (0, "ok: 2 collections, 20 rows\n", "")


def test_problems_are_printed_and_the_exit_code_is_one(run: Run, damaged: Path) -> None:
    outcome = run("check", damaged)
    assert (outcome.code, outcome.err) == (1, "")
    assert outcome.out.splitlines() == [
        "collection 'docs', field 'title': expected text or null: 2 rows (seq 3, 5)",
        "collection 'docs', field 'title': not what was written, by the checksum: 2 rows (seq 3, 5)",
        "collection 'docs', field 'vector': no vector for 1 row (seq 7)",
        f"3 problems in {damaged} (2 collections, 20 rows)",
        "'milvus-store recover FILE NEW' writes every sound row to a new file",
    ]


def test_check_as_json(run: Run, damaged: Path) -> None:
    outcome = run("check", damaged, "--json")
    assert outcome.code == 1
    assert json.loads(outcome.out) == {
        "ok": False,
        "path": str(damaged),
        "collections": 2,
        "rows": 20,
        "problems": [
            {
                "place": "collection 'docs', field 'title'",
                "message": "expected text or null: 2 rows (seq 3, 5)",
            },
            {
                "place": "collection 'docs', field 'title'",
                "message": "not what was written, by the checksum: 2 rows (seq 3, 5)",
            },
            {"place": "collection 'docs', field 'vector'", "message": "no vector for 1 row (seq 7)"},
        ],
    }
    damaged.write_bytes(damaged.read_bytes()[:50_000])
    outcome = run("check", damaged)
    assert outcome.code == 2
    assert "truncated" in outcome.err
