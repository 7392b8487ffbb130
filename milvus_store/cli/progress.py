"""Progress of a long command on standard error: tqdm's bar if tqdm is installed, else lines with the rate and the
time left; and what Ctrl-C leaves behind.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from milvus_store_lite import Progress

_STEP: Final = 10
"""Percentage points between two lines."""

_SILENT: Final = 0.5
"""Seconds for which nothing is shown: most commands are done by then."""


class Interrupted(Exception):
    """Ctrl-C ended a command; the message says what is done and what is not."""


@contextmanager
def interruptible(outcome: Callable[[], str]) -> Iterator[None]:
    """Ctrl-C inside the block becomes ``Interrupted``, with what ``outcome`` says then."""
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(outcome()) from None


class ProgressDisplay:
    """Shows the reports that it is called with."""

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._part: _Part | None = None
        self.latest: Progress | None = None

    def __enter__(self) -> ProgressDisplay:
        return self

    def __exit__(self, *_: object) -> None:
        if self._part is not None:
            self._part.close()

    def __call__(self, progress: Progress) -> None:
        self.latest = progress
        if self._part is None or self._part.what != progress.what:
            self.__exit__()
            self._part = _Part(progress)
        if time.monotonic() - self._since >= _SILENT:
            self._part.show(progress)


def gone_on(done: str, progress: ProgressDisplay) -> str:
    """The outcome of a command that, given again, goes on where it was; ``done``: what it does to rows."""
    latest = progress.latest
    if latest is None:
        return f"nothing is {done}"
    of_all = "" if latest.total is None else f" of {latest.total:,}"
    rows = f"{latest.done:,}{of_all} {latest.unit} of {latest.what}"
    return f"{rows} are {done}; the same command goes on with the others"


def of_new(target: str) -> str:
    """The outcome of a command that was to make the file ``target``, which is there when it is complete."""
    return f"{target} is complete" if os.path.lexists(target) else f"there is no {target}"


class _Part:
    """One of the things that a command does, from its first report on."""

    def __init__(self, first: Progress) -> None:
        self.what = first.what
        self._first = first
        self._since = time.monotonic()
        self._bar: Any = None
        self._has_bar = True
        self._shown = -1

    def show(self, progress: Progress) -> None:
        if self._bar is None and self._has_bar:
            self._bar = _bar(self._first)
            self._has_bar = self._bar is not None
        if self._bar is not None:
            self._bar.update(progress.done - self._bar.n)
            return
        if progress.total is None:
            return
        percent = 100 * progress.done // max(1, progress.total) // _STEP * _STEP
        if percent > self._shown:
            self._shown = percent
            print(
                f"{self.what}: {percent} %{self._pace(progress, progress.total)}", file=sys.stderr, flush=True
            )

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()

    def _pace(self, progress: Progress, total: int) -> str:
        """``, 20,000 rows/s, 12 s left``; nothing at the first report, which has no rate."""
        done = progress.done - self._first.done
        if done <= 0:
            return ""
        rate = done / max(time.monotonic() - self._since, 1e-9)
        left = max(0, total - progress.done)
        return f", {rate:,.0f} {progress.unit}/s, {left / rate:,.0f} s left"


def _bar(first: Progress) -> Any:
    """A bar of tqdm, None without tqdm."""
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    return tqdm(
        total=first.total,
        initial=first.done,
        desc=first.what,
        unit=f" {first.unit}",
        file=sys.stderr,
        leave=False,
    )
