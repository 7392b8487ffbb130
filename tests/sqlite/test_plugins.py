"""The plugins, found by their entry points as sqlite-utils and Datasette find them."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlite_utils
from datasette.app import Datasette

from milvus_store import MilvusClient

NEAREST = (
    "SELECT id, milvus_l2(vector, '[4, 0, -2, 3]') AS distance FROM docs_stored ORDER BY distance LIMIT 2"
)


def _sqlite_utils(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sqlite_utils", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_sqlite_utils_reads_the_views(made: Path) -> None:
    database = sqlite_utils.Database(made)
    assert [row["id"] for row in database.query(NEAREST)] == [4, 3]
    assert database.execute("SELECT partition FROM docs WHERE id = 4").fetchone() == ("old",)
    database.conn.close()


def test_its_command_reads_the_views_and_writes_nothing(made: Path) -> None:
    before = made.read_bytes()
    found = _sqlite_utils("query", str(made), NEAREST)
    assert [row["id"] for row in json.loads(found.stdout)] == [4, 3]
    refused = _sqlite_utils("query", str(made), "DELETE FROM rows_1")
    assert (refused.returncode, "readonly" in refused.stderr) == (1, True)
    assert made.read_bytes() == before


def test_its_other_databases_are_as_before(tmp_path: Path) -> None:
    database = sqlite_utils.Database(tmp_path / "other.db")
    database["pets"].insert({"id": 1})
    assert database["pets"].count == 1
    with pytest.raises(sqlite3.OperationalError, match="no such function"):
        database.execute("SELECT milvus_vector(NULL)")
    database.conn.close()


@pytest.mark.filterwarnings("default")  # Datasette's own warnings are not ours
async def test_datasette_shows_each_view_as_a_query(made: Path) -> None:
    before = made.read_bytes()
    datasette = Datasette([str(made)], memory=True)
    try:
        shown = await _get(datasette, "/test/docs.json?_shape=objects")
        assert [row["partition"] for row in shown["rows"]] == ["_default"] * 3 + ["old"] * 2
        assert shown["rows"][3]["vector"] == "[3.0, 0.10000000149011612, -2.0, 3.0]"
        (listed,) = (await _get(datasette, "/test/milvus_collections.json?_shape=objects"))["rows"]
        assert (listed["view"], listed["rows"]) == ("docs", 5)
        page = (await datasette.client.get("/test")).text
        assert all(f'href="/test/{view}"' in page for view in ("docs", "docs_stored", "milvus_partitions"))
        asked = await datasette.client.get("/test.json", params={"sql": NEAREST, "_shape": "objects"})
        assert [row["id"] for row in asked.json()["rows"]] == [4, 3]
        assert (await datasette.client.get("/_memory")).status_code == 200
    finally:
        for database in datasette.databases.values():
            database.close()
    assert made.read_bytes() == before
    # Datasette opens files only to read, and so leaves two files beside this one.
    with MilvusClient(made) as client:
        client.delete("docs", ids=[4])
    assert [path.name for path in made.parent.iterdir()] == [made.name]


async def _get(datasette: Any, path: str) -> Any:
    response = await datasette.client.get(path)
    assert response.status_code == 200, response.text
    return response.json()
