"""Our objects as pymilvus's, where no server is needed to compare them."""

from __future__ import annotations

import pymilvus
import pytest

from milvus_store import SearchAggregation, TopHits
from milvus_store.backends.remote.types import to_pymilvus
from milvus_store.one_node import SegmentState


@pytest.mark.skipif(not hasattr(pymilvus, "SearchAggregation"), reason="pymilvus 2 has no buckets")
def test_buckets_are_asked_for_as_pymilvus_does() -> None:
    within = ["b"], 3, {"n": {"count": "*"}}, [{"_key": "asc"}]
    ours = SearchAggregation(
        ["a"], 2, None, [{"_count": "desc"}], TopHits(4, [{"b": "asc"}]), SearchAggregation(*within)
    )
    theirs = pymilvus.SearchAggregation(
        ["a"],
        2,
        None,
        [{"_count": "desc"}],
        pymilvus.TopHits(4, [{"b": "asc"}]),
        pymilvus.SearchAggregation(*within),
    )
    assert to_pymilvus(ours).to_proto() == theirs.to_proto()


@pytest.mark.skipif(not hasattr(pymilvus, "SegmentState"), reason="an older pymilvus has no such argument")
def test_states_of_segments_are_pymilvus_own() -> None:
    found = to_pymilvus([SegmentState.Flushed, SegmentState.Growing])
    assert found == [pymilvus.SegmentState.Flushed, pymilvus.SegmentState.Growing]
    assert {type(state) for state in found} == {pymilvus.SegmentState}
