from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milvus_store.errors import ParamError
from milvus_store_lite.search.fusion import Found, ReciprocalRanks, WeightedScores, fuse
from milvus_store_lite.search.metrics import Metric

SEARCHES = st.lists(
    st.tuples(
        st.sampled_from([Metric.L2, Metric.IP, Metric.COSINE, Metric.HAMMING, Metric.MAX_SIM_IP]),
        st.lists(st.integers(0, 20), unique=True, max_size=10),
    ),
    min_size=1,
    max_size=4,
)


def found_by(searches: list[tuple[Metric, list[int]]], seed: int = 0) -> list[Found]:
    """A value between 0 and 1 for each row, which every metric may have."""
    random = np.random.default_rng(seed)
    return [
        Found(np.array(rows, dtype=np.int64), random.random(len(rows)), metric) for metric, rows in searches
    ]


def normalized(metric: Metric, value: float) -> float:
    """Milvus's documented formulas, written once more."""
    if metric is Metric.COSINE:
        return (1 + value) * 0.5
    if metric in (Metric.IP, Metric.MAX_SIM_IP):
        return 0.5 + math.atan(value) / math.pi
    return 1 - 2 * math.atan(value) / math.pi


@given(SEARCHES, st.floats(0.1, 1000))
def test_reciprocal_ranks_are_summed_over_the_searches(
    searches: list[tuple[Metric, list[int]]], k: float
) -> None:
    expected: dict[int, float] = {}
    for _, ids in searches:
        for rank, row in enumerate(ids, start=1):
            expected[row] = expected.get(row, 0) + 1 / (k + rank)
    rows, scores = fuse(ReciprocalRanks(k), found_by(searches))
    assert rows.tolist() == sorted(expected)
    assert dict(zip(rows.tolist(), scores.tolist(), strict=True)) == pytest.approx(expected)


@given(SEARCHES, st.data(), st.booleans())
def test_weighted_scores_follow_milvus_formulas(
    searches: list[tuple[Metric, list[int]]], data: st.DataObject, is_normalized: bool
) -> None:
    weights = data.draw(st.lists(st.floats(0, 1), min_size=len(searches), max_size=len(searches)))
    found = found_by(searches)
    is_mixed = len({metric.larger_is_nearer for metric, _ in searches}) == 2
    expected: dict[int, float] = {}
    for weight, one in zip(weights, found, strict=True):
        for row, value in zip(one.rows.tolist(), one.values.tolist(), strict=True):
            if is_normalized or (is_mixed and not one.metric.larger_is_nearer):
                value = normalized(one.metric, value)
            expected[row] = expected.get(row, 0) + weight * value
    ranker = WeightedScores(weights, is_normalized)
    rows, scores = fuse(ranker, found)
    assert dict(zip(rows.tolist(), scores.tolist(), strict=True)) == pytest.approx(expected)
    only_distances = not is_normalized and not any(metric.larger_is_nearer for metric, _ in searches)
    assert ranker.larger_is_nearer([metric for metric, _ in searches]) == (not only_distances)


@pytest.mark.parametrize("k", [0, -1, 16_384, "60", True, math.nan])
def test_k_has_bounds(k: object) -> None:
    with pytest.raises(ParamError, match="k of the RRF ranker"):
        ReciprocalRanks(k)  # type: ignore[arg-type]


@pytest.mark.parametrize("weight", [-0.1, 1.1, "1", None])
def test_weights_have_bounds(weight: object) -> None:
    with pytest.raises(ParamError, match="from 0 to 1"):
        WeightedScores([0.5, weight])  # type: ignore[list-item]


def test_there_is_a_weight_for_each_search() -> None:
    with pytest.raises(ParamError, match="one weight for each of the 3 requests, got 2"):
        WeightedScores([0.5, 0.5]).check(3)
