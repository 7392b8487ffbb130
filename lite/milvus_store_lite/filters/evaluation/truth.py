"""Three-valued logic over rows: a condition is true, false, or unknown because a value is null.

Only true rows match, but ``not`` must keep unknown rows unknown, so a ``Truth`` holds both sides.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np
import numpy.typing as npt

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Truth:
    """``certain``: (n,) bool, rows where the condition is true. ``possible``: (n,) true or unknown.

    When no row is unknown, both are the same array object, and every operation is done once.
    """

    certain: BoolArray
    possible: BoolArray

    @classmethod
    def of(cls, holds: BoolArray, unknown: BoolArray | None = None) -> Truth:
        """True where ``holds``, except that ``unknown`` rows (None: there are none) are unknown."""
        if unknown is None:
            return cls(holds, holds)
        return cls(holds & ~unknown, holds | unknown)

    @property
    def _is_two_valued(self) -> bool:
        return self.certain is self.possible

    def __invert__(self) -> Truth:
        impossible = ~self.possible
        return Truth(impossible, impossible if self._is_two_valued else ~self.certain)

    def __and__(self, other: Truth) -> Truth:
        certain = self.certain & other.certain
        two_valued = self._is_two_valued and other._is_two_valued
        return Truth(certain, certain if two_valued else self.possible & other.possible)

    def __or__(self, other: Truth) -> Truth:
        certain = self.certain | other.certain
        two_valued = self._is_two_valued and other._is_two_valued
        return Truth(certain, certain if two_valued else self.possible | other.possible)


def everywhere(count: int, value: bool) -> Truth:
    """The same known answer for ``count`` rows."""
    return Truth.of(np.full(count, value, dtype=np.bool_))


def all_of(first: Truth, *others: Truth) -> Truth:
    return reduce(Truth.__and__, others, first)


def any_of(first: Truth, *others: Truth) -> Truth:
    return reduce(Truth.__or__, others, first)


def union(first: BoolArray | None, second: BoolArray | None) -> BoolArray | None:
    """Rows in either mask, where None is the mask of no row."""
    if first is None or second is None:
        return second if first is None else first
    return first | second


def intersection(first: BoolArray | None, second: BoolArray | None) -> BoolArray | None:
    """Rows in both masks, where None is the mask of every row."""
    if first is None or second is None:
        return second if first is None else first
    return first & second


def some(mask: BoolArray) -> BoolArray | None:
    """``mask``, or None if it has no row."""
    return mask if mask.any() else None
