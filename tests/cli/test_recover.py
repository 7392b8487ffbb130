from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from milvus_store import MilvusClient

from .conftest import Run


@pytest.fixture
def damaged(file: Path) -> Path:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DELETE FROM rows_1 WHERE seq = 7")
        connection.execute("UPDATE rows_1 SET title = 'other' WHERE seq = 3")
        connection.commit()
    return file


def test_lost_rows_are_listed_and_counted(run: Run, damaged: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.db"
    outcome = run("recover", damaged, new)
    assert (outcome.code, outcome.err) == (1, "")
    assert outcome.out.splitlines() == [
        "docs, pk 2 (row 3), field 'title': not what was written, by the checksum",
        "docs, row 7: it is missing, or on a page that cannot be read",
        "docs: 18 of 20 rows; 2 lost, listed above",
        "empty: 0 of 0 rows",
        f"recovered 18 of 20 rows to {new}; 2 lost, listed above",
    ]
    assert run("check", new).code == 0
    with MilvusClient(new) as client:
        assert client.query("docs", "", ["count(*)"]) == [{"count(*)": 18}]


def test_a_sound_file_is_recovered_whole(run: Run, file: Path, tmp_path: Path) -> None:
    outcome = run("recover", file, tmp_path / "new.db")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.endswith(f"recovered 20 of 20 rows to {tmp_path / 'new.db'}\n")


def test_recover_as_json(run: Run, damaged: Path, tmp_path: Path) -> None:
    said = json.loads(run("recover", damaged, tmp_path / "new.db", "--json").out)
    assert (said["ok"], [one["seq"] for one in said["lost"]]) == (False, [3, 7])
    assert said["collections"][0] == {"collection": "docs", "written": 18, "expected": 20, "listed": 2}


def test_a_target_that_exists_is_refused(run: Run, file: Path) -> None:
    outcome = run("recover", file, file)
    assert outcome.code == 2
    assert outcome.err == (
        f"milvus-store: error: cannot recover to {file}: it exists already; expected a new file\n"
    )
    assert run("recover", "http://localhost:19530", file).code == 2
