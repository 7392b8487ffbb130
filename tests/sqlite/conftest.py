"""A file with a collection of every type of field, and a prepared connection to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from milvus_store import DataType, MilvusClient
from milvus_store_sqlite import connect

TYPES = {
    "vector": (DataType.FLOAT_VECTOR, {"dim": 4}),
    "half": (DataType.FLOAT16_VECTOR, {"dim": 4}),
    "brain": (DataType.BFLOAT16_VECTOR, {"dim": 4}),
    "bytes": (DataType.INT8_VECTOR, {"dim": 4}),
    "bits": (DataType.BINARY_VECTOR, {"dim": 16}),
    "sparse": (DataType.SPARSE_FLOAT_VECTOR, {}),
    "price": (DataType.DOUBLE, {"nullable": True}),
    "flag": (DataType.BOOL, {}),
    "at": (DataType.TIMESTAMPTZ, {"nullable": True}),
    "Title": (DataType.VARCHAR, {"max_length": 99}),
    "title": (DataType.VARCHAR, {"max_length": 99}),
    "dynamic": (DataType.INT64, {}),
    "tags": (DataType.ARRAY, {"element_type": DataType.INT64, "max_capacity": 4}),
    "facts": (DataType.JSON, {}),
}


def row(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "vector": [number, 0.1, -2, 3],
        "half": np.array([number, 0.5, -2, 3], dtype=np.float16),
        "brain": np.array([16256, 0, 16256, 16384], dtype=np.uint16).tobytes(),  # 1, 0, 1, 2
        "bytes": np.array([number, 1, -2, 3], dtype=np.int8),
        "bits": bytes([number, 255]),
        "sparse": {7: number + 1.0, 1: 0.5},
        "price": None if number == 1 else number / 2,
        "flag": number == 2,
        "at": None if number == 1 else "2025-01-31T12:00:00.5+08:00",
        "Title": f"A{number}",
        "title": f"a{number}",
        "dynamic": number,
        "tags": [number, 1],
        "facts": {"a": [number]},
        "more": f"m{number}",
    }


@pytest.fixture
def made(path: Path) -> Path:
    """The path of a file with five rows, two of them in another partition."""
    with MilvusClient(path) as client:
        schema = client.create_schema(enable_dynamic_field=True)
        schema.add_field("id", DataType.INT64, is_primary=True)
        for name, (kind, options) in TYPES.items():
            schema.add_field(name, kind, **options)
        client.create_collection("docs", schema=schema)
        client.create_partition("docs", "old")
        client.insert("docs", [row(number) for number in range(3)])
        client.insert("docs", [row(number) for number in range(3, 5)], partition_name="old")
    return path


@pytest.fixture
def connection(made: Path) -> Iterator[sqlite3.Connection]:
    with closing(connect(made)) as connection:
        yield connection
