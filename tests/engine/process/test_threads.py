"""How many threads may work for one search."""

import gc
import subprocess
import sys
import time

import pytest

from milvus_store_lite.process import threads as process_threads
from milvus_store_lite.process.forks import GATE
from milvus_store_lite.process.threads import Team, ThreadBound, allowed_threads


def test_a_search_alone_may_use_every_core() -> None:
    with Team().shared() as threads:
        assert threads == allowed_threads()


def test_the_least_bound_holds_until_it_is_lifted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_threads, "available_cores", lambda: 8)
    loose, tight = ThreadBound(16), ThreadBound(2)
    assert allowed_threads() == 2
    tight.lift()
    assert allowed_threads() == 8
    tighter = ThreadBound(1)
    assert allowed_threads() == 1
    del tighter
    gc.collect()
    assert allowed_threads() == 8
    loose.lift()


@pytest.mark.skipif(sys.platform == "win32", reason="such a limit cannot be set there")
def test_where_memory_may_be_refused_every_search_keeps_to_its_thread() -> None:
    """OpenMP ends a process that gets no stack for a thread."""
    program = """
import resource
from milvus_store_lite.process import threads
threads.available_cores = lambda: 8
before = threads.allowed_threads()
resource.setrlimit(resource.RLIMIT_AS, (1 << 40, resource.RLIM_INFINITY))
print(before, threads.allowed_threads())
"""
    shown = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert shown.stdout.split() == ["8", "1"]


def test_a_search_beside_another_call_keeps_to_its_thread() -> None:
    GATE.enter()
    GATE.enter()
    try:
        with Team().shared() as threads:
            assert threads == 1
    finally:
        GATE.leave()
        GATE.leave()


def test_after_a_search_that_waited_for_a_core_searches_keep_to_their_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process_threads, "allowed_threads", lambda: 2)
    team = Team()
    with team.shared():
        time.sleep(0.05)  # as one does that waits for the share of a thread without a core
    with team.shared() as threads:
        assert threads == 1
    team._alone_until = time.monotonic()
    with team.shared() as threads:
        assert threads == 2


def test_a_search_that_worked_all_the_time_is_shared_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_threads, "allowed_threads", lambda: 2)
    took, worked = iter([0.0, 0.010]), iter([0.0, 0.009])
    monkeypatch.setattr("time.perf_counter", lambda: next(took))
    monkeypatch.setattr("time.thread_time", lambda: next(worked))
    team = Team()
    with team.shared():
        pass
    monkeypatch.undo()
    assert team._alone_until == 0.0
