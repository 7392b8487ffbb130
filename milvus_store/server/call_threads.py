"""The threads that answer calls, as gRPC asks for them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any, Final

from ..threads import Threads

THREADS: Final = 4 * min(16, os.cpu_count() or 1) + 4
"""Calls at a time: most are short; a few may wait for a write or an index, and others go on meanwhile."""


class CallThreads(Executor):
    """Up to ``most`` threads, which know how many calls wait for one or have one.

    Unlike Python's own pool this works until the interpreter is gone. There a call that a program makes as it
    ends, say to store what it still holds, would be neither answered nor refused, and its client would wait for
    ever.
    """

    def __init__(self, most: int) -> None:
        self._threads = Threads(most, "milvus-store-serve")
        self._changed = threading.Condition()
        self.accepted = 0

    def submit(self, call: Callable[..., Any], /, *arguments: Any, **keywords: Any) -> Future[Any]:
        done: Future[Any] = Future()
        with self._changed:
            self.accepted += 1
        done.add_done_callback(self._end)
        self._threads.run(partial(_run, done, partial(call, *arguments, **keywords)))
        return done

    def _end(self, _: object) -> None:
        with self._changed:
            self.accepted -= 1
            self._changed.notify_all()

    def wait(self, seconds: float) -> int:
        """Wait until there are no calls; returns how many there still are after ``seconds``."""
        with self._changed:
            self._changed.wait_for(lambda: self.accepted == 0, seconds)
            return self.accepted


def _run(done: Future[Any], call: Callable[[], Any]) -> None:
    try:
        done.set_result(call())
    except BaseException as error:  # gRPC has answered the call by then
        done.set_exception(error)
