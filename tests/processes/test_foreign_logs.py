"""A write-ahead log that lies beside a file: the file's own is applied, whenever its writer died; no other is."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from milvus_store import MilvusClient
from milvus_store.errors import DatabaseReplacedError
from milvus_store_lite.checks import check_file
from milvus_store_lite.salvage import recover_file
from milvus_store_lite.storage.file import admission, open_files
from milvus_store_lite.storage.file.log_file import read_log
from milvus_store_lite.storage.file.opening import connect

from .children import command, run, running
from .files import add_and_die, hold, make, rows, tags


def crash(path: Path, *, flush: bool) -> None:
    subprocess.run(command(add_and_die, path, 1_000, 1_400, flush), timeout=60, check=False)
    assert Path(f"{path}-wal").stat().st_size > 0


def opened_with_warning(path: Path) -> dict[str, int]:
    with pytest.warns(RuntimeWarning, match=r"-wal is the log of another file.*kept as .*-wal\.foreign-\d+"):
        client = MilvusClient(path)
    with client:
        return tags(client)


@pytest.mark.parametrize("flush", [False, True])
@pytest.mark.parametrize("by", [shutil.copyfile, shutil.move])
@pytest.mark.parametrize("made", ["by backup", "by copying", "just before"])
def test_a_copy_put_over_a_file_whose_writer_died_is_opened_as_it_is(
    path: Path, flush: bool, by: object, made: str
) -> None:
    """Copied over it has the same number, moved over it another one. The log must be applied to neither."""
    copy = path.with_name("copy.db")
    make(path, 20, "first")
    if made == "by backup":
        with MilvusClient(path) as client:
            client.backup(copy)
    elif made == "by copying":
        shutil.copyfile(path, copy)
    with MilvusClient(path) as client:
        client.insert("docs", rows(100, 110, "second"))
    if made == "just before":
        shutil.copyfile(path, copy)
    crash(path, flush=flush)
    log = Path(f"{path}-wal").read_bytes()
    whole = copy.read_bytes()
    by(copy, path)  # type: ignore[operator]
    expected = {"first": 20} if made != "just before" else {"first": 20, "second": 10}
    assert opened_with_warning(path) == expected
    assert path.read_bytes() == whole
    assert path.with_name(f"{path.name}-wal.foreign-1").read_bytes() == log
    with MilvusClient(path) as client:
        client.insert("docs", rows(500, 510, "third"))
        assert tags(client) == {**expected, "third": 10}
    assert check_file(path).problems == ()


@pytest.mark.parametrize("flush", [False, True])
def test_another_database_put_over_it_is_opened_as_it_is(path: Path, flush: bool) -> None:
    make(path, 20, "first")
    crash(path, flush=flush)
    other = path.with_name("other.db")
    make(other, 7, "other")
    shutil.copyfile(other, path)
    with pytest.raises(DatabaseReplacedError, match="without read_only"):
        MilvusClient(path, read_only=True)
    assert opened_with_warning(path) == {"other": 7}


@pytest.mark.parametrize("flush", [False, True])
def test_a_file_whose_writer_died_has_all_that_was_written(path: Path, flush: bool) -> None:
    make(path, 20, "first")
    crash(path, flush=flush)
    copied = path.with_name("elsewhere")
    copied.mkdir()
    for end in ("-wal", ""):
        shutil.copyfile(f"{path}{end}", f"{copied / path.name}{end}")
    for one in (copied / path.name, path):
        with MilvusClient(one) as client:
            assert tags(client) == {"first": 20, "crashed": 400}
        assert check_file(one).problems == ()


def test_a_checkpoint_that_was_broken_off_anywhere_is_recovered(path: Path) -> None:
    """Each page of the file is as it was before or as the log has it."""
    make(path, 20, "first")
    crash(path, flush=False)
    before = path.read_bytes()
    log = Path(f"{path}-wal").read_bytes()
    size = 16_384
    frames = [log[begin : begin + 24 + size] for begin in range(32, len(log), 24 + size)]
    newest = {int.from_bytes(frame[:4], "big"): frame[24:] for frame in frames}
    for done in range(0, len(newest) + 1, 1 + len(newest) // 12):
        image = bytearray(before.ljust(size * max(newest), b"\0"))
        for page in sorted(newest)[:done]:
            image[(page - 1) * size : page * size] = newest[page]
        torn = path.with_name(f"torn{done}.db")
        torn.write_bytes(bytes(image))
        Path(f"{torn}-wal").write_bytes(log)
        with MilvusClient(torn) as client:
            assert tags(client) == {"first": 20, "crashed": 400}, done


def test_a_log_without_a_lineage_is_no_log_of_ours(path: Path) -> None:
    make(path, 20, "first")
    copy = path.with_name("copy.db")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE t (x)")
        shutil.copyfile(path, copy)
        shutil.copyfile(f"{path}-wal", f"{copy}-wal")
    assert opened_with_warning(copy) == {"first": 20}


def test_the_journal_of_another_file_is_not_rolled_back(path: Path) -> None:
    """That of a file which was being made would empty this one."""
    make(path, 20, "first")
    journal = bytes.fromhex("d9d505f920a163d7") + bytes(4) + b"\1\2\3\4" + bytes(4) + b"\0\0\2\0\0\0\x40\0"
    Path(f"{path}-journal").write_bytes(journal.ljust(512, b"\0"))
    with pytest.warns(RuntimeWarning, match="-journal is the log of another file"):
        client = MilvusClient(path)
    with client:
        assert tags(client) == {"first": 20}


@pytest.mark.parametrize("index_is_seen", [True, False])
def test_each_log_says_on_what_it_is_based(
    path: Path, monkeypatch: pytest.MonkeyPatch, index_is_seen: bool
) -> None:
    """Whenever it begins anew: each row's parent is the one before, and the first's is in the file."""
    if not index_is_seen:
        monkeypatch.setattr(open_files, "IS_READABLE", False)
    with closing(connect(str(path), "normal", 5.0)) as reader:
        client = MilvusClient(path)
        client.create_collection("docs", dimension=2)
        for number in range(30):
            client.insert("docs", rows(number, number + 1))
            log = read_log(f"{path}-wal")
            first = log.rows[0]
            assert all(
                later.lineage.parent == earlier.lineage.current
                for earlier, later in zip(log.rows, log.rows[1:], strict=False)
            )
            if number % 3 == 0:
                client.flush("docs")
            if number % 7 == 0:
                reader.execute("BEGIN")
                reader.execute("SELECT count(*) FROM collections").fetchone()
            if number % 7 == 4:
                reader.execute("COMMIT")
        client.close()
    assert first.lineage.session


def test_a_log_is_read_as_sqlite_reads_it(path: Path) -> None:
    with closing(connect(str(path), "normal", 5.0)) as connection:
        connection.execute("PRAGMA page_size = 4096")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (x)")
        for number in range(150):
            connection.execute("INSERT INTO t VALUES (randomblob(3000))")
            if number % 50 == 0:
                (_, frames, _) = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        (_, frames, _) = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        assert read_log(f"{path}-wal").frames == frames
        log = bytearray(Path(f"{path}-wal").read_bytes())
        torn = path.with_name("torn")
        log[32 + 40 * (24 + 4096) + 1_000] ^= 1
        torn.write_bytes(bytes(log))
        assert read_log(str(torn)).frames <= 40 < frames


def test_a_check_does_not_apply_a_foreign_log(path: Path) -> None:
    make(path, 20, "first")
    copy = path.with_name("copy.db")
    shutil.copyfile(path, copy)
    crash(path, flush=True)
    shutil.copyfile(copy, path)
    with pytest.raises(DatabaseReplacedError, match="-wal is the log of another file"):
        check_file(path)
    assert path.read_bytes() == copy.read_bytes()


def test_a_crash_and_its_recovery_in_another_process(path: Path) -> None:
    make(path, 20, "first")
    crash(path, flush=True)
    assert run(count, path) == 420
    crash(path, flush=True)
    assert run(count, path) == 420


def count(path: str) -> int:
    with MilvusClient(path) as client:
        return sum(tags(client).values())


if sys.platform == "win32":
    pytestmark = pytest.mark.skip(reason="processes are killed by signals")


@pytest.mark.parametrize("is_own", [True, False])
def test_recovery_reads_a_file_through_its_own_log_only(path: Path, tmp_path: Path, is_own: bool) -> None:
    make(path, 20, "first")
    copy = path.with_name("copy.db")
    shutil.copyfile(path, copy)
    with MilvusClient(path) as client:
        client.insert("docs", rows(100, 110, "second"))
    crash(path, flush=False)
    if not is_own:
        shutil.copyfile(copy, path)
    recovery = recover_file(path, tmp_path / "new.db")
    assert any("belongs to another file" in note for note in recovery.notes) != is_own
    with MilvusClient(tmp_path / "new.db") as client:
        assert tags(client) == ({"first": 20, "second": 10, "crashed": 400} if is_own else {"first": 20})


@pytest.mark.parametrize("taken", ["exists", "first_row"])
def test_a_file_that_is_closed_elsewhere_at_that_moment_is_opened(
    path: Path, taken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other process is the last that had it open, and so it removes the log between two looks at it."""
    make(path, 10)
    holder = admission.os.path if taken == "exists" else admission
    look = getattr(holder, taken)
    with running(hold, path) as other:
        assert other.hear() == "ready"

        def closed_first(name: str) -> object:
            if "-" in name:
                monkeypatch.setattr(holder, taken, look)
                other.tell("close")
                other.hear()
            return look(name)

        monkeypatch.setattr(holder, taken, closed_first)
        with MilvusClient(path) as client:
            assert tags(client) == {"": 10, "held": 100}
        assert getattr(holder, taken) is look
