"""Whatever a file shows stands in a message as pymilvus reads it, and what a message has comes back."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymilvus.client.field_data_extractors import decode_cell
from pymilvus.grpc_gen import schema_pb2

from milvus_store.errors import MilvusException
from milvus_store.server.messages.columns import columns_of
from milvus_store.server.messages.fields import field_data, ids_of
from milvus_store.server.messages.packed import fill_numbers, numbers_in
from milvus_store.server.messages.sparse import packed_sparse, sparse_of
from milvus_store_lite import DataType, Field, NullableArray

FLOATS = st.floats(width=32, allow_nan=False)
KINDS: dict[DataType, tuple[dict[str, Any], st.SearchStrategy[Any]]] = {
    DataType.BOOL: ({}, st.booleans()),
    DataType.INT8: ({}, st.integers(-128, 127)),
    DataType.INT32: ({}, st.integers(-(2**31), 2**31 - 1)),
    DataType.INT64: ({}, st.integers(-(2**63), 2**63 - 1)),
    DataType.FLOAT: ({}, FLOATS),
    DataType.DOUBLE: ({}, st.floats(allow_nan=False)),
    DataType.VARCHAR: ({"max_length": 100}, st.text(st.characters(exclude_categories=["Cs"]), max_size=9)),
    DataType.JSON: ({}, st.dictionaries(st.text("abc", max_size=2), st.integers(-9, 9), max_size=3)),
    DataType.ARRAY: (
        {"element_type": DataType.INT64, "max_capacity": 4},
        st.lists(st.integers(-9, 9), max_size=4),
    ),
    DataType.FLOAT_VECTOR: ({"dim": 3}, st.lists(FLOATS, min_size=3, max_size=3)),
    DataType.BINARY_VECTOR: ({"dim": 16}, st.binary(min_size=2, max_size=2)),
    DataType.FLOAT16_VECTOR: ({"dim": 2}, st.binary(min_size=4, max_size=4)),
    DataType.INT8_VECTOR: ({"dim": 3}, st.binary(min_size=3, max_size=3)),
    DataType.SPARSE_FLOAT_VECTOR: (
        {},
        st.dictionaries(st.integers(0, 2**32 - 2), FLOATS, min_size=1, max_size=4),
    ),
}


@st.composite
def columns(draw: st.DrawFn) -> tuple[Field, list[Any]]:
    """A field, and values that it may have."""
    dtype = draw(st.sampled_from(sorted(KINDS)))
    params, values = KINDS[dtype]
    nullable = draw(st.booleans())
    field = Field("f", dtype, nullable=nullable, **params)
    return field, draw(st.lists(st.none() | values if nullable else values, min_size=1, max_size=6))


@given(columns())
def test_pymilvus_reads_the_values_that_are_put_in(column: tuple[Field, list[Any]]) -> None:
    field, values = column
    message = schema_pb2.FieldData.FromString(field_data(field, values).SerializeToString())
    read = [decode_cell(message, row) for row in range(len(values))]
    if field.dtype is DataType.FLOAT_VECTOR:
        read = [None if value is None else list(value) for value in read]
    assert read == values


@given(columns(), st.booleans())
def test_what_a_write_brings_comes_out(column: tuple[Field, list[Any]], compact: bool) -> None:
    field, values = column
    message = field_data(field, values)
    if compact and field.nullable and not field.dtype.is_vector:  # as clients send nulls: they take no place
        there = field_data(field, [value for value in values if value is not None])
        message.scalars.CopyFrom(there.scalars)
    (found,) = columns_of([message], len(values)).by_name.values()
    given_values: Any = found.values
    if isinstance(given_values, NullableArray):
        numbers = given_values.values.tolist()
        given_values = [
            number if valid else None for number, valid in zip(numbers, given_values.is_valid, strict=True)
        ]
    assert [_comparable(field, value) for value in given_values] == [
        _comparable(field, value) for value in values
    ]


def _comparable(field: Field, value: Any) -> Any:
    """JSON comes as its text, and vectors come in arrays."""
    if value is None:
        return None
    if field.dtype is DataType.JSON and isinstance(value, bytes):
        return json.loads(value)
    if isinstance(value, np.ndarray):
        return value.tobytes() if field.dtype is not DataType.FLOAT_VECTOR else value.tolist()
    return value


@given(st.lists(FLOATS), st.sampled_from([np.float32, np.float64]))
def test_numbers_go_into_a_message_and_out_of_it(numbers: list[float], dtype: Any) -> None:
    message = schema_pb2.FloatArray() if dtype is np.float32 else schema_pb2.DoubleArray()
    fill_numbers(message, np.array(numbers), dtype)
    assert list(message.data) == numbers
    assert numbers_in(message, dtype).tolist() == numbers


def test_numbers_are_right_where_a_message_has_more_than_them() -> None:
    strange = schema_pb2.FloatArray.FromString(
        b"\n\x04\x00\x00\x80?" + b"\x12\x04abcd"
    )  # a field 2 of nobody
    assert numbers_in(strange, np.float32).tolist() == [1.0]


@given(st.dictionaries(st.integers(0, 2**32 - 1), FLOATS))
def test_sparse_vectors_are_packed_in_order(vector: dict[int, float]) -> None:
    assert sparse_of(packed_sparse(vector)) == vector
    assert list(sparse_of(packed_sparse(vector))) == sorted(vector)


@pytest.mark.parametrize("pks", [[], [1, -5], ["a", ""]])
def test_ids_are_of_one_kind(pks: list[Any]) -> None:
    ids = ids_of(pks)
    assert [*ids.int_id.data, *ids.str_id.data] == pks


def _message(**parts: Any) -> Any:
    return schema_pb2.FieldData(field_name="f", **parts)


LONGS = schema_pb2.ScalarField(long_data=schema_pb2.LongArray(data=[1, 2]))
REFUSED = {
    "too few values": (_message(type=5, scalars=LONGS), "field 'f': expected 3 values, got 2"),
    "too many nulls": (
        _message(type=5, scalars=LONGS, valid_data=[True, False, False]),
        "field 'f': expected 3 values, or one for each that is valid, got 2",
    ),
    "flags of other rows": (
        _message(type=5, scalars=LONGS, valid_data=[True]),
        "field 'f': expected 3 flags that say which of them are valid, got 1",
    ),
    "an unknown type": (_message(type=77), "field 'f': a file has no fields of type 77"),
    "a vector cut off": (
        _message(
            type=101, vectors=schema_pb2.VectorField(dim=2, float_vector=schema_pb2.FloatArray(data=[1]))
        ),
        "field 'f': expected vectors of 2 numbers, got 1 numbers",
    ),
    "no dimension": (
        _message(type=101, vectors=schema_pb2.VectorField(float_vector=schema_pb2.FloatArray(data=[1]))),
        "field 'f': expected the dimension of its vectors, got 0",
    ),
    "bytes of no vector": (
        _message(type=102, vectors=schema_pb2.VectorField(dim=2, float16_vector=b"abc")),
        "field 'f': expected vectors of 4 bytes, got 3 bytes",
    ),
    "half a pair": (
        _message(
            type=104,
            vectors=schema_pb2.VectorField(
                sparse_float_vector=schema_pb2.SparseFloatArray(contents=[b"abc"])
            ),
        ),
        "a sparse vector must have 8 bytes for each of its values, got 3 bytes",
    ),
    "dynamic keys that are none": (
        _message(
            type=23,
            is_dynamic=True,
            scalars=schema_pb2.ScalarField(json_data=schema_pb2.JSONArray(data=[b"{}", b"[1]", b"{}"])),
        ),
        "row 1: field '$meta': expected a JSON object, got b'[1]'",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_message_that_does_not_fit_is_refused_and_says_why(case: str) -> None:
    message, reason = REFUSED[case]
    with pytest.raises(MilvusException) as raised:
        columns_of([message], 3)
    assert raised.value.message == reason


def test_a_field_that_comes_twice_is_refused() -> None:
    message = _message(type=5, scalars=LONGS)
    with pytest.raises(MilvusException, match="field 'f' is given twice"):
        columns_of([message, message], 2)
