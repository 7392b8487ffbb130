"""The threads that run a client's jobs."""

from __future__ import annotations

import threading
import time
from queue import SimpleQueue

from milvus_store.threads import Threads

DONE: SimpleQueue[int] = SimpleQueue()


def idle(threads: Threads, count: int) -> None:
    """Wait until ``count`` of its threads wait for a job."""
    end = time.monotonic() + 30
    while len(threads._idle) < count:
        assert time.monotonic() < end
        time.sleep(0.001)


def test_a_thread_that_waits_gets_the_job_and_no_other_is_started() -> None:
    threads = Threads(8, "test-waiting")
    for number in range(20):
        threads.run(lambda number=number: DONE.put(number))
        assert DONE.get(timeout=30) == number
        idle(threads, 1)
    assert len(threads._threads) == 1
    threads.finish()


def test_as_many_threads_are_started_as_there_are_jobs_at_a_time() -> None:
    threads, together = Threads(4, "test-together"), threading.Barrier(4, timeout=30)
    for number in range(4):
        threads.run(lambda number=number: (together.wait(), DONE.put(number)))
    assert sorted(DONE.get(timeout=30) for _ in range(4)) == [0, 1, 2, 3]
    threads.finish()


def test_jobs_beyond_the_most_threads_wait_for_one() -> None:
    threads, begin = Threads(2, "test-waiting"), threading.Event()
    for number in range(10):
        threads.run(lambda number=number: (begin.wait(30), DONE.put(number)))
    assert len(threads._threads) == 2
    begin.set()
    assert sorted(DONE.get(timeout=30) for _ in range(10)) == list(range(10))
    threads.finish()


def test_a_job_that_comes_after_the_end_is_run() -> None:
    threads = Threads(2, "test-ended")
    threads.run(lambda: DONE.put(1))
    threads.finish()
    threads.run(lambda: DONE.put(2))
    assert [DONE.get(timeout=30) for _ in range(2)] == [1, 2]
    threads.finish()
