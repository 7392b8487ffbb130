"""The threads in which the calls of an asynchronous client run, so that the event loop goes on meanwhile.

Reads and writes have threads of their own: a file takes one write at a time, so that more threads could only wait,
and a read must not wait behind them. Writes of one client happen in the order in which they were awaited.
"""

from __future__ import annotations

import asyncio
import contextvars
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

from milvus_store_lite.errors import ConnectionNotExistException
from milvus_store_lite.storage.forks import GATE

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
        self._pid = 0
        GATE.add_locks(self)
        self._readers: ThreadPoolExecutor
        self._writers: ThreadPoolExecutor

    def renew_locks(self) -> None:
        self._lock = threading.Lock()

    async def read(self, call: Callable[[], R]) -> R:
        return await asyncio.wrap_future(self.submit(call))

    async def write(self, call: Callable[[], R]) -> R:
        return await asyncio.wrap_future(self.submit(call, writes=True))

    def submit(self, call: Callable[[], R], *, writes: bool = False) -> Future[R]:
        """Run ``call`` with the caller's context variables as soon as a thread is free.

        Cancelled before that, it never runs; after, it runs to its end.
        """
        context = contextvars.copy_context()
        with self._lock:
            if self._closed:
                raise ConnectionNotExistException(message="the client is closed: open a new one")
            if self._pid != os.getpid():
                # Threads do not live on in a forked child; whoever awaits them is in the parent.
                self._pid = os.getpid()
                readers, writers = self._sizes
                self._readers = ThreadPoolExecutor(readers, thread_name_prefix="milvus-store-read")
                self._writers = ThreadPoolExecutor(writers, thread_name_prefix="milvus-store-write")
            return (self._writers if writes else self._readers).submit(context.run, call)

    def close(self) -> None:
        """Take no more calls, and return when those that were taken have ended."""
        with self._lock:
            self._closed = True
            started = self._pid == os.getpid()
        if started:
            for pool in (self._readers, self._writers):
                pool.shutdown(wait=True)
