"""Values to draw: what rows hold and filters name, with the edges where things go wrong."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st

from milvus_store_lite.schema import times
from milvus_store_lite.schema.clock import zone_called
from milvus_store_lite.schema.data_types import INTEGER_RANGES, DataType
from milvus_store_lite.schema.fields import Field

KEYS = ("a", "b", "ключ")
INSTANTS = (
    "2024-02-29T23:59:59.999999Z",
    "2025-01-31T12:00:00+08:00",
    "1969-12-31T00:00:00Z",
    "2025-03-31T00:00:00.5-11:30",
    "2025-01-31 12:00:00",
    "2025-03-30T02:30:00",
    "2025-10-26T02:30:00.25",
    "2011-12-30T06:00",
    "1899-06-01T00:00:00",
)
"""The last five have no offset: some of them stand in gaps and overlaps of the zones below."""
ZONES = ("UTC", "Asia/Kolkata", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia")
REGEXES = ("a", "^a", "b?$", "[ab]{2}", "%|_", "é+", "a.b", "^$")
SPANS = ("P1D", "P1M", "P1Y2M3DT4H5S", "P12M", "PT36H")


def near(*values: int) -> st.SearchStrategy[int]:
    return st.builds(int.__add__, st.sampled_from(values), st.integers(-2, 2))


def ints_of(dtype: DataType) -> st.SearchStrategy[int]:
    low, high = INTEGER_RANGES[dtype]
    edges = near(0, low, high, 2**53, -(2**53)).filter(lambda value: low <= value <= high)
    return edges | st.integers(max(low, -9), min(high, 9))


words = st.text(alphabet="ab%_\\\"'\n\r\té\U0001f600\u0000", max_size=4) | st.sampled_from(["", "a", "ab"])
sentences = st.lists(st.sampled_from(["red", "Red", "fish", "éa", "42", "x_y", "--"]), max_size=7).map(
    " ".join
)
doubles = (
    st.floats(allow_nan=False)
    | st.sampled_from([0.5, 1.0, 1.5, -2.5, 2.0**53, 2.0**63, -(2.0**63), 1e300])
    | st.integers(-9, 9).map(float)
)
singles = (st.floats(width=32, allow_nan=False) | st.sampled_from([0.1, 1.1, 2.5])).map(
    lambda value: float(np.float32(value))
)
constants_int = near(0, 2**7, -(2**31), 2**53, 2**63, -(2**63), 2**64, 10**400) | st.integers(-9, 9)
constants_number = constants_int | doubles.filter(math.isfinite) | st.sampled_from([0.1, 1.1])
json_values = st.recursive(
    st.none() | st.booleans() | ints_of(DataType.INT64) | doubles | words,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=6,
)
documents = st.dictionaries(st.sampled_from(KEYS), json_values, max_size=3)
moments = st.integers(-(2**53), 2**53) | st.builds(
    lambda text, zone: times.instant(text, zone_called(zone, "zone")),
    st.sampled_from(INSTANTS),
    st.sampled_from(ZONES),
)
json_lists = st.recursive(
    st.lists(st.integers(-3, 3) | words | st.booleans() | st.sampled_from([1.0, 2.5]), max_size=3),
    lambda inner: st.lists(inner | st.integers(0, 2), max_size=2),
    max_leaves=4,
)
coordinates = st.integers(0, 4)
points = st.builds("POINT ({} {})".format, coordinates, coordinates)
boxes = st.builds(
    lambda x, y, width, height: (
        f"POLYGON (({x} {y}, {x + width} {y}, {x + width} {y + height}, {x} {y + height}, {x} {y}))"
    ),
    coordinates,
    coordinates,
    st.integers(1, 3),
    st.integers(1, 3),
)
geometries = points | boxes


def nullable(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def values_of(field: Field) -> st.SearchStrategy[Any]:
    """What rows may hold in ``field``."""
    if field.members:
        struct = st.fixed_dictionaries({member.name: values_of(member) for member in field.members})
        found: st.SearchStrategy[Any] = st.lists(struct, max_size=3)
    elif field.dtype is DataType.ARRAY:
        found = st.lists(values_of(field.element), max_size=3)
    elif field.dtype in INTEGER_RANGES:
        found = ints_of(field.dtype)
    elif field.dtype is DataType.VARCHAR:
        found = sentences if field.enable_match else words
    else:
        found = {
            DataType.BOOL: st.booleans(),
            DataType.FLOAT: singles,
            DataType.DOUBLE: doubles,
            DataType.JSON: documents,
            DataType.TIMESTAMPTZ: moments,
            DataType.GEOMETRY: geometries,
        }[field.dtype]
    return nullable(found) if field.nullable else found
