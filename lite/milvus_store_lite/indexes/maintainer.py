"""Keeps indexes up to date in the background: one thread for each database, while there is work."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Final

from ..process.calls import whole
from ..process.children import PerProcess
from ..process.threads import started
from .build import BuildCancelled, Progress
from .field_index import FieldIndex, Open, logger

QUIET: Final = 0.2
"""Seconds without a write after which work begins: indexing half of a bulk load would slow it down."""

_PATIENCE: Final = 5.0
"""Seconds of uninterrupted writing after which work begins all the same."""

_IDLE: Final = 2.0
"""Seconds without work after which the thread ends."""

Opener = Callable[[FieldIndex], tuple[Open, "Open | None"]]
"""Returns how to begin a read and a write transaction for an index."""


class _Tasks:
    """What is to be done, and the thread that does it: none in a forked child, which has no other threads."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.due: OrderedDict[FieldIndex, float] = OrderedDict()
        self.wakeups: SimpleQueue[None] = SimpleQueue()  # one for each change
        self.thread: threading.Thread | None = None


class IndexMaintainer:
    """Loads, builds and stores scheduled indexes, one after the other."""

    def __init__(self, opener: Opener) -> None:
        self._opener = opener
        self._last_write = 0.0
        self._is_closed = False
        self._tasks = PerProcess(_Tasks)

    def wrote(self) -> None:
        """Note the time of a write."""
        self._last_write = time.monotonic()

    def schedule(self, index: FieldIndex) -> None:
        """Work on ``index`` soon."""
        tasks = self._tasks.own
        with tasks.lock:
            if self._is_closed:
                return
            if index not in tasks.due:
                tasks.due[index] = time.monotonic()
                tasks.wakeups.put(None)
            if tasks.thread is None or not tasks.thread.is_alive():
                tasks.thread = threading.Thread(
                    target=self._work, args=(tasks,), name="milvus-store-indexes", daemon=True
                )
                started(tasks.thread)  # without memory for a thread, the next write or search tries again

    def improve(self, index: FieldIndex, report: Callable[[int, int], None] | None = None) -> None:
        """Work on ``index`` now, and return when it is done and stored."""
        self._improve(index, report, is_awaited=True)

    @whole
    def _improve(
        self, index: FieldIndex, report: Callable[[int, int], None] | None, *, is_awaited: bool
    ) -> None:
        reading, writing = self._opener(index)

        def advance(done: int, total: int) -> None:
            index.progress = (done, total)
            if report is not None:
                report(done, total)

        progress = Progress(advance, lambda: self._is_closed)
        index.improve(reading, writing, progress, is_awaited=is_awaited)

    def close(self, *, waiting: bool = True) -> None:
        """Stop, leaving half-built indexes; what is stored stays.

        Args:
            waiting: whether to wait until the thread has ended. Otherwise it ends at its next report of progress.
        """
        self._is_closed = True
        tasks = self._tasks.own
        tasks.wakeups.put(None)
        thread = tasks.thread
        # The thread itself may close, where it drops the last reference to a client.
        if waiting and thread is not None and thread is not threading.current_thread() and thread.is_alive():
            thread.join()

    def _work(self, tasks: _Tasks) -> None:
        while True:
            index = self._next(tasks)
            if index is None:
                return
            try:
                self._improve(index, None, is_awaited=False)
            except BuildCancelled:
                return
            except Exception:
                # Searches stay exact; the next write or search tries again.
                logger().exception(f"building index {index.record.name!r} failed")

    def _next(self, tasks: _Tasks) -> FieldIndex | None:
        """The index to work on, once writers are quiet; None when no work is left."""
        while not self._is_closed:
            wait = _IDLE
            with tasks.lock:
                if tasks.due:
                    index, since = next(iter(tasks.due.items()))
                    wait = min(self._last_write + QUIET, since + _PATIENCE) - time.monotonic()
                    if wait <= 0:
                        del tasks.due[index]
                        return index
            try:
                tasks.wakeups.get(timeout=wait)
            except Empty:
                with tasks.lock:
                    if not tasks.due:
                        tasks.thread = None
                        return None
        return None
