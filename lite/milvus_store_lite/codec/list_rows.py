"""Lists of vectors in memory, one after another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class VectorLists:
    """Lists of vectors behind each other.

    ``starts``: (n + 1,) int64, where each list begins in ``vectors``, (t, dim) float32 or bits, (t, words) uint64.
    """

    starts: npt.NDArray[np.int64]
    vectors: Matrix

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, rows: slice | npt.NDArray[np.int64]) -> VectorLists:
        """The lists at ``rows``, as a matrix gives its rows."""
        chosen = np.arange(len(self))[rows]
        places, starts = places_of(self.starts, chosen)
        return VectorLists(starts, self.vectors[places])

    def list_at(self, index: int) -> Matrix:
        """The vectors of one list."""
        found: Matrix = self.vectors[self.starts[index] : self.starts[index + 1]]
        return found


def places_of(
    starts: npt.NDArray[np.int64], chosen: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where the vectors of the lists ``chosen`` stand, and where each of these lists begins among them."""
    lengths = (starts[1:] - starts[:-1])[chosen]
    ends = np.cumsum(lengths)
    begins = np.concatenate([np.zeros(1, dtype=np.int64), ends])
    places = np.repeat(starts[chosen] - begins[:-1], lengths)
    places += np.arange(len(places))
    return places, begins


def parts_of(starts: npt.NDArray[np.int64], vectors: int) -> Iterator[slice]:
    """Lists that begin at ``starts`` (n + 1,) in parts with so many ``vectors``, or of one list with more."""
    first, count = 0, len(starts) - 1
    while first < count:
        last = int(np.searchsorted(starts, starts[first] + vectors, side="right")) - 1
        part = slice(first, min(count, max(first + 1, last)))
        yield part
        first = part.stop
