"""Collections that programs begin with."""

from __future__ import annotations

from typing import Any

import pymilvus

TYPES = pymilvus.DataType
ROWS = [
    {
        "id": number,
        "vector": [float(number), 1.0],
        "n": number,
        "tenant": f"t{number % 2}",
        "text": f"word{number} the quick fox",
        "doc": {"a": number},
        "color": "red" if number < 3 else "blue",
    }
    for number in range(6)
]


def quick(c: Any, name: str = "c") -> None:
    """A collection of the quick form with three rows."""
    c.create_collection(name, dimension=2, metric_type="L2")
    c.insert(name, [{"id": number, "vector": [float(number), 0.0], "n": number} for number in range(3)])


def schema(c: Any) -> Any:
    """A key, a vector, a number, a tenant, an analyzed text, a JSON and dynamic fields."""
    made = c.create_schema(enable_dynamic_field=True)
    made.add_field("id", TYPES.INT64, is_primary=True)
    made.add_field("vector", TYPES.FLOAT_VECTOR, dim=2)
    made.add_field("n", TYPES.INT64, nullable=True)
    made.add_field("tenant", TYPES.VARCHAR, max_length=20)
    made.add_field("text", TYPES.VARCHAR, max_length=200, enable_analyzer=True, enable_match=True)
    made.add_field("doc", TYPES.JSON, nullable=True)
    return made


def index(c: Any, field: str = "vector", kind: str = "FLAT", metric: str = "L2", **params: Any) -> Any:
    made = c.prepare_index_params()
    made.add_index(field, index_type=kind, metric_type=metric, params=params)
    return made


def full(c: Any, name: str = "c") -> None:
    """A collection of ``schema`` with the six ``ROWS``."""
    c.create_collection(name, schema=schema(c), index_params=index(c))
    c.insert(name, ROWS)


def with_text(c: Any) -> None:
    """A collection whose ``terms`` a BM25 function fills."""
    made = schema(c)
    made.add_field("terms", TYPES.SPARSE_FLOAT_VECTOR)
    made.add_function(pymilvus.Function("bm25", pymilvus.FunctionType.BM25, ["text"], ["terms"]))
    indexes = index(c)
    indexes.add_index("terms", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
    c.create_collection("c", schema=made, index_params=indexes)
    c.insert("c", ROWS)


def ids(rows: Any) -> list[Any]:
    """Keys of rows or hits."""
    return [row["id"] for row in rows]
