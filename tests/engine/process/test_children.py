"""What a forked child begins anew."""

from __future__ import annotations

import ast
import gc
import os
import threading

import pytest

from milvus_store_lite.process import children
from milvus_store_lite.process.children import PerProcess, came_through_fork
from milvus_store_lite.process.threads import allowed_threads
from tests.processes.children import run

NEEDS_FORK = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")


def in_a_child(lock: PerProcess[threading.Lock], things: PerProcess[list[int]]) -> list[object]:
    """What a child that is forked now has."""
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        found = [lock.own.acquire(timeout=5), things.own, came_through_fork(), allowed_threads()]
        os.write(writer, repr(found).encode())
        os._exit(0)
    os.waitpid(pid, 0)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        return list(ast.literal_eval(file.read().decode()))


def fork_while_another_thread_holds_a_lock() -> list[object]:
    lock, things = PerProcess(threading.Lock), PerProcess[list[int]](list)
    things.own.append(1)
    is_held, is_over = threading.Event(), threading.Event()

    def hold() -> None:
        with lock.own:
            is_held.set()
            is_over.wait()

    threading.Thread(target=hold, daemon=True).start()
    is_held.wait()
    found = in_a_child(lock, things)
    is_over.set()
    return [*found, lock.own.acquire(timeout=5), things.own, came_through_fork()]


@NEEDS_FORK
def test_a_child_has_its_own_of_everything_and_works_alone() -> None:
    in_child, in_parent = [True, [], True, 1], [True, [1], False]
    assert run(fork_while_another_thread_holds_a_lock) == [*in_child, *in_parent]


def fork_with_a_lock_held() -> list[object]:
    lock = PerProcess(threading.RLock)
    with lock.own:
        pid = os.fork()
    # The child released what it held, and has another one that is free.
    if not pid:
        os._exit(0 if lock.own.acquire(blocking=False) else 1)
    return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])]


@NEEDS_FORK
def test_who_forks_with_a_lock_releases_it_in_both_processes() -> None:
    assert run(fork_with_a_lock_held) == [0]


def test_what_nobody_has_any_more_is_forgotten() -> None:
    gc.collect()
    before = len(children._everything)
    lock = PerProcess(threading.Lock)
    assert len(children._everything) == before + 1
    del lock
    gc.collect()
    assert len(children._everything) == before
