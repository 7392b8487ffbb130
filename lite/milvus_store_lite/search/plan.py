"""Which way a search goes. A pure function of sizes; each threshold stands with what set it."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Path(Enum):
    NOTHING = "no row survives the filter"
    GATHER = "copy the surviving rows together and rank those"
    SCAN = "rank every row in place and mask the result"


GATHER_SHARE: Final = 0.25
"""Gathering pays below this share of survivors: see benchmarks/exact_search.py --paths."""


def choose(slots: int, survivors: int) -> Path:
    """The path over ``slots`` rows in memory of which ``survivors`` are live and pass the filter."""
    if survivors == 0:
        return Path.NOTHING
    if survivors < GATHER_SHARE * slots:
        return Path.GATHER
    return Path.SCAN
