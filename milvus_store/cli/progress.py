"""Progress of a long command on standard error: tqdm's bar if tqdm is installed, else lines with the rate and the
time left.
"""

from __future__ import annotations

import sys
import time
from typing import Any

_STEP = 10
"""Percentage points between two lines."""


class Progress:
    """Shows the progress of ``title`` from the first report on; ``unit``: what is counted."""

    def __init__(self, title: str, unit: str = "vectors") -> None:
        self._title = title
        self._unit = unit
        self._bar: Any = None
        self._shown = -1
        self._begun = (0.0, 0)
        self.has_begun = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def report(self, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` are done."""
        if not self.has_begun:
            self.has_begun = True
            self._begun = time.monotonic(), done
            self._bar = _bar(self._title, self._unit, total, done)
        if self._bar is not None:
            self._bar.update(done - self._bar.n)
            return
        percent = 100 * done // max(1, total) // _STEP * _STEP
        if percent > self._shown:
            self._shown = percent
            print(f"{self._title}: {percent} %{self._pace(done, total)}", file=sys.stderr, flush=True)

    def _pace(self, done: int, total: int) -> str:
        """``, 20,000 rows/s, 12 s left``; nothing at the first report, which has no rate."""
        since, before = self._begun
        if done <= before:
            return ""
        rate = (done - before) / max(time.monotonic() - since, 1e-9)
        return f", {rate:,.0f} {self._unit}/s, {max(0, total - done) / rate:,.0f} s left"


def _bar(title: str, unit: str, total: int, done: int) -> Any:
    """A bar of tqdm, None without tqdm."""
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    return tqdm(total=total, initial=done, desc=title, unit=f" {unit}", file=sys.stderr, leave=False)
