"""What Milvus needs, by hand from the rules of its sizing tool."""

from __future__ import annotations

import pytest

from milvus_store import DataType
from milvus_store.sizing import MilvusNeeds, Workload, milvus_needs

GB = 2**30


def nodes(needs: MilvusNeeds) -> dict[str, tuple[int, float, int, int]]:
    return {each.kind: (each.count, each.cores, each.memory, each.disk) for each in needs.nodes}


def test_a_small_collection_needs_one_server() -> None:
    needs = milvus_needs(Workload(500_000, 768, index="FLAT"))
    raw = 500_000 * 768 * 4
    assert needs.raw == raw + 500_000 * 8
    assert needs.loading == int((raw + 2 * GB) * 1.15 + 500_000 * 8)
    assert nodes(needs) == {
        "standalone": (1, 2, 8, 0),
        "etcd": (1, 0.5, 1, 10),
        "MinIO": (1, 1, 4, 30),
    }
    assert (needs.is_cluster, needs.cores, needs.memory) == (False, 3.5, 13)


@pytest.mark.parametrize(
    ("index", "parameters", "expected"),
    [
        ("FLAT", {}, 1_000 * 512),
        ("HNSW", {"M": 16}, 1_000 * (512 + 2 * 16 * 4)),
        ("AUTOINDEX", {}, 1_000 * (512 + 2 * 30 * 4)),
        ("IVF_FLAT", {"nlist": 64}, 1_064 * 512),
        ("IVF_SQ8", {}, 1_000 * 128 + 128 * 512),
        ("IVF_RABITQ", {}, 1_000 * 16 + 128 * 512),
        ("SCANN", {}, 1_000 * 576),
    ],
)
def test_an_index_is_in_memory(index: str, parameters: dict[str, int], expected: int) -> None:
    needs = milvus_needs(Workload(1_000, 128, index=index, parameters=parameters))
    assert needs.loading == pytest.approx((expected + 2 * GB) * 1.15 + 8_000, abs=2)


def test_diskann_keeps_a_quarter_in_memory() -> None:
    assert milvus_needs(Workload(1_000, 128, index="DISKANN")).loading == int(128_000 * 1.15) + 8_000


def test_narrow_vectors_take_less() -> None:
    kinds = (DataType.FLOAT_VECTOR, DataType.FLOAT16_VECTOR, DataType.INT8_VECTOR, DataType.BINARY_VECTOR)
    raw = [milvus_needs(Workload(1_000, 128, kind)).raw for kind in kinds]
    assert raw == [8_000 + size for size in (512_000, 256_000, 128_000, 16_000)]


def test_ten_million_rows_are_one_for_a_cluster() -> None:
    needs = milvus_needs(Workload(10_000_000, 768, index="FLAT"))
    assert needs.is_cluster
    assert nodes(needs) == {  # 35 GB loaded
        "query node": (3, 4, 16, 0),
        "proxy": (1, 2, 8, 0),
        "coordinator": (1, 2, 8, 0),
        "data node": (2, 4, 16, 0),
        "streaming node": (1, 2, 8, 0),
        "etcd": (3, 1, 4, 20),
        "MinIO": (4, 1, 8, 64),
        "Kafka broker": (3, 2, 8, 29),
        "ZooKeeper": (3, 0.5, 2, 30),
    }
    assert not milvus_needs(Workload(10_000_000, 768, index="DISKANN")).is_cluster


def test_a_billion_rows_need_large_nodes() -> None:
    needs = milvus_needs(Workload(1_000_000_000, 768, index="FLAT"))
    found = nodes(needs)
    assert found["query node"] == (26, 32, 128, 0)  # 3.3 TB loaded
    assert found["data node"] == (8, 8, 16, 0)
    assert found["streaming node"] == (13, 8, 32, 0)
    assert found["Kafka broker"][:3] == (3, 4, 16)


def test_it_may_be_asked_for_either() -> None:
    workload = Workload(1_000, 128)
    assert nodes(milvus_needs(workload, is_cluster=True))["query node"] == (1, 2, 8, 0)
    large = milvus_needs(Workload(20_000_000, 768), is_cluster=False)
    assert nodes(large)["standalone"][2] % 32 == 0
