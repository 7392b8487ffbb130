"""Random collections: schemas of fields that the other side has as well, and rows that fit them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from milvus_store import CollectionSchema, DataType

Rows = list[dict[str, Any]]
texts = st.text(max_size=6).filter(lambda text: "\x00" not in text)
documents = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts | st.floats(-1e6, 1e6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=4,
)
vectors = st.lists(st.floats(-100, 100, width=32), min_size=4, max_size=4)


def _bytes_of(kind: type[np.generic]) -> st.SearchStrategy[Any]:
    return vectors.map(lambda values: np.array(values, kind).tobytes())


SCALARS: dict[DataType, tuple[dict[str, Any], st.SearchStrategy[Any]]] = {
    DataType.BOOL: ({}, st.booleans()),
    DataType.INT8: ({}, st.integers(-128, 127)),
    DataType.INT16: ({}, st.integers(-(2**15), 2**15 - 1)),
    DataType.INT32: ({}, st.integers(-(2**31), 2**31 - 1)),
    DataType.INT64: ({}, st.integers(-(2**63), 2**63 - 1)),
    DataType.FLOAT: ({}, st.floats(width=32, allow_nan=False, allow_infinity=False)),
    DataType.DOUBLE: ({}, st.floats(allow_nan=False, allow_infinity=False)),
    DataType.VARCHAR: ({"max_length": 100}, texts),
    DataType.JSON: ({}, documents.filter(lambda value: value is not None and not isinstance(value, str))),
    DataType.ARRAY: (
        {"element_type": DataType.INT64, "max_capacity": 5},
        st.lists(st.integers(0, 9), max_size=5),
    ),
    DataType.TIMESTAMPTZ: (
        {},
        st.datetimes().map(lambda moment: f"{moment.replace(microsecond=0).isoformat()}Z"),
    ),
}
VECTORS: dict[DataType, tuple[dict[str, Any], st.SearchStrategy[Any]]] = {
    DataType.FLOAT_VECTOR: ({"dim": 4}, vectors),
    DataType.FLOAT16_VECTOR: ({"dim": 4}, _bytes_of(np.float16)),
    DataType.BFLOAT16_VECTOR: (
        {"dim": 4},
        st.lists(st.integers(0, 0x7F7F), min_size=4, max_size=4).map(
            lambda values: np.array(values, np.uint16).tobytes()
        ),
    ),
    DataType.INT8_VECTOR: ({"dim": 4}, st.lists(st.integers(-128, 127), min_size=4, max_size=4)),
    DataType.BINARY_VECTOR: ({"dim": 16}, st.binary(min_size=2, max_size=2)),
    DataType.SPARSE_FLOAT_VECTOR: (
        {},
        st.dictionaries(st.integers(0, 999), st.floats(0.0078125, 100, width=32), min_size=1, max_size=4),
    ),
}


@dataclass(frozen=True)
class Drawn:
    schema: CollectionSchema
    rows: Rows
    partitions: tuple[str, ...]


@st.composite
def collections(
    draw: Callable[..., Any],
    scalars: list[DataType],
    vector_types: list[DataType],
    *,
    nullable: bool = True,
    most_vectors: int = 3,
    auto_ids: bool = False,
) -> Drawn:
    """A schema of these types and a few rows, some of them in partitions or with a partition key.

    Args:
        auto_ids: whether it may number rows; the rows have keys all the same.
    """
    numbered = auto_ids and draw(st.booleans())
    schema = CollectionSchema(enable_dynamic_field=draw(st.booleans()), auto_id=numbered)
    key = draw(st.sampled_from([DataType.INT64, DataType.VARCHAR]))
    schema.add_field("id", key, is_primary=True, **({"max_length": 50} if key is DataType.VARCHAR else {}))
    fields: dict[str, st.SearchStrategy[Any]] = {}
    chosen = draw(st.lists(st.sampled_from(vector_types), min_size=1, max_size=most_vectors))
    for number, dtype in enumerate(chosen):
        options, values = VECTORS[dtype]
        schema.add_field(f"vector_{number}", dtype, **options)
        fields[f"vector_{number}"] = values
    for number, dtype in enumerate(draw(st.lists(st.sampled_from(scalars), max_size=4))):
        options, values = SCALARS[dtype]
        has_nulls = nullable and draw(st.booleans())
        schema.add_field(f"scalar_{number}", dtype, **options, **({"nullable": True} if has_nulls else {}))
        fields[f"scalar_{number}"] = st.none() | values if has_nulls else values
    has_tenants = draw(st.booleans())
    if has_tenants:
        schema.add_field("tenant", DataType.VARCHAR, max_length=50, is_partition_key=True)
        fields["tenant"] = st.sampled_from(["a", "b", "ü"])
    count = draw(st.integers(0, 8))
    rows = [{name: draw(values) for name, values in fields.items()} for _ in range(count)]
    for number, row in enumerate(rows):
        row["id"] = number - 3 if key is DataType.INT64 else f'key "{number}" \\ ü'
        if schema.enable_dynamic_field:
            row |= draw(st.dictionaries(st.sampled_from(["color", "größe", "a b"]), documents, max_size=2))
    return Drawn(schema, rows, () if has_tenants else ("_default", "other"))
