"""The check of a file reads snapshots as it reads collections."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from milvus_store import MilvusClient
from milvus_store_lite.checks import check_file
from milvus_store_lite.storage.catalog import Catalog
from milvus_store_lite.storage.integrity import names


@pytest.fixture
def path(path: Path) -> Path:
    """``docs`` (id 1) with a snapshot ``s`` (2)."""
    with MilvusClient(path) as client:
        client.create_collection("docs", dimension=2)
        client.insert("docs", [{"id": 1, "vector": [1, 1]}])
        client.create_snapshot("s", "docs")
    assert check_file(path).problems == ()
    return path


def test_damage_in_a_snapshot_is_found_and_placed(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE vectors_2_vector SET value = zeroblob(8)")
    (problem,) = check_file(path).problems
    assert problem.place.startswith("snapshot 's' of collection 'docs'")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE collections SET database_id = NULL WHERE id = 1",
        "UPDATE collections SET database_id = 1, name = 'other' WHERE id = 2",
        "UPDATE snapshots SET kept_id = 1",
        "DELETE FROM snapshots",
    ],
)
def test_what_no_snapshot_keeps_is_found(path: Path, statement: str) -> None:
    """Even where every checksum fits: a file that another version has written may be so."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)
        for collection in (1, 2):
            Catalog(connection).seal(collection)
        names.seal(connection)
    assert any(
        "expected one snapshot that keeps it" in problem.message for problem in check_file(path).problems
    )


def test_a_snapshot_that_points_nowhere_is_found(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE snapshots SET kept_id = 9")
        Catalog(connection).seal(1)
    assert any(problem.place == "table snapshots" for problem in check_file(path).problems)
