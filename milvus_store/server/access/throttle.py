"""Slows down those who guess passwords: after some wrong ones, the next is looked at only after a pause."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

_LONGEST: Final = 60.0
"""Seconds of the longest pause: some 1,400 guesses a day."""

_FORGOTTEN: Final = 900.0
"""Seconds after the last wrong password, until all of them are forgotten."""

_KNOWN: Final = 10_000
"""Users and addresses that are remembered: those that failed latest."""


class _Failures(NamedTuple):
    number: int
    last: float
    pause: float


class Throttle:
    """Counts wrong passwords by ``who``: the name of a user, or the address of a client. One thread uses it.

    Args:
        clock: seconds, which only rise.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def pause(self, who: str) -> float:
        """Seconds until the next password is looked at; 0 for now."""
        found = self._failures.get(who)
        return 0.0 if found is None else max(0.0, found.last + found.pause - self._clock())

    def failed(self, who: str, free: int) -> None:
        """Note a wrong password. The pause after it doubles with each one beyond the first ``free``."""
        now, found = self._clock(), self._failures.pop(who, None)
        number = 1 if found is None or now - found.last > _FORGOTTEN else found.number + 1
        pause = 0.0 if number <= free else min(_LONGEST, 2.0 ** min(number - free - 1, 16))
        self._failures[who] = _Failures(number, now, pause)
        if len(self._failures) > _KNOWN:
            self._failures.popitem(last=False)

    def succeeded(self, who: str) -> None:
        """Forget the wrong passwords of ``who``."""
        self._failures.pop(who, None)
