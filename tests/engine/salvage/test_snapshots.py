"""Snapshots in a salvage: they stay with their collection, and their rows are saved where that is lost."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from milvus_store import MilvusClient
from milvus_store_lite.checks import check_file
from milvus_store_lite.salvage import Recovery, recover_file


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """``docs`` (id 1) with three rows, its snapshot ``s`` (2) with two, and ``back`` (3), restored from it."""
    path = tmp_path / "damaged.db"
    with MilvusClient(path) as client:
        client.create_collection("docs", dimension=2)
        client.insert("docs", [{"id": n, "vector": [n, n]} for n in (1, 2)])
        client.create_snapshot("s", "docs", description="two")
        client.insert("docs", [{"id": 3, "vector": [3, 3]}])
        client.restore_snapshot("s", "docs", "back")
    return path


def recovered(path: Path, *statements: str) -> tuple[Path, Recovery]:
    """The new file, once other tools have run ``statements``."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            assert connection.execute(statement).rowcount != 0
    recovery = recover_file(path, path.with_name("new.db"))
    assert check_file(path.with_name("new.db")).problems == ()
    return path.with_name("new.db"), recovery


def counts(client: MilvusClient) -> dict[str, int]:
    return {name: client.get_collection_stats(name)["row_count"] for name in client.list_collections()}


def test_snapshots_and_restores_are_in_the_new_file(path: Path) -> None:
    with MilvusClient(path) as client:
        before = client.describe_snapshot("s", "docs"), client.list_restore_snapshot_jobs()
    new, recovery = recovered(path)
    assert recovery.is_complete
    assert [found.collection for found in recovery.collections] == ["docs", "docs, snapshot s", "back"]
    with MilvusClient(new) as client:
        assert (client.describe_snapshot("s", "docs"), client.list_restore_snapshot_jobs()) == before
        client.restore_snapshot("s", "docs", "again")
        assert counts(client) == {"docs": 3, "back": 2, "again": 2}


def test_a_row_that_a_snapshot_has_lost_is_named(path: Path) -> None:
    new, recovery = recovered(path, "UPDATE vectors_2_vector SET value = zeroblob(8) WHERE seq = 1")
    assert [found.lost for found in recovery.collections] == [0, 1, 0]
    with MilvusClient(new) as client:
        client.restore_snapshot("s", "docs", "again")
        assert counts(client)["again"] == 1


@pytest.mark.parametrize(
    ("statement", "left"),
    [
        ("DELETE FROM snapshots", {"docs": 3, "recovered_2": 2, "back": 2}),
        ("UPDATE snapshots SET name = 'no-name'", {"docs": 3, "recovered_2": 2, "back": 2}),
        ("UPDATE collections SET schema = 'x' WHERE id = 1", {"recovered_2": 2, "back": 2}),
        ("UPDATE collections SET schema = 'x' WHERE id = 2", {"docs": 3, "back": 2}),
    ],
)
def test_rows_of_a_snapshot_are_saved_as_a_collection(
    path: Path, statement: str, left: dict[str, int]
) -> None:
    new, recovery = recovered(path, statement)
    assert recovery.notes
    with MilvusClient(new) as client:
        assert counts(client) == left
        if "docs" in left:
            assert client.list_snapshots("docs") == []
