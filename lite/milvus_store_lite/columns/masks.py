"""Masks: which rows count, and values derived from that, computed once for any number of searches."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ..process.lazy import lazy
from .column import BoolArray

_KEPT_SLOTS_SHARE = 8
"""Slots are kept if at most one in so many is set: then they take no more memory than the flags do."""


class Mask:
    """A set of rows: ``flags``, (n,) bool, marks them. It never changes; ``gathered.py`` counts ``visits``."""

    def __init__(self, flags: BoolArray) -> None:
        self.flags = flags
        self.visits = 0
        self._slots: npt.NDArray[np.int64] | None = None
        self._derived: tuple[object, Mask] | None = None

    @lazy
    def count(self) -> int:
        """How many rows there are."""
        return int(np.count_nonzero(self.flags))

    @property
    def slots(self) -> npt.NDArray[np.int64]:
        """The slots of the rows, ascending."""
        if self._slots is not None:
            return self._slots
        slots = np.flatnonzero(self.flags)
        if len(slots) * _KEPT_SLOTS_SHARE <= len(self.flags):
            self._slots = slots
        return slots

    @lazy
    def bits(self) -> npt.NDArray[np.uint8]:
        """The flags as bits, the first one the least significant of its byte."""
        return np.packbits(self.flags, bitorder="little")

    def derived(self, key: object, make: Callable[[BoolArray], BoolArray]) -> Mask:
        """The mask that ``make`` makes of these flags for ``key``; that of the latest key is kept."""
        known = self._derived
        if known is None or known[0] is not key:
            known = self._derived = key, Mask(make(self.flags))
        return known[1]
