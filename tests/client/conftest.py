from __future__ import annotations

import pytest

from milvus_store import DataType, MilvusClient
from milvus_store_lite.collection import expired_rows
from milvus_store_lite.process import wall_clock
from tests.lifetimes import Clock


@pytest.fixture
def colors(client: MilvusClient) -> MilvusClient:
    """A client with the quick collection ``colors`` of six rows: ids 0 to 5, red when odd."""
    client.create_collection("colors", dimension=4)
    client.insert(
        "colors",
        [{"id": i, "vector": [i, 1, 0, 0.5], "color": "red" if i % 2 else "blue", "n": i} for i in range(6)],
    )
    return client


@pytest.fixture
def typed(client: MilvusClient) -> MilvusClient:
    """A client with the empty collection ``typed``: a field of every scalar type, no dynamic field."""
    schema = client.create_schema(description="one of each")
    schema.add_field("pk", DataType.VARCHAR, max_length=20, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("flag", DataType.BOOL, nullable=True)
    schema.add_field("i8", DataType.INT8, nullable=True)
    schema.add_field("i16", DataType.INT16, nullable=True)
    schema.add_field("i32", DataType.INT32, nullable=True)
    schema.add_field("i64", DataType.INT64, nullable=True)
    schema.add_field("f32", DataType.FLOAT, nullable=True)
    schema.add_field("f64", DataType.DOUBLE, default_value=1.5)
    schema.add_field("text", DataType.VARCHAR, max_length=5, nullable=True)
    schema.add_field("doc", DataType.JSON, nullable=True)
    index = client.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
    client.create_collection("typed", schema=schema, index_params=index)
    return client


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(wall_clock, "now", lambda: clock.now)
    monkeypatch.setattr(expired_rows, "PAUSE", 3600.0)  # tests that want rows removed ask for it
    return clock
