"""Parts of a collection in memory: bounded, whatever their number, and found without looking at the others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from milvus_store import DataType, MilvusClient
from milvus_store_lite.collection import session
from milvus_store_lite.columns import snapshot_cache, snapshot_caches, view
from milvus_store_lite.columns.snapshot_cache import SnapshotCache
from milvus_store_lite.columns.snapshot_caches import SnapshotCaches
from milvus_store_lite.storage.positions import Position
from milvus_store_lite.storage.seq_reader import SeqReader
from tests.inside import state_of

TENANTS = 60


def filled(path: Path, dim: int = 4, **options: Any) -> MilvusClient:
    """Ten rows of each tenant: t0, t1, …"""
    client = MilvusClient(path, **options)
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dim)
    schema.add_field("tenant", DataType.VARCHAR, max_length=20, is_partition_key=True)
    index = client.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
    client.create_collection("docs", schema=schema, index_params=index)
    rows = range(10 * TENANTS)
    client.insert("docs", [row(n, f"t{n % TENANTS}", dim) for n in rows])
    return client


def row(n: int, tenant: str, dim: int = 4) -> dict[str, Any]:
    return {"id": n, "vector": [n, 0, 0, 1] + [0] * (dim - 4), "tenant": tenant}


def visit(client: MilvusClient, tenant: int) -> list[Any]:
    found: list[Any] = client.for_tenant("docs", f"t{tenant}").search("docs", [[0, 0, 0, 1]], limit=20)[0].ids
    return found


def caches_of(client: MilvusClient) -> SnapshotCaches:
    state = state_of(client)
    return state.snapshot_caches


def weight_of(rows: int, dim: int = 4) -> int:
    """What a part of so many rows weighs: vectors, their three norms, scalars, and the part itself."""
    return rows * (4 * (dim + 4) + snapshot_caches._SCALARS_BYTES) + snapshot_caches.SUBSET_BYTES


def weighed(caches: SnapshotCaches) -> int:
    return sum(weight_of(one.slots) for one in caches._subsets.values())


def test_the_first_search_of_a_tenant_looks_at_no_other_tenant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[SnapshotCache] = []
    slots = SnapshotCache.slots.fget
    assert slots is not None

    def watched(cache: SnapshotCache) -> int:
        looked_at.append(cache)
        return slots(cache)

    monkeypatch.setattr(SnapshotCache, "slots", property(watched))
    with filled(tmp_path / "a.db") as client:
        for tenant in range(TENANTS):
            looked_at.clear()
            assert visit(client, tenant) == list(range(tenant, 10 * TENANTS, TENANTS))
            assert {one.subset and one.subset.values for one in looked_at} <= {(f"t{tenant}",)}


def test_parts_are_forgotten_beyond_so_many_bytes_the_oldest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot_caches, "MAX_BYTES_IN_SUBSETS", 5 * weight_of(10))
    with filled(tmp_path / "a.db") as client:
        for tenant in (0, 1, 2, 3, 4, 0, 5):
            visit(client, tenant)
        caches = caches_of(client)
        assert [subset.values for subset in caches._subsets] == [("t2",), ("t3",), ("t4",), ("t0",), ("t5",)]
        for tenant in range(TENANTS):
            visit(client, tenant)
            assert caches._weight == weighed(caches) <= snapshot_caches.MAX_BYTES_IN_SUBSETS


def test_a_part_that_grew_weighs_what_it_has_when_it_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot_caches, "MAX_BYTES_IN_SUBSETS", 5 * weight_of(10))
    with filled(tmp_path / "a.db") as client:
        for tenant in range(4):
            visit(client, tenant)
        client.insert("docs", [row(n, "t0") for n in range(1000, 6000)])
        visit(client, 0)
        visit(client, 0)
        caches = caches_of(client)
        assert [subset.values for subset in caches._subsets] == [("t0",)]
        assert caches._weight == weighed(caches)


def test_parts_of_longer_vectors_are_fewer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_caches, "MAX_BYTES_IN_SUBSETS", 10 * weight_of(10, dim=4))
    kept = {}
    for dim in (4, 1024):
        with filled(tmp_path / f"{dim}.db", dim) as client:
            for tenant in range(20):
                client.for_tenant("docs", f"t{tenant}").search("docs", [[0] * dim], limit=1)
            kept[dim] = len(caches_of(client)._subsets)
    assert kept == {4: 10, 1024: 10 * weight_of(10) // weight_of(10, dim=1024)}


def test_what_is_known_of_too_large_parts_has_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot_caches, "MAX_SUBSET_ROWS", 3)
    monkeypatch.setattr(snapshot_caches, "_MAX_KNOWN_LARGE", 7)
    with filled(tmp_path / "a.db") as client:
        for tenant in range(TENANTS):
            assert len(visit(client, tenant)) == 10
            assert 0 < len(caches_of(client)._too_large) <= 7


def test_a_memory_limit_bounds_the_parts_too(tmp_path: Path) -> None:
    with filled(tmp_path / "a.db", memory_limit=100_000) as client:
        for _ in range(2):
            for tenant in range(TENANTS):
                assert len(visit(client, tenant)) == 10
        caches = caches_of(client)
        assert 0 < len(caches._subsets) <= 100_000 // snapshot_caches._MEASURED_BYTES
        assert caches._weight == weighed(caches)
        assert caches._memory.used <= 100_000
        client.drop_collection("docs")
        client.list_collections()


def test_few_rows_do_not_remember_masks_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "_MASKS", 16)
    with filled(tmp_path / "a.db") as client:
        bound = client.for_tenant("docs", "t0")
        for n in range(100):
            assert len(bound.query("docs", f"id != {-1 - n}", output_fields=["id"])) == 10
        (cache,) = caches_of(client)._subsets.values()
        assert cache._current is not None
        assert 0 < len(cache._current.masks) <= 16


def test_a_tenant_keeps_no_masks_of_filters_that_are_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "_MEMOIZED", 8)
    with filled(tmp_path / "a.db") as client:
        for n in range(100):
            expression = f'tenant == "t0" and id != {-1 - n}'
            assert len(client.search("docs", [[0, 0, 0, 1]], filter=expression, limit=20)[0]) == 10
        (cache,) = caches_of(client)._subsets.values()
        assert cache._current is not None
        assert 0 < len(cache._current.masks) <= 2 * 8


def test_a_part_looks_at_no_more_removals_of_others_than_it_has_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot_cache, "_FEW_LOOKS", 5)
    monkeypatch.setattr(snapshot_cache, "_LOOKS_PER_ROW", 2)
    looked_at: list[int] = []
    removed = SeqReader.removed

    def watched(reader: SeqReader, known: Position) -> Any:
        found = removed(reader, known)
        looked_at.append(0 if found is None else len(found))
        return found

    monkeypatch.setattr(SeqReader, "removed", watched)
    others = [n for n in range(10 * TENANTS) if n % TENANTS]
    with filled(tmp_path / "a.db") as client:
        for count in (20, 25, 26, 200):  # of which 5 + 2 * 10 may be looked at
            visit(client, 0)
            gone, others = others[:count], others[count:]
            client.delete("docs", ids=gone)
            looked_at.clear()
            assert visit(client, 0) == list(range(0, 10 * TENANTS, TENANTS))
            assert looked_at == ([count] if count <= 25 else [])
        client.delete("docs", ids=[0, *others[:100]])
        client.insert("docs", [row(6000, "t0")])
        assert visit(client, 0) == [*range(TENANTS, 10 * TENANTS, TENANTS), 6000]
