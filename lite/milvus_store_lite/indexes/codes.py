"""AUTOINDEX and its relatives: RaBitQ codes, one bit for a dimension, in inverted lists.

faiss's fast-scan kernels rank the codes and propose candidates. Where the vectors are in memory, the caller scores
the candidates exactly. Where they are not, finer codes in memory rank the candidates first, and the caller reads
the few vectors that are left from the file. The nprobe, candidates and rerank_k that this takes depend on the
data. So the build asks sample queries whose answers it knows, and keeps the cheapest setting that finds them.
RaBitQ: Gao and Long, SIGMOD 2024 (https://arxiv.org/abs/2405.12497).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Final

import numpy as np

from ..columns.dense_vectors import RESIDENT_BYTES
from ..columns.masks import Mask
from ..columns.products import inner_products
from ..process.openmp import Threads, faiss
from ..process.threads import TEAM
from .ann import LABEL_BYTES, SCALAR_CODES, AnnIndex, Floats, Labels, SearchEffort, list_count, threads
from .assigning import assigned_by, quick_quantizer
from .sample_queries import Sample

_ROUNDS: Final = 5
_SAMPLE_PER_LIST: Final = 40
"""Rounds of k-means and vectors that they see for each list. With 8 and 64, training takes twice as long, and the
codes find as much (300,000 clustered vectors in 1024 lists)."""

TUNED_RECALL: Final = 0.995
"""Recall@10 of the tuned setting for the sample queries: queries from outside the data lie farther from it than
its own rows."""

_MARGIN: Final = 1.25
"""How many times the candidates that the sample queries need: 64 queries may be lucky by a few in a thousand."""

_CANDIDATES: Final = (50, 75, 100, 150, 200, 300, 400, 600, 800, 1200, 1600)
_LEAST_NPROBE: Final = 4
_SPARSENESS: Final = 0.6
"""The rows that a filter leaves are sparser: the same number lies in a wider circle, whose lists grow with this
power of the share. It holds where a filter leaves fewer rows than any sample of the build."""

_OUTGROWN: Final = 4.0
"""An index is built anew at so many times the rows for which it was dimensioned."""

_DENSER: Final = math.sqrt(2)
"""Among twice the rows a search needs at least so many times the candidates: they lie closer together."""

_CODES_FOR_THREADS: Final = 150_000
"""One-bit codes that are worth waking other threads for one query: some four milliseconds of one thread."""

_ONE_THREAD, _ALL_THREADS, _ANY = 11, 15, 0
"""faiss's fast-scan kernels (``implem``): for one query with one thread or all, and faiss's own choice. For one
query faiss would choose the one for many, which takes 0.55 ms instead of 0.42 for 8,000 codes."""

_RERANK_KS: Final = (15, 20, 25, 30, 40, 60, 80, 120, 200)
_FINER_BYTES: Final = 1 << 30
"""The most bytes of finer codes in AUTOINDEX; beyond, the vectors of all candidates are read from the file."""

_CODE_COST: Final = 1e-2
_FILTERED_CODE_COST: Final = 3e-2
_CANDIDATE_COST: Final = 1.0
"""Microseconds for ranking one code of 384 dimensions, for doing so where a filter allows it, and for re-ranking
one candidate."""


class Codes(AnnIndex):
    """One-bit codes alone.

    Args:
        handle: faiss's inverted lists, or its ``IndexRefine`` of them and of finer codes.
    """

    def __init__(
        self, handle: Any, metric: str, parameters: Mapping[str, Any], tuned: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(handle, metric, parameters, tuned)
        is_refined = isinstance(handle, faiss.IndexRefine)
        self._lists = faiss.downcast_index(handle.base_index) if is_refined else handle
        self._finer: Any = faiss.downcast_index(handle.refine_index) if is_refined else None
        self._quantizer: Any = None
        self._efforts = _efforts(self.tuned)
        self._implem = self._lists.implem

    @classmethod
    def empty(cls, dim: int, metric: str, parameters: Mapping[str, Any], rows: int) -> Codes:
        # About the square root of the rows; a power of two.
        natural = 1 << max(5, (int(rows**0.5) * 3 // 4).bit_length())
        lists = list_count(parameters.get("nlist", natural), rows)
        kind = faiss.METRIC_INNER_PRODUCT if metric == "IP" else faiss.METRIC_L2
        finer = cls.finer(dim, parameters, rows)
        refined = "" if finer is None else f",Refine({finer})"
        handle = faiss.index_factory(dim, f"IVF{lists},RaBitQfs{refined}", kind)
        made = cls(handle, metric, parameters, {"rows": rows})
        made._lists.cp.niter = _ROUNDS
        made._lists.cp.max_points_per_centroid = _SAMPLE_PER_LIST
        made._lists.cp.min_points_per_centroid = 1
        return made

    @property
    def copied_bytes(self) -> int:
        finer = self._finer.code_size if self.has_finer else 0
        return self.rows * int(self._lists.code_size + finer + LABEL_BYTES)

    def reserve(self, rows: int) -> None:
        if self.has_finer:
            # Codes that move while they grow are in memory twice.
            codes, held = self._finer.codes, self._finer.codes.size()
            codes.resize(rows * self._finer.code_size)
            codes.resize(held)

    @classmethod
    def finer(cls, dim: int, parameters: Mapping[str, Any], rows: int) -> str | None:
        """faiss's name of the finer codes that stay in memory beside those of one bit; None without them."""
        return None

    @property
    def needs_tuned(self) -> set[str]:
        return {"rows", "nprobe", "candidates"} | ({"rerank_k"} if self.has_finer else set())

    @property
    def sample_size(self) -> int:
        return _SAMPLE_PER_LIST * self.most

    @property
    def is_tuned(self) -> bool:
        return True

    @property
    def grows_until(self) -> float:
        return _OUTGROWN * float(self.tuned["rows"])

    @property
    def most(self) -> int:
        return int(self._lists.nlist)

    def train(self, sample: Floats) -> None:
        super().train(sample)
        with threads():
            self._quantizer = quick_quantizer(self._lists)

    def add(self, vectors: Floats) -> None:
        with assigned_by(self._quantizer, self._lists):
            super().add(vectors)

    def tune(self, queries: Floats, samples: Sequence[Sample]) -> bool:
        """Find the cheapest settings that find the nearest among all labels, and among shares of them.

        Returns:
            Whether one finds those among all labels.
        """
        self._quantizer = None  # everything is in
        found: list[SearchEffort] = []
        nprobe = min(self.most, max(_LEAST_NPROBE, self.most // 128))
        for sample in samples:
            effort = self._cheapest(queries, sample, nprobe)
            if effort is None:
                break
            found.append(effort)
            nprobe = effort.width  # the nearest of fewer labels lie no closer
        self.tuned = {"rows": self.tuned["rows"]}
        for halvings, effort in enumerate(found):
            self.tuned[_key("nprobe", halvings)] = effort.width
            self.tuned[_key("candidates", halvings)] = effort.candidates
        if found and self.has_finer:
            pairs = zip(samples, found, strict=False)
            self.tuned["rerank_k"] = max(self._tuned_rerank_k(queries, *pair) for pair in pairs)
        self._efforts = _efforts(self.tuned)
        return len(found) > 0

    def _cheapest(self, queries: Floats, sample: Sample, nprobe: int) -> SearchEffort | None:
        """The cheapest setting from ``nprobe`` on that finds the nearest of ``sample``. Where none does, it is the
        greatest effort for a share of the labels, and None for all."""
        best: tuple[float, SearchEffort] | None = None
        is_filtered = sample.allowed is not None
        wanted = TUNED_RECALL * sum(map(len, sample.truth))
        while True:
            found = self._coarse(queries, SearchEffort(nprobe, _CANDIDATES[-1]), sample.allowed)
            candidates = _fewest(_CANDIDATES, found, sample.truth, wanted)
            if candidates is None and nprobe >= self.most and is_filtered:
                candidates = _CANDIDATES[-1]
            if candidates is not None:
                effort = SearchEffort(nprobe, int(_MARGIN * candidates))
                cost = self.cost(effort, is_filtered=is_filtered)
                if best is None or cost < best[0]:
                    best = cost, effort
            if nprobe >= self.most:
                break
            nprobe = min(self.most, 2 * nprobe)
            if best is not None and self.cost(SearchEffort(nprobe, 0), is_filtered=is_filtered) >= best[0]:
                break
        return None if best is None else best[1]

    def _coarse(self, queries: Floats, effort: SearchEffort, allowed: Mask | None) -> Labels:
        """The candidates that the codes of one bit propose, the nearest first."""
        params = faiss.IVFRaBitQSearchParameters(nprobe=effort.width, sel=_selector(allowed))
        with threads():
            found: Labels = self._lists.search(queries, effort.candidates, params=params)[1]
        return found

    def _tuned_rerank_k(self, queries: Floats, sample: Sample, effort: SearchEffort) -> int:
        """The least ``rerank_k`` that keeps every true neighbour among the candidates."""
        whole = replace(effort, rerank_k=effort.candidates)
        params = self._search_params(whole, _selector(sample.allowed))
        with threads():
            found = self._search(queries, effort.candidates, whole, params)
        everything = _hits(found, sample.truth)
        return _fewest(_RERANK_KS, found, sample.truth, everything) or effort.candidates

    def cost(self, effort: SearchEffort, *, is_filtered: bool) -> float:
        codes = effort.width / self.most * self.rows
        code_cost = _FILTERED_CODE_COST if is_filtered else _CODE_COST
        return codes * code_cost + effort.candidates * _CANDIDATE_COST

    def effort(self, limit: int, share: float, given: Mapping[str, Any]) -> SearchEffort:
        more = max(1.0, limit / 10)
        tuned_nprobe, tuned_candidates = self._tuned_for(share)
        nprobe = given.get("nprobe")
        if nprobe is None:
            nprobe = tuned_nprobe * more**0.25
        else:
            nprobe *= self.most / self.parameters.get("nlist", 128)
        candidates = max(tuned_candidates * more**0.5, 2 * limit)
        asked = max(given.get("search_list", 0), given.get("search_k", 0), limit * given.get("refine_k", 0))
        candidates = int(max(candidates, asked))
        rerank_k = None
        if self.has_finer:
            grown = self._denser() ** math.log2(self._growth)
            rerank_k = min(candidates, int(max(self.tuned["rerank_k"] * more * grown, asked)))
        return SearchEffort(max(1, min(self.most, round(nprobe))), candidates, rerank_k)

    def _tuned_for(self, share: float) -> tuple[float, float]:
        """(nprobe, candidates) that find ten rows where a filter leaves ``share`` of all: between the two samples
        on either side of it, in proportion.

        Of an index that has grown since, as many rows are a greater share of those that the samples were drawn
        from, or more than all of them.
        """
        halvings = -math.log2(share * self._growth)
        nprobe, candidates = self._efforts[0]
        if halvings <= 0:
            return nprobe, candidates * self._denser() ** -halvings
        before = min(int(halvings), len(self._efforts) - 1)
        beyond = halvings - before
        nprobe, candidates = self._efforts[before]
        if before == len(self._efforts) - 1:
            return nprobe * 2 ** (_SPARSENESS * beyond), candidates
        next_nprobe, next_candidates = self._efforts[before + 1]
        return nprobe * (next_nprobe / nprobe) ** beyond, candidates * (
            next_candidates / candidates
        ) ** beyond

    @property
    def _growth(self) -> float:
        """How many times the rows that it was tuned with it has by now."""
        return min(_OUTGROWN, max(1.0, self.rows / int(self.tuned["rows"])))

    def _denser(self) -> float:
        """How many times the candidates a search needs among twice the rows: no more than twice as many."""
        among_all, *among_half = (candidates for _, candidates in self._efforts[:2])
        return min(2.0, max([_DENSER, *(among_all / candidates for candidates in among_half)]))

    @property
    def has_finer(self) -> bool:
        return self._finer is not None

    def preselect(self, query: Floats, labels: Labels, count: int) -> Labels:
        if len(labels) <= count:
            return labels
        finer = self._finer
        size = finer.code_size
        codes = faiss.rev_swig_ptr(finer.codes.data(), finer.ntotal * size).reshape(-1, size)
        with threads(pays=False):
            vectors = finer.sa_decode(codes[labels])
        ranks = inner_products(vectors, query[np.newaxis])[0]
        if finer.metric_type == faiss.METRIC_L2:
            ranks *= 2
            ranks -= np.einsum("ij,ij->i", vectors, vectors)
        best = np.argpartition(-ranks, count)[:count]
        best.sort()
        nearest: Labels = labels[best]
        return nearest

    def _search(self, queries: Floats, count: int, effort: SearchEffort, params: Any) -> Labels:
        rerank_k = count if effort.rerank_k is None else min(count, effort.rerank_k)
        if len(queries) > 1:
            self._use_implem(_ANY)
            return super()._search(queries, rerank_k, effort, params)
        if effort.width * self.rows < _CODES_FOR_THREADS * self.most:
            self._use_implem(_ONE_THREAD)
            return super()._search(queries, rerank_k, effort, params)
        with TEAM.shared() as count, Threads(count):
            self._use_implem(_ONE_THREAD if count == 1 else _ALL_THREADS)
            return super()._search(queries, rerank_k, effort, params)

    def _use_implem(self, implem: int) -> None:
        """Set faiss's kernel; another thread may set another one before the search: each is correct."""
        if implem != self._implem:
            self._lists.implem = self._implem = implem

    def _search_params(self, effort: SearchEffort, selector: Any) -> Any:
        params = faiss.IVFRaBitQSearchParameters(nprobe=effort.width, sel=selector)
        if effort.rerank_k is None:
            return params
        factor = effort.candidates / effort.rerank_k
        return faiss.IndexRefineSearchParameters(k_factor=factor, base_index_params=params)


class RefinedCodes(Codes):
    """One-bit codes, and finer ones of vectors too many to be held in memory themselves.

    Those of eight bits keep 15 of 500 candidates and are decoded faster than those of six bits, which take a
    quarter less memory, leave 20, and a search takes a fifth longer (1 M clustered vectors of 384 dimensions).
    Where they would take too much memory, those of four bits leave 200 of 1,000, and a search takes half as long
    as one that reads the vectors of all (5 M such vectors).
    """

    FINER: ClassVar[Mapping[str, int]] = {"SQ8": 1, "SQ4": 2}
    """faiss's names of the finer codes, the finest first, and how many dimensions a byte of each holds."""

    @classmethod
    def finer(cls, dim: int, parameters: Mapping[str, Any], rows: int) -> str | None:
        if rows <= _resident_rows(dim):
            return None
        return next((name for name, most in cls._refined_rows(dim).items() if rows <= most), None)

    @property
    def grows_until(self) -> float:
        rows, dim = self.tuned["rows"], self.handle.d
        bounds = _resident_rows(dim), *self._refined_rows(dim).values()
        return min([super().grows_until, *(most for most in bounds if most >= rows)])

    @classmethod
    def _refined_rows(cls, dim: int) -> dict[str, int]:
        """Up to how many rows each kind of finer codes takes no more memory than it may."""
        return {name: packed * _FINER_BYTES // dim for name, packed in cls.FINER.items()}


class RaBitQ(Codes):
    """IVF_RABITQ, whose parameters choose the finer codes."""

    @classmethod
    def finer(cls, dim: int, parameters: Mapping[str, Any], rows: int) -> str | None:
        if not parameters.get("refine", False):
            return None
        return SCALAR_CODES[parameters.get("refine_type", "SQ6")]


def _resident_rows(dim: int) -> int:
    """Up to how many rows of which the vectors themselves are held in memory."""
    return RESIDENT_BYTES // (4 * dim)


def _selector(allowed: Mask | None) -> Any:
    return None if allowed is None else faiss.IDSelectorBitmap(allowed.bits)


def _key(name: str, halvings: int) -> str:
    """The name of what the build found: ``name`` for all labels, ``name/4`` for those halved two times."""
    return f"{name}/{2**halvings}" if halvings else name


def _efforts(tuned: Mapping[str, int]) -> list[tuple[int, int]]:
    """(nprobe, candidates) that the build found for all labels, for half of them, and so on."""
    found: list[tuple[int, int]] = []
    while (nprobe := tuned.get(_key("nprobe", len(found)))) is not None:
        candidates = tuned.get(_key("candidates", len(found)))
        if candidates is None:
            break
        found.append((nprobe, candidates))
    return found


def _fewest(counts: Sequence[int], found: Labels, truth: list[set[int]], wanted: float) -> int | None:
    """The least of ``counts`` (ascending) for which that many first labels of ``found`` (q, c), the nearest first,
    hold ``wanted`` of ``truth``; None if even the largest count does not."""
    return next((count for count in counts if _hits(found[:, :count], truth) >= wanted), None)


def _hits(found: Labels, truth: list[set[int]]) -> int:
    return sum(len(near.intersection(labels)) for near, labels in zip(truth, found.tolist(), strict=True))
