"""Keeps indexes up to date in the background: one thread for each database, while there is work."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from ..process.background import Background
from ..process.calls import whole
from .build import BuildCancelled, BuildSteps
from .field_index import FieldIndex, Open, logger

QUIET: Final = 0.2
"""Seconds without a write after which work begins: indexing half of a bulk load would slow it down."""

_PATIENCE: Final = 5.0
"""Seconds of uninterrupted writing after which work begins all the same."""

Opener = Callable[[FieldIndex], tuple[Open, "Open | None"]]
"""Returns how to begin a read and a write transaction for an index."""


class IndexMaintainer:
    """Loads, builds and stores scheduled indexes, one after the other."""

    def __init__(self, opener: Opener) -> None:
        self._opener = opener
        self._last_write = 0.0
        self._background = Background("milvus-store-indexes", self._work, self._begins)

    def wrote(self) -> None:
        """Note the time of a write."""
        self._last_write = time.monotonic()

    def schedule(self, index: FieldIndex) -> None:
        """Work on ``index`` soon."""
        self._background.schedule(index)

    def improve(self, index: FieldIndex, report: Callable[[int, int], None]) -> None:
        """Work on ``index`` now, and return when it is done and stored.

        Args:
            report: called with how many vectors are in, and all vectors. What it raises ends the work.
        """
        self._improve(index, report, is_awaited=True)

    @whole
    def _improve(
        self, index: FieldIndex, report: Callable[[int, int], None] | None, *, is_awaited: bool
    ) -> None:
        reading, writing = self._opener(index)
        steps = BuildSteps(report, lambda: self._background.is_closed)
        index.improve(reading, writing, steps, is_awaited=is_awaited)

    def close(self, *, waiting: bool = True) -> None:
        """Stop, leaving half-built indexes; what is stored stays.

        Args:
            waiting: whether to wait until the thread has ended. Otherwise it ends at its next report of progress.
        """
        self._background.close(waiting=waiting)

    def _begins(self, scheduled: float) -> float:
        """When to begin on an index: once writers are quiet, or have written for long."""
        return min(self._last_write + QUIET, scheduled + _PATIENCE)

    def _work(self, index: FieldIndex) -> bool:
        try:
            self._improve(index, None, is_awaited=False)
        except BuildCancelled:
            pass
        except Exception:
            # Searches stay exact; the next write or search tries again.
            logger().exception(f"building index {index.record.name!r} failed")
        return False
