"""Sparse vectors in memory: for each index the slots that have it, an inverted index that grows.

New rows become a segment of their own. Segments are merged so that each is more than twice as large as all after
it. A merge leaves the older segments unchanged, since other threads may still read them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..codec.sparse import from_blobs
from ..codec.sparse_rows import SparseRows
from .vector_form import VectorBuilder, VectorForm

_GROWTH: Final = 2
"""How many times larger a segment is than those after it together, at least."""

_SORTED_AT_ONCE: Final = 1_000_000
"""Postings sorted at a time: sorting takes some 60 bytes for each, merging what was sorted 16."""


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
        # Sorting integers that carry their offset is four times faster than a stable argsort.
        offsets = np.arange(len(rows.indices), dtype=np.uint64)
        keys = (rows.indices.astype(np.uint64) << np.uint64(32)) | offsets
        keys.sort()
        order = (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)
        indices = (keys >> np.uint64(32)).astype(np.uint32)
        slots = np.repeat(np.arange(first_slot, first_slot + len(rows), dtype=np.int32), np.diff(rows.starts))
        firsts = np.flatnonzero(np.diff(indices, prepend=~indices[:1]))
        return cls(indices[firsts], np.append(firsts, len(indices)), slots[order], rows.values[order])

    @classmethod
    def merged(cls, parts: Sequence[Segment]) -> Segment:
        """One segment of ``parts``, each of which has later slots than those before it."""
        terms = np.unique(np.concatenate([part.terms for part in parts]))
        positions = [np.searchsorted(terms, part.terms) for part in parts]
        lengths = np.zeros(len(terms), dtype=np.int64)
        for part, at in zip(parts, positions, strict=True):
            lengths[at] += np.diff(part.starts)
        starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)])
        slots = np.empty(starts[-1], dtype=np.int32)
        values = np.empty(starts[-1], dtype=np.float32)
        free = starts[:-1].copy()
        for part, at in zip(parts, positions, strict=True):
            sizes = np.diff(part.starts)
            # How far each term's postings move, for every posting.
            target = np.repeat(free[at] - part.starts[:-1], sizes)
            target += np.arange(len(target))
            slots[target] = part.slots
            values[target] = part.values
            free[at] += sizes
        return cls(terms, starts, slots, values)

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
        """(offset in ``indices``, slots, values) of the postings of ``indices``, older slots first."""
        for segment in self.segments:
            found = np.searchsorted(segment.terms, indices)
            found[found == len(segment.terms)] = 0
            present = segment.terms[found] == indices if len(segment.terms) else found < 0
            for offset in np.flatnonzero(present).tolist():
                at = found[offset]
                part = slice(segment.starts[at], segment.starts[at + 1])
                yield offset, segment.slots[part], segment.values[part]


class SparseBuilder(VectorBuilder[SparseColumn]):
    """Collects stored sparse vectors; a view makes one segment of those that came since the last."""

    def __init__(self) -> None:
        self._segments: list[Segment] = []
        self._fresh: list[SparseRows] = []
        self._count = 0
        self._indexed = 0
        self._pending = 0

    def reserve(self, count: int) -> None:
        """Nothing to reserve: segments are made as large as they come out."""

    def append(self, blobs: Sequence[bytes | None], /) -> None:
        self.append_rows(from_blobs([b"" if blob is None else blob for blob in blobs]))

    def append_rows(self, rows: SparseRows) -> None:
        self._fresh.append(rows)
        self._count += len(rows)
        self._pending += len(rows.indices)
        if self._pending >= _SORTED_AT_ONCE:
            self._make_segment()

    def view(self) -> SparseColumn:
        if self._fresh:
            self._make_segment()
        self._merge()
        return SparseColumn(self._count, tuple(self._segments))

    def _make_segment(self) -> None:
        self._segments.append(Segment.of_rows(_joined(self._fresh), self._indexed))
        self._fresh, self._indexed, self._pending = [], self._count, 0

    def _merge(self) -> None:
        """Merge the last segments into one, as many as are not large enough beside those after them."""
        first, after = len(self._segments), 0
        for index in reversed(range(len(self._segments))):
            size = len(self._segments[index].slots)
            if size <= _GROWTH * after or index == len(self._segments) - 1:
                first = index
            after += size
        if len(self._segments) - first > 1:
            self._segments[first:] = [Segment.merged(self._segments[first:])]


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


FORM: Final = VectorForm(builder=lambda _: SparseBuilder(), bytes_each=None)
