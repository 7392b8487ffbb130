"""A built index and the rows it knows: from the slots of a view to its labels and back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..columns.column import BoolArray

if TYPE_CHECKING:
    from .ann import AnnIndex

Slots = npt.NDArray[np.int64]


@dataclass(frozen=True)
class BuiltIndex:
    """An index over the rows ``seqs`` (n,) int64, ascending: label i is row ``seqs[i]``.

    Immutable: what adds rows makes another one. Rows up to ``through_seq`` that are not among ``seqs`` have no
    vector.
    """

    ann: AnnIndex
    seqs: npt.NDArray[np.int64]
    through_seq: int

    def coverage(self, slots: npt.NDArray[np.int64]) -> Coverage:
        """How the index covers a snapshot whose rows are ``slots`` (its seqs, ascending)."""
        count = int(np.searchsorted(slots, self.through_seq, side="right"))
        if count == len(self.seqs) and np.array_equal(slots[:count], self.seqs):
            return Coverage(count, count, None)
        found = np.searchsorted(slots[:count], self.seqs)
        known = np.zeros(len(self.seqs), dtype=np.bool_)
        inside = found < count
        known[inside] = slots[found[inside]] == self.seqs[inside]
        return Coverage(count, len(self.seqs), np.where(known, found, -1))


@dataclass(frozen=True)
class Coverage:
    """The slots before ``indexed_slots`` are in an index of ``labels`` labels, if they have a vector.

    ``slot_of_label``: (labels,) int64, -1 for rows that are gone; None when label i is slot i.
    """

    indexed_slots: int
    labels: int
    slot_of_label: Slots | None

    @cached_property
    def _gone(self) -> BoolArray | None:
        if self.slot_of_label is None:
            return None
        gone: BoolArray = self.slot_of_label < 0
        return gone if gone.any() else None

    @cached_property
    def _present(self) -> BoolArray | None:
        return None if self._gone is None else ~self._gone

    def allowed(self, mask: BoolArray | None) -> BoolArray | None:
        """Which labels a mask over slots lets through; None for all."""
        if self.slot_of_label is None:
            return None if mask is None else mask[: self.labels]
        if mask is None:
            return self._present
        through = mask[self.slot_of_label]
        return through if self._present is None else through & self._present

    def slots(self, labels: Slots) -> Slots:
        """The slots of labels that were let through."""
        return labels if self.slot_of_label is None else self.slot_of_label[labels]
