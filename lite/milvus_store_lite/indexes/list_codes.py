"""Codes of all vectors of lists: each vector of a query proposes those nearest to it, and thereby rows.

A row is estimated by the sum, over the vectors of the query, of how much nearer its nearest proposed vector is
than the last one that was proposed; without a proposed one it gets nothing. (Such estimates, which impute the last
one: Lee et al., Rethinking the Role of Token Retrieval in Multi-Vector Retrieval, https://arxiv.org/abs/2304.01982.)
Rows that are best by that estimate are ranked by codes of eight bits, where there are any, and the best of them by
their vectors.

Measured on 10,000 rows of 100 vectors of 128 dimensions and queries of 32 (benchmarks/max_sim.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..codec.list_rows import parts_of
from ..columns.masks import Mask
from ..columns.products import products_of_lists
from ..process.address_space import require
from ..process.lazy import lazy
from ..process.openmp import faiss
from ..process.threads import TEAM
from .ann import Floats, Labels, SearchEffort
from .build import Unindexable
from .codes import RefinedCodes

LEAST_VECTORS: Final = 200_000
"""A scan of fewer takes no longer: 50 ms for a query of 32 vectors of 128 dimensions (benchmarks/max_sim.py)."""

_VISITED: Final = 64
_LEAST_NPROBE: Final = 4
"""Each vector of a query visits one in so many lists, or a few: a sum needs less of each vector than a search by
one does."""

_SPARSENESS: Final = 0.6
"""As in ``codes``: the rows that a filter leaves lie in more lists."""

_PROPOSED: Final = 512
"""Vectors that each vector of a query proposes. With half as many, a search takes a tenth less, and finds 98.4 %
of the ten nearest instead of 99.0."""

_RANKED_ROWS: Final = 600
_SCORED_ROWS: Final = 40
"""Where ten are asked for, rows that are ranked by codes of eight bits or by vectors in memory, and rows whose
vectors are read from the file. With 500 and 800 ranked, a search finds 98.7 and 99.1 % of the ten nearest."""

_CODES_AT_ONCE: Final = 4_096
"""Codes of eight bits that are read in one step: they stay in the cache."""

_PROPOSAL_BYTES: Final = 64


class ListCodes(RefinedCodes):
    """One-bit codes in inverted lists, and codes of eight bits of vectors too many to be held in memory."""

    FINER = MappingProxyType({"SQ8": 1})

    @property
    def needs_tuned(self) -> set[str]:
        return {"rows"}

    @property
    def is_tuned(self) -> bool:
        return False

    def train(self, sample: Floats) -> None:
        if self.tuned["rows"] < LEAST_VECTORS:
            raise Unindexable(
                f"it has {self.tuned['rows']:,} vectors, and a scan of {LEAST_VECTORS:,} is as fast"
            )
        super().train(sample)

    def effort(self, limit: int, share: float, given: Mapping[str, Any]) -> SearchEffort:
        more = max(1.0, limit / 10) ** 0.5
        nprobe = given.get("nprobe")
        if nprobe is None:
            nprobe = max(_LEAST_NPROBE, self.most / _VISITED) * share**-_SPARSENESS * more**0.5
        else:
            nprobe *= self.most / self.parameters.get("nlist", 128)
        candidates = int(max(_PROPOSED * more, given.get("ef", 0), given.get("search_list", 0)))
        width = max(1, min(self.most, round(nprobe)))
        return SearchEffort(width, candidates, candidates if self.has_finer else None)

    @staticmethod
    def rows_to_rank(limit: int) -> int:
        """How many rows are ranked by codes of eight bits, or by vectors in memory, to find ``limit``."""
        return int(max(_RANKED_ROWS * max(1.0, limit / 10) ** 0.5, 4 * limit))

    @staticmethod
    def rows_to_score(limit: int) -> int:
        """How many of those are scored where their vectors have to be read from the file."""
        return max(_SCORED_ROWS, 2 * limit)

    def proposals(self, queries: Floats, effort: SearchEffort, allowed: Mask | None) -> tuple[Floats, Labels]:
        """(gains, labels), (q, c) each: the vectors nearest to each of ``queries`` (q, dim), prepared, the nearest
        first, and how much nearer each is than the last. Labels that are not there have a gain of 0.

        Raises:
            MemoryError: there is too little memory.
        """
        count = min(effort.candidates, self.rows)
        require(_PROPOSAL_BYTES * count * len(queries))
        params = self._lists_params(effort, allowed)
        with TEAM.shared() as threads:
            faiss.omp_set_num_threads(threads)
            self._use_implem(0)
            distances, labels = self._lists.search(queries, count, params=params)
        there = (labels >= 0) & (labels < self.rows)
        labels[~there] = 0
        if allowed is not None:
            there &= allowed.flags[labels]  # which rows a caller may see must not depend on faiss
        if self._lists.metric_type == faiss.METRIC_L2:
            distances = -distances
        distances[~there] = np.inf
        last = distances.min(axis=1, keepdims=True)
        gains = np.where(there, distances - last, 0.0).astype(np.float32)
        return gains, labels

    def _lists_params(self, effort: SearchEffort, allowed: Mask | None) -> Any:
        selector = None if allowed is None else faiss.IDSelectorBitmap(allowed.bits)
        return faiss.IVFRaBitQSearchParameters(nprobe=effort.width, sel=selector)

    def sums(self, query: Floats, labels: Labels, starts: Labels) -> npt.NDArray[np.float64]:
        """(m,) how near rows are to ``query`` (q, dim), prepared, by the finer codes of their vectors.

        Args:
            labels: those of the vectors, which begin for each row at its place in ``starts`` (m + 1,).
        """
        size = self._finer.code_size
        codes = faiss.rev_swig_ptr(self._finer.codes.data(), self._finer.ntotal * size).reshape(-1, size)
        least, width = self._finer_range
        scaled, constant = query * (width / 255), query @ (least + width / 510)
        is_l2 = self._finer.metric_type == faiss.METRIC_L2 and self.metric == "L2"
        found = np.empty(len(starts) - 1, dtype=np.float64)
        for part in parts_of(starts, _CODES_AT_ONCE):
            first, last = int(starts[part.start]), int(starts[part.stop])
            numbers = codes.take(labels[first:last], axis=0).astype(np.float32)
            ranks = products_of_lists(numbers, scaled)
            if is_l2:
                vectors = numbers * (width / 255) + (least + width / 510)
                ranks *= 2
                ranks -= np.einsum("ij,ij->i", vectors, vectors)
            largest = np.maximum.reduceat(ranks, starts[part] - first, axis=1)
            found[part] = largest.sum(axis=0, dtype=np.float64)
        found += (2 if is_l2 else 1) * float(constant.sum())
        return found

    @lazy
    def _finer_range(self) -> tuple[Floats, Floats]:
        """(dim,) the least value of each dimension in the finer codes, and how much the largest is more."""
        trained = faiss.vector_to_array(self._finer.sq.trained)
        least, width = trained.reshape(2, -1)
        return least, width
