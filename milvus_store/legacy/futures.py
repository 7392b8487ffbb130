"""The futures that calls with ``_async=True`` return at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError
from typing import Any

from milvus_store.threads import Threads

from .errors import FutureTimeoutError

Callback = Callable[..., object]


class Future:
    """The answer of a call that runs in a thread of the client.

    ``callback`` receives the answer; a pair as two arguments.
    """

    def __init__(self, threads: Threads, work: Callable[[], Any], callback: Callback | None = None) -> None:
        self._work = [work]  # the thread that takes it out runs it, or cancels it
        self._callback = callback
        self._answer: Any = None
        self._error: BaseException | None = None
        self._is_over = False
        self._over = threading.Lock()  # held until it is over
        self._over.acquire()
        threads.run(self._run)

    def _run(self) -> None:
        try:
            work = self._work.pop()
        except IndexError:
            return  # it was cancelled
        try:
            self._answer = work()
            if self._callback is not None:
                self._callback(*(self._answer if isinstance(self._answer, tuple) else (self._answer,)))
        except BaseException as error:
            self._error = error
        self._end()

    def _end(self) -> None:
        self._is_over = True
        self._over.release()

    def _wait(self, timeout: float | None = None) -> bool:
        """Whether it is over, at the latest after ``timeout`` seconds."""
        if not self._is_over and self._over.acquire(timeout=-1 if timeout is None else max(0.0, timeout)):
            self._over.release()
        return self._is_over

    def result(self, timeout: float | None = None, raw: bool = False) -> Any:
        """The result of the same call without ``_async``; with ``raw`` that of ``MilvusClient``, if it differs.

        Raises:
            FutureTimeoutError: it has not arrived after ``timeout`` seconds.
        """
        if not self._wait(timeout):
            raise FutureTimeoutError(f"no result after {timeout} seconds")
        if self._error is not None:
            raise self._error
        answer = self._answer
        value = answer[1] if isinstance(answer, tuple) else None
        return getattr(value, "raw", answer) if raw else answer

    def done(self) -> None:
        """Wait for the answer, and for the callback."""
        self._wait()

    def is_done(self) -> bool:
        """Whether the answer has arrived; does not wait."""
        return self._is_over

    def cancel(self) -> bool:
        """Cancel the call if it has not begun; returns whether that worked."""
        try:
            self._work.pop()
        except IndexError:
            return isinstance(self._error, CancelledError)
        self._error = CancelledError()
        self._end()
        return True

    def exception(self) -> None:
        """Wait, and raise what the call or its callback raised, if anything."""
        self._wait()
        if self._error is not None and not isinstance(self._error, CancelledError):
            raise self._error


class SearchFuture(Future):
    """Of ``search`` and ``search_in_segment``."""


class InsertFuture(Future):
    """Of ``insert``."""


class CreateIndexFuture(Future):
    """Of ``create_index``."""


class FlushFuture(Future):
    """Of ``flush``."""


class CompactFuture(Future):
    """Of ``compact``."""
