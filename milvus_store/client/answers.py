"""Answers: futures that a coroutine awaits and a thread sets."""

from __future__ import annotations

import asyncio
import contextvars
import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final, Generic, TypeVar

from ..threads import Threads

R = TypeVar("R")

_MOST: Final = 32
"""Threads for calls of clients without workers, as many as an event loop has."""

_threads: tuple[int, Threads] | None = None  # of which process


async def in_thread(call: Callable[[], R]) -> R:
    """The result of ``call``, run in a thread, or here if none can start: a loop's own executor would fail."""
    global _threads
    if _threads is None or _threads[0] != os.getpid():
        _threads = os.getpid(), Threads(_MOST, "milvus-store-call")
    answer = Answer[R]()
    _threads[1].run(partial(contextvars.copy_context().run, answer.of, call))
    return await answer.future


class Answer(Generic[R]):
    """The answer to a call, for the coroutine that makes it: it awaits ``future``."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.future: asyncio.Future[R] = self._loop.create_future()

    @property
    def is_wanted(self) -> bool:
        """Whether the coroutine still waits: it was not cancelled."""
        return not self.future.done()

    def give(self, answer: R) -> None:
        """Let the coroutine go on with ``answer``."""
        self._settle(lambda: self.future.set_result(answer))

    def fail(self, error: BaseException) -> None:
        """Let the coroutine raise ``error``."""
        if isinstance(error, StopIteration):  # no coroutine may
            error = RuntimeError(f"the call raised {error!r}")
        self._settle(lambda: self.future.set_exception(error))

    def of(self, call: Callable[[], R]) -> None:
        """Give what ``call`` returns or raises, if it is still wanted."""
        if not self.is_wanted:
            return
        try:
            answer = call()
        except BaseException as error:
            self.fail(error)
        else:
            self.give(answer)

    def _settle(self, settle: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop is closed, and the waiting coroutine with it
            self._loop.call_soon_threadsafe(lambda: settle() if self.is_wanted else None)
