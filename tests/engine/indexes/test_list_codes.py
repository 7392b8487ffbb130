"""Indexes on lists of vectors: they propose rows, whose scores are exact, whatever else happens to the rows."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from milvus_store import DataType, EmbeddingList, MilvusClient
from milvus_store_lite.checks import check_file
from milvus_store_lite.indexes import list_codes
from milvus_store_lite.search import max_sim, max_sim_nearest
from tests.thresholds import lowered

DIM, ROWS = 16, 700
METRICS = ["MAX_SIM_COSINE", "MAX_SIM_IP", "MAX_SIM_L2"]


@pytest.fixture(autouse=True)
def _few_rows_are_many(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(list_codes, "LEAST_VECTORS", 1_000)
    monkeypatch.setattr(list_codes, "_RANKED_ROWS", 100)
    monkeypatch.setattr(max_sim_nearest, "_FEW_ROWS", 30)
    with lowered():
        yield


@pytest.fixture(params=["one bit", "eight bits too"])
def codes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param != "one bit":
        monkeypatch.setattr("milvus_store_lite.indexes.codes.RESIDENT_BYTES", 0)


def lists(seed: int, count: int = ROWS) -> list[Any]:
    """Lists of vectors around few centres; some are empty, some null."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(7).standard_normal((40, DIM))
    found: list[Any] = []
    for number in range(count):
        near = centres[random.integers(0, 40, random.integers(1, 6))]
        vectors = (near + 0.3 * random.standard_normal(near.shape)).astype(np.float32)
        found.append(None if number % 50 == 3 else vectors[: 0 if number % 50 == 4 else None])
    return found


def rows(vectors: list[Any], first: int = 0) -> list[dict[str, Any]]:
    return [
        {"id": first + number, "even": number % 2, "v": None if one is None else [{"v": v} for v in one]}
        for number, one in enumerate(vectors)
    ]


def made(client: MilvusClient, metric: str, index_type: str = "AUTOINDEX") -> None:
    struct = client.create_struct_field_schema().add_field("v", DataType.FLOAT_VECTOR, dim=DIM)
    schema = client.create_schema().add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("even", DataType.INT64)
    array = {"element_type": DataType.STRUCT, "struct_schema": struct, "max_capacity": 9, "nullable": True}
    schema.add_field("v", DataType.ARRAY, **array)
    client.create_collection("c", schema=schema)
    client.insert("c", rows(lists(0)))
    built(client, metric, index_type)


def built(client: MilvusClient, metric: str, index_type: str = "AUTOINDEX") -> None:
    client.create_index("c", client.prepare_index_params("v[v]", index_type=index_type, metric_type=metric))
    client.load_collection("c")
    described = client.describe_index("c", "v[v]")
    assert (described["indexed_rows"], described["pending_index_rows"]) == (described["total_rows"], 0)


def value(metric: str, query: Any, vectors: Any) -> float:
    query, vectors = query.astype(float), vectors.astype(float)
    if metric == "MAX_SIM_L2":
        return float(((query[:, None] - vectors) ** 2).sum(axis=2).min(axis=1).sum())
    if metric == "MAX_SIM_COSINE":
        query = query / np.linalg.norm(query, axis=1, keepdims=True)
        vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return float((query @ vectors.T).max(axis=1).sum())


def recall(
    client: MilvusClient, metric: str, stored: dict[int, Any], limit: int = 10, **options: Any
) -> float:
    """The share of the nearest that searches find. Distances are exact, and there are as many as there can be."""
    found = 0
    queries = [query for query in lists(99, 10) if query is not None and len(query)]
    for query in queries:
        values = {
            number: value(metric, query, vectors)
            for number, vectors in stored.items()
            if vectors is not None and len(vectors)
        }
        (hits,) = client.search("c", [EmbeddingList(query)], limit=limit, **options)
        ids = [hit["id"] for hit in hits]
        assert len(set(ids)) == min(limit, len(values))
        assert [hit["distance"] for hit in hits] == pytest.approx([values[one] for one in ids], rel=1e-5)
        nearest = sorted(values, key=lambda one: values[one], reverse=metric != "MAX_SIM_L2")[: len(ids)]
        found += len(set(ids) & set(nearest)) / len(ids)
    return found / len(queries)


@pytest.mark.parametrize("metric", METRICS)
def test_an_index_finds_the_nearest(
    path: Path, metric: str, codes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    proposals = list_codes.ListCodes.proposals
    monkeypatch.setattr(
        list_codes.ListCodes, "proposals", lambda *given: asked.append(given) or proposals(*given)
    )
    stored = dict(enumerate(lists(0)))
    with MilvusClient(path) as client:
        made(client, metric)
        assert recall(client, metric, stored) >= 0.95
        odd = {number: one for number, one in stored.items() if number % 2}
        assert recall(client, metric, odd, filter="even == 1") >= 0.95
        few = {number: stored[number] for number in range(25)}
        assert recall(client, metric, few, filter="id < 25") == 1.0
        assert recall(client, metric, stored, limit=690) == 1.0
        assert asked


def test_rows_that_come_and_go(path: Path, codes: None) -> None:
    stored = dict(enumerate(lists(0)))
    with MilvusClient(path) as client:
        made(client, "MAX_SIM_COSINE")
        client.delete("c", filter="id < 100")
        newer = lists(1, 60)
        client.upsert("c", rows(newer, first=680))
        stored = {number: one for number, one in stored.items() if number >= 100}
        stored |= dict(enumerate(newer, 680))
        assert recall(client, "MAX_SIM_COSINE", stored) >= 0.95
    with MilvusClient(path) as again:  # from the stored index
        assert recall(again, "MAX_SIM_COSINE", stored) >= 0.95
        assert again.describe_index("c", "v[v]")["indexed_rows"] >= 500
    assert check_file(path).is_sound


def test_an_index_is_extended(path: Path) -> None:
    stored = dict(enumerate(lists(0)))
    with MilvusClient(path) as client:
        made(client, "MAX_SIM_L2", "HNSW")
        newer = lists(2, 1_200)
        client.insert("c", rows(newer, first=1_000))
        built(client, "MAX_SIM_L2", "HNSW")
        assert recall(client, "MAX_SIM_L2", stored | dict(enumerate(newer, 1_000))) >= 0.95
        client.delete("c", filter="id >= 600")
        built(client, "MAX_SIM_L2", "HNSW")
        assert recall(client, "MAX_SIM_L2", {number: stored[number] for number in range(600)}) >= 0.95
    assert check_file(path).is_sound


def test_vectors_in_memory_are_ranked_there(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ranked = []
    scan_at = max_sim.scan_at
    monkeypatch.setattr(max_sim, "scan_at", lambda *given: ranked.append(given) or scan_at(*given))
    with MilvusClient(path) as client:
        made(client, "MAX_SIM_COSINE")
        for _ in range(1_000):  # they are read beside the calls
            client.search("c", [EmbeddingList(np.ones((1, DIM), dtype=np.float32))])
            if ranked:
                break
            time.sleep(0.01)
        assert ranked
        assert recall(client, "MAX_SIM_COSINE", dict(enumerate(lists(0)))) >= 0.95


def test_an_index_on_few_vectors_is_a_scan(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_codes, "LEAST_VECTORS", 200_000)
    monkeypatch.delattr(list_codes.ListCodes, "proposals")
    struct = MilvusClient.create_struct_field_schema().add_field("v", DataType.FLOAT_VECTOR, dim=DIM)
    schema = MilvusClient.create_schema().add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("even", DataType.INT64)
    array = {"element_type": DataType.STRUCT, "struct_schema": struct, "max_capacity": 9, "nullable": True}
    schema.add_field("v", DataType.ARRAY, **array)
    with MilvusClient(path) as client:
        index = client.prepare_index_params("v[v]", index_type="HNSW", metric_type="MAX_SIM_IP")
        client.create_collection("c", schema=schema, index_params=index)
        client.insert("c", rows(lists(0)))
        assert recall(client, "MAX_SIM_IP", dict(enumerate(lists(0)))) == 1.0
        client.create_index("c", index)  # waits for a build
        assert recall(client, "MAX_SIM_IP", dict(enumerate(lists(0)))) == 1.0


def test_a_damaged_index_is_built_anew(path: Path) -> None:
    with MilvusClient(path) as client:
        made(client, "MAX_SIM_IP")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE index_parts SET value = zeroblob(length(value))")
    assert not check_file(path).is_sound
    with MilvusClient(path) as client, pytest.warns(RuntimeWarning, match="is damaged"):
        assert recall(client, "MAX_SIM_IP", dict(enumerate(lists(0)))) >= 0.95


def test_search_parameters_let_a_search_look_harder(path: Path) -> None:
    with MilvusClient(path) as client:
        made(client, "MAX_SIM_L2", "IVF_FLAT")
        stored = dict(enumerate(lists(0)))
        options = {"search_params": {"params": {"nprobe": 128}}}
        assert recall(client, "MAX_SIM_L2", stored, **options) >= 0.99


@pytest.mark.usefixtures("codes")
@pytest.mark.parametrize("metric", ["COSINE", "IP", "L2"])
def test_single_structs_are_found_by_an_index(
    path: Path, metric: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposed = []
    proposals = list_codes.ListCodes.proposals
    monkeypatch.setattr(
        list_codes.ListCodes, "proposals", lambda *given: proposed.append(given) or proposals(*given)
    )
    structs = [
        (number, offset, vector)
        for number, vectors in enumerate(lists(0))
        if vectors is not None
        for offset, vector in enumerate(vectors)
    ]
    with MilvusClient(path) as client:
        made(client, metric, "IVF_SQ8")
        found = share_of_structs(client, metric, structs)
        assert proposed
        of_even = [struct for struct in structs if struct[0] % 2 == 0]
        found_of_even = share_of_structs(client, metric, of_even, filter="even == 0")
        first_of_rows = share_of_structs(client, metric, structs, group_by_field="id")
        assert min(found, found_of_even, first_of_rows) >= 0.95
        few = [struct for struct in structs if struct[0] < 4]
        assert share_of_structs(client, metric, few, filter="id < 4") == 1.0


def share_of_structs(client: MilvusClient, metric: str, structs: list[Any], **options: Any) -> float:
    """The share of the nearest structs that searches find. Distances are exact, and none is missing."""
    found = total = 0
    for query in np.concatenate([one[:1] for one in lists(99, 10) if one is not None]):
        wide = query.astype(float)
        values = {
            (number, offset): value(f"MAX_SIM_{metric}", wide[None], vector[None])
            for number, offset, vector in structs
        }
        nearest = sorted(values, key=values.__getitem__, reverse=metric != "L2")
        if "group_by_field" in options:
            firsts = {number: (number, offset) for number, offset in reversed(nearest)}
            nearest = sorted(firsts.values(), key=values.__getitem__, reverse=metric != "L2")
        (hits,) = client.search("c", [query], anns_field="v[v]", limit=10, **options)
        keys = [(hit["id"], hit["offset"]) for hit in hits]
        assert len(set(keys)) == min(10, len(nearest))
        assert [hit["distance"] for hit in hits] == pytest.approx([values[key] for key in keys], rel=1e-5)
        found, total = found + len(set(keys) & set(nearest[:10])), total + len(keys)
    return found / total
