"""Progress of a long command on standard error: tqdm's bar if tqdm is installed, else lines of percentages."""

from __future__ import annotations

import sys
from typing import Any

_STEP = 10
"""Percentage points between two lines."""


class Progress:
    """Shows the progress of ``title`` from the first report on."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._bar: Any = None
        self._shown = -1
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
            self._bar = _bar(self._title, total)
        if self._bar is not None:
            self._bar.update(done - self._bar.n)
            return
        percent = 100 * done // max(1, total) // _STEP * _STEP
        if percent > self._shown:
            self._shown = percent
            print(f"{self._title}: {percent} %", file=sys.stderr, flush=True)


def _bar(title: str, total: int) -> Any:
    """A bar of tqdm, None without tqdm."""
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    return tqdm(total=total, desc=title, unit=" vectors", file=sys.stderr, leave=False)
