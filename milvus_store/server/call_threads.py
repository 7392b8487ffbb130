"""The threads of a server, which know how many calls they have."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any


class CallThreads(ThreadPoolExecutor):
    """The threads that answer calls. It counts the calls that wait for one or have one."""

    def __init__(self, threads: int) -> None:
        super().__init__(threads, "milvus-store")
        self._changed = threading.Condition()
        self.accepted = 0

    def submit(self, call: Callable[..., Any], /, *arguments: Any, **keywords: Any) -> Future[Any]:
        with self._changed:
            self.accepted += 1
        try:
            future = super().submit(call, *arguments, **keywords)
        except BaseException:
            self._end()
            raise
        future.add_done_callback(self._end)
        return future

    def _end(self, _: object = None) -> None:
        with self._changed:
            self.accepted -= 1
            self._changed.notify_all()

    def wait(self, seconds: float) -> int:
        """Wait until there are no calls; returns how many there still are after ``seconds``."""
        with self._changed:
            self._changed.wait_for(lambda: self.accepted == 0, seconds)
            return self.accepted
