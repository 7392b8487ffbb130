"""Group-by: the nearest groups of rows that share a value, and the nearest rows of each.

``leaders`` picks groups out of any ranked rows; ``grouped`` also finds rows until the groups are complete.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..codec import QueryVectors
from .arrangement import Scorer
from .family import Nearest
from .metrics import Metric
from .rankings import Ranking, merge
from .selection import Selection

Labels = npt.NDArray[np.int64]
"""An integer for each row; rows with equal integers are one group."""


def leaders(labels: Labels, groups: int, size: int, skip: int = 0) -> npt.NDArray[np.int64]:
    """Indices of the rows of the nearest ``groups`` groups of a ranking, after ``skip`` nearer ones.

    A group is as near as its nearest row. The rows of one group stand together, nearest first, ``size`` at most.

    Args:
        labels: (m,) of the ranked rows, nearest first.
    """
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return _page_of_groups(inverse, np.argsort(first), groups, size, skip)


def leaders_by_score(
    labels: Labels, ranks: npt.NDArray[np.float64], scorer: Scorer, groups: int, size: int, skip: int = 0
) -> npt.NDArray[np.int64]:
    """``leaders`` of groups that are as near as ``scorer`` says of their ``size`` nearest rows.

    Args:
        ranks: (m,) of the ranked rows, falling.
    """
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    if scorer == "max":
        return _page_of_groups(inverse, np.argsort(first), groups, size, skip)
    by_group = np.argsort(inverse, kind="stable")
    shown = by_group[_places(inverse[by_group]) < size]
    scores = np.bincount(inverse[shown], ranks[shown]).astype(np.float64)
    if scorer == "avg":
        scores = scores / np.bincount(inverse[shown])
    return _page_of_groups(inverse, np.lexsort((first, -scores)), groups, size, skip)


def _page_of_groups(
    of_row: npt.NDArray[np.int64], nearest_first: npt.NDArray[np.int64], groups: int, size: int, skip: int
) -> npt.NDArray[np.int64]:
    """Indices of the rows of some groups; ``of_row``: the number of each row's group."""
    nearness = np.empty(len(nearest_first), dtype=np.int64)
    nearness[nearest_first] = np.arange(len(nearest_first))
    group = nearness[of_row]
    indices = np.argsort(group, kind="stable")
    group = group[indices]
    kept = (group >= skip) & (group < skip + groups) & (_places(group) < size)
    return indices[kept]


def _places(groups: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """(m,) the place of each row in its group, where ``groups`` are ascending."""
    places: npt.NDArray[np.int64] = np.arange(len(groups)) - np.searchsorted(groups, groups)
    return places


def grouped(
    metric: Metric,
    nearest: Nearest,
    selection: Selection,
    queries: QueryVectors,
    labels: Labels,
    groups: int,
    size: int,
) -> list[Ranking]:
    """Rows, nearest first, with the complete nearest ``groups`` groups, for each of ``queries``.

    Args:
        labels: (n,) of the slots of the selection's view.
    """
    asked = groups * size
    rankings = nearest(selection, queries, asked)
    return [
        _completed(metric, nearest, selection, queries[index : index + 1], labels, ranking, groups, size)
        for index, ranking in enumerate(rankings)
    ]


def _completed(
    metric: Metric,
    nearest: Nearest,
    selection: Selection,
    query: QueryVectors,
    labels: Labels,
    ranking: Ranking,
    groups: int,
    size: int,
) -> Ranking:
    """``ranking`` and the rows that it lacks, searched among those that can still matter."""
    asked = groups * size
    has_all = len(ranking[0]) < asked
    while not has_all:
        missing = _missing(labels, ranking[0], groups, size)
        if missing is None:
            break
        missing[ranking[0]] = False
        (more,) = nearest(selection.only(missing), query, asked)
        has_all = len(more[0]) < asked
        ranking = merge(metric, ranking, more, len(ranking[0]) + len(more[0]))
        asked *= 2
    return ranking


def _missing(
    labels: Labels, slots: npt.NDArray[np.int64], groups: int, size: int
) -> npt.NDArray[np.bool_] | None:
    """(n,) bool: rows that may complete the groups of those at ``slots``, None when all groups are complete."""
    found, first, counts = np.unique(labels[slots], return_index=True, return_counts=True)
    if len(found) < groups:
        return ~np.isin(labels, found[counts >= size])
    wanted = np.argsort(first)[:groups]
    short = found[wanted][counts[wanted] < size]
    return np.isin(labels, short) if len(short) else None
