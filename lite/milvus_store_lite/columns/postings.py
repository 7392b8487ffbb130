"""Sparse vectors in memory: for each index the slots that have it, an inverted index that grows.

New rows become a segment of their own; segments are merged so that each is at least twice as large as the next,
and every merge leaves the older ones as they were for whoever still reads them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..storage.values.sparse import SparseRows, from_blobs

_GROWTH: Final = 2
"""How many times larger a segment is than the one after it, at least."""


@dataclass(frozen=True, slots=True)
class Segment:
    """The postings of some rows.

    ``terms``: (t,) uint32, ascending: the indices that occur. ``starts``: (t + 1,) int64, where the postings
    of each begin in ``slots`` (p,) int32, ascending within a term, and ``values`` (p,) float32, positive.
    """

    terms: npt.NDArray[np.uint32]
    starts: npt.NDArray[np.int64]
    slots: npt.NDArray[np.int32]
    values: npt.NDArray[np.float32]

    @classmethod
    def of_rows(cls, rows: SparseRows, first_slot: int) -> Segment:
        """The postings of ``rows``, which have the slots from ``first_slot`` on."""
        # Sorting integers that carry their place is four times faster than a stable argsort.
        places = np.arange(len(rows.indices), dtype=np.uint64)
        keys = (rows.indices.astype(np.uint64) << np.uint64(32)) | places
        keys.sort()
        order = (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)
        indices = (keys >> np.uint64(32)).astype(np.uint32)
        slots = np.repeat(np.arange(first_slot, first_slot + len(rows), dtype=np.int32), np.diff(rows.starts))
        firsts = np.flatnonzero(np.diff(indices, prepend=~indices[:1]))
        return cls(indices[firsts], np.append(firsts, len(indices)), slots[order], rows.values[order])

    def merged_with(self, newer: Segment) -> Segment:
        """One segment of both; ``newer`` has the later slots."""
        terms = np.union1d(self.terms, newer.terms)
        lengths = np.zeros((2, len(terms)), dtype=np.int64)
        for row, part in zip(lengths, (self, newer), strict=True):
            row[np.searchsorted(terms, part.terms)] = np.diff(part.starts)
        starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths.sum(axis=0))])
        slots = np.empty(starts[-1], dtype=np.int32)
        values = np.empty(starts[-1], dtype=np.float32)
        for part, begin in ((self, starts[:-1]), (newer, starts[:-1] + lengths[0])):
            # How far each term's postings move, for every posting.
            shift = begin[np.searchsorted(terms, part.terms)] - part.starts[:-1]
            target = np.arange(len(part.slots)) + np.repeat(shift, np.diff(part.starts))
            slots[target] = part.slots
            values[target] = part.values
        return Segment(terms, starts, slots, values)

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return sum(array.nbytes for array in (self.terms, self.starts, self.slots, self.values))


@dataclass(frozen=True, slots=True)
class SparseColumn:
    """The postings of the slots 0 to ``count`` - 1. A slot without postings has an empty vector or none."""

    count: int
    segments: tuple[Segment, ...]

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return sum(segment.size for segment in self.segments)

    def postings(
        self, indices: npt.NDArray[np.uint32]
    ) -> Iterator[tuple[int, npt.NDArray[np.int32], npt.NDArray[np.float32]]]:
        """(place in ``indices``, slots, values) of the postings of ``indices``, older slots first."""
        for segment in self.segments:
            found = np.searchsorted(segment.terms, indices)
            found[found == len(segment.terms)] = 0
            present = segment.terms[found] == indices if len(segment.terms) else found < 0
            for place in np.flatnonzero(present).tolist():
                at = found[place]
                part = slice(segment.starts[at], segment.starts[at + 1])
                yield place, segment.slots[part], segment.values[part]


class SparseBuilder:
    """Collects stored sparse vectors; a view makes one segment of those that came since the last."""

    def __init__(self) -> None:
        self._segments: list[Segment] = []
        self._fresh: list[SparseRows] = []
        self._count = 0
        self._indexed = 0

    def reserve(self, count: int) -> None:
        """Nothing to reserve: segments are made as large as they come out."""

    def append(self, blobs: Sequence[bytes | None]) -> None:
        self.append_rows(from_blobs([b"" if blob is None else blob for blob in blobs]))

    def append_rows(self, rows: SparseRows) -> None:
        self._fresh.append(rows)
        self._count += len(rows)

    def view(self) -> SparseColumn:
        if self._count > self._indexed:
            self._segments.append(Segment.of_rows(_joined(self._fresh), self._indexed))
            self._fresh, self._indexed = [], self._count
            while len(self._segments) > 1 and _needs_merge(*self._segments[-2:]):
                newer = self._segments.pop()
                self._segments.append(self._segments.pop().merged_with(newer))
        return SparseColumn(self._count, tuple(self._segments))


def _needs_merge(older: Segment, newer: Segment) -> bool:
    return len(older.slots) <= _GROWTH * len(newer.slots)


def _joined(parts: Sequence[SparseRows]) -> SparseRows:
    def join(arrays: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)

    starts, offset = [np.zeros(1, dtype=np.int64)], 0
    for part in parts:
        starts.append(part.starts[1:] + offset)
        offset += len(part.indices)
    return SparseRows(
        np.concatenate(starts), join([part.indices for part in parts]), join([part.values for part in parts])
    )
