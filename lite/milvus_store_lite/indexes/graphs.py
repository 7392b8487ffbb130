"""HNSW, HNSW_SQ and HNSW_PQ: a navigable graph over the vectors, or over codes of them.

Malkov and Yashunin, 2016 (https://arxiv.org/abs/1603.09320), in faiss's implementation. hnswlib builds as fast
and is about a tenth faster without a filter, but with one it calls Python for each node (benchmarks/graphs.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from ..process.openmp import faiss
from ..process.threads import allowed_threads
from .ann import SCALAR_CODES, AnnIndex, SearchEffort
from .lists import product_codes, skip_polysemous_training
from .soundness import check_links

DEFAULT_M: Final = 30
DEFAULT_EF_CONSTRUCTION: Final = 360
_LEAST_EF: Final = 64

_CHUNK: Final = 1_024
_CHUNK_PER_THREAD: Final = 2_048
"""Vectors that one thread adds at a time, and each of several. One alone begins each addition, with the few
vectors of the upper levels: two threads took 1.23 times an even share of the work with 1,024 vectors in all, 1.16
times with 2,048, 1.09 times with 4,096; four 1.67 times with 1,024 and 1.25 with 4,096; eight 2.6 times with 1,024
and 1.3 with 8,192 (14,000 sentence embeddings, M 16, efConstruction 100)."""

_SAMPLE_FOR_CODES: Final = 20_000


class Graph(AnnIndex):
    factor: ClassVar[int] = 1
    """Candidates for each row asked for: more where the codes order rows less exactly."""

    @classmethod
    def codes(cls, dim: int, parameters: Mapping[str, Any]) -> str:
        """faiss's name of the codes that the graph links."""
        return "Flat"

    @classmethod
    def empty(cls, dim: int, metric: str, parameters: Mapping[str, Any], rows: int) -> Graph:
        links = parameters.get("M", parameters.get("graph_degree", parameters.get("out_degree", DEFAULT_M)))
        kind = faiss.METRIC_L2 if metric == "L2" else faiss.METRIC_INNER_PRODUCT
        handle = faiss.index_factory(dim, f"HNSW{links},{cls.codes(dim, parameters)}", kind)
        handle.hnsw.efConstruction = parameters.get("efConstruction", DEFAULT_EF_CONSTRUCTION)
        return cls(handle, metric, parameters)

    def bytes_of(self, rows: int) -> int:
        links = int(self.handle.hnsw.nb_neighbors(0))
        return super().bytes_of(rows) + rows * 4 * 2 * links

    def check(self) -> None:
        check_links(self.handle.hnsw)

    @property
    def chunk(self) -> int:
        threads = allowed_threads()
        return _CHUNK if threads == 1 else min(super().chunk, _CHUNK_PER_THREAD * threads)

    @property
    def most(self) -> int:
        return self.rows

    def effort(self, limit: int, share: float, given: Mapping[str, Any]) -> SearchEffort:
        candidates = int(self.factor * limit * given.get("refine_k", 1.0))
        ef = given.get("ef", given.get("search_length", max(_LEAST_EF, 2 * limit)))
        # The graph is walked through rows that the filter hides as well.
        ef = max(ef, candidates) / share**0.5
        return SearchEffort(min(self.most, round(ef)), candidates)

    def _search_params(self, effort: SearchEffort, selector: Any) -> Any:
        # Unbounded, the nodes to visit are in a heap; bounded, in an array that each step reads from end to end,
        # which takes 2 to 28 % longer and finds the same. But only that way heeds a selector.
        is_bounded = selector is not None
        return faiss.SearchParametersHNSW(efSearch=effort.width, sel=selector, bounded_queue=is_bounded)


class ScalarGraph(Graph):
    factor = 3

    @classmethod
    def codes(cls, dim: int, parameters: Mapping[str, Any]) -> str:
        return SCALAR_CODES[parameters.get("sq_type", "SQ8")]

    @property
    def sample_size(self) -> int:
        return _SAMPLE_FOR_CODES


class ProductGraph(Graph):
    factor = 10

    @classmethod
    def empty(cls, dim: int, metric: str, parameters: Mapping[str, Any], rows: int) -> Graph:
        made = super().empty(dim, metric, parameters, rows)
        skip_polysemous_training(faiss.downcast_index(made.handle.storage))
        return made

    @classmethod
    def codes(cls, dim: int, parameters: Mapping[str, Any]) -> str:
        return product_codes(dim, parameters)

    @property
    def sample_size(self) -> int:
        return _SAMPLE_FOR_CODES
