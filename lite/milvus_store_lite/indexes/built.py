"""A built index and its rows: from the slots of a view to its labels and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..columns.column import BoolArray
from ..columns.masks import Mask
from ..process.lazy import lazy
from ..storage.positions import Position

if TYPE_CHECKING:
    from .ann import AnnIndex

Slots = npt.NDArray[np.int64]


@dataclass(frozen=True)
class BuiltIndex:
    """An index over the rows ``seqs`` (n,) int64, ascending: label i is row ``seqs[i]``.

    Of a field of lists, a row has a label for each of its vectors.

    Immutable: adding rows makes another one. Rows up to ``through_seq`` that are not among ``seqs`` have no
    vector, or were removed by the change ``through_change``.
    """

    ann: AnnIndex
    seqs: npt.NDArray[np.int64]
    through_seq: int
    through_change: int

    def covers(self, position: Position) -> bool:
        """Whether a state of the collection may be searched by it: an older one has rows that it lacks."""
        return position.last_seq >= self.through_seq and position.last_change >= self.through_change

    @lazy
    def starts(self) -> Slots:
        """(r + 1,) where the labels of each of the rows begin, in the order of seq."""
        return np.append(np.flatnonzero(np.diff(self.seqs, prepend=0)), len(self.seqs))

    @lazy
    def row_of_label(self) -> npt.NDArray[np.int32]:
        """(n,) which of these rows has a label."""
        return np.repeat(np.arange(self.rows, dtype=np.int32), np.diff(self.starts))

    @lazy
    def rows(self) -> int:
        """How many rows have a label."""
        return int(np.count_nonzero(np.diff(self.seqs, prepend=0)))

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
    """The slots before ``indexed_slots`` that have a vector are in an index of ``labels`` labels.

    ``slot_of_label``: (labels,) int64, -1 for rows that are gone; None when label i is slot i.
    """

    indexed_slots: int
    labels: int
    slot_of_label: Slots | None

    @lazy
    def _present(self) -> Mask | None:
        """The labels of live rows; None when all are live."""
        if self.slot_of_label is None:
            return None
        present = self.slot_of_label >= 0
        return None if present.all() else Mask(present)

    def allowed(self, rows: Mask | None) -> Mask | None:
        """The labels of ``rows``, a mask over slots; None for all."""
        if rows is None:
            return self._present
        if self.slot_of_label is None and len(rows.flags) == self.labels:
            return rows
        return rows.derived(self, self._of_labels)

    def _of_labels(self, flags: BoolArray) -> BoolArray:
        if self.slot_of_label is None:
            return flags[: self.labels]
        through = flags[self.slot_of_label]
        return through if self._present is None else through & self._present.flags

    def slots(self, labels: Slots) -> Slots:
        """The slots of ``labels``, which are allowed."""
        return labels if self.slot_of_label is None else self.slot_of_label[labels]
