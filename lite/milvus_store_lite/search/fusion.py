"""Fuses several rankings of the same rows, by different vector fields, into one.

It works on row numbers and scores alone, and knows nothing of collections or transactions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal

import numpy as np
import numpy.typing as npt

from ..errors import ParamError
from .metrics import Metric

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

MAX_RRF_K: Final = 16_384
"""Milvus's bound, exclusive."""

Joining = Literal["sum", "max", "avg"]
"""What becomes of the scores that a row has from several searches."""


@dataclass(frozen=True, slots=True)
class Found:
    """The result of one search: rows (m,) int64, nearest first, and the metric's values (m,) float64."""

    rows: Ints
    values: Floats
    metric: Metric


@dataclass(frozen=True, slots=True)
class ReciprocalRanks:
    """A row scores 1 / (k + rank) in each search, ranks counted from 1."""

    k: float = 60.0

    joining: ClassVar[Joining] = "sum"

    def __post_init__(self) -> None:
        if not _is_number(self.k) or not 0 < self.k < MAX_RRF_K:
            raise ParamError(
                message=f"k of the RRF ranker must be above 0 and below {MAX_RRF_K}, got {self.k!r}"
            )

    def check(self, searches: int) -> None:
        """Accept any number of searches."""

    def larger_is_nearer(self, metrics: Sequence[Metric]) -> bool:
        return True

    def scores(self, found: Sequence[Found]) -> list[Floats]:
        """The contribution of each found row, search by search."""
        return [1 / (self.k + np.arange(1, len(ranking.rows) + 1, dtype=np.float64)) for ranking in found]


@dataclass(frozen=True, slots=True)
class WeightedScores:
    """A row scores the weighted sum of its scores.

    ``normalized``: bring them between 0 and 1 first, larger being nearer.
    """

    weights: Sequence[float]
    normalized: bool = True

    joining: ClassVar[Joining] = "sum"

    def __post_init__(self) -> None:
        for weight in self.weights:
            if not _is_number(weight) or not 0 <= weight <= 1:
                raise ParamError(message=f"a weight must be a number from 0 to 1, got {weight!r}")
        _check_normalized(self.normalized)

    def check(self, searches: int) -> None:
        """Raise ``ParamError`` unless there is a weight for each search."""
        if len(self.weights) != searches:
            raise ParamError(
                message=f"the weighted ranker needs one weight for each of the {searches} requests, "
                f"got {len(self.weights)}: {list(self.weights)}"
            )

    def larger_is_nearer(self, metrics: Sequence[Metric]) -> bool:
        """False for distances alone, summed unchanged: they stay distances."""
        return self.normalized or any(metric.larger_is_nearer for metric in metrics)

    def scores(self, found: Sequence[Found]) -> list[Floats]:
        """The contribution of each found row, search by search."""
        is_larger_nearer = self.larger_is_nearer([ranking.metric for ranking in found])
        return [
            weight * _scores_of(ranking, self.normalized, is_larger_nearer)
            for weight, ranking in zip(self.weights, found, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class MergedScores:
    """A row scores the largest of its scores, their sum or their average; larger is nearer.

    ``normalized``: bring them between 0 and 1 first; distances are, in any case.
    """

    joining: Joining = "max"
    normalized: bool = False

    def __post_init__(self) -> None:
        if self.joining not in ("max", "sum", "avg"):
            raise ParamError(message=f"score_mode must be 'max', 'sum' or 'avg', got {self.joining!r}")
        _check_normalized(self.normalized)

    def check(self, searches: int) -> None:
        """Accept any number of searches."""

    def larger_is_nearer(self, metrics: Sequence[Metric]) -> bool:
        return True

    def scores(self, found: Sequence[Found]) -> list[Floats]:
        """The contribution of each found row, search by search."""
        return [_scores_of(ranking, self.normalized, True) for ranking in found]


Ranker = ReciprocalRanks | WeightedScores | MergedScores


def fuse(ranker: Ranker, found: Sequence[Found]) -> tuple[Ints, Floats]:
    """Every row that was found, once, ascending, and its score."""
    rows, index = np.unique(np.concatenate([ranking.rows for ranking in found]), return_inverse=True)
    contributions = np.concatenate(ranker.scores(found))
    if ranker.joining == "max":
        scores = np.full(len(rows), -np.inf)
        np.maximum.at(scores, index, contributions)
        return rows, scores
    scores = np.zeros(len(rows), dtype=np.float64)
    np.add.at(scores, index, contributions)
    return rows, scores / np.bincount(index) if ranker.joining == "avg" else scores


def ordered(ranks: Floats, pks: Sequence[Any]) -> Ints:
    """Indices of the rows by falling ``ranks``; of equal ones the smaller primary key is first, as in Milvus."""
    by_key = np.array(sorted(range(len(pks)), key=pks.__getitem__), dtype=np.int64)
    order: Ints = by_key[np.argsort(-ranks[by_key], kind="stable")]
    return order


def _scores_of(ranking: Found, normalized: bool, is_larger_nearer: bool) -> Floats:
    """The values of ``ranking`` as scores: between 0 and 1 if that is asked, or if they go the other way."""
    metric = ranking.metric
    if normalized or metric.larger_is_nearer != is_larger_nearer:
        usual = _of_products if metric.larger_is_nearer else _closeness
        return _NORMALIZED.get(metric, usual)(ranking.values)
    return ranking.values


def _check_normalized(given: object) -> None:
    if not isinstance(given, bool):
        raise ParamError(message=f"norm_score must be a bool, got {given!r}")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


# Milvus's formulas, as its documentation of the weighted ranker and its source
# (internal/util/function/chain/operator_merge.go) have them.


def _of_cosines(values: Floats) -> Floats:
    return (1 + values) / 2


def _of_products(values: Floats) -> Floats:
    return 0.5 + np.arctan(values) / np.pi


def _of_bm25(values: Floats) -> Floats:
    return 2 * np.arctan(values) / np.pi


def _closeness(distances: Floats) -> Floats:
    return 1 - 2 * np.arctan(distances) / np.pi


_NORMALIZED: Final[dict[str, Callable[[Floats], Floats]]] = {
    "COSINE": _of_cosines,
    "BM25": _of_bm25,
}
"""Of the other metrics, those whose larger values are nearer are normed like IP, distances like L2."""
