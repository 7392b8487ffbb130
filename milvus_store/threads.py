"""Threads of a client, which run jobs in order.

Unlike the executors of Python's library they accept jobs while the interpreter ends, when no thread can be
started. An exception in the middle of any step leaves no lock locked.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue

from milvus_store_lite import PerProcess, started

__all__ = ["Job", "PerProcess", "Threads", "finish_all"]

Job = Callable[[], object]
"""A function without arguments, which reports its own errors."""

_Jobs = SimpleQueue["Job | None"]


class Threads:
    """Up to ``most`` threads called ``name``, started while all others work. They end with their jobs once this is
    closed or forgotten."""

    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._name = name
        self._jobs: _Jobs = SimpleQueue()
        self._idle: list[None] = []  # one for each thread that waits for a job and was not given one
        self._threads: list[threading.Thread] = []
        # When the interpreter ends, ``finish_all`` runs instead.
        weakref.finalize(self, self._jobs.put, None).atexit = False
        with _lock.own:
            _open.add(self)

    def run(self, job: Job) -> None:
        """Run ``job`` as soon as a thread is free; at once, in this one, if none can be started."""
        self._jobs.put(job)
        try:
            self._idle.pop()
            is_awaited = True
        except IndexError:
            is_awaited = len(self._threads) >= self._most
        if not is_awaited or not any(thread.is_alive() for thread in self._threads):
            self._start()

    def finish(self) -> None:
        """Return when all jobs so far are done."""
        self._jobs.put(None)
        for thread in list(self._threads):
            if thread.is_alive() and thread is not threading.current_thread():
                thread.join()
        if not any(thread.is_alive() for thread in self._threads):
            with suppress(Empty):
                self._jobs.get(block=False)  # the None, which would end a thread that a later job starts

    def _start(self) -> None:
        thread = threading.Thread(target=_work, args=(self._jobs, self._idle), name=self._name, daemon=True)
        self._threads.append(thread)
        is_started = False
        try:
            is_started = started(thread)
        finally:
            if not is_started and not thread.is_alive():
                self._threads.remove(thread)
        if not self._threads:
            _work_off(self._jobs)


_lock = PerProcess(threading.Lock)
_open: weakref.WeakSet[Threads] = weakref.WeakSet()


def finish_all() -> None:
    """Finish the jobs of all threads when the interpreter ends."""
    with _lock.own:
        threads = list(_open)
    for thread in threads:
        thread.finish()


def _work(jobs: _Jobs, idle: list[None]) -> None:
    while (job := _next(jobs, idle)) is not None:
        job()
        del job  # keep nothing of it until the next job
    jobs.put(None)  # for the others


def _next(jobs: _Jobs, idle: list[None]) -> Job | None:
    try:
        return jobs.get(block=False)
    except Empty:
        idle.append(None)
        return jobs.get()


def _work_off(jobs: _Jobs) -> None:
    """Run the waiting jobs."""
    try:
        while (job := jobs.get(block=False)) is not None:
            job()
        jobs.put(None)
    except Empty:
        pass
