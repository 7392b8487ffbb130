"""Threads of a client, which run what they are given in its order.

Unlike an executor of Python's library they take work as the interpreter ends, when no thread can be started, and
an exception in the middle of any step leaves no lock taken for which one of them might wait.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from queue import Empty, SimpleQueue

from milvus_store_lite import PerProcess, started

__all__ = ["Job", "PerProcess", "Threads", "finish_all"]

Job = Callable[[], object]
"""What raises nothing that anybody would see."""

_Jobs = SimpleQueue["Job | None"]


class Threads:
    """Up to ``most`` threads called ``name``. They end with their jobs once this is closed or forgotten."""

    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._name = name
        self._jobs: _Jobs = SimpleQueue()
        self._threads: list[threading.Thread] = []
        weakref.finalize(self, self._jobs.put, None).atexit = False  # ``finish_all`` is called then
        _open.add(self)

    def run(self, job: Job) -> None:
        """Run ``job`` as soon as a thread is free; at once, in this one, if none can be started."""
        self._jobs.put(job)
        if len(self._threads) < self._most or not any(one.is_alive() for one in self._threads):
            self._start()

    def finish(self) -> None:
        """Return when all jobs are done. Those that come later are not."""
        self._jobs.put(None)
        for thread in list(self._threads):
            if thread.is_alive() and thread is not threading.current_thread():
                thread.join()

    def _start(self) -> None:
        thread = threading.Thread(target=_work, args=(self._jobs,), name=self._name, daemon=True)
        self._threads.append(thread)
        is_started = False
        try:
            is_started = started(thread)
        finally:
            if not is_started and not thread.is_alive():
                self._threads.remove(thread)
        if not self._threads:
            _work_off(self._jobs)


_open: weakref.WeakSet[Threads] = weakref.WeakSet()


def finish_all() -> None:
    """As the interpreter ends: let every job be done that was given to any threads."""
    for one in list(_open):
        one.finish()


def _work(jobs: _Jobs) -> None:
    while (job := jobs.get()) is not None:
        job()
        del job  # what it holds is not kept until the next one comes
    jobs.put(None)  # for the others


def _work_off(jobs: _Jobs) -> None:
    """Do what waits."""
    try:
        while (job := jobs.get(block=False)) is not None:
            job()
        jobs.put(None)
    except Empty:
        pass
