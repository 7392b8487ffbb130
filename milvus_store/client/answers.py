"""What a coroutine awaits and a thread gives."""

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
"""Threads of those calls that have none of their own, as many as an event loop has."""

_threads: tuple[int, Threads] | None = None  # of which process


async def in_thread(call: Callable[[], R]) -> R:
    """What ``call`` returns, in a thread; here, if none can be started. An event loop's own threads would fail."""
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
        with suppress(RuntimeError):  # the loop is closed, and with it whoever has waited
            self._loop.call_soon_threadsafe(lambda: settle() if self.is_wanted else None)
