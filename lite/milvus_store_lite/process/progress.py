"""Progress of a long operation: what it reports, and how whoever listens ends it.

One statement of SQL may take minutes. So an operation that somebody listens to runs in a thread of its own, and
the calling thread hands its reports on, the latest one again where none comes. The operation goes on when a report
was heard. Whatever is raised there, by the listener or by Ctrl-C, interrupts the operation, and leaves the call
when the operation has ended.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Final, Protocol, TypeVar

from .calls import Resting
from .threads import started

R = TypeVar("R")

_TICK: Final = 0.2
"""Seconds at most between two calls of the listener."""

_PAUSE: Final = 0.02
"""Seconds between two attempts to interrupt the statement that is under way."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long operation is: ``done`` of ``total``, counted in ``unit``.

    ``what`` is under way. An operation may do several things, one after the other, each with counts of its own.
    ``total`` is None where nobody knows it, as of a stream.
    """

    what: str
    done: int
    total: int | None
    unit: str


OnProgress = Callable[[Progress], object]
"""Is told how far an operation is, in the thread that called it, and may make calls. What it raises ends the
operation."""


class Interruptible(Protocol):
    """A connection of SQLite."""

    def interrupt(self) -> None: ...


class Cancelled(Exception):
    """The listener wants no more; only the thread of the operation sees it."""


class Reports:
    """What an operation reports by. It raises where the operation is to end.

    Args:
        tell: is called with each report.
    """

    def __init__(self, tell: OnProgress) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._connection: Interruptible | None = None

    def tell(self, what: str, done: int, total: int, unit: str) -> None:
        with Resting():
            self._tell(Progress(what, done, total, unit))

    @contextmanager
    def interrupting(self, connection: Interruptible) -> Iterator[None]:
        """Inside the block, statements of ``connection`` end early when the operation is to end."""
        with self._lock:
            self._connection = connection
        try:
            yield
        finally:
            with self._lock:
                self._connection = None

    def interrupt(self) -> None:
        """End the statement that is under way, if there is one."""
        with self._lock:  # afterwards another call may have the connection
            if self._connection is not None:
                self._connection.interrupt()


UNHEARD: Final = Reports(lambda progress: None)
"""Where nobody listens."""


def heard(operation: Callable[[Reports], R], listener: OnProgress | None) -> R:
    """What ``operation`` returns, while ``listener`` hears its reports.

    Raises:
        BaseException: what the operation or the listener raised.
    """
    return operation(UNHEARD) if listener is None else _Heard(operation, listener).result()


class _Heard:
    """An operation in a thread of its own, or here if none can be started."""

    def __init__(self, operation: Callable[[Reports], Any], listener: OnProgress) -> None:
        self._operation = operation
        self._listener = listener
        self._told: SimpleQueue[Progress | None] = SimpleQueue()  # None: it has ended
        self._answers: SimpleQueue[None] = SimpleQueue()  # one for each report that was heard
        self._reports = Reports(self._note)
        self._is_cancelled = False
        self._thread = threading.Thread(target=self._run, name="milvus-store-operation", daemon=True)
        self._result: Any = None
        self._error: BaseException | None = None

    def result(self) -> Any:
        if not started(self._thread):
            return self._operation(Reports(self._listener))
        try:
            self._hand_on()
        finally:
            self._end()
        if self._error is not None:
            raise self._error
        return self._result

    def _hand_on(self) -> None:
        latest: Progress | None = None
        while True:
            try:
                latest = self._told.get(timeout=_TICK)
            except Empty:
                if not self._thread.is_alive():  # a lack of memory may have ended it
                    return
                if latest is not None:
                    self._tell(latest)
                continue
            if latest is None:
                return
            self._tell(latest)
            self._answers.put(None)

    def _tell(self, progress: Progress) -> None:
        with Resting():
            self._listener(progress)

    def _end(self) -> None:
        """Return when the operation has ended, however often Ctrl-C is pressed meanwhile; raises the last one."""
        self._is_cancelled = True
        self._answers.put(None)
        pressed: BaseException | None = None
        while self._thread.is_alive():
            try:
                self._thread.join(_PAUSE)
                self._reports.interrupt()
            except BaseException as error:
                pressed = error
        if pressed is not None:
            raise pressed

    def _note(self, progress: Progress) -> None:
        if not self._is_cancelled:
            self._told.put(progress)
            self._answers.get()
        if self._is_cancelled:
            raise Cancelled

    def _run(self) -> None:
        try:
            self._result = self._operation(self._reports)
        except BaseException as error:
            self._error = error
        finally:
            self._told.put(None)
