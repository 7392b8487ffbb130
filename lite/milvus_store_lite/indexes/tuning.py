"""When an index is built, and when a search uses it: the thresholds, with the measurements that set them.

A process has one ``Tuning``. Tests replace it as a whole, so that a few hundred rows are worth an index.
"""

from __future__ import annotations

from dataclasses import dataclass

from .index_type import IndexType


@dataclass(frozen=True, slots=True)
class Tuning:
    """Thresholds in rows; see benchmarks/indexes.py."""

    least_rows: int | None = None
    """The rows from which any index is built; None for the number that the registry has for each type."""

    few_resident: int = 8_000
    few_stored: int = 1_000
    few_refined: int = 50
    """Up to this many rows that pass the filter are scored exactly, without the index: that takes about as long as
    a search by index, and misses nothing. ``few_resident`` is for vectors in memory, ``few_stored`` for vectors in
    the file. With finer codes in memory it is ``few_refined``, since reading vectors rarely pays."""

    few_coded: int = 5_000
    """Up to this many rows that pass the filter are ranked by their finer codes, whatever lists take."""

    score_microseconds: float = 0.23
    rank_microseconds: float = 0.6
    """The time to score a row of 384 dimensions in memory, and to rank it by its finer code: a search by index is
    worth no more than that of all rows that pass the filter."""

    def rows_to_build(self, kind: IndexType) -> int | None:
        """The rows from which an index of ``kind`` is built; None for an exact scan."""
        return kind.least_rows if self.least_rows is None or kind.least_rows is None else self.least_rows


_current = Tuning()


def current() -> Tuning:
    """The thresholds of this process."""
    return _current


def use(tuning: Tuning) -> Tuning:
    """Replace the thresholds of this process, also those of databases that are open; returns the ones before."""
    global _current
    before, _current = _current, tuning
    return before
