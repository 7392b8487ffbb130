"""The sample queries by which a build tunes its index, and the nearest vectors of each.

The nearest are known among all vectors, and among random fractions of them, as filters leave them: how much more
effort the nearest of fewer rows take depends on the data. Where clusters have a hundred rows each, half of the
rows are searched as easily as all; among a tenth, a query's nearest lie in other clusters, anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ..columns.masks import Mask
from ..columns.products import inner_products

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]

NEAREST: Final = 10
"""How many of a query's nearest the index is to find, beside the very nearest."""

_LEAST_ROWS: Final = 5_000
"""Fewer rows than this are scored exactly rather than looked for."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The labels of the nearest vectors to each sample query, among the ``allowed`` ones; None for all."""

    truth: list[set[int]]
    allowed: Mask | None


class SampleQueries:
    """Finds the nearest vectors to ``queries`` (q, dim) among ``rows`` vectors as they are streamed.

    Among all of them first, then among a random half, a half of that half, and so on. The very nearest does not
    count: the queries are rows themselves, and an index finds a row by its own vector without looking far.
    """

    def __init__(self, metric: str, queries: Floats, rows: int) -> None:
        self.queries = queries
        self._is_l2 = metric == "L2"
        halvings = max(0, int(np.log2(max(1, rows) / _LEAST_ROWS)))
        self._nearest = [_Nearest(len(queries)) for _ in range(1 + halvings)]
        self._random = np.random.default_rng(rows)
        self._halved: list[npt.NDArray[np.uint8]] = []

    def update(self, vectors: Floats, first_label: int) -> None:
        """Compare ``vectors`` (m, dim), prepared, which have labels from ``first_label`` on."""
        ranks = inner_products(vectors, self.queries)
        if self._is_l2:
            ranks *= 2
            ranks -= np.einsum("ij,ij->i", vectors, vectors)
        halved = (self._random.geometric(0.5, len(vectors)) - 1).astype(np.uint8)
        self._halved.append(halved)
        labels = np.arange(first_label, first_label + len(vectors))
        for times, nearest in enumerate(self._nearest):
            if times:
                kept = halved >= times
                ranks, labels, halved = ranks[:, kept], labels[kept], halved[kept]
            nearest.update(ranks, labels)

    def samples(self) -> list[Sample]:
        """What is nearest among all vectors, among half of them, and so on."""
        halved = np.concatenate(self._halved)
        return [
            Sample(nearest.truth(), Mask(halved >= times) if times else None)
            for times, nearest in enumerate(self._nearest)
        ]


class _Nearest:
    """The nearest labels to each of ``queries`` queries so far."""

    def __init__(self, queries: int) -> None:
        self._ranks = np.full((queries, NEAREST + 1), -np.inf, dtype=np.float32)
        self._labels = np.full((queries, NEAREST + 1), -1, dtype=np.int64)

    def update(self, ranks: Floats, labels: Labels) -> None:
        """Compare the vectors with ``labels`` (m,) and ``ranks`` (q, m), the nearer the higher."""
        # After a while, few vectors are nearer to any query than the nearest known.
        near = np.flatnonzero((ranks > self._ranks.min(axis=1, keepdims=True)).any(axis=0))
        if len(near) == 0:
            return
        ranks = np.concatenate([self._ranks, ranks[:, near]], axis=1)
        labels = np.concatenate(
            [self._labels, np.broadcast_to(labels[near], (len(ranks), len(near)))], axis=1
        )
        best = np.argpartition(-ranks, NEAREST, axis=1)[:, : NEAREST + 1]
        self._ranks = np.take_along_axis(ranks, best, axis=1)
        self._labels = np.take_along_axis(labels, best, axis=1)

    def truth(self) -> list[set[int]]:
        """All but the nearest."""
        others = np.argsort(-self._ranks, axis=1)[:, 1:]
        return [set(labels) - {-1} for labels in np.take_along_axis(self._labels, others, axis=1).tolist()]
