"""Chooses the path of a search. A pure function of sizes; each threshold names the measurement that set it."""

from __future__ import annotations

from enum import Enum
from typing import Final

from ..columns.dense_vectors import RESIDENT_BYTES
from ..indexes.tuning import current


class Path(Enum):
    NOTHING = "no row survives the filter"
    FETCH = "read the surviving rows' vectors from the file and rank those"
    STREAM = "read all vectors from the file, some at a time, and keep the nearest"
    GATHER = "rank the surviving rows where they are"
    SCAN = "rank every row in place and mask the result"


GATHER_SHARE: Final = 0.25
"""Gathering pays below this share of survivors: see benchmarks/exact_search.py --paths."""

FETCH_ROWS: Final = 1_000
"""Reading this many vectors from the file takes about a millisecond: that is no reason to hold all of them."""

STREAM_SHARE: Final = 0.05
"""Reading a row by itself costs some twenty times what reading the next in order does."""


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


def should_keep(size: int) -> bool:
    """Whether vectors of ``size`` bytes in all should be in memory beside their index."""
    return size <= RESIDENT_BYTES


def pays_index(survivors: int, *, resident: bool, refined: bool) -> bool:
    """Whether an index finds the nearest of ``survivors`` rows faster than a scan of them.

    ``resident``: the vectors are in memory; ``refined``: the index has finer codes of them.
    """
    tuning = current()
    if resident:
        return survivors > tuning.few_resident
    # A scan of more than are fetched one by one would read all vectors into memory, inside the call.
    return survivors > min(FETCH_ROWS, tuning.few_refined if refined else tuning.few_stored)


def pays_effort(cost: float, survivors: int, *, resident: bool) -> bool:
    """Whether a search by index of ``cost`` microseconds takes no longer than scoring all ``survivors``."""
    return not resident or cost <= survivors * current().score_microseconds


def pays_lists(cost: float, survivors: int, *, refined: bool) -> bool:
    """Whether to search the lists of an index, rather than rank the finer codes of all ``survivors``."""
    tuning = current()
    return not refined or (survivors > tuning.few_coded and cost <= survivors * tuning.rank_microseconds)
