from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from milvus_store import DataType, MilvusClient
from milvus_store.transfer import batches

PROPERTIES = {"owner": "ann", "collection.ttl.seconds": "1000000"}


def fill(client: MilvusClient) -> None:
    """Collections with all that a file can hold: types, nulls, dynamic keys, partitions, tenants, functions."""
    schema = client.create_schema(enable_dynamic_field=True, description="all types")
    schema.add_field("id", DataType.INT64, is_primary=True)
    for name, kind in (
        ("vector", DataType.FLOAT_VECTOR),
        ("half", DataType.FLOAT16_VECTOR),
        ("brain", DataType.BFLOAT16_VECTOR),
        ("bytes", DataType.INT8_VECTOR),
        ("bits", DataType.BINARY_VECTOR),
    ):
        schema.add_field(name, kind, dim=8)
    schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
    schema.add_field("text", DataType.VARCHAR, max_length=50, nullable=True)
    schema.add_field("json", DataType.JSON, nullable=True)
    schema.add_field("numbers", DataType.ARRAY, element_type=DataType.FLOAT, max_capacity=5)
    schema.add_field("moment", DataType.TIMESTAMPTZ, nullable=True)
    schema.add_field("price", DataType.FLOAT, default_value=1.5)
    struct = client.create_struct_field_schema()
    struct.add_field("word", DataType.VARCHAR, max_length=9)
    struct.add_field("page", DataType.INT64)
    struct.add_field("meaning", DataType.FLOAT_VECTOR, dim=4)
    schema.add_field(
        "chunks", DataType.ARRAY, element_type=DataType.STRUCT, struct_schema=struct, max_capacity=4
    )
    indexes = client.prepare_index_params()
    for field, kind, metric in (
        ("vector", "HNSW", "COSINE"),
        ("half", "FLAT", "L2"),
        ("brain", "FLAT", "IP"),
        ("bytes", "FLAT", "L2"),
        ("bits", "BIN_FLAT", "HAMMING"),
        ("sparse", "SPARSE_INVERTED_INDEX", "IP"),
    ):
        parameters = {"M": 8, "efConstruction": 64} if kind == "HNSW" else {}
        indexes.add_index(field, kind, f"of_{field}", metric_type=metric, params=parameters)
    indexes.add_index("chunks[meaning]", "AUTOINDEX", metric_type="MAX_SIM_COSINE")
    indexes.add_index("text", "INVERTED")
    client.create_collection("docs", schema=schema, index_params=indexes, properties=PROPERTIES)
    client.create_partition("docs", "archive")
    client.create_alias("docs", "papers")
    random = np.random.default_rng(0)
    rows = [_row(random, number) for number in range(230)]
    client.insert("docs", rows[:150])
    client.insert("docs", rows[150:], partition_name="archive")
    client.delete("docs", [3, 200])
    client.create_collection("numbered", dimension=3, auto_id=True)
    client.insert("numbered", [{"vector": [number, 1.0, 2.0], "n": number} for number in range(20)])
    client.release_collection("numbered")


def _row(random: np.random.Generator, number: int) -> dict[str, Any]:
    return {
        "id": number,
        **{name: random.random(8) for name in ("vector", "half", "brain")},
        "bytes": random.integers(-128, 128, 8),
        "bits": bytes([number]),
        "sparse": {number: 0.5, number + 7: 1.25},
        "text": None if number % 3 == 0 else f"text {number}",
        "json": None if number % 4 == 0 else {"a": [number, None, "ü"]},
        "numbers": [0.1 * number],
        "moment": None if number % 2 else "2025-01-01T00:00:00.5Z",
        "chunks": [{"word": "a", "page": number, "meaning": [number, 1.0, 0.5, 0.0]}] * (number % 3),
        "color": "red",
        **({"größe": {"cm": number}} if number % 5 == 0 else {}),
    }


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A file with the collections of ``fill``."""
    path = tmp_path / "filled.db"
    with MilvusClient(path) as client:
        fill(client)
    return path


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten rows travel at a time."""
    monkeypatch.setattr(batches, "_MOST_ROWS", 10)
