"""AUTOINDEX and its kin: RaBitQ codes, one bit for a dimension, in inverted lists.

Codes are ranked by faiss's fast-scan kernels; what they propose is scored exactly by the caller. How many
lists and candidates that takes depends on the data, so the build asks sample queries whose answers it knows,
and keeps the cheapest setting that finds them. RaBitQ: Gao and Long, SIGMOD 2024
(https://arxiv.org/abs/2405.12497).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import faiss

from .ann import ROUNDS, AnnIndex, Floats, list_count
from .effort import Effort

_SAMPLE_PER_LIST: Final = 64
TUNED_RECALL: Final = 0.995
"""Share of the sample queries' ten nearest that the tuned setting finds: queries from outside the data lie
farther from it than rows of it do."""

_CANDIDATES: Final = (50, 75, 100, 150, 200, 300, 400, 600, 800, 1200, 1600)
_CODE_COST: Final = 3.5e-3
_CANDIDATE_COST: Final = 1.0
"""Microseconds for ranking one code and for re-ranking one candidate: only their ratio matters."""


class Codes(AnnIndex):
    @classmethod
    def empty(cls, dim: int, metric: str, parameters: Mapping[str, Any], rows: int) -> Codes:
        # About the square root of the rows; a power of two.
        natural = 1 << max(5, (int(rows**0.5) * 3 // 4).bit_length())
        lists = list_count(parameters.get("nlist", natural), rows)
        kind = faiss.METRIC_INNER_PRODUCT if metric == "IP" else faiss.METRIC_L2
        handle = faiss.index_factory(dim, f"IVF{lists},RaBitQfs", kind)
        handle.cp.niter = ROUNDS
        handle.cp.max_points_per_centroid = _SAMPLE_PER_LIST
        handle.cp.min_points_per_centroid = 1
        return cls(handle, metric, parameters)

    @property
    def sample_size(self) -> int:
        return _SAMPLE_PER_LIST * int(self.handle.nlist)

    @property
    def grows_until(self) -> float:
        return 4.0 * float(self.tuned["rows"])

    @property
    def most(self) -> int:
        return int(self.handle.nlist)

    def tune(self, queries: Floats, truth: list[set[int]]) -> bool:
        """Find the cheapest setting that finds ``truth``, the nearest labels of each of ``queries``.

        Returns:
            Whether there is one.
        """
        rows = int(self.handle.ntotal)
        best: tuple[float, Effort] | None = None
        wanted = TUNED_RECALL * sum(map(len, truth))
        breadth = max(1, self.most // 64)
        while best is None or self._code_cost(breadth, rows) < best[0]:
            found = self.candidates(queries, Effort(breadth, _CANDIDATES[-1]), None)
            for candidates in _CANDIDATES:
                hits = sum(
                    len(near.intersection(labels[:candidates].tolist()))
                    for near, labels in zip(truth, found, strict=True)
                )
                if hits >= wanted:
                    cost = self._code_cost(breadth, rows) + candidates * _CANDIDATE_COST
                    if best is None or cost < best[0]:
                        best = cost, Effort(breadth, candidates)
                    break
            if breadth >= self.most:
                break
            breadth = min(self.most, 2 * breadth)
        self.tuned = {"rows": rows}
        if best is not None:
            self.tuned |= {"breadth": best[1].breadth, "candidates": best[1].candidates}
        return best is not None

    def _code_cost(self, breadth: int, rows: int) -> float:
        return breadth / self.most * rows * _CODE_COST

    def effort(self, limit: int, share: float, given: Mapping[str, Any]) -> Effort:
        more = max(1.0, limit / 10)
        breadth = given.get("nprobe")
        if breadth is None:
            # Survivors of a filter are sparser: the same number of them lies in a wider circle.
            breadth = self.tuned["breadth"] * more**0.25 / share**0.5
        else:
            breadth *= self.most / self.parameters.get("nlist", 128)
        candidates = max(self.tuned["candidates"] * more**0.5, 2 * limit)
        asked = max(given.get("search_list", 0), given.get("search_k", 0), limit * given.get("refine_k", 0))
        return Effort(max(1, min(self.most, round(breadth))), int(max(candidates, asked)))

    def _search_params(self, effort: Effort, selector: Any) -> Any:
        return faiss.IVFRaBitQSearchParameters(nprobe=effort.breadth, sel=selector)
