"""A disk without room, or one that fails: an error that says so, and nothing else happens."""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

import pytest

from milvus_store import MilvusClient
from milvus_store.errors import DatabaseWriteError
from tests.processes.children import run

from .contents import contents, reopened
from .model import State, Step, after, perform

if sys.platform == "win32":
    pytest.skip("neither tmpfs nor file size limits", allow_module_level=True)

from .small_disks import small_disk

KINDS = pytest.mark.parametrize("kind", ["full", "limited"])


def begin(client: MilvusClient) -> State:
    """A collection of 500 rows."""
    state: State = {}
    for step in (Step(0, "create", "c"), Step(1, "insert", "c", keys=tuple(range(500)))):
        perform(client, step)
        state = after(state, step)
    return state


def write_until_it_fails(client: MilvusClient, state: State) -> tuple[State, DatabaseWriteError]:
    """Write batch after batch; returns what was acknowledged, and the error that ended it."""
    for number in count(100):
        step = Step(number, "upsert", "c", keys=tuple(range(number * 200 - 100, number * 200 + 100)))
        try:
            perform(client, step)
        except DatabaseWriteError as error:
            return after(state, Step(0, "")), error
        state = after(state, step)
    raise AssertionError("the disk never came to its end")


def again_and_again(client: MilvusClient, step: Step) -> None:
    for _ in range(50):
        perform(client, step)


def fill_the_disk(folder: str, kind: str) -> str:
    """The call that fails says why, changes nothing, and the same client works on once there is room."""
    path = Path(folder, "test.db")
    with small_disk(path.parent, kind) as disk:
        with MilvusClient(path) as client:
            state = begin(client)
            disk.fill(spare=700_000)
            state, error = write_until_it_fails(client, state)
            assert contents(client) == state
            for step in (
                Step(3, "insert", "c", keys=tuple(range(-500, 0))),
                Step(4, "create", "d"),
            ):
                with pytest.raises(DatabaseWriteError):
                    again_and_again(client, step)
            state_now = contents(client)
            assert state_now["c"] == state["c"]
            disk.free()
            step = Step(5, "insert", "c", keys=tuple(range(-600, -500)))
            perform(client, step)
            state = after(state_now, step)
            assert contents(client) == state
        assert reopened(path) == state
    return error.message


@KINDS
def test_a_write_without_room_fails_whole_and_works_again_with_room(tmp_path: Path, kind: str) -> None:
    message = run(fill_the_disk, tmp_path, kind)
    assert str(tmp_path) in message
    assert "full" in message or "failed" in message


def close_without_room(folder: str, kind: str) -> None:
    """Closing cannot fold the log into the file: the log stays, and the next open finds everything."""
    path = Path(folder, "test.db")
    with small_disk(path.parent, kind) as disk:
        with MilvusClient(path) as client:
            state = begin(client)
            disk.fill(spare=300_000)
            state, _ = write_until_it_fails(client, state)
            disk.fill()
        with MilvusClient(path) as client:
            assert contents(client) == state
        disk.free()
        assert reopened(path) == state


@KINDS
def test_a_database_closed_without_room_is_whole(tmp_path: Path, kind: str) -> None:
    run(close_without_room, tmp_path, kind)


def delete_with_little_room(folder: str) -> list[int]:
    """However long its log may grow, a delete that fails has deleted nothing; returns when it failed."""
    path = Path(folder, "test.db")
    failures = []
    with small_disk(path.parent, "limited") as disk:
        for turn in range(0, 24, 2):
            with MilvusClient(path) as client:
                name = f"c{turn}"
                perform(client, Step(0, "create", name))
                perform(client, Step(1, "insert", name, keys=tuple(range(4000))))
            with MilvusClient(path) as client:
                state = contents(client)
                disk.fill(spare=turn * 100_000 - path.stat().st_size)
                step = Step(2, "delete where", name, stamp=2)
                try:
                    perform(client, step)
                    state = after(state, step)
                except DatabaseWriteError:
                    failures.append(turn)
                assert contents(client) == state, f"{turn * 100_000} bytes of room"
                disk.free()
                client.drop_collection(name)
    return failures


def test_a_delete_that_fails_for_lack_of_room_has_deleted_nothing(tmp_path: Path) -> None:
    failures = run(delete_with_little_room, tmp_path)
    assert 0 in failures
    assert 22 not in failures, "there was room in the end"


def open_without_room(folder: str, kind: str, spare: int) -> None:
    path = Path(folder, "test.db")
    with small_disk(path.parent, kind) as disk:
        disk.fill(spare)
        with pytest.raises(DatabaseWriteError):
            begin(MilvusClient(path))
        disk.free()
        with MilvusClient(path) as client:
            state = begin(client) if not client.has_collection("c") else contents(client)
        assert reopened(path) == state


@KINDS
@pytest.mark.parametrize("spare", [0, 20_000, 100_000, 190_000])
def test_a_file_that_could_not_be_made_can_be_made_later(tmp_path: Path, kind: str, spare: int) -> None:
    run(open_without_room, tmp_path, kind, spare)
