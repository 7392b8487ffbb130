"""The index and search parameters of Milvus 0.9: their ranges, and that all must be given."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from milvus_store import MilvusClient, MilvusException
from milvus_store.legacy import IndexType, MetricType, Milvus, Status
from milvus_store.legacy.parameters import BUILD_PARAMETERS

DIMENSION = 24
VECTORS = np.random.default_rng(2).standard_normal((400, DIMENSION))

GOOD: dict[IndexType, tuple[dict[str, int], dict[str, int]]] = {
    IndexType.FLAT: ({}, {}),
    IndexType.IVFLAT: ({"nlist": 16}, {"nprobe": 16}),
    IndexType.IVF_SQ8: ({"nlist": 16}, {"nprobe": 16}),
    IndexType.IVF_SQ8H: ({"nlist": 16}, {"nprobe": 16}),
    IndexType.IVF_PQ: ({"nlist": 16, "m": 12}, {"nprobe": 16}),
    IndexType.RNSG: (
        {"search_length": 45, "out_degree": 50, "candidate_pool_size": 300, "knng": 100},
        {"search_length": 100},
    ),
    IndexType.HNSW: ({"M": 16, "efConstruction": 500}, {"ef": 64}),
    IndexType.ANNOY: ({"n_trees": 8}, {"search_k": -1}),
}


@pytest.fixture
def c(milvus: Milvus) -> Milvus:
    assert milvus.create_collection({"collection_name": "c", "dimension": DIMENSION}).OK()
    assert milvus.insert("c", VECTORS, ids=list(range(len(VECTORS))))[0].OK()
    return milvus


@pytest.mark.parametrize("kind", GOOD, ids=str)
def test_every_index_type_is_built_described_searched_and_dropped(c: Milvus, kind: IndexType) -> None:
    build, search = GOOD[kind]
    assert c.create_index("c", kind, build).OK()
    status, info = c.get_index_info("c")
    assert (status.code, info.index_type, info.params) == (0, kind, build)
    status, found = c.search("c", 5, VECTORS[:20], params=search)
    assert status.OK(), status
    assert [row[0].id for row in found] == list(range(20))
    assert c.drop_index("c").OK()
    assert c.get_index_info("c")[1].index_type is IndexType.FLAT
    assert c.search("c", 5, VECTORS[:20], params=search)[0].OK()


@pytest.mark.parametrize(
    ("kind", "missing"),
    [(kind, one.name) for kind, parameters in BUILD_PARAMETERS.items() for one in parameters],
)
def test_every_build_parameter_must_be_given(c: Milvus, kind: IndexType, missing: str) -> None:
    given = {name: value for name, value in GOOD[kind][0].items() if name != missing}
    status = c.create_index("c", kind, given)
    assert (status.code, status.message) == (
        Status.ILLEGAL_ARGUMENT,
        f"Parameter list must contain: {missing}",
    )
    assert c.get_index_info("c")[1].index_type is IndexType.FLAT


@pytest.mark.parametrize(
    ("kind", "name", "wrong"),
    [
        (IndexType.IVFLAT, "nlist", 0),
        (IndexType.IVFLAT, "nlist", 1_000_000),
        (IndexType.IVFLAT, "nlist", "16"),
        (IndexType.IVF_PQ, "m", 5),
        (IndexType.IVF_PQ, "m", 16),
        (IndexType.RNSG, "search_length", 301),
        (IndexType.RNSG, "out_degree", 4),
        (IndexType.RNSG, "candidate_pool_size", 49),
        (IndexType.RNSG, "knng", 301),
        (IndexType.HNSW, "M", 4),
        (IndexType.HNSW, "M", 49),
        (IndexType.HNSW, "efConstruction", 99),
        (IndexType.HNSW, "efConstruction", 501),
        (IndexType.ANNOY, "n_trees", 0),
        (IndexType.ANNOY, "n_trees", 1025),
    ],
)
def test_a_build_parameter_out_of_range_is_refused(c: Milvus, kind: IndexType, name: str, wrong: Any) -> None:
    status = c.create_index("c", kind, {**GOOD[kind][0], name: wrong})
    assert status.code == Status.ILLEGAL_ARGUMENT
    assert f"Invalid {name}" in status.message


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (IndexType.IVFLAT, {}),
        (IndexType.IVFLAT, {"nprobe": 0}),
        (IndexType.IVFLAT, {"nprobe": 17}),
        (IndexType.RNSG, {}),
        (IndexType.RNSG, {"search_length": 9}),
        (IndexType.HNSW, {}),
        (IndexType.HNSW, {"ef": 9}),
        (IndexType.HNSW, {"ef": 4097}),
        (IndexType.ANNOY, {}),
        (IndexType.ANNOY, {"search_k": 9}),
        (IndexType.ANNOY, {"search_k": 1.5}),
    ],
)
def test_a_search_parameter_missing_or_out_of_range_is_refused(
    c: Milvus, kind: IndexType, wrong: dict[str, Any]
) -> None:
    assert c.create_index("c", kind, GOOD[kind][0]).OK()
    status, found = c.search("c", 10, VECTORS[:1], params=wrong)
    assert (status.code, found) == (Status.ILLEGAL_ARGUMENT, [])


def test_more_lists_than_indexes_of_today_have_become_as_many_as_they_have(c: Milvus) -> None:
    assert c.create_index("c", IndexType.IVF_FLAT, {"nlist": 999_999}).OK()
    assert c.get_index_info("c")[1].params == {"nlist": 65_536}


def test_parameters_of_other_types_are_passed_over_and_unknown_ones_are_not(c: Milvus) -> None:
    assert c.create_index("c", IndexType.FLAT, {"nlist": 4096}).OK()
    assert c.search("c", 1, VECTORS[:1], params={"nprobe": 16})[0].OK()
    status = c.create_index("c", IndexType.IVF_FLAT, {"nlists": 4096})
    assert status.code == Status.ILLEGAL_ARGUMENT
    assert "did you mean 'nlist'?" in status.message


def test_an_index_of_today_is_searched_and_has_no_legacy_name(c: Milvus) -> None:
    c._client.create_collection("modern", dimension=DIMENSION, metric_type="L2")
    assert c.insert("modern", VECTORS, ids=list(range(400)))[0].OK()
    assert c.search("modern", 1, VECTORS[:1])[1].id_array == [[0]]
    status, info = c.get_index_info("modern")
    assert (status.code, info) == (Status.ILLEGAL_INDEX_TYPE, None)
    assert "AUTOINDEX" in status.message


BITS = np.random.default_rng(3).integers(0, 256, (60, 4), dtype=np.uint8)


def naive_distance(metric: MetricType, one: np.ndarray, other: np.ndarray) -> float:
    a, b = (set(np.flatnonzero(np.unpackbits(bits))) for bits in (one, other))
    if metric is MetricType.HAMMING:
        return float(len(a ^ b))
    shared = len(a & b) / len(a | b)
    return 1 - shared if metric is MetricType.JACCARD else float(-np.log2(shared) if shared else np.inf)


@pytest.mark.parametrize("metric", [MetricType.HAMMING, MetricType.JACCARD])
@pytest.mark.parametrize("kind", [IndexType.FLAT, IndexType.IVFLAT], ids=str)
def test_bits_are_ranked_as_counting_them_does(milvus: Milvus, metric: MetricType, kind: IndexType) -> None:
    assert milvus.create_collection({"collection_name": "b", "dimension": 32, "metric_type": metric}).OK()
    rows = [row.tobytes() for row in BITS]
    assert milvus.insert("b", rows, ids=list(range(60)))[1] == list(range(60))
    assert milvus.create_index("b", kind, {"nlist": 8}).OK()
    status, found = milvus.search("b", 60, rows[:3], params={"nprobe": 8})
    assert status.OK(), status
    for query, row in zip(BITS, found, strict=False):
        expected = sorted(naive_distance(metric, query, other) for other in BITS)
        assert [hit.distance for hit in row] == pytest.approx(expected, abs=1e-6)
        assert all(
            hit.distance == pytest.approx(naive_distance(metric, query, BITS[hit.id]), abs=1e-6)
            for hit in row
        )
    assert milvus.get_entity_by_id("b", [5, 99])[1] == [rows[5], []]
    assert milvus.get_index_info("b")[1].index_type is kind


def test_sub_and_superstructure_find_what_holds_the_query_and_what_it_holds(milvus: Milvus) -> None:
    rows = [bytes([bits]) for bits in (0b0000_0011, 0b0000_0111, 0b1111_0000, 0b0000_0001)]
    expected = {MetricType.SUBSTRUCTURE: {0, 1}, MetricType.SUPERSTRUCTURE: {0, 3}}
    for metric, wanted in expected.items():
        param = {"collection_name": metric.name, "dimension": 8, "metric_type": metric}
        assert milvus.create_collection(param).OK()
        assert milvus.insert(metric.name, rows, ids=[0, 1, 2, 3])[0].OK()
        status, found = milvus.search(metric.name, 4, [bytes([0b0000_0011])])
        assert status.OK(), status
        assert {hit.id for hit in found[0] if hit.distance == 0} == wanted
        assert (
            milvus.create_index(metric.name, IndexType.IVFLAT, {"nlist": 8}).code == Status.ILLEGAL_INDEX_TYPE
        )


def test_an_index_type_that_bits_cannot_have_is_refused(milvus: Milvus) -> None:
    param = {"collection_name": "b", "dimension": 8, "metric_type": MetricType.TANIMOTO}
    assert milvus.create_collection(param).OK()
    for kind in set(GOOD) - {IndexType.FLAT, IndexType.IVFLAT}:
        assert milvus.create_index("b", kind, GOOD[kind][0]).code == Status.ILLEGAL_INDEX_TYPE
    assert milvus.insert("b", [[1.0] * 8])[0].code == Status.ILLEGAL_ROWRECORD


def test_an_index_that_the_database_refuses_leaves_the_old_one(
    c: Milvus, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert c.create_index("c", IndexType.IVF_FLAT, {"nlist": 16}).OK()
    build = MilvusClient.create_index

    def refuse_graphs(self: MilvusClient, name: str, index_params: Any, **kwargs: Any) -> None:
        if index_params[0].index_type == "HNSW":
            raise MilvusException(message="no graphs today")
        build(self, name, index_params, **kwargs)

    monkeypatch.setattr(MilvusClient, "create_index", refuse_graphs)
    status = c.create_index("c", IndexType.HNSW, GOOD[IndexType.HNSW][0])
    assert (status.code, status.message) == (Status.BUILD_INDEX_ERROR, "no graphs today")
    assert c.get_index_info("c")[1].params == {"nlist": 16}
    assert c.search("c", 1, VECTORS[:1], params={"nprobe": 16})[1].id_array == [[0]]
