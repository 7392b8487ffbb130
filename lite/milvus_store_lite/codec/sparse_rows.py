"""Sparse vectors in memory, one after another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class SparseRows:
    """Sparse vectors one after another.

    ``starts``: (n + 1,) int64, where each begins in ``indices`` (p,) uint32 and ``values`` (p,) float32.
    Within a vector indices ascend and values are positive.
    """

    starts: npt.NDArray[np.int64]
    indices: npt.NDArray[np.uint32]
    values: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, rows: slice | npt.NDArray[np.int64]) -> SparseRows:
        """The vectors at ``rows``, as a matrix gives its rows."""
        chosen = np.arange(len(self))[rows]
        lengths = np.diff(self.starts)[chosen]
        starts = starts_of(lengths.tolist())
        pairs = np.repeat(self.starts[chosen] - starts[:-1], lengths) + np.arange(starts[-1])
        return SparseRows(starts, self.indices[pairs], self.values[pairs])

    def row(self, index: int) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.float32]]:
        """Indices and values of one vector."""
        pairs = slice(self.starts[index], self.starts[index + 1])
        return self.indices[pairs], self.values[pairs]

    def only(self, kept: npt.NDArray[np.bool_]) -> SparseRows:
        """The same vectors with only the pairs that ``kept`` (p,) marks."""
        before = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(kept)])
        return SparseRows(before[self.starts], self.indices[kept], self.values[kept])


def starts_of(lengths: Sequence[int]) -> npt.NDArray[np.int64]:
    """(n + 1,) where vectors of these lengths begin, and where the last one ends."""
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths, dtype=np.int64)])
