"""What a plan says of time, and when to leave for a cluster."""

from __future__ import annotations

from typing import Any

import pytest

from milvus_store import DataType, MilvusException
from milvus_store.sizing import plan


@pytest.mark.parametrize(
    ("given", "latency", "build"),
    [
        ({"rows": 1_000, "dim": 128}, "below 1 ms", "none"),
        ({"rows": 100_000, "dim": 384}, "below 1 ms", "seconds"),
        ({"rows": 100_000, "dim": 384, "index": "FLAT"}, "1 to 10 ms", "none"),
        ({"rows": 1_000_000, "dim": 384}, "1 to 10 ms", "less than a minute"),
        ({"rows": 1_000_000, "dim": 768, "index": "FLAT"}, "100 ms to 1 s", "none"),
        ({"rows": 1_000_000, "dim": 384, "index": "IVF_FLAT"}, "10 to 100 ms", "less than a minute"),
    ],
)
def test_times_are_of_the_class_that_was_measured(given: dict[str, Any], latency: str, build: str) -> None:
    found = plan(**given)
    assert (found.latency, found.build_time) == (latency, build)


def test_a_graph_takes_longer_to_build_than_codes() -> None:
    order = [
        "none",
        "below a second",
        "seconds",
        "less than a minute",
        "minutes",
        "less than an hour",
        "hours",
    ]
    codes, graph = (plan(1_000_000, 384, index=name).build_time for name in ("AUTOINDEX", "HNSW"))
    assert order.index(graph) > order.index(codes)


def test_a_file_serves_two_million_rows_of_texts() -> None:
    found = plan(2_000_000, 768, text=500)
    assert (found.leave, found.hints, found.milvus.is_cluster) == ((), (), False)
    assert not found.is_measured
    assert found.writing > found.disk.total


def test_it_says_what_a_machine_lacks() -> None:
    small = plan(1_000_000, 384, index="HNSW", machine_memory=1 << 30)
    assert small.leave == ("a process that searches takes more memory than the machine has",)
    assert small.hints == ("an AUTOINDEX takes a fraction of the memory",)
    assert plan(1_000_000, 384, index="HNSW", machine_memory=8 << 30).leave == ()


def test_building_may_be_what_a_machine_lacks_the_memory_for() -> None:
    need = plan(2_000_000, 768).memory
    assert need.building is not None
    between = (need.searching + need.building) // 2
    assert plan(2_000_000, 768, machine_memory=between).leave == (
        "building the index takes more memory than the machine has",
    )


def test_a_scan_of_many_rows_has_a_hint() -> None:
    found = plan(5_000_000, 768, index="FLAT", machine_memory=64 << 30)
    assert found.leave == ("a search takes more than 100 ms",)
    assert found.hints == ("an AUTOINDEX searches a fraction of it, in a fraction of the memory",)
    assert plan(2**30, 64, vector=DataType.BINARY_VECTOR).hints == ()


def test_a_size_for_which_milvus_proposes_a_cluster_is_one_to_leave_at() -> None:
    found = plan(30_000_000, 768)
    assert "Milvus's own rules ask for a cluster at this size" in found.leave
    assert found.milvus.is_cluster


def test_a_machine_has_memory() -> None:
    with pytest.raises(MilvusException, match="machine_memory must be a number of bytes, got 0"):
        plan(10, 8, machine_memory=0)
