"""What calls with ``_async=True`` return at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent import futures
from typing import Any

from .errors import FutureTimeoutError

Callback = Callable[..., object]


class Future:
    """The answer of a call that runs in a thread of the client.

    ``callback`` is called with the answer when it is there, a pair as two arguments.
    """

    def __init__(
        self, pool: futures.ThreadPoolExecutor, work: Callable[[], Any], callback: Callback | None = None
    ) -> None:
        self._callback = callback
        self._future = pool.submit(self._run, work)

    def _run(self, work: Callable[[], Any]) -> Any:
        answer = work()
        if self._callback is not None:
            self._callback(*(answer if isinstance(answer, tuple) else (answer,)))
        return answer

    def result(self, timeout: float | None = None, raw: bool = False) -> Any:
        """What the same call without ``_async`` returns; with ``raw`` what ``MilvusClient`` gave, if that differs.

        Raises:
            FutureTimeoutError: it is not there after ``timeout`` seconds.
        """
        try:
            answer = self._future.result(timeout)
        except futures.TimeoutError:
            if self._future.done():  # the call itself ran out of time
                raise
            raise FutureTimeoutError(f"no result after {timeout} seconds") from None
        value = answer[1] if isinstance(answer, tuple) else None
        return getattr(value, "raw", answer) if raw else answer

    def done(self) -> None:
        """Wait for the answer, and for the callback."""
        futures.wait([self._future])

    def is_done(self) -> bool:
        """Whether the answer is there; does not wait."""
        return self._future.done()

    def cancel(self) -> bool:
        """Give the call up if it has not begun; True if that worked."""
        return self._future.cancel()

    def exception(self) -> None:
        """Wait, and raise what the call or its callback raised, if anything."""
        try:
            error = self._future.exception()
        except futures.CancelledError:
            return
        if error is not None:
            raise error


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
