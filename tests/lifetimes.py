"""A collection whose rows may expire, and a clock that only tests move."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from milvus_store import DataType, Function, FunctionType, MilvusClient

START = datetime(2026, 1, 1, tzinfo=timezone.utc)


class Clock:
    """The time of day in this process, which only tests move."""

    def __init__(self) -> None:
        self.now = START.timestamp()

    def at(self, seconds: float) -> str:
        """The time so many seconds after the start, as rows have it."""
        return (START + timedelta(seconds=seconds)).isoformat()

    def go(self, seconds: float) -> None:
        """Let it be so many seconds after the start."""
        self.now = START.timestamp() + seconds


def make(client: MilvusClient, properties: dict[str, Any] | None = None, index: str = "FLAT") -> None:
    """``docs``: a vector, texts, a tenant and a time of its own for each row."""
    schema = client.create_schema(enable_dynamic_field=True)
    schema.add_field("pk", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("text", DataType.VARCHAR, max_length=99, enable_analyzer=True)
    schema.add_field("words", DataType.SPARSE_FLOAT_VECTOR)
    schema.add_field("until", DataType.TIMESTAMPTZ, nullable=True)
    schema.add_field("tenant", DataType.VARCHAR, max_length=9, is_partition_key=True)
    schema.add_function(Function("bm25", FunctionType.BM25, ["text"], ["words"]))
    params = client.prepare_index_params("vector", index_type=index, metric_type="L2")
    params.add_index("words", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
    client.create_collection("docs", schema=schema, index_params=params, properties=properties)


def row(pk: int, until: str | None = None) -> dict[str, Any]:
    return {"pk": pk, "vector": [pk, 0], "text": f"red {pk}", "until": until, "tenant": f"t{pk % 2}", "n": pk}
