"""Vectors of the rows that a filter leaves, copied together for the searches that use the filter again.

The copies are in half precision. They name candidates, whose own vectors decide. 5,000 rows of 384 dimensions take
4 MB so: they stay in the processor's cache beside other work, where 8 MB do not. A search for ten of them takes
0.4 to 0.6 ms then and not 1.2 to 1.4, and where nothing else is done as long as with float32, 0.4 ms.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..process.children import PerProcess
from .dense_vectors import DenseColumn
from .masks import Mask
from .products import NUMBERS_FOR_THREADS

_VISITS: Final = 3
"""Searches that visit the rows where they are before one begins to copy them."""

_BYTES_AT_ONCE: Final = 512 << 10
"""Bytes of the vectors that one search copies, in less than a millisecond."""

_BYTES_OF_NUMBER: Final = 2

_SHARE: Final = 8
_MOST_BYTES: Final = 32 << 20
"""The copies of a snapshot take an eighth of the memory of a column at most, and no more than this."""

_MOST_WANTED: Final = 1_000
"""Rows that a search may ask a copy for. To keep the best 2,000 takes longer than to visit all rows."""

_SPARE: Final = 32
"""Candidates beyond those wanted. As near as the error of half precision come a few."""

_HALF: Final = 2.0**-11, 2.0**-25
"""How far rounding to half precision may move a number: relative to it, and at least (IEEE 754, binary16)."""

_EPSILON: Final = 2.0**-24
"""The same of float32."""

_WORST_ERROR: Final = 0.1
"""Beyond it, all rows would be candidates: the query is far from all of them."""

Slots = npt.NDArray[np.int64]


class Gathered:
    """Copies of the vectors of ``column`` at ``slots``, (m,), ascending, for searches by ``metric`` (COSINE, IP or
    L2). Searches fill it, each a part. Vectors are scaled to lengths of at most 1.
    """

    def __init__(self, column: DenseColumn, slots: Slots, metric: str) -> None:
        self.slots = slots
        self._openmp = openmp = _openmp()
        faiss = openmp.faiss
        self._dim: int = column.values.shape[1]
        self._is_distance = metric == "L2"
        # For COSINE each vector has its own.
        self._scale = None if metric == "COSINE" else 1 / (column.largest_norm or 1.0)
        kind = faiss.METRIC_L2 if self._is_distance else faiss.METRIC_INNER_PRODUCT
        self._index = faiss.IndexScalarQuantizer(self._dim, faiss.ScalarQuantizer.QT_fp16, kind)
        # Reentrant, so that only the thread that has it can release it.
        self._lock = PerProcess(threading.RLock)

    @property
    def size(self) -> int:
        """Bytes in memory, in the end."""
        return (_BYTES_OF_NUMBER * self._dim + self.slots.itemsize) * len(self.slots)

    def fill(self, column: DenseColumn) -> bool:
        """Copy some more vectors of ``column``, unless another thread is at it; whether all are there."""
        lock, index = self._lock.own, self._index
        if index.ntotal < len(self.slots):
            try:
                if lock.acquire(blocking=False):
                    count = 1 + _BYTES_AT_ONCE // (4 * self._dim)
                    part = self._scaled(column, self.slots[index.ntotal : index.ntotal + count])
                    with self._openmp.Threads(1):
                        index.add(part)
            finally:
                with suppress(RuntimeError):  # another thread has it
                    lock.release()
        return bool(index.ntotal == len(self.slots))

    def candidates(
        self, queries: npt.NDArray[np.float32], norms: Sequence[float], limit: int, threads: int = 1
    ) -> list[Slots | None]:
        """For each of ``queries`` (q, dim), which have these ``norms``, slots, ascending, among which are the
        ``limit`` nearest to it; found by so many threads.

        None for a query to which too many rows are about as near as those.
        """
        if limit >= len(self.slots):
            return [self.slots] * len(queries)
        if limit > _MOST_WANTED:
            return [None] * len(queries)
        scales = [self._scale_of(norm) for norm in norms]
        wanted = min(limit + _SPARE, len(self.slots))
        with self._openmp.Threads(threads):
            values, found = self._index.search(
                queries * np.array(scales, dtype=np.float32)[:, np.newaxis], wanted
            )
        ranks = -np.sqrt(values) if self._is_distance else values
        return [
            self._near(ranks[row], found[row], limit, self._error(norm * scale)) if scale > 0 else None
            for row, (norm, scale) in enumerate(zip(norms, scales, strict=True))
        ]

    def _near(self, ranks: npt.NDArray[np.float32], found: Slots, limit: int, error: float) -> Slots | None:
        """The slots of those ``found`` whose ranks are about as large as the ``limit``-th, or larger; None if
        there may be others."""
        near: Slots = found[ranks >= ranks[limit - 1] - 2 * error]
        if len(near) < limit or len(near) == len(found) < len(self.slots):
            return None
        near.sort()
        slots: Slots = self.slots[near]
        return slots

    def _scale_of(self, norm: float) -> float:
        """The factor for a query as long as ``norm``; 0 where its distances would tell nothing."""
        if norm == 0:
            return 0.0
        scale = self._scale if self._is_distance and self._scale is not None else 1 / norm
        return scale if self._error(norm * scale) <= _WORST_ERROR else 0.0

    def _scaled(self, column: DenseColumn, slots: Slots) -> npt.NDArray[np.float32]:
        vectors = column.values[slots]
        if self._scale is None:
            vectors *= column.inverse_norms[slots][:, np.newaxis]
        else:
            vectors *= np.float32(self._scale)
        return vectors

    def _error(self, norm: float) -> float:
        """A bound on how far a copied vector, and float32, may move the distance from a query as long as ``norm``,
        or the inner product with it."""
        relative, least = _HALF
        terms = self._dim + 16
        return relative + least * math.sqrt(self._dim) + terms * _EPSILON * (1 + norm)


Kept = dict[tuple[Mask, str, str], Gathered]
"""The copies of a snapshot by rows, field and metric, the oldest first."""


def gathered(kept: Kept, rows: Mask, field: str, column: DenseColumn, metric: str) -> Gathered | None:
    """The vectors of ``rows`` in ``column``, which is that of ``field``; None while there is no whole copy."""
    copy = kept.get((rows, field, metric))
    if copy is None:
        rows.visits += 1
        numbers = rows.count * column.values.shape[1]
        size, most = _BYTES_OF_NUMBER * numbers, min(column.values.nbytes // _SHARE, _MOST_BYTES)
        if rows.visits <= _VISITS or size > most or numbers >= NUMBERS_FOR_THREADS:
            return None
        _make_room(kept, most - size)
        slots = rows.slots if column.valid is None else rows.slots[column.valid[rows.slots]]
        copy = kept[rows, field, metric] = Gathered(column, slots, metric)
    return copy if copy.fill(column) else None


def _make_room(kept: Kept, most: int) -> None:
    """Forget the oldest copies until the others take ``most`` bytes."""
    for oldest in list(kept):
        if sum(copy.size for copy in list(kept.values())) <= most:
            return
        kept.pop(oldest, None)
        oldest[0].visits = 0


def _openmp() -> Any:
    """The module with faiss, imported with the first copy."""
    from ..process import openmp

    return openmp
