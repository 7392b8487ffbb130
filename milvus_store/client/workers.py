"""The threads that run the calls of an asynchronous client, while the event loop goes on.

Reads and writes have threads of their own: a file takes one write at a time, so that more threads could only wait,
and a read must not wait behind them. Writes of one client happen in the order in which they were awaited.
"""

from __future__ import annotations

import contextvars
import os
import threading
from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

from milvus_store_lite import ConnectionNotExistException, PerProcess, started

from ..threads import Threads
from .answers import Answer

R = TypeVar("R")

READERS: Final = 2
"""More threads contend for the cores and for Python's lock: see benchmarks/async_search.py."""

WRITERS: Final = 1
SERVER_CALLS: Final = 16
"""Calls to a server wait for the network and for nothing here."""


class Workers:
    """Threads for the calls of one client; they start with the first call, in any event loop, and after a fork."""

    def __init__(self, readers: int, writers: int) -> None:
        self._sizes = readers, writers
        self._closed = False
        self._threads: tuple[int, Threads, Threads] | None = (
            None  # of which process, for reads and for writes
        )
        self._lock = PerProcess(threading.Lock)

    async def read(self, call: Callable[[], R]) -> R:
        answer = Answer[R]()
        self.submit(partial(answer.of, call))
        return await answer.future

    async def write(self, call: Callable[[], R]) -> R:
        answer = Answer[R]()
        self.submit(partial(answer.of, call), writes=True)
        return await answer.future

    def submit(self, job: Callable[[], object], *, writes: bool = False) -> None:
        """Run ``job``, which raises nothing, with the caller's context variables as soon as a thread is free."""
        run = partial(contextvars.copy_context().run, job)
        with self._lock.own:
            if self._closed:
                raise ConnectionNotExistException(message="the client is closed: open a new one")
            if self._threads is None or self._threads[0] != os.getpid():
                # Threads do not live on in a forked child; the calls that await them are in the parent.
                readers, writers = self._sizes
                reading, writing = (
                    Threads(readers, "milvus-store-read"),
                    Threads(writers, "milvus-store-write"),
                )
                self._threads = os.getpid(), reading, writing
            _, reading, writing = self._threads
        (writing if writes else reading).run(run)

    def close(self) -> None:
        """Take no more calls, and return when those that were taken have ended."""
        with self._lock.own:
            self._closed = True
            threads = self._threads
        if threads is not None and threads[0] == os.getpid():
            for thread in threads[1:]:
                thread.finish()

    async def aclose(self) -> None:
        """The same, while the event loop goes on."""
        answer = Answer[None]()
        closing = threading.Thread(
            target=answer.of, args=(self.close,), name="milvus-store-close", daemon=True
        )
        if not started(closing):
            answer.of(self.close)
        await answer.future
