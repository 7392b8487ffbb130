"""Whether an index that was read from the file answers for the rows it says it has.

A checksum is right for whatever somebody put there, and sizes and numbers in range may belong to other vectors:
then a search would find next to nothing and say nothing. What makes an index of these rows is that it finds them.
"""

from __future__ import annotations

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
"""Of some labels, ascending: those whose rows are still there, and their vectors, prepared."""

_ASKED_FIRST: Final = 6
_ASKED: Final = 64
"""Rows that are looked for: a few, and more only if the index does not find each of those."""

_LIMIT: Final = 10
_FOUND: Final = 0.5
"""Share of the rows looked for without which an index is taken to be of other rows. One of our making finds nearly
all; of the wrong one, each finds itself by chance among a few hundred candidates."""

_CANDIDATES_COMPARED: Final = 64


def check_links(graph: Any) -> None:
    """Links on the upper levels of an HNSW lead to rows that are there: faiss does not ask.

    Raises:
        DamagedIndex: one does not.
    """
    levels = faiss.vector_to_array(graph.levels)
    room = faiss.vector_to_array(graph.cum_nneighbor_per_level)
    links = faiss.rev_swig_ptr(graph.neighbors.data(), graph.neighbors.size())
    upper = np.flatnonzero(levels > 1)
    places = faiss.vector_to_array(graph.offsets).astype(np.int64)[upper]
    for level in range(1, int(levels.max())):
        on = places[levels[upper] > level]
        linked = links[on[:, np.newaxis] + np.arange(room[level], room[level + 1])]
        if (levels[linked[linked >= 0]] <= level).any():
            raise DamagedIndex(f"a link on level {level} leads to a row that is not there")


def check_finds_own(ann: AnnIndex, fetch: Fetch) -> None:
    """``ann`` finds most rows of a sample, or such as are nearer.

    Raises:
        DamagedIndex: it does not.
    """
    for count in (_ASKED_FIRST, _ASKED):
        labels, vectors = _sample(ann, count, fetch)
        if len(labels) == 0:
            return  # every row of the sample is gone
        found = np.count_nonzero(_finds(ann, labels, vectors, fetch))
        if found == len(labels):
            return
    if found < _FOUND * len(labels):
        raise DamagedIndex(f"of {len(labels)} of its rows it finds {found}")


def _sample(ann: AnnIndex, count: int, fetch: Fetch) -> tuple[Labels, Floats]:
    random = np.random.default_rng()  # nobody can know which
    return fetch(np.unique(random.integers(ann.rows, size=count)))


def _finds(ann: AnnIndex, labels: Labels, vectors: Floats, fetch: Fetch) -> npt.NDArray[np.bool_]:
    """For each of ``vectors``, those of ``labels``: whether the nearest of them to it is found, or most of what is
    found is as near. (By an inner product that need not be itself.)"""
    effort = ann.effort(_LIMIT, 1.0, {})
    best = labels[np.argmax(_ranks(ann, vectors, vectors), axis=1)]
    proposed = ann.candidates(vectors, effort, None)
    is_found = np.array([label in near for label, near in zip(best, proposed, strict=True)], dtype=np.bool_)
    for place in np.flatnonzero(~is_found):
        _, near = fetch(proposed[place][:_CANDIDATES_COMPARED])
        if len(near):
            ranks = _ranks(ann, vectors[place : place + 1], near)[0]
            own = _ranks(ann, vectors[place : place + 1], vectors[labels == best[place]])[0, 0]
            tolerance = 1e-5 * (abs(own) + np.abs(ranks).max())
            is_found[place] = np.count_nonzero(ranks >= own - tolerance) >= len(near) / 2
    return is_found


def _ranks(ann: AnnIndex, queries: Floats, vectors: Floats) -> Floats:
    """(q, n): how near ``vectors`` are to ``queries``, the nearer the higher."""
    ranks: Floats = np.einsum("ij,kj->ik", queries, vectors)
    if ann.metric == "L2":
        ranks *= 2
        ranks -= np.einsum("ij,ij->i", vectors, vectors)
    return ranks
