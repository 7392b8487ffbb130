"""The base of every approximate index: a faiss index, and how vectors and queries go into it.

An index ranks compressed or linked vectors and proposes candidates by label. Labels count the vectors in the
order they were added. The caller computes exact scores. This module is imported only when an index is built or
searched, because faiss takes a moment to import.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from ..columns.column import BoolArray
from ..columns.masks import Mask
from ..process.address_space import HEADROOM, require
from ..process.openmp import Threads, faiss
from ..process.threads import allowed_threads
from ..storage.index_parts import DamagedIndex
from . import transfer
from .sample_queries import Sample

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
Key = TypeVar("Key", bound=Hashable)
Kept = TypeVar("Kept")

ROUNDS: Final = 8
"""Rounds of k-means: more of them cost build time and gain no recall."""

_MOST_TUNED: Final = 2**40
"""Larger than any number that a build determines."""

LABEL_BYTES: Final = 32
"""Bytes of a label and of its bookkeeping, beside the code of its vector."""

_SEARCH_BYTES: Final = 16 << 20
_CANDIDATE_BYTES: Final = 64
"""Memory of a search, and of each of its candidates."""

_EFFORTS_KEPT: Final = 64
"""Efforts, and their faiss parameters, that are kept: a process mostly searches with a few."""

SCALAR_CODES: Final = {
    "SQ4U": "SQ4",
    "SQ6": "SQ6",
    "SQ8": "SQ8",
    "BF16": "SQbf16",
    "FP16": "SQfp16",
    "FP32": "Flat",
}
"""faiss's names of Milvus's codes."""

_QUERIES_FOR_THREADS: Final = 8
"""One thread answers a smaller batch than this: waking others takes longer than they save."""


@dataclass(frozen=True, slots=True)
class SearchEffort:
    """How hard a search looks: what trades its time for its recall.

    ``width``: inverted lists that it visits (nprobe), or graph nodes that it keeps (ef). ``candidates``: rows that
    it takes from them. ``rerank_k``: the candidates that are left when finer codes have ranked them, None where
    there are no finer codes. The caller re-ranks the last ones by their vectors.
    """

    width: int
    candidates: int
    rerank_k: int | None = None


class AnnIndex(ABC):
    """An approximate index over vectors of one field.

    Args:
        handle: the faiss index.
        metric: L2, IP or COSINE. For COSINE, vectors are brought to length 1 on their way in.
        parameters: those of ``create_index``.
        tuned: what the build determined from the data.

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
        self._efforts_for: dict[Hashable, SearchEffort] = {}
        self._params: dict[SearchEffort, Any] = {}
        self._filtered: WeakKeyDictionary[Mask, tuple[SearchEffort, Any]] = WeakKeyDictionary()

    @classmethod
    @abstractmethod
    def empty(cls, dim: int, metric: str, parameters: Mapping[str, Any], rows: int) -> AnnIndex:
        """An empty index to train and fill, sized for ``rows`` vectors."""

    def reserve(self, rows: int) -> None:  # noqa: B027  # most have nothing to reserve
        """Reserve memory for ``rows`` vectors in all, where growing would take twice as much."""

    @classmethod
    def read(
        cls,
        pieces: Iterator[bytes],
        size: int,
        rows: int,
        dim: int,
        metric: str,
        parameters: Mapping[str, Any],
        tuned: Mapping[str, Any],
    ) -> AnnIndex:
        """The index that ``write`` wrote, of which ``pieces`` are the bytes, ``size`` of them.

        Raises:
            DamagedIndex: a build of ``rows`` vectors with these ``parameters`` makes no such index.
        """
        for name, value in tuned.items():
            if type(value) is not int or not 0 < value < _MOST_TUNED:
                raise DamagedIndex(f"its build found {name}={value!r:.20}")
        # The number of lists followed from rows that may be gone since; the stored lists tell it.
        like = cls.empty(dim, metric, {**parameters, "nlist": 1}, tuned.get("rows", rows))
        made = cls(transfer.read(pieces, size, like.handle, rows), metric, parameters, tuned)
        if not made.tuned.keys() >= made.needs_tuned:
            raise DamagedIndex(f"its build found out {', '.join(made.tuned) or 'nothing'}")
        made.check()
        return made

    @property
    def needs_tuned(self) -> set[str]:
        """Keys that ``tuned`` must have."""
        return set()

    def check(self) -> None:  # noqa: B027  # most are checked while they are read
        """Check the index once it is in memory.

        Raises:
            DamagedIndex: a search by it would not be safe.
        """

    def write(self, sink: Callable[[bytes], object]) -> None:
        """Give the index's bytes to ``sink``, a piece at a time."""
        transfer.write(self.handle, sink)

    def bytes_of(self, rows: int) -> int:
        """Memory that ``rows`` vectors take in the index, or a little more."""
        return rows * (4 * int(self.handle.d) + LABEL_BYTES)

    @property
    def copied_bytes(self) -> int:
        """Bytes of a copy of it, such as it is extended in."""
        return self.bytes_of(self.rows)

    @property
    def sample_size(self) -> int:
        """Vectors that training wants to see; 0 if there is nothing to train."""
        return 0

    @property
    def is_tuned(self) -> bool:
        """Whether ``tune`` fits the default effort to sample queries."""
        return False

    @property
    def grows_until(self) -> float:
        """Rows beyond which the index should be built anew rather than extended."""
        return math.inf

    @property
    def chunk(self) -> int:
        """Vectors to add at a time: about a second's work, since nothing can interrupt it."""
        return 16_384

    def train(self, sample: Floats) -> None:
        """Train with ``sample`` (m, dim), prepared; raises MemoryError where there is too little memory."""
        require(HEADROOM + 2 * sample.nbytes)
        with threads():
            self.handle.train(sample)

    def tune(self, queries: Floats, samples: Sequence[Sample]) -> bool:
        """Fit the default effort to ``queries`` (q, dim), prepared, whose nearest labels are in ``samples``.

        Returns:
            Whether some effort finds them among all labels.
        """
        return True

    def copy(self, rows: int) -> AnnIndex:
        """A copy of this index, to grow to ``rows`` vectors; searches of this one continue undisturbed."""
        require(HEADROOM + self.bytes_of(self.rows) + self.bytes_of(rows))
        copy = type(self)(faiss.clone_index(self.handle), self.metric, self.parameters, self.tuned)
        copy.reserve(rows)
        return copy

    def add(self, vectors: Floats) -> None:
        """Append ``vectors`` (m, dim), prepared. No search may run meanwhile.

        Raises:
            MemoryError: there is too little memory for them.
        """
        # A growing array moves, and is in memory twice meanwhile.
        require(HEADROOM + self.bytes_of(self.rows + len(vectors)) + vectors.nbytes)
        with threads():
            self.handle.add(vectors)
        self.rows = int(self.handle.ntotal)

    def prepare(self, vectors: Floats, squares: Floats | None = None) -> Floats:
        """``vectors`` as the index holds them; ``squares``, (n,): those of their lengths, if they are known."""
        if self.metric != "COSINE":
            return vectors
        norms: Floats = np.sqrt(np.einsum("ij,ij->i", vectors, vectors) if squares is None else squares)
        norms[norms == 0] = 1
        scaled: Floats = vectors / norms[:, np.newaxis]
        return scaled

    def prepare_queries(self, queries: Floats, norms: Sequence[float]) -> Floats:
        """``queries`` (q, dim), as long as ``norms``, as the index compares them: for an inner product lengths
        do not matter."""
        if self._is_by_product or self.metric != "COSINE":
            return queries
        lengths = np.array([norm or 1.0 for norm in norms])
        scaled: Floats = (queries / lengths[:, np.newaxis]).astype(np.float32)
        return scaled

    def effort_for(self, limit: int, share: float, given: Mapping[str, Any]) -> SearchEffort:
        """``effort``, computed once for equal arguments."""
        key = limit, share, *given.items()
        known = self._efforts_for.get(key)
        if known is None:
            known = _keep(self._efforts_for, key, self.effort(limit, share, given))
        return known

    @abstractmethod
    def effort(self, limit: int, share: float, given: Mapping[str, Any]) -> SearchEffort:
        """The effort to find ``limit`` rows where a filter leaves ``share`` of all; ``given``: search
        parameters."""

    def cost(self, effort: SearchEffort, *, is_filtered: bool) -> float:
        """The microseconds that a query takes with ``effort``, as far as they are known; 0 if they are not."""
        return 0.0

    def wider(self, effort: SearchEffort) -> SearchEffort | None:
        """A greater effort, or None when this one saw everything."""
        most = self.most
        if effort.width >= most:
            return None
        candidates = min(self.rows, 2 * effort.candidates)
        rerank_k = None if effort.rerank_k is None else min(candidates, 2 * effort.rerank_k)
        return SearchEffort(min(most, 4 * effort.width), candidates, rerank_k)

    @property
    @abstractmethod
    def most(self) -> int:
        """The width at which a search sees everything."""

    def candidates(self, queries: Floats, effort: SearchEffort, allowed: Mask | None) -> list[Labels]:
        """Labels of the likely nearest for each of ``queries`` (q, dim), prepared, ascending and each once.

        Args:
            allowed: which labels may be found, a mask over all of them; None for all.

        Raises:
            MemoryError: there is too little memory.
        """
        count = min(effort.candidates, self.rows)
        require(_SEARCH_BYTES + self.rows + _CANDIDATE_BYTES * count * len(queries))
        params = self._unfiltered(effort) if allowed is None else self._among(allowed, effort)
        with threads(len(queries) >= _QUERIES_FOR_THREADS):
            found = self._search(queries, count, effort, params)
        found.sort()
        flags = None if allowed is None else allowed.flags
        return [self._kept(labels, flags) for labels in found]

    def _kept(self, labels: Labels, allowed: BoolArray | None) -> Labels:
        """Those of ``labels``, ascending, that exist and are ``allowed``, each once.

        faiss was asked for no others, but a released version has returned others. Which rows a caller may see must
        not depend on it.
        """
        if labels[0] < 0:  # faiss fills up with -1
            labels = labels[labels >= 0]
        if len(labels) == 0:
            return labels
        if labels[-1] >= self.rows:
            labels = labels[labels < self.rows]
        if allowed is not None:
            inside = allowed.take(labels)
            if np.count_nonzero(inside) < len(labels):
                labels = labels[inside]
        if np.count_nonzero(labels[1:] == labels[:-1]):
            labels = np.unique(labels)
        return labels

    def _unfiltered(self, effort: SearchEffort) -> Any:
        """The parameters of a search for all labels: faiss only reads them, and making them takes 10 µs."""
        params = self._params.get(effort)
        if params is None:
            params = _keep(self._params, effort, self._search_params(effort, None))
        return params

    def _among(self, allowed: Mask, effort: SearchEffort) -> Any:
        """The parameters of a search among ``allowed``; the latest ones for it are kept, as making them takes
        50 µs."""
        known = self._filtered.get(allowed)
        if known is None or known[0] != effort:
            params = self._search_params(effort, faiss.IDSelectorBitmap(allowed.bits))
            known = self._filtered[allowed] = effort, params
        return known[1]

    @property
    def has_finer(self) -> bool:
        """Whether there are finer codes, by which ``preselect`` ranks."""
        return False

    def preselect(self, query: Floats, labels: Labels, count: int) -> Labels:
        """The ``count`` of ``labels``, ascending, that are likely nearest to ``query`` (dim,), prepared."""
        raise NotImplementedError

    def _search(self, queries: Floats, count: int, effort: SearchEffort, params: Any) -> Labels:
        """(q, c) labels of the ``count`` likely nearest, or of what ``effort`` leaves of them; -1 for none."""
        found: Labels = self.handle.search(queries, count, params=params)[1]
        return found

    @abstractmethod
    def _search_params(self, effort: SearchEffort, selector: Any) -> Any: ...


def threads(pays: bool = True) -> Threads:
    """``with threads():`` faiss uses all cores that it may in the block, or one where more do not pay."""
    # OpenMP ends the process where it cannot have a thread's stack.
    return Threads(allowed_threads() if pays else 1)


def _keep(kept: dict[Key, Kept], key: Key, value: Kept) -> Kept:
    """Add ``value`` to what is kept, a bounded number of values."""
    if len(kept) >= _EFFORTS_KEPT:
        kept.clear()
    kept[key] = value
    return value


def list_count(asked: int, rows: int) -> int:
    """Inverted lists that ``rows`` vectors can fill; fewer than ``asked`` when there are few rows."""
    return max(1, min(asked, rows // 32))
