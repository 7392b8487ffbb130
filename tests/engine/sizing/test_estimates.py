"""What a collection is said to take, held against files that have it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from milvus_store import DataType, MilvusClient, MilvusException
from milvus_store_lite import Structure, Workload, estimate, file_sizes
from tests.thresholds import lowered

ROWS = 5_000
RANDOM = np.random.default_rng(5)
FLOATS = (RANDOM.standard_normal((50, 32))[np.arange(ROWS) % 50] + 0.2 * RANDOM.random((ROWS, 32))).astype(
    np.float32
)


def vectors_of(kind: DataType) -> Any:
    if kind is DataType.BINARY_VECTOR:
        return [bytes(row) for row in RANDOM.integers(0, 256, (ROWS, 4), dtype=np.uint8)]
    if kind is DataType.SPARSE_FLOAT_VECTOR:
        return [dict.fromkeys(range(row, row + 32), 1.0) for row in range(ROWS)]
    if kind is DataType.INT8_VECTOR:
        return np.rint(FLOATS * 20).astype(np.int8)
    return FLOATS.astype(np.float16) if kind is DataType.FLOAT16_VECTOR else FLOATS


def make(path: Path, workload: Workload) -> None:
    with MilvusClient(path, durability="normal") as client:
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        width = {} if workload.vector is DataType.SPARSE_FLOAT_VECTOR else {"dim": workload.dim}
        schema.add_field("vector", workload.vector, **width)
        if workload.text:
            schema.add_field("text", DataType.VARCHAR, max_length=65_535)
        for number in range(workload.scalars):
            schema.add_field(f"number_{number}", DataType.DOUBLE)
        index = client.prepare_index_params(
            "vector", index_type=workload.index, params=dict(workload.parameters)
        )
        client.create_collection("docs", schema=schema, index_params=index)
        columns: dict[str, Any] = {"id": range(workload.rows), "vector": vectors_of(workload.vector)}
        columns |= {f"number_{number}": [0.5] * workload.rows for number in range(workload.scalars)}
        if workload.text:
            columns["text"] = ["x" * workload.text] * workload.rows
        client.insert(
            "docs", [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        )
        client.build_index("docs", "vector")


CASES: list[dict[str, Any]] = [
    {"index": "FLAT"},
    {"index": "FLAT", "text": 700, "scalars": 3},
    {"index": "FLAT", "text": 20_000},
    {"index": "FLAT", "vector": DataType.FLOAT16_VECTOR},
    {"index": "BIN_FLAT", "vector": DataType.BINARY_VECTOR},
    {"index": "SPARSE_INVERTED_INDEX", "vector": DataType.SPARSE_FLOAT_VECTOR},
    {"index": "AUTOINDEX", "vector": DataType.INT8_VECTOR},
    {"index": "HNSW", "parameters": {"M": 8, "efConstruction": 20}},
    {"index": "HNSW_SQ", "parameters": {"M": 8, "efConstruction": 20}},
    {"index": "IVF_FLAT"},
    {"index": "IVF_SQ8", "text": 100},
    {"index": "IVF_PQ", "parameters": {"m": 8}},
    {"index": "SCANN"},
    {"index": "DISKANN"},
    {"index": "IVF_RABITQ", "parameters": {"refine": True, "refine_type": "SQ8"}},
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(map(str, case.values())))
def test_the_file_and_its_index_are_as_large_as_was_said(path: Path, case: Mapping[str, Any]) -> None:
    workload = Workload(ROWS, 32, **case)
    with lowered():
        make(path, workload)
        said, (found,) = estimate(workload), file_sizes(path).collections
    assert said.disk.total == pytest.approx(path.stat().st_size, rel=0.05)
    stored = sum(table.size for table in found.tables if table.holds.startswith("index"))
    assert said.memory.index == pytest.approx(stored, rel=0.05)
    vectors = next(table.size for table in found.tables if table.holds == "vectors")
    assert said.disk.vectors == pytest.approx(vectors, rel=0.02)
    assert found.memory["vector"] == said.memory


def test_vectors_stay_in_the_file_where_they_are_many_and_have_an_index() -> None:
    assert estimate(Workload(100_000, 384)).memory.structure is Structure.INDEX
    many = estimate(Workload(1_000_000, 384)).memory
    assert (many.structure, many.vectors) == (Structure.INDEX_ALONE, 0)
    assert many.index > 384 * 1_000_000  # finer codes of a byte a dimension
    scanned = estimate(Workload(1_000_000, 384, index="FLAT")).memory
    assert (scanned.structure, scanned.building, scanned.index) == (Structure.SCAN, None, 0)
    assert scanned.searching > 4 * 384 * 1_000_000


def test_few_rows_have_no_index() -> None:
    few = estimate(Workload(1_000, 64, index="HNSW"))
    assert (few.memory.structure, few.disk.index) == (Structure.SCAN, 0)


def test_a_graph_over_more_links_is_larger() -> None:
    small, large = (
        estimate(Workload(10_000, 64, index="HNSW", parameters={"M": links})).memory.index
        for links in (8, 32)
    )
    assert large - small == pytest.approx(10_000 * 4 * 2 * 24, rel=0.01)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"rows": 0}, "rows must be an int between 1 and 10,000,000,000, got 0"),
        ({"rows": 10**11}, "rows must be an int"),
        ({"text": -1}, "text must be an int between 0 and"),
        ({"dim": 1}, "dim"),
        ({"index": "HNSV"}, "cannot have index type 'HNSV': expected one of AUTOINDEX"),
        ({"index": "IVF_PQ", "parameters": {"m": 7}}, "divides dim"),
        ({"vector": DataType.VARCHAR}, "vector must be a type of vectors, got VARCHAR"),
        (
            {"vector": DataType.SPARSE_FLOAT_VECTOR, "dim": 0},
            "dim must be the number of values of a sparse vector",
        ),
    ],
)
def test_a_collection_that_cannot_be_is_refused(given: dict[str, Any], reason: str) -> None:
    with pytest.raises(MilvusException) as caught:
        estimate(Workload(**{"rows": 10, "dim": 8, **given}))
    assert reason in caught.value.message
