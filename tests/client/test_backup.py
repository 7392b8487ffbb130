"""Backups make one new file, and touch no other."""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
from contextlib import closing
from pathlib import Path

import pytest

from milvus_store import MilvusClient
from milvus_store.errors import DatabaseWriteError, ParamError
from milvus_store_lite.checks import check_file
from milvus_store_lite.storage.file import backup, lineage

LINKS = pytest.mark.skipif(sys.platform == "win32", reason="links")


@pytest.fixture
def client(path: Path) -> MilvusClient:
    client = MilvusClient(path)
    client.create_collection("c", dimension=2)
    client.insert("c", {"id": 1, "vector": [1, 2]})
    return client


@LINKS
def test_no_file_but_the_target_is_written(client: MilvusClient, tmp_path: Path) -> None:
    kept = {"one.db.part": "precious", "target": "", "two.db.part-wal": "mine"}
    for name, text in kept.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "two.db.part").symlink_to("target")
    for name in ("one.db", "two.db"):
        client.backup(tmp_path / name)
        assert not (tmp_path / name).is_symlink()
        assert check_file(tmp_path / name).problems == ()
    assert {name: (tmp_path / name).read_text() for name in kept} == kept
    assert (tmp_path / "two.db.part").is_symlink()
    client.close()
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted(
        [*kept, "one.db", "two.db", "two.db.part", "test.db"]
    )


@LINKS
@pytest.mark.parametrize("name", ["test.db", "folder", "dangling", "link", "file"])
def test_nothing_that_is_there_is_replaced(client: MilvusClient, tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "dangling").symlink_to("nothing")
    (tmp_path / "link").symlink_to("test.db")
    (tmp_path / "file").write_text("mine")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(DatabaseWriteError, match="exists already"):
        client.backup(tmp_path / name)
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "file").read_text() == "mine"


def refuse_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)


@pytest.mark.parametrize("has_links", [True, False])
def test_a_target_that_comes_meanwhile_is_not_replaced(
    client: MilvusClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_links: bool
) -> None:
    if not has_links:
        refuse_links(monkeypatch)
    target = tmp_path / "copy.db"
    become = lineage.become_another

    def meanwhile(connection: sqlite3.Connection) -> None:
        become(connection)
        target.write_text("mine")

    monkeypatch.setattr(backup, "become_another", meanwhile)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(DatabaseWriteError, match="exists already"):
        client.backup(target)
    assert target.read_text() == "mine"
    assert sorted(tmp_path.iterdir()) == sorted([*before, target])


def test_a_file_system_without_hard_links_takes_backups(
    client: MilvusClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_links(monkeypatch)
    client.backup(tmp_path / "copy.db")
    with pytest.raises(DatabaseWriteError, match="exists already"):
        client.backup(tmp_path / "copy.db")
    with MilvusClient(tmp_path / "copy.db") as copy:
        assert copy.get_collection_stats("c") == {"row_count": 1}


@pytest.mark.parametrize("target", [None, 7, "", b"\xff\0", "a\0b", "\ud800", ["a.db"]])
def test_what_is_no_path_is_refused(
    client: MilvusClient, target: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(client.uri).parent)
    before = sorted(os.listdir())
    with pytest.raises(ParamError, match=r"target|path"):
        client.backup(target)  # type: ignore[arg-type]
    assert sorted(os.listdir()) == before


@pytest.mark.parametrize("end", ["-journal", "-wal", "-shm"])
def test_a_name_that_the_file_itself_needs_is_refused(client: MilvusClient, path: Path, end: str) -> None:
    with pytest.raises(ParamError, match="may need"):
        client.backup(f"{path}{end}")


def test_a_folder_that_is_not_there_is_named(client: MilvusClient, tmp_path: Path) -> None:
    with pytest.raises(DatabaseWriteError, match="No such file"):
        client.backup(tmp_path / "nowhere" / "copy.db")


def test_any_kind_of_path_is_taken(client: MilvusClient, tmp_path: Path) -> None:
    class Given:
        def __fspath__(self) -> str:
            return str(tmp_path / "copy.db")

    client.backup(Given())
    assert (tmp_path / "copy.db").exists()


@LINKS
def test_a_copy_has_the_mode_of_a_new_file(client: MilvusClient, path: Path, tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        client.backup(tmp_path / "copy.db")
        MilvusClient(tmp_path / "new.db").close()
        with closing(sqlite3.connect(tmp_path / "plain.db")) as connection:
            connection.execute("CREATE TABLE t (x)")
    finally:
        os.umask(before)
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("copy.db", "new.db", "plain.db")}
    assert modes == {0o640}


def test_a_copy_is_a_file_of_its_own(client: MilvusClient, path: Path, tmp_path: Path) -> None:
    """So that no log of the one is ever taken for a log of the other."""
    for name in ("one.db", "two.db"):
        client.backup(tmp_path / name)
    found = set()
    for one in (path, tmp_path / "one.db", tmp_path / "two.db"):
        with closing(sqlite3.connect(one)) as connection:
            row = lineage.read(connection)
            assert row is not None
            found.add(row.identity)
    assert len(found) == 3
