"""What every approximate index has in common: a faiss index, and how vectors and queries go into it.

An index ranks compressed or linked vectors and proposes candidates by label; labels count the vectors in the
order they were added. Exact scores are the caller's affair. Imported only when an index is built or asked,
because faiss takes a moment to import.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..process.openmp import faiss
from ..products import dot
from ..storage.forks import GATE
from . import transfer
from .effort import Effort

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint8]

ROUNDS: Final = 8
"""Rounds of k-means: more of them cost build time and gain no recall."""

_PARAMS_KEPT: Final = 64
"""Efforts whose parameters are kept: a process mostly asks with a few."""

SCALAR_CODES: Final = {
    "SQ4U": "SQ4",
    "SQ6": "SQ6",
    "SQ8": "SQ8",
    "BF16": "SQbf16",
    "FP16": "SQfp16",
    "FP32": "Flat",
}
"""What faiss calls the codes that Milvus calls so."""

_QUERIES_FOR_THREADS: Final = 8
"""A batch smaller than this is answered by one thread: waking others takes longer than they save."""


class AnnIndex(ABC):
    """An approximate index over vectors of one field.

    Args:
        handle: the faiss index.
        metric: L2, IP or COSINE. For COSINE, vectors are brought to length 1 on their way in.
        parameters: those of ``create_index``.
        tuned: what the build found out about the data.

    ``rows``: vectors in it.
    """

    def __init__(
        self, handle: Any, metric: str, parameters: Mapping[str, Any], tuned: Mapping[str, Any] | None = None
    ) -> None:
        self.handle = handle
        self.metric = metric
        self.parameters = parameters
        self.tuned: dict[str, Any] = dict(tuned or {})
        self.rows = int(handle.ntotal)
        self._is_by_product = handle.metric_type == faiss.METRIC_INNER_PRODUCT
        self._params: dict[Effort, Any] = {}

    @classmethod
    @abstractmethod
    def empty(cls, dim: int, metric: str, parameters: Mapping[str, Any], rows: int) -> AnnIndex:
        """An index to train and fill, dimensioned for ``rows`` vectors."""

    @classmethod
    def read(
        cls, pieces: Iterator[bytes], metric: str, parameters: Mapping[str, Any], tuned: Mapping[str, Any]
    ) -> AnnIndex:
        """The index that ``write`` wrote, of which ``pieces`` are the bytes.

        Raises:
            RuntimeError: it is another one's.
        """
        return cls(transfer.read(pieces), metric, parameters, tuned)

    def write(self, sink: Callable[[bytes], object]) -> None:
        """Give the index's bytes to ``sink``, a piece at a time."""
        transfer.write(self.handle, sink)

    @property
    def sample_size(self) -> int:
        """Vectors that training wants to see; 0 if there is nothing to train."""
        return 0

    @property
    def grows_until(self) -> float:
        """Rows beyond which the index should be built anew rather than extended."""
        return math.inf

    @property
    def chunk(self) -> int:
        """Vectors to add at a time: what takes about a second, since nothing stops it half-way."""
        return 16_384

    def train(self, sample: Floats) -> None:
        """Learn from ``sample`` (m, dim), prepared."""
        use_threads()
        self.handle.train(sample)

    def tune(self, queries: Floats, truth: list[set[int]]) -> bool:
        """Fit the default effort to ``queries`` (q, dim), prepared, whose nearest labels are ``truth``.

        Returns:
            Whether some effort finds them.
        """
        return True

    def extended(self, vectors: Floats) -> AnnIndex:
        """This index with more vectors, as another one: readers of this one go on undisturbed."""
        copy = type(self)(faiss.clone_index(self.handle), self.metric, self.parameters, self.tuned)
        copy.add(vectors)
        return copy

    def add(self, vectors: Floats) -> None:
        """Append ``vectors`` (m, dim), prepared. No search may run meanwhile."""
        use_threads()
        self.handle.add(vectors)
        self.rows = int(self.handle.ntotal)

    def prepare(self, vectors: Floats, squares: Floats | None = None) -> Floats:
        """``vectors`` as the index holds them; ``squares``, (n,): those of their lengths, if they are known."""
        if self.metric != "COSINE":
            return vectors
        scaled: Floats
        if len(vectors) == 1:  # one query: a root by numpy takes ten times as long
            scaled = vectors / (math.sqrt(dot(vectors[0], vectors[0])) or 1.0)
            return scaled
        norms: Floats = np.sqrt(np.einsum("ij,ij->i", vectors, vectors) if squares is None else squares)
        norms[norms == 0] = 1
        scaled = vectors / norms[:, np.newaxis]
        return scaled

    def prepare_queries(self, queries: Floats) -> Floats:
        """``queries`` (q, dim) as the index compares them: for an inner product their lengths do not matter."""
        return queries if self._is_by_product else self.prepare(queries)

    @abstractmethod
    def effort(self, limit: int, share: float, given: Mapping[str, Any]) -> Effort:
        """How hard to look for ``limit`` rows when a filter leaves ``share`` of all, by the given parameters."""

    def wider(self, effort: Effort) -> Effort | None:
        """A harder look, or None when this one saw everything."""
        most = self.most
        if effort.breadth >= most:
            return None
        candidates = min(self.rows, 2 * effort.candidates)
        finalists = None if effort.finalists is None else min(candidates, 2 * effort.finalists)
        return Effort(min(most, 4 * effort.breadth), candidates, finalists)

    @property
    @abstractmethod
    def most(self) -> int:
        """The breadth at which a search sees everything."""

    def candidates(self, queries: Floats, effort: Effort, allowed: Bits | None) -> list[Labels]:
        """Labels of the likely nearest for each of ``queries`` (q, dim), prepared, ascending.

        Args:
            allowed: bit i of it, least significant first, says whether label i may be found; None for all.
        """
        use_threads(len(queries) >= _QUERIES_FOR_THREADS)
        count = min(effort.candidates, self.rows)
        if allowed is None:
            params = self._unfiltered(effort)
        else:
            params = self._search_params(effort, faiss.IDSelectorBitmap(allowed))
        found = self._search(queries, count, effort, params)
        found.sort()
        # What was not found is -1.
        return [labels if labels[0] >= 0 else labels[labels >= 0] for labels in found]

    def _unfiltered(self, effort: Effort) -> Any:
        """The parameters of a search for all labels: faiss only reads them, and making them takes 10 µs."""
        params = self._params.get(effort)
        if params is None:
            if len(self._params) >= _PARAMS_KEPT:
                self._params.clear()
            params = self._params[effort] = self._search_params(effort, None)
        return params

    @property
    def has_finer(self) -> bool:
        """Whether there are finer codes, by which ``preselect`` ranks."""
        return False

    def preselect(self, query: Floats, labels: Labels, count: int) -> Labels:
        """The ``count`` of ``labels``, ascending, that are likely nearest to ``query`` (dim,), prepared."""
        raise NotImplementedError

    def _search(self, queries: Floats, count: int, effort: Effort, params: Any) -> Labels:
        """(q, c) labels of the ``count`` likely nearest, or of what ``effort`` leaves of them; -1 for none."""
        found: Labels = self.handle.search(queries, count, params=params)[1]
        return found

    @abstractmethod
    def _search_params(self, effort: Effort, selector: Any) -> Any: ...


def use_threads(pays: bool = True) -> None:
    """Let what the calling thread asks of faiss next be done by all cores, or by one where that does not pay."""
    faiss.omp_set_num_threads(GATE.cores if pays else 1)


def list_count(asked: int, rows: int) -> int:
    """Inverted lists that ``rows`` vectors can fill; fewer than ``asked`` when there are few rows."""
    return max(1, min(asked, rows // 32))
