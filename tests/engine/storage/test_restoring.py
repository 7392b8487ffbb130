"""A backup takes the place of a file, or nothing happens and the error says why."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from milvus_store import MilvusClient
from milvus_store.errors import (
    DatabaseCorruptError,
    DatabaseFormatError,
    DatabaseLockedError,
    DatabaseReplacedError,
    DatabaseWriteError,
    NotADatabaseError,
    ParamError,
)
from milvus_store_lite import check_file, restore_file
from milvus_store_lite.storage.file import replacement
from tests.processes.children import run
from tests.processes.files import add_and_die, make, rows, tags

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="links and permissions are POSIX's")


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """A backup of 3 rows."""
    folder = tmp_path / "backups"
    folder.mkdir()
    make(folder / "origin.db", 3, "backup")
    with MilvusClient(folder / "origin.db") as client:
        client.backup(folder / "backup.db")
    (folder / "origin.db").unlink()
    return folder / "backup.db"


def content(path: Path) -> dict[str, int]:
    with MilvusClient(path) as client:
        return tags(client)


def names(path: Path) -> list[str]:
    return sorted(one.name for one in path.parent.iterdir() if one.is_file())


def test_the_file_is_as_the_backup_is(path: Path, backup: Path) -> None:
    make(path, 5, "old")
    before = backup.read_bytes()
    restore_file(backup, path)
    assert names(path) == ["test.db"]
    assert content(path) == {"backup": 3}
    assert check_file(path).problems == ()
    assert (names(backup), backup.read_bytes()) == (["backup.db"], before)


def test_a_file_that_is_missing_is_made(path: Path, backup: Path) -> None:
    restore_file(str(backup), path)
    assert content(path) == {"backup": 3}


@pytest.mark.parametrize("flush", [False, True])
def test_the_log_of_a_crashed_process_goes_with_its_file(path: Path, backup: Path, flush: bool) -> None:
    make(path, 5, "old")
    with pytest.raises(AssertionError, match="exit -9" if sys.platform != "win32" else "exit"):
        run(add_and_die, path, 10, 40, flush)
    assert path.with_name("test.db-wal").stat().st_size > 0
    restore_file(backup, path)
    assert names(path) == ["test.db"]
    assert content(path) == {"backup": 3}


def test_a_copy_of_the_file_itself_takes_none_of_its_log(path: Path, tmp_path: Path) -> None:
    """Made by ``cp`` while the file was closed: the same identity, and yet an earlier state."""
    make(path, 5, "old")
    copy = tmp_path / "copy.db"
    shutil.copyfile(path, copy)
    with pytest.raises(AssertionError):
        run(add_and_die, path, 10, 40, False)
    log = path.with_name("test.db-wal").read_bytes()
    restore_file(copy, path)
    path.with_name("test.db-wal").write_bytes(log)  # as if the process had died before it was removed
    with pytest.warns(RuntimeWarning, match="foreign-1"):
        assert content(path) == {"old": 5}


def test_what_is_in_the_log_of_a_backup_is_restored(path: Path, backup: Path) -> None:
    make(path, 5, "old")
    with MilvusClient(backup) as client:
        client.insert("docs", rows(10, 14, "later"))
        restore_file(backup, path)
        client.insert("docs", rows(14, 15, "later"))  # the backup is in use as before
        assert tags(client) == {"backup": 3, "later": 5}
    assert content(path) == {"backup": 3, "later": 4}


def test_two_files_of_one_backup_are_two(path: Path, backup: Path, tmp_path: Path) -> None:
    for target in (path, tmp_path / "other.db"):
        restore_file(backup, target)
    with MilvusClient(path) as one, MilvusClient(tmp_path / "other.db") as other:
        one.insert("docs", rows(10, 14, "one"))
        assert tags(other) == {"backup": 3}


def damage_page(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'rows_1'").fetchone()
    with open(path, "r+b") as file:
        file.seek((page - 1) * 16_384)
        file.write(b"\xff" * 16_384)


def damage_definition(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE collections SET schema = replace(schema, 'id', 'ID')")
        connection.commit()


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 16_384)


@pytest.mark.parametrize("damage", [damage_page, damage_definition, truncate])
def test_a_damaged_backup_is_refused(path: Path, backup: Path, damage: Callable[[Path], None]) -> None:
    make(path, 5, "old")
    damage(backup)
    with pytest.raises(DatabaseCorruptError, match=r"backup\.db"):
        restore_file(backup, path)
    assert (names(path), content(path)) == (["test.db"], {"old": 5})


def set_header(path: Path, pragma: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA {pragma}")


def test_a_backup_of_a_newer_format_is_refused(path: Path, backup: Path) -> None:
    make(path, 5, "old")
    set_header(backup, "user_version = 99")
    with pytest.raises(DatabaseFormatError, match="99"):
        restore_file(backup, path)
    assert (names(path), content(path)) == (["test.db"], {"old": 5})


@pytest.mark.parametrize(
    ("text", "error"), [(None, "does not exist"), ("", "is empty"), ("notes", "not a SQLite file")]
)
def test_what_is_no_backup_is_refused(path: Path, tmp_path: Path, text: str | None, error: str) -> None:
    make(path, 5, "old")
    given = tmp_path / "given"
    if text is not None:
        given.write_text(text)
    with pytest.raises(NotADatabaseError, match=error):
        restore_file(given, path)
    assert content(path) == {"old": 5}


def test_a_target_that_is_not_ours_is_refused(backup: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE t (x)")
    kept = {name: (tmp_path / name).read_bytes() for name in ("notes.txt", "other.db")}
    for target in (*kept, "backups"):
        with pytest.raises(NotADatabaseError, match=target):
            restore_file(backup, tmp_path / target)
    with pytest.raises(DatabaseWriteError, match="does not exist"):
        restore_file(backup, tmp_path / "no" / "file.db")
    assert {name: (tmp_path / name).read_bytes() for name in kept} == kept


@pytest.mark.parametrize(
    "damage", [damage_page, truncate, lambda path: set_header(path, "user_version = 99")]
)
def test_a_target_that_is_damaged_or_newer_is_replaced(
    path: Path, backup: Path, damage: Callable[[Path], None]
) -> None:
    make(path, 5, "old")
    damage(path)
    restore_file(backup, path)
    assert content(path) == {"backup": 3}


@pytest.mark.parametrize("given", [None, 7, "", b"\xff\0", "a\0b"])
def test_what_is_no_path_is_refused(path: Path, backup: Path, given: object) -> None:
    make(path, 5, "old")
    with pytest.raises(ParamError, match="path"):
        restore_file(given, path)  # type: ignore[arg-type]
    with pytest.raises(ParamError, match="path"):
        restore_file(backup, given)  # type: ignore[arg-type]


@POSIX
def test_links(path: Path, backup: Path, tmp_path: Path) -> None:
    make(path, 5, "old")
    (tmp_path / "symbolic").symlink_to(path)
    for given in (path, tmp_path / "symbolic"):
        with pytest.raises(ParamError, match="itself"):
            restore_file(given, path)
    os.link(path, tmp_path / "hard")
    with pytest.raises(DatabaseWriteError, match="hard links"):
        restore_file(backup, path)
    (tmp_path / "hard").unlink()
    restore_file(backup, tmp_path / "symbolic")
    assert (tmp_path / "symbolic").is_symlink()
    assert content(path) == {"backup": 3}


@POSIX
@pytest.mark.parametrize(("of_file", "of_backup", "expected"), [(0o640, 0o600, 0o640), (None, 0o400, 0o600)])
def test_permissions_are_those_of_the_former_file_or_of_the_backup(
    path: Path, backup: Path, of_file: int | None, of_backup: int, expected: int
) -> None:
    if of_file is not None:
        make(path, 5, "old")
        path.chmod(of_file)
    backup.chmod(of_backup)
    restore_file(backup, path)
    assert stat.S_IMODE(path.stat().st_mode) == expected


def test_a_file_that_comes_meanwhile_is_not_replaced(path: Path, backup: Path) -> None:
    make(path, 5, "old")

    def meanwhile() -> None:
        os.rename(path, path.with_name("moved.db"))
        path.write_text("mine")

    with pytest.raises(DatabaseWriteError, match="meanwhile"):
        restore_file(backup, path, meanwhile)
    assert path.read_text() == "mine"
    assert names(path) == ["moved.db", "test.db"]


def test_a_failure_leaves_everything_as_it_was(
    path: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    make(path, 5, "old")
    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(DatabaseWriteError, match=r"cannot restore to .*test\.db: Permission denied"):
        restore_file(backup, path)
    monkeypatch.undo()
    assert (names(path), content(path)) == (["test.db"], {"old": 5})


def test_a_client_of_this_process_loses_no_lock(path: Path, backup: Path) -> None:
    """Closing a descriptor of a file drops the locks of SQLite on it, and another process would fold its log."""
    make(path, 5, "old")
    with MilvusClient(backup) as source, MilvusClient(path) as client:
        source.insert("docs", rows(10, 14, "later"))
        with pytest.raises(DatabaseWriteError, match="stop here"):
            restore_file(backup, path, _stop)
        for one in (backup, path):
            assert run(is_in_use, one)
        restore_file(backup, path)
        with pytest.raises(DatabaseReplacedError):
            client.query("docs", "id >= 0")
        assert tags(source) == {"backup": 3, "later": 4}


def _stop() -> None:
    raise DatabaseWriteError(message="stop here")


def is_in_use(path: str) -> bool:
    """Whether another process has locked the file as SQLite does."""
    from milvus_store_lite.storage.file.file_locks import alone

    descriptor = os.open(path, os.O_RDWR)
    with alone(descriptor) as is_alone:
        return not is_alone


@POSIX
def test_whoever_closes_a_file_as_the_last_one_is_waited_for(
    path: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite locks the file exclusively then, and removes a log by its name."""
    from tests.processes.children import running

    make(path, 5, "old")
    monkeypatch.setattr(replacement, "_PATIENCE", 0.05)
    with running(lock_exclusively, path) as other:
        assert other.hear() == "locked"
        with pytest.raises(DatabaseLockedError, match="closing"):
            restore_file(backup, path)
        assert names(path) == ["test.db"]
        other.tell("end")
        assert other.hear() == "true"
    restore_file(backup, path)
    assert content(path) == {"backup": 3}


def lock_exclusively(path: str) -> bool:
    from milvus_store_lite.storage.file.file_locks import alone

    descriptor = os.open(path, os.O_RDWR)
    with alone(descriptor) as is_alone:
        print("locked", flush=True)
        sys.stdin.readline()
        return is_alone
