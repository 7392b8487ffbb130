"""Which way a search goes. A pure function of sizes; each threshold stands with what set it."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Path(Enum):
    NOTHING = "no row survives the filter"
    FETCH = "read the surviving rows' vectors from the file and rank those"
    STREAM = "read all vectors from the file, some at a time, and keep the nearest"
    GATHER = "copy the surviving rows together and rank those"
    SCAN = "rank every row in place and mask the result"


GATHER_SHARE: Final = 0.25
"""Gathering pays below this share of survivors: see benchmarks/exact_search.py --paths."""

FETCH_ROWS: Final = 1_000
"""Reading this many vectors from the file takes about a millisecond: no reason to hold all of them."""

STREAM_SHARE: Final = 0.05
"""Reading survivors one by one costs some twenty times what reading on in order does."""


def choose(slots: int, survivors: int, *, resident: bool, can_be_resident: bool) -> Path:
    """The path over ``slots`` rows of which ``survivors`` are live and pass the filter.

    ``resident``: the vectors are in memory; ``can_be_resident``: memory allows them to be.
    """
    if survivors == 0:
        return Path.NOTHING
    if not resident:
        if survivors <= FETCH_ROWS and survivors < slots:
            return Path.FETCH
        if not can_be_resident:
            return Path.FETCH if survivors < STREAM_SHARE * slots else Path.STREAM
    if survivors < GATHER_SHARE * slots:
        return Path.GATHER
    return Path.SCAN
