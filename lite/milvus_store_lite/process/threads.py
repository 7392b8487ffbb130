"""How many threads may work for a call, and starting threads where that may not be possible.

Several cores pay if a search takes some milliseconds and the cores are free: no other call of this process
wants them, and no other process as far as the last such search showed. A search that took clearly longer than
its calling thread worked has waited for a core; for a while after it, searches keep to the calling thread.
"""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Final
from weakref import finalize

from .address_space import is_limited
from .calls import calls_under_way
from .children import came_through_fork
from .cores import available_cores

_PATIENCE: Final = 1.5
"""How often the calling thread's own work a shared search may last: on an idle machine shares end together."""

_PAUSE: Final = 1.0
"""Seconds for which searches are not shared after one that had to wait."""

_CLOCK_TELLS: Final = time.get_clock_info("thread_time").resolution < 1e-4
"""Whether the clock of a thread's work is fine enough for a search; that of Windows is not."""


_BOUNDS: Final[dict[int, int]] = {}
"""The bound that each living ``ThreadBound`` sets, by its ``id``."""


class ThreadBound:
    """Lets no call of this process use more than so many threads, as long as it lives and is not lifted.

    One team of threads works for all files of a process. So of several bounds the least one holds.
    """

    def __init__(self, threads: int) -> None:
        _BOUNDS[id(self)] = threads
        self.lift = finalize(self, _BOUNDS.pop, id(self), None)


def allowed_threads() -> int:
    """Threads that OpenMP may use for the calling one.

    One that came through a fork works alone: it has a pool whose other threads are in the parent, and GNU's OpenMP
    would wait for them forever. Where memory may be refused, all work alone: OpenMP ends a process that gets no
    stack for a thread.
    """
    if came_through_fork() or is_limited():
        return 1
    bounds = list(_BOUNDS.values())  # in one step: other threads change it
    return min(available_cores(), *bounds) if bounds else available_cores()


class Team:
    """The cores of this process, as those who search share them."""

    def __init__(self) -> None:
        self._alone_until = 0.0

    def shared(self) -> _Shared:
        """``with team.shared() as threads``: how many threads may work for the caller in the block, at least 1."""
        is_alone = calls_under_way() > 1 or time.monotonic() < self._alone_until
        return _Shared(self, 1 if is_alone else allowed_threads())

    def work_alone(self) -> None:
        """Others want the cores: share no search for a while."""
        self._alone_until = time.monotonic() + _PAUSE


class _Shared:
    __slots__ = ("_began", "_team", "_threads", "_worked")

    def __init__(self, team: Team, threads: int) -> None:
        self._team = team
        self._threads = threads

    def __enter__(self) -> int:
        self._began, self._worked = time.perf_counter(), time.thread_time()
        return self._threads

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._threads > 1 and _CLOCK_TELLS:
            worked, took = time.thread_time() - self._worked, time.perf_counter() - self._began
            if took > _PATIENCE * worked:
                self._team.work_alone()


TEAM: Final = Team()
"""The one of this process."""


def started(thread: threading.Thread) -> bool:
    """Start ``thread``; False where it cannot be: there are too many, or the interpreter is ending.

    From Python 3.12 on an ``atexit`` handler can start none; what it calls then does without.
    """
    try:
        thread.start()
    except (RuntimeError, MemoryError):
        return False
    return True
