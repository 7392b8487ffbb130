"""Whether an index that was read from the file finds the rows that it lists.

A checksum can match forged bytes, and sizes and numbers in range may belong to other vectors. A
search by such an index would miss almost every row without an error. So the index must find a sample of its
rows."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import faiss
import numpy as np
import numpy.typing as npt

from ..storage.index_parts import DamagedIndex

if TYPE_CHECKING:
    from .ann import AnnIndex

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
Fetch = Callable[[Labels], "tuple[Labels, Floats]"]
"""Takes ascending labels; returns those whose rows still exist, and their vectors, prepared."""

_SMALL_SAMPLE: Final = 12
_LARGE_SAMPLE: Final = 64
"""Rows in the sample: a few, and more only if the index misses one of those. An index of six hundred other rows
proposes a third of them, and so found six by chance once in some thousand times."""

_LIMIT: Final = 10
_FOUND: Final = 0.5
"""An index that finds a smaller share of the sample is taken to be of other rows. A sound one finds nearly all;
by a wrong one, a row is among a few hundred candidates only by chance."""

_CANDIDATES_COMPARED: Final = 64


def check_links(graph: Any) -> None:
    """Check that links on the upper levels of an HNSW lead to rows of that level, which faiss does not check.

    Raises:
        DamagedIndex: a link leads elsewhere.
    """
    levels = faiss.vector_to_array(graph.levels)
    first_links = faiss.vector_to_array(graph.cum_nneighbor_per_level)
    links = faiss.rev_swig_ptr(graph.neighbors.data(), graph.neighbors.size())
    upper = np.flatnonzero(levels > 1)
    offsets = faiss.vector_to_array(graph.offsets).astype(np.int64)[upper]
    for level in range(1, int(levels.max())):
        on = offsets[levels[upper] > level]
        linked = links[on[:, np.newaxis] + np.arange(first_links[level], first_links[level + 1])]
        if (levels[linked[linked >= 0]] <= level).any():
            raise DamagedIndex(f"a link on level {level} leads to a row that is not on it")


def check_finds_own(ann: AnnIndex, fetch: Fetch) -> None:
    """Check that ``ann`` finds most rows of a sample, or rows that are nearer.

    Raises:
        DamagedIndex: it finds too few.
    """
    for count in (_SMALL_SAMPLE, _LARGE_SAMPLE):
        labels, vectors = _sample(ann, count, fetch)
        if len(labels) == 0:
            return  # every row of the sample is gone
        found = np.count_nonzero(_finds(ann, labels, vectors, fetch))
        if found == len(labels):
            return
    if found < _FOUND * len(labels):
        raise DamagedIndex(f"of {len(labels)} of its rows it finds {found}")


def _sample(ann: AnnIndex, count: int, fetch: Fetch) -> tuple[Labels, Floats]:
    # Not predictable: the sample cannot be forged. numpy's own generators take longer to import than this search.
    drawn = np.frombuffer(os.urandom(8 * count), dtype=np.uint64) % np.uint64(ann.rows)
    return fetch(np.array(sorted(set(drawn.tolist())), dtype=np.int64))


def _finds(ann: AnnIndex, labels: Labels, vectors: Floats, fetch: Fetch) -> npt.NDArray[np.bool_]:
    """For each of ``vectors``, those of ``labels``: whether the search finds the nearest of them, or most rows
    that it finds are as near. (By inner product, the nearest need not be the vector itself.)"""
    effort = ann.effort(_LIMIT, 1.0, {})
    best = labels[np.argmax(_ranks(ann, vectors, vectors), axis=1)]
    proposed = ann.candidates(vectors, effort, None)
    is_found = np.array([label in near for label, near in zip(best, proposed, strict=True)], dtype=np.bool_)
    for index in np.flatnonzero(~is_found):
        _, near = fetch(proposed[index][:_CANDIDATES_COMPARED])
        if len(near):
            ranks = _ranks(ann, vectors[index : index + 1], near)[0]
            own = _ranks(ann, vectors[index : index + 1], vectors[labels == best[index]])[0, 0]
            tolerance = 1e-5 * (abs(own) + np.abs(ranks).max())
            is_found[index] = np.count_nonzero(ranks >= own - tolerance) >= len(near) / 2
    return is_found


def _ranks(ann: AnnIndex, queries: Floats, vectors: Floats) -> Floats:
    """(q, n): how near ``vectors`` are to ``queries``, the nearer the higher."""
    ranks: Floats = np.einsum("ij,kj->ik", queries, vectors)
    if ann.metric == "L2":
        ranks *= 2
        ranks -= np.einsum("ij,ij->i", vectors, vectors)
    return ranks
