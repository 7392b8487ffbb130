"""A file that is removed, moved, replaced or overwritten while it is open: one clear error, and nothing is lost
that could be kept."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from milvus_store import AsyncMilvusClient, MilvusClient
from milvus_store.errors import DatabaseReplacedError, DatabaseWriteError
from milvus_store_lite.checks import check_file
from tests.inside import file_of

from .children import run, running
from .files import ENDS, hold, make, rows, tags

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="open files cannot be removed there")

Deed = Callable[[Path], None]


def remove(path: Path) -> None:
    path.unlink()


def remove_all(path: Path) -> None:
    for end in ENDS:
        Path(f"{path}{end}").unlink(missing_ok=True)


def replace(path: Path) -> None:
    os.replace(path.with_name("next.db"), path)


def remove_all_and_replace(path: Path) -> None:
    remove_all(path)
    replace(path)


def overwrite(path: Path) -> None:
    shutil.copyfile(path.with_name("next.db"), path)


def truncate(path: Path) -> None:
    os.truncate(path, 0)


def move(path: Path) -> None:
    path.rename(path.with_name("moved.db"))


DEEDS: list[Deed] = [remove, remove_all, replace, remove_all_and_replace, overwrite, truncate, move]
CALLS: list[Callable[[MilvusClient], object]] = [
    lambda client: client.search("docs", [[1, 1]]),
    lambda client: client.search("docs", [[1, 1]], output_fields=["tag"]),
    lambda client: client.query("docs", "id >= 0"),
    lambda client: client.get("docs", ids=[1]),
    lambda client: client.insert("docs", rows(50, 60)),
    lambda client: client.delete("docs", ids=[1]),
    lambda client: client.list_collections(),
    lambda client: client.query_iterator("docs", filter="id >= 0"),
    lambda client: client.flush("docs"),
    lambda client: client.compact("docs"),
    lambda client: client.backup("copy.db"),
    lambda client: client.create_index("docs", client.prepare_index_params("vector", index_type="FLAT")),
]


@pytest.fixture
def opened(path: Path) -> MilvusClient:
    make(path.with_name("next.db"), 7, "next")
    make(path, 3, "old")
    client = MilvusClient(path)
    client.insert("docs", rows(3, 5, "old"))
    assert tags(client) == {"old": 5}
    client.search("docs", [[1, 1]])
    return client


@pytest.mark.parametrize("deed", DEEDS)
def test_every_call_says_so(opened: MilvusClient, path: Path, deed: Deed) -> None:
    deed(path)
    for call in CALLS:
        with pytest.raises(DatabaseReplacedError, match=r"open a new client"):
            call(opened)
    opened.close()


def test_another_file_of_the_same_time_is_told(opened: MilvusClient, path: Path) -> None:
    """Programs that copy files often keep their times."""
    found = path.stat()
    os.utime(path.with_name("next.db"), ns=(found.st_atime_ns, found.st_mtime_ns))
    replace(path)
    for call in CALLS[:3]:
        with pytest.raises(DatabaseReplacedError, match="was replaced"):
            call(opened)
    opened.close()


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("close_first", [True, False])
def test_what_is_there_now_is_opened_as_it_is(
    opened: MilvusClient, path: Path, deed: Deed, close_first: bool
) -> None:
    deed(path)
    expected = {} if deed in (remove, remove_all, truncate, move) else {"next": 7}
    if close_first:
        opened.close()
    if deed in (overwrite, truncate) and not close_first:
        with pytest.raises(DatabaseReplacedError, match="close"):
            MilvusClient(path)
        opened.close()
    with MilvusClient(path) as client:
        if not expected:
            client.create_collection("docs", dimension=2)
        assert tags(client) == expected
        opened.close()
        client.insert("docs", rows(100, 110, "new"))
        assert tags(client) == {**expected, "new": 10}
    assert check_file(path).problems == ()
    with MilvusClient(path) as client:
        assert tags(client) == {**expected, "new": 10}


@pytest.mark.parametrize("deed", [move, replace])
def test_what_was_written_goes_with_a_file_that_is_moved(
    opened: MilvusClient, path: Path, tmp_path: Path, deed: Deed
) -> None:
    """Its log has the old name."""
    moved = tmp_path / "moved.db"
    if deed is replace:
        move(path)
        replace(path)
    else:
        move(path)
    with pytest.raises(DatabaseReplacedError):
        opened.query("docs", "id >= 0")
    opened.close()
    with MilvusClient(moved) as client:
        assert tags(client) == {"old": 5}
    assert check_file(moved).problems == ()
    assert not list(tmp_path.glob("*-wal*"))


def test_a_file_that_is_moved_is_not_opened_under_its_new_name_while_it_is_open(
    opened: MilvusClient, path: Path
) -> None:
    """A second log would begin there."""
    move(path)
    moved = path.with_name("moved.db")
    with pytest.raises(DatabaseReplacedError, match="former name"):
        MilvusClient(moved)
    assert run(opened_as, moved) == "DatabaseReplacedError"
    replace(path)
    with pytest.raises(DatabaseReplacedError, match="former name"):
        MilvusClient(moved)
    opened.close()
    assert run(opened_as, moved) == 5


def opened_as(path: str) -> int | str:
    """How many rows there are, or which error says why that is not told."""
    try:
        with MilvusClient(path) as client:
            return sum(tags(client).values())
    except DatabaseReplacedError as error:
        return type(error).__name__


@pytest.mark.parametrize("deed", [replace, remove_all_and_replace, overwrite])
def test_another_process_that_has_the_old_file_open_harms_nothing(path: Path, deed: Deed) -> None:
    make(path.with_name("next.db"), 7, "next")
    make(path, 3, "old")
    with running(hold, path) as other:
        assert other.hear() == "ready"
        deed(path)
        if deed is overwrite:
            with pytest.raises(DatabaseReplacedError, match="another process"):
                MilvusClient(path)
        else:
            warned = pytest.warns(RuntimeWarning, match="foreign-1") if deed is replace else None
            if warned is not None:
                with warned:
                    MilvusClient(path).close()
            with MilvusClient(path) as client:
                assert tags(client) == {"next": 7}
                client.insert("docs", rows(100, 110, "new"))
                for word in ("read", "write", "read"):
                    other.tell(word)
                    assert other.hear() == "DatabaseReplacedError"
                assert tags(client) == {"next": 7, "new": 10}
        other.tell("close")
        assert other.hear() == "done"
    for kept in path.parent.glob("*-wal"):
        kept.unlink()
    with MilvusClient(path) as client:
        assert tags(client) == ({"next": 7} if deed is overwrite else {"next": 7, "new": 10})
    assert check_file(path).problems == ()


@pytest.mark.parametrize("end", ["-wal", "-shm"])
def test_a_log_that_is_removed_is_told_to_writers_and_newcomers(
    opened: MilvusClient, path: Path, end: str
) -> None:
    Path(f"{path}{end}").unlink()
    with pytest.raises(DatabaseReplacedError, match="-wal or .*-shm was removed"):
        opened.insert("docs", rows(10, 11))
    assert run(opened_as, path) == "DatabaseReplacedError"
    opened.close()
    assert run(opened_as, path) == 5
    assert check_file(path).problems == ()


@pytest.mark.parametrize("end", ["-wal", "-shm"])
def test_a_log_that_is_replaced_is_told_to_writers(opened: MilvusClient, path: Path, end: str) -> None:
    """What they wrote would go into a log that no name leads to."""
    beside = Path(f"{path}{end}")
    shutil.copyfile(beside, path.with_name("beside"))
    os.replace(path.with_name("beside"), beside)
    with pytest.raises(DatabaseReplacedError, match="-wal or .*-shm was removed or replaced"):
        opened.insert("docs", rows(10, 11))
    opened.close()
    with MilvusClient(path) as client:
        assert tags(client) == {"old": 5}
    assert check_file(path).problems == ()


def test_a_copy_of_a_file_that_another_process_has_open_is_opened_without_its_log(path: Path) -> None:
    """The log fits the copy, by its identity and its state, and yet the other process goes on writing to it."""
    make(path, 3, "old")
    copy = path.with_name("copy.db")
    with running(hold, path) as other:
        assert other.hear() == "ready"
        shutil.copyfile(path, copy)
        os.replace(copy, path)
        with pytest.warns(RuntimeWarning, match="foreign-1"):
            client = MilvusClient(path)
        assert tags(client) == {"old": 3}
        client.insert("docs", rows(100, 110, "new"))
        other.tell("write")
        assert other.hear() == "DatabaseReplacedError"
        assert tags(client) == {"old": 3, "new": 10}
        client.close()
        other.tell("close")
        assert other.hear() == "done"
    with MilvusClient(path) as client:
        assert tags(client) == {"old": 3, "new": 10}
    assert check_file(path).problems == ()


def test_an_iterator_says_so(opened: MilvusClient, path: Path) -> None:
    iterator = opened.query_iterator("docs", batch_size=1, filter="id >= 0")
    assert len(iterator.next()) == 1
    remove_all_and_replace(path)
    with pytest.raises(DatabaseReplacedError):
        iterator.next()
    iterator.close()
    with MilvusClient(path) as client:
        assert tags(client) == {"next": 7}


def test_an_asynchronous_client_says_so(opened: MilvusClient, path: Path) -> None:
    async def use() -> None:
        client = AsyncMilvusClient(str(path))
        assert len(await client.query("docs", "id >= 0")) == 5
        remove_all(path)
        with pytest.raises(DatabaseReplacedError):
            await client.query("docs", "id >= 0")
        with pytest.raises(DatabaseReplacedError):
            await client.search("docs", [[1, 1]])
        await client.close()

    asyncio.run(use())


def test_a_file_that_is_replaced_after_a_fork_is_another_one(path: Path) -> None:
    """Neither side has anything open then, and the file system may give the new file the old number."""
    assert run(fork_and_replace, path) == ["DatabaseReplacedError"] * 2


def fork_and_replace(path: str) -> list[str]:
    make(path, 3, "old")
    client = MilvusClient(path)
    client.search("docs", [[1, 1]])
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    os.remove(path)
    make(path, 7, "next")
    said = []
    for _ in range(2):
        try:
            said.append(str(tags(client)))
        except DatabaseReplacedError as error:
            said.append(type(error).__name__)
    with MilvusClient(path) as other:
        assert tags(other) == {"next": 7}
    return said


def test_an_earlier_state_put_back_after_a_fork_is_another_one(path: Path) -> None:
    assert run(fork_and_put_back, path) == "DatabaseReplacedError"


def fork_and_put_back(path: str) -> str:
    make(path, 3, "old")
    shutil.copyfile(path, path + ".copy")
    client = MilvusClient(path)
    client.insert("docs", rows(10, 20))
    client.search("docs", [[1, 1]])
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    shutil.copyfile(path + ".copy", path)
    for end in ("-wal", "-shm"):
        Path(path + end).unlink(missing_ok=True)
    try:
        return str(tags(client))
    except DatabaseReplacedError as error:
        return type(error).__name__


def test_a_client_stays_with_its_file_when_links_and_folders_change(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        path.with_name(name).mkdir()
        make(path.with_name(name) / "a.db", 3 if name == "one" else 7, name)
    link = path.with_name("current")
    link.symlink_to(path.with_name("one"))
    monkeypatch.chdir(path.parent)
    with MilvusClient("current/a.db") as first:
        link.unlink()
        link.symlink_to(path.with_name("two"))
        monkeypatch.chdir("/")
        first.insert("docs", rows(50, 51, "one"))
        with MilvusClient(link / "a.db") as second:
            assert tags(first) == {"one": 4}
            assert tags(second) == {"two": 7}
        with MilvusClient(path.with_name("one") / "a.db") as third:
            assert file_of(third) is file_of(first)


def test_two_names_of_one_file_are_refused(path: Path) -> None:
    make(path, 3)
    other = path.with_name("other.db")
    with MilvusClient(path) as client:
        os.link(path, other)
        with pytest.raises(DatabaseWriteError, match="2 names"):
            client.insert("docs", rows(10, 11))
        with MilvusClient(other) as second, pytest.raises(DatabaseWriteError, match="2 names"):
            second.insert("docs", rows(10, 11))
        with pytest.raises(DatabaseWriteError, match="names .hard links. of one file"):
            MilvusClient(other, busy_timeout=7)
        assert len(client.query("docs", "id >= 0")) == 3
    for one in (path, other):
        with pytest.raises(DatabaseWriteError, match="2 names"):
            MilvusClient(one)
        with MilvusClient(one, read_only=True) as client:
            assert len(client.query("docs", "id >= 0")) == 3
    other.unlink()
    with MilvusClient(path) as client:
        assert client.insert("docs", rows(10, 11))["insert_count"] == 1


def test_nothing_that_a_removed_file_leaves_reaches_a_new_one(path: Path) -> None:
    """Among the leftovers of a process that was killed is an index of the log that looks sound."""
    with MilvusClient(path) as client:
        client.create_collection("docs", dimension=2)
        client.insert("docs", rows(0, 9))
        kept = {end: Path(f"{path}{end}").read_bytes() for end in ENDS[1:]}
    path.unlink()
    for end, content in kept.items():
        Path(f"{path}{end}").write_bytes(content)
    with MilvusClient(path) as client:
        assert client.list_collections() == []
        client.create_collection("other", dimension=2)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert [one.name for one in path.parent.iterdir()] == [path.name]
