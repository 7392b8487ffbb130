"""Whether several cores may work for one search.

They pay where a search takes some milliseconds and nobody else wants the cores: no other call of this process, and
no other process as far as the last such search showed. One that took clearly longer than the calling thread worked
has waited for a core; for a while after it, searches keep to the thread that called.
"""

from __future__ import annotations

import time
from types import TracebackType
from typing import Final

from .forks import GATE

_PATIENCE: Final = 1.5
"""How often the calling thread's own work a shared search may last: on an idle machine shares end together."""

_PAUSE: Final = 1.0
"""Seconds for which searches are not shared after one that had to wait."""

_CLOCK_TELLS: Final = time.get_clock_info("thread_time").resolution < 1e-4
"""Whether the clock of a thread's work is fine enough for a search; that of Windows is not."""


class Team:
    """The cores of this process, as those who search share them."""

    def __init__(self) -> None:
        self._alone_until = 0.0

    def shared(self) -> _Shared:
        """``with team.shared() as threads``: how many threads may work for the caller in the block, at least 1."""
        is_alone = GATE.calls > 1 or time.monotonic() < self._alone_until
        return _Shared(self, 1 if is_alone else GATE.cores)

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
