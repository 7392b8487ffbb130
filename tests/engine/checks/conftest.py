"""A sound file that the tests of the consistency check damage copies of."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from milvus_store import DataType, MilvusClient


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A closed file that ``fill`` made."""
    path = tmp_path_factory.mktemp("sound") / "sound.db"
    fill(path)
    return path.read_bytes()


def fill(path: Path) -> None:
    """Collections: ``docs`` (id 1) with every kind of field, ``quick`` (2), ``narrow`` (3) with vectors
    of the other types, ``empty`` (4)."""
    numbers = random.Random(1)
    with MilvusClient(path) as client:
        schema = client.create_schema(enable_dynamic_field=True)
        schema.add_field("pk", DataType.VARCHAR, max_length=20, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=8)
        schema.add_field("text", DataType.VARCHAR, max_length=3000, nullable=True)
        schema.add_field("n", DataType.INT16)
        schema.add_field("flag", DataType.BOOL)
        schema.add_field("x", DataType.FLOAT, nullable=True)
        schema.add_field("y", DataType.DOUBLE)
        schema.add_field("doc", DataType.JSON)
        schema.add_field("tenant", DataType.INT64, is_partition_key=True)
        index = client.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
        client.create_collection("docs", schema=schema, index_params=index)
        rows = [
            {
                "pk": f"p{i}",
                "vector": [numbers.random() for _ in range(8)],
                "text": None if i % 9 == 0 else f"wörd {i} " * (300 if i % 50 == 0 else 2),
                "n": i - 100,
                "flag": i % 2 == 0,
                "x": None if i % 7 == 0 else i / 3,
                "y": i / 7,
                "doc": {"a": i, "b": [1, 2]},
                "tenant": i % 5,
                "color": "red",
                "k": i,
            }
            for i in range(1, 201)
        ]
        client.insert("docs", rows)
        client.delete("docs", filter="k % 20 == 3")
        client.create_collection("quick", dimension=4)
        client.insert("quick", [{"id": i, "vector": [i, 1, 2, 3]} for i in range(50)])
        schema = client.create_schema(auto_id=True)
        schema.add_field("id", DataType.INT64, is_primary=True)
        for dtype in ("FLOAT16_VECTOR", "BFLOAT16_VECTOR", "INT8_VECTOR", "BINARY_VECTOR"):
            schema.add_field(dtype.lower(), DataType[dtype], dim=8, nullable=dtype == "BINARY_VECTOR")
        schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
        index = client.prepare_index_params()
        for one in schema.fields[1:]:
            metric = "IP" if one.name == "sparse" else None
            index.add_index(one.name, index_type="AUTOINDEX", metric_type=metric)
        schema.add_field("tags", DataType.ARRAY, element_type=DataType.BOOL, max_capacity=2, nullable=True)
        schema.add_field("at", DataType.TIMESTAMPTZ)
        client.create_collection("narrow", schema=schema, index_params=index)
        numbered: dict[str, Any] = {f"{kind}_vector": [1] * 8 for kind in ("float16", "bfloat16", "int8")}
        numbered |= {"sparse": {3: 0.5, 7: 1.5}, "tags": [True, False], "at": "2024-02-29T12:00:00Z"}
        client.insert(
            "narrow",
            [{**numbered, "binary_vector": b"\xff"}, {**numbered, "binary_vector": None, "tags": None}],
        )
        client.create_collection("empty", dimension=4)
