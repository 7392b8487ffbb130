"""Counts, sums and extremes of values by the numbers of their groups."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..errors import ParamError
from .grouping import Labels

_EXACT_IN_FLOAT: Final = 2**53
_LOW_BITS: Final = 32
_INT64: Final = range(-(2**63), 2**63)


class Numbered(NamedTuple):
    """The group of each row: ``numbers`` (m,) below ``groups``; None where all ``rows`` are one group."""

    numbers: Labels | None
    groups: int
    rows: int

    def of(self, chosen: npt.NDArray[np.bool_]) -> Numbered:
        """The same of the ``chosen`` rows, (m,) bool."""
        numbers = None if self.numbers is None else self.numbers[chosen]
        return Numbered(numbers, self.groups, int(np.count_nonzero(chosen)))

    def counts(self) -> npt.NDArray[np.int64]:
        """How many rows each group has."""
        if self.numbers is None:
            return np.array([self.rows])
        return np.bincount(self.numbers, minlength=self.groups)

    def float_sums(self, values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        if self.numbers is None:
            return np.array([values.sum(dtype=np.float64)])
        return np.bincount(self.numbers, values, minlength=self.groups).astype(np.float64, copy=False)

    def exact_sums(self, values: npt.NDArray[Any]) -> list[int]:
        """The sums of integers."""
        most = max(-int(values.min(initial=0)), int(values.max(initial=0)))
        if most * self.rows < _EXACT_IN_FLOAT:
            return list(map(int, self.float_sums(values)))
        # Of so many rows as a file can hold, no sum of half a number is out of the range of its type.
        values = values.astype(np.int64)
        high, low = self._sums(values >> _LOW_BITS), self._sums(values & (2**_LOW_BITS - 1))
        return [(above << _LOW_BITS) + below for above, below in zip(high, low, strict=True)]

    def _sums(self, values: npt.NDArray[np.int64]) -> list[int]:
        if self.numbers is None:
            return [int(values.sum())]
        sums = np.zeros(self.groups, dtype=np.int64)
        np.add.at(sums, self.numbers, values)
        return list(map(int, sums))

    def extreme(self, values: npt.NDArray[Any], *, largest: bool) -> npt.NDArray[Any]:
        """The least or the largest of the numbers in each group; that of an empty group means nothing."""
        limits: Any = np.iinfo(values.dtype) if values.dtype.kind in "iu" else np.finfo(values.dtype)
        found = np.full(self.groups, limits.min if largest else limits.max, dtype=values.dtype)
        if self.numbers is not None:
            (np.maximum if largest else np.minimum).at(found, self.numbers, values)
        elif len(values):
            found[0] = values.max() if largest else values.min()
        return found


def check_range(sums: list[int], name: str) -> None:
    """Raise ``ParamError`` if a sum is no INT64."""
    beyond = next((found for found in sums if found not in _INT64), None)
    if beyond is not None:
        raise ParamError(
            message=f"{name} is {beyond} for a group, which is out of the range of INT64: restrict the filter"
        )
