"""The time of day, by which rows expire. A module of its own, so that tests can set the time."""

from __future__ import annotations

import time


def now() -> float:
    """Seconds since 1970."""
    return time.time()
