"""Files and directories that may not be written: an error that says so, and not a byte changes."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from milvus_store import MilvusClient
from milvus_store.errors import DatabaseWriteError, MilvusException
from tests.processes.children import run

from .contents import contents
from .model import State, Step, after, perform, warm_up

if sys.platform == "win32":
    pytest.skip("permissions are POSIX's", allow_module_level=True)

NOBODY = 65_534
STEPS = (Step(0, "create", "c"), Step(1, "insert", "c", keys=tuple(range(300))))
STATE: State = after(after({}, STEPS[0]), STEPS[1])


@pytest.fixture
def path() -> Iterator[Path]:
    """A closed database that any user may come to, as below pytest's own directories they may not."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    with MilvusClient(folder / "test.db") as client:
        for step in STEPS:
            perform(client, step)
    yield folder / "test.db"
    folder.chmod(0o755)
    shutil.rmtree(folder)


def forbid(file_mode: int, folder_mode: int, path: Path) -> None:
    """Set the modes, and hand both to a user whom they bind if this one is root."""
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY)
        os.chown(path.parent, NOBODY, NOBODY)
    path.chmod(file_mode)
    path.parent.chmod(folder_mode)


def become_bound() -> None:
    """Root may do anything: go on as somebody whom permissions bind."""
    warm_up()  # The interpreter's own files may be out of reach afterwards.
    Path(__file__).as_uri()
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def try_to_write(path: str) -> list[str]:
    """Every kind of write, each with a client of its own: what they said."""
    become_bound()
    said = []
    for step in (
        Step(2, "insert", "c", keys=(1, 1000)),
        Step(3, "delete", "c", keys=(1,)),
        Step(4, "delete where", "c", stamp=9),
        Step(5, "create", "d"),
        Step(6, "drop", "c"),
        Step(7, "rename", "c", target="d"),
    ):
        with pytest.raises(DatabaseWriteError) as raised, MilvusClient(path) as client:
            perform(client, step)
        said.append(raised.value.message)
    return said


@pytest.mark.parametrize(
    ("file_mode", "folder_mode"),
    [(0o444, 0o755), (0o444, 0o555), (0o644, 0o555)],
    ids=["file", "file and directory", "directory"],
)
def test_what_may_not_be_written_is_not(path: Path, file_mode: int, folder_mode: int) -> None:
    before = path.read_bytes()
    forbid(file_mode, folder_mode, path)
    for message in run(try_to_write, path):
        assert message.startswith(str(path))
        assert "read-only" in message or "cannot be opened" in message
    assert path.read_bytes() == before
    path.parent.chmod(0o755)
    path.chmod(0o644)
    with MilvusClient(path) as client:
        assert contents(client) == STATE


def read_and_close(path: str) -> None:
    become_bound()
    for _ in range(2):
        with MilvusClient(path) as client:
            assert contents(client) == STATE
            with pytest.raises(DatabaseWriteError, match="read-only"):
                perform(client, Step(2, "insert", "c", keys=(1000,)))
            assert contents(client) == STATE


def test_a_read_only_file_can_be_read_again_and_again(path: Path) -> None:
    forbid(0o444, 0o755, path)
    run(read_and_close, path)


def read_only_client(path: str) -> None:
    become_bound()
    with MilvusClient(path, read_only=True) as client:
        assert contents(client) == STATE
        with pytest.raises(DatabaseWriteError, match="read-only"):
            perform(client, Step(2, "insert", "c", keys=(1000,)))


@pytest.mark.parametrize(("file_mode", "folder_mode"), [(0o644, 0o755), (0o444, 0o555)])
def test_a_read_only_client_leaves_no_trace(path: Path, file_mode: int, folder_mode: int) -> None:
    before = path.read_bytes()
    forbid(file_mode, folder_mode, path)
    run(read_only_client, path)
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def make_a_file(path: str) -> None:
    become_bound()
    with pytest.raises(DatabaseWriteError, match=r"new\.db"):
        MilvusClient(path)


def test_no_file_is_made_in_a_read_only_directory(path: Path) -> None:
    forbid(0o644, 0o555, path)
    run(make_a_file, path.parent / "new.db")
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def open_secretly(path: str) -> str:
    become_bound()
    with pytest.raises(MilvusException) as raised:
        MilvusClient(path)
    return raised.value.message


def test_a_file_that_may_not_even_be_read_is_named(path: Path) -> None:
    forbid(0o000, 0o755, path)
    assert str(path) in run(open_secretly, path)


def test_a_file_turned_read_only_while_it_is_open_keeps_working_or_says_so(path: Path) -> None:
    run(open_then_forbid, path)
    with MilvusClient(path) as client:
        assert set(contents(client)["c"]) >= set(STATE["c"])


def open_then_forbid(path: str) -> None:
    forbid(0o644, 0o755, Path(path))
    become_bound()
    with MilvusClient(path) as client:
        Path(path).chmod(0o444)
        try:
            perform(client, Step(2, "insert", "c", keys=(1000,)))
        except DatabaseWriteError:
            assert contents(client) == STATE
        else:
            assert contents(client) == after(STATE, Step(2, "insert", "c", keys=(1000,)))
    Path(path).chmod(0o644)
