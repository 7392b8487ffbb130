"""A client that goes through a fork, as with gunicorn's preloading: parent and children each work on with it."""

from __future__ import annotations

import ctypes
import gc
import json
import multiprocessing
import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from milvus_store import MilvusClient
from milvus_store.errors import DatabaseLockedError

from .batches import Batches, Reader, Writer, rows, seen, seen_by_search
from .children import run
from .forking import PATIENCE, ended, forked, opened

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")

_CHILDREN = 4
_CALLS = 15


def use(client: MilvusClient, number: int) -> Batches:
    """Write and read through ``client``; what is there of this writer at the end."""
    writer, reader = Writer(number), Reader()
    for _ in range(_CALLS):
        writer.write(client)
        reader.read(client)
    mine = {batch: what for batch, what in seen(client).items() if batch // 10_000 == number}
    assert mine == writer.acknowledged
    return mine


def use_and_tell(client: MilvusClient, number: int, file: Path) -> None:
    file.write_text(json.dumps(list(use(client, number).items())))


def told(folder: Path) -> Batches:
    """What all children left, by their own account."""
    return {
        batch: (size, stamp)
        for file in folder.glob("child-*")
        for batch, (size, stamp) in json.loads(file.read_text())
    }


def check(path: str, client: MilvusClient, expected: Batches) -> None:
    """Nothing is lost, for the old client and for a new one; closed, it is one file."""
    assert seen(client) == seen_by_search(client) == expected
    client.close()
    folder = Path(path).parent
    assert [one.name for one in folder.iterdir() if not one.name.startswith("child-")] == ["test.db"]
    with MilvusClient(path) as client:
        assert seen(client) == seen_by_search(client) == expected


def raw_forks(path: str) -> None:
    client = opened(path)
    folder = Path(path).parent
    pids = [
        forked(lambda number=number: use_and_tell(client, number, folder / f"child-{number}"))  # type: ignore[misc]
        for number in range(1, _CHILDREN + 1)
    ]
    mine = use(client, _CHILDREN + 1)
    assert [ended(pid) for pid in pids] == [0] * _CHILDREN
    check(path, client, {1: (50, 0)} | mine | told(folder))


def multiprocessing_forks(path: str) -> None:
    client = opened(path)
    folder = Path(path).parent
    context = multiprocessing.get_context("fork")
    children = [
        context.Process(target=use_and_tell, args=(client, number, folder / f"child-{number}"))
        for number in range(1, _CHILDREN + 1)
    ]
    for child in children:
        child.start()
    mine = use(client, _CHILDREN + 1)
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0] * _CHILDREN
    check(path, client, {1: (50, 0)} | mine | told(folder))


@pytest.mark.parametrize("how", [raw_forks, multiprocessing_forks])
def test_parent_and_children_go_on_with_the_same_client(tmp_path: Path, how: Callable[[str], None]) -> None:
    run(how, tmp_path / "test.db")


def different_ends(path: str) -> None:
    client = opened(path)
    expected: Batches = {1: (50, 0)}
    number = 10
    for uses_it in (False, True):
        for end in (
            lambda: os._exit(0),
            sys.exit,
            lambda: os.kill(os.getpid(), signal.SIGKILL),
            client.close,
        ):
            number += 1
            pid = os.fork()
            if not pid:
                if uses_it:
                    client.insert("c", rows(number, 20, 0))
                end()
                sys.exit()
            assert ended(pid) in (0, -signal.SIGKILL)
            expected |= {number: (20, 0)} if uses_it else {}
            client.insert("c", rows(number + 100, 10, 0))
            expected[number + 100] = (10, 0)
            assert seen(client) == seen_by_search(client) == expected
    check(path, client, expected)


def test_a_child_may_end_in_any_way(tmp_path: Path) -> None:
    """At once, as an interpreter does, killed, or after closing the client; whether it has used it or not."""
    run(different_ends, tmp_path / "test.db")


def parent_closes_first(path: str) -> None:
    client = opened(path)
    to_child, from_parent = os.pipe(), os.pipe()

    def child() -> None:
        client.insert("c", rows(2, 20, 0))
        os.write(from_parent[1], b"1")
        os.read(to_child[0], 1)
        client.insert("c", rows(3, 20, 0))
        assert seen(client) == {1: (50, 0), 2: (20, 0), 3: (20, 0)}
        os.kill(os.getpid(), signal.SIGKILL)

    pid = forked(child)
    os.read(from_parent[0], 1)
    client.close()
    os.write(to_child[1], b"1")
    assert ended(pid) == -signal.SIGKILL
    with MilvusClient(path) as client:
        assert seen(client) == {1: (50, 0), 2: (20, 0), 3: (20, 0)}


def test_what_a_child_wrote_after_its_parent_closed_is_kept(tmp_path: Path) -> None:
    run(parent_closes_first, tmp_path / "test.db")


def children_see_each_other(path: str) -> None:
    """Two children whose parent is gone from the file; each waits for the other in turn."""
    client = opened(path)
    talk, answer = os.pipe(), os.pipe()

    def first() -> None:
        for batch in range(10, 20):
            os.read(answer[0], 1)
            client.insert("c", rows(batch, 20, 0))
            os.write(talk[1], b"1")

    def second() -> None:
        for batch in range(10, 20):
            os.write(answer[1], b"1")
            os.read(talk[0], 1)
            assert seen(client).get(batch) == (20, 0)
            client.upsert("c", rows(batch, 20, 1))

    pids = [forked(first), forked(second)]
    client.close()
    assert [ended(pid) for pid in pids] == [0, 0]
    with MilvusClient(path) as client:
        assert seen(client) == {1: (50, 0)} | dict.fromkeys(range(10, 20), (20, 1))


def test_siblings_see_each_others_writes_when_the_parent_has_closed(tmp_path: Path) -> None:
    run(children_see_each_other, tmp_path / "test.db")


def fork_in_c(path: str) -> None:
    """As a server written in C may: Python hears nothing of it, before or after."""
    client = opened(path)
    fork = ctypes.PyDLL(None).fork
    pid = fork()
    if not pid:
        signal.alarm(PATIENCE)
        for use in (lambda: seen(client), lambda: MilvusClient(path, busy_timeout=9)):
            with pytest.raises(DatabaseLockedError, match="after the fork"):
                use()
        client.close()
        os._exit(0)
    assert ended(pid) == 0
    client.close()
    pid = fork()
    if not pid:
        with MilvusClient(path) as client:
            client.insert("c", rows(2, 20, 0))
        os._exit(0)
    assert ended(pid) == 0
    with MilvusClient(path) as client:
        assert seen(client) == {1: (50, 0), 2: (20, 0)}


def test_a_child_that_cannot_use_its_parents_client_is_told_so(tmp_path: Path) -> None:
    run(fork_in_c, tmp_path / "test.db")


def in_transaction() -> list[bool]:
    """Of each of SQLite's connections, whether it is in a transaction; fails if one is closed."""
    return sorted(one.in_transaction for one in gc.get_objects() if isinstance(one, sqlite3.Connection))


def forget_after_a_fork_in_c(path: str) -> None:
    client = opened(path)
    pid = ctypes.PyDLL(None).fork()
    if not pid:
        signal.alarm(PATIENCE)
        before = in_transaction()
        assert before
        assert ended(forked(lambda: None)) == 0
        assert in_transaction() == before, "it closed them to fork"
        del client
        gc.collect()
        os._exit(0 if in_transaction() == before else 1)
    assert ended(pid) == 0
    check(path, client, {1: (50, 0)})


def forget_amid_an_iterator(path: str) -> None:
    client = opened(path)
    pages = client.query_iterator("c", batch_size=5)
    assert len(pages.next()) == 5
    pid = os.fork()
    if not pid:
        signal.alarm(PATIENCE)
        before = in_transaction()
        del client, pages
        gc.collect()
        os._exit(0 if True in before == in_transaction() else 1)
    assert ended(pid) == 0
    assert len(pages.next()) == 5
    pages.close()
    check(path, client, {1: (50, 0)})


@pytest.mark.parametrize("how", [forget_after_a_fork_in_c, forget_amid_an_iterator])
def test_a_refused_child_leaves_its_parents_connections_alone(
    tmp_path: Path, how: Callable[[str], None]
) -> None:
    """SQLite allows it neither to use them nor to close them."""
    run(how, tmp_path / "test.db")


def fork_with_a_database_in_memory() -> None:
    client = MilvusClient(":memory:")
    client.create_collection("c", dimension=2)
    pid = os.fork()
    if not pid:
        client.insert("c", {"id": 1, "vector": [1, 2]})
        sys.exit()
    assert ended(pid) == 0
    assert client.get("c", 1) == [{"id": 1, "vector": [1.0, 2.0]}]


def test_a_child_leaves_its_parents_database_in_memory(tmp_path: Path) -> None:
    run(fork_with_a_database_in_memory)
