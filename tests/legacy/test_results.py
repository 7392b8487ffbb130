from __future__ import annotations

import pytest

from milvus_store.legacy import IndexParam, IndexType, MetricType, PartitionParam, Status
from milvus_store.legacy.results import QueryResult, TopKQueryResult


def result(queries: int, hits: int, top_k: int | None = None) -> TopKQueryResult:
    ids = [[query * 100 + hit for hit in range(hits)] for query in range(queries)]
    distances = [[hit / 2 for hit in range(hits)] for _ in range(queries)]
    return TopKQueryResult(ids, distances, hits if top_k is None else top_k, None)


def test_results_are_a_table_of_hits() -> None:
    found = result(3, 4)
    assert found.shape == (3, 4)
    assert len(found) == 3
    assert found[1][2] == QueryResult(102, 1.0)
    assert (found[1][2].id, found[1][2].distance) == (102, 1.0)
    assert str(found[1][2]) == "Result(id=102, distance=1.0)"
    assert found.id_array[2] == [200, 201, 202, 203]
    assert found.distance_array[0] == [0.0, 0.5, 1.0, 1.5]
    assert [[hit.id for hit in row] for row in found] == found.id_array


def test_slices_give_lists_and_indices_from_the_end_work() -> None:
    found = result(4, 5)
    assert [row[0].id for row in found[1:3]] == [100, 200]
    assert [hit.id for hit in found[0][1:4:2]] == [1, 3]
    assert [hit.id for hit in found[-1][-2:]] == [303, 304]
    with pytest.raises(IndexError):
        found[4]


def test_the_shape_keeps_the_width_that_was_asked_for() -> None:
    found = result(2, 1, top_k=10)
    assert found.shape == (2, 10)
    assert len(found[0]) == 1


def test_a_small_result_is_printed_whole() -> None:
    assert repr(result(2, 2)) == (
        "[\n"
        "[(id:0, distance:0.0), (id:1, distance:0.5)],\n"
        "[(id:100, distance:0.0), (id:101, distance:0.5)]\n"
        "]"
    )


def test_a_large_result_is_shortened() -> None:
    lines = repr(result(6, 6)).splitlines()
    assert lines[1] == (
        "[(id:0, distance:0.0), (id:1, distance:0.5), (id:2, distance:1.0), ..., (id:5, distance:2.5)],"
    )
    assert lines[4] == "...,"
    assert lines[5].startswith("[(id:500, ")
    assert len(lines) == 7


def test_statuses_compare_by_code_also_with_numbers() -> None:
    assert Status() == Status(0, "another text") == 0
    assert Status(4) != Status(5)
    assert Status(4) != 5
    assert not Status(4, "no").OK()
    assert repr(Status(4, "it's gone")) == 'Status(code=4, message="it\'s gone")'
    assert len({Status(1), Status(1, "x"), Status(2)}) == 2


def test_enums_print_bare_names_and_take_numbers() -> None:
    assert str(IndexType.IVF_FLAT) == "IVFLAT"
    assert repr(MetricType.L2) == "<MetricType: L2>"
    assert IndexType(12) is IndexType.ANNOY
    assert IndexType.IVF_SQ8_H is IndexType.IVF_SQ8H
    assert [kind.value for kind in IndexType] == [0, 1, 2, 3, 4, 5, 6, 11, 12]
    assert [one.value for one in MetricType if one.is_binary] == [3, 4, 5, 6, 7]


def test_descriptions_print_their_parts() -> None:
    index = IndexParam("c", IndexType.HNSW, {"M": 8})
    assert str(index) == "(collection_name='c', index_type=<IndexType: HNSW>, params={'M': 8})"
    assert repr(PartitionParam("c", "t")) == "(collection_name='c', tag='t')"
