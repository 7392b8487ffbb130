"""A collection of rows with many equal and missing values, for tests of order and groups, and what is in it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from milvus_store import DataType, MilvusClient

_RANDOM = random.Random(5)
_COUNT = 90
_WORDS = ["", "b", "a", "ab", "Z", "ä", "日本", "😀", "a\x00", "10", "9"]


def _maybe(value: Any) -> Any:
    return None if _RANDOM.random() < 0.2 else value


def _row(number: int) -> dict[str, Any]:
    row = {
        "id": (number * 37) % 1009,
        "vector": [number % 10, number // 10],
        "flag": _RANDOM.random() < 0.5,
        "small": _maybe(_RANDOM.randrange(-3, 4)),
        "large": _maybe(_RANDOM.choice([-(2**63), 2**63 - 1, 2**53, 2**53 + 1, 0, 7])),
        "real": _maybe(_RANDOM.choice([0.5, -1.25, 3.0, 1e30])),
        "exact": _maybe(_RANDOM.choice([0.1, -0.2, 1e300, 5.0])),
        "word": _maybe(_RANDOM.choice(_WORDS)),
        "when": _maybe(f"202{_RANDOM.randrange(3)}-01-01T00:00:00Z"),
        "doc": _maybe({"k": _RANDOM.choice([1, 2.5, "x", "10", True, False, None, 2**53, 2**53 + 1])}),
        "tags": _maybe(["t"] * _RANDOM.randrange(3)),
    }
    if _RANDOM.random() < 0.7:
        row["extra"] = _RANDOM.choice([3, 1, 2, "two"])
    return row


ROWS = [_row(number) for number in range(_COUNT)]
"""The rows in the order they are written."""


@contextmanager
def shelf(path: Path) -> Iterator[MilvusClient]:
    """A client with the collection ``shelf``, some rows of which were deleted, others written late."""
    with MilvusClient(path) as client:
        schema = client.create_schema(enable_dynamic_field=True)
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
        schema.add_field("flag", DataType.BOOL)
        schema.add_field("small", DataType.INT8, nullable=True)
        schema.add_field("large", DataType.INT64, nullable=True)
        schema.add_field("real", DataType.FLOAT, nullable=True)
        schema.add_field("exact", DataType.DOUBLE, nullable=True)
        schema.add_field("word", DataType.VARCHAR, max_length=20, nullable=True)
        schema.add_field("when", DataType.TIMESTAMPTZ, nullable=True)
        schema.add_field("doc", DataType.JSON, nullable=True)
        texts = {"element_type": DataType.VARCHAR, "max_capacity": 4, "max_length": 9}
        schema.add_field("tags", DataType.ARRAY, nullable=True, **texts)
        index = client.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
        client.create_collection("shelf", schema=schema, index_params=index)
        late = _COUNT // 2
        dropped = [{**row, "id": 2000 + row["id"], "word": "dropped"} for row in ROWS[:20]]
        client.insert("shelf", [*dropped, *ROWS[:late]])
        client.query("shelf", limit=1, order_by_fields="word,small")  # the columns grow from here on
        client.insert("shelf", ROWS[late:])
        client.delete("shelf", filter="id >= 2000")
        yield client
