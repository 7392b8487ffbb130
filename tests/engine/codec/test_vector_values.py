from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milvus_store_lite.codec import NullableArray, as_numbers, binary, dense, encode_vectors
from milvus_store_lite.errors import DataNotMatchException, SchemaNotReadyException
from milvus_store_lite.schema.data_types import DataType
from milvus_store_lite.schema.fields import Field


def field(dtype: DataType, **options: Any) -> Field:
    return Field("v", dtype, dim=8, **options)


@given(st.lists(st.floats(width=16, allow_nan=False, allow_infinity=False), min_size=8, max_size=8))
def test_float16_keeps_what_it_can_hold(vector: list[float]) -> None:
    one = field(DataType.FLOAT16_VECTOR)
    (blob,) = encode_vectors(one, [vector])
    assert blob is not None
    assert dense.from_blobs(one, [bytes(blob)]).tolist() == [vector]
    assert list(encode_vectors(one, [np.array(vector, dtype=np.float16), bytes(blob)])) == [blob, blob]


@given(
    st.lists(
        st.floats(width=32, allow_nan=False, max_value=2.0**99, min_value=-(2.0**99)),
        min_size=8,
        max_size=8,
    )
)
def test_bfloat16_rounds_to_the_nearest(vector: list[float]) -> None:
    one = field(DataType.BFLOAT16_VECTOR)
    (blob,) = encode_vectors(one, [vector])
    assert blob is not None
    (kept,) = dense.from_blobs(one, [bytes(blob)])
    given_values = np.array(vector, dtype=np.float32)
    bits = given_values.view(np.uint32) & 0xFFFF0000
    below, above = bits.view(np.float32).astype(np.float64), (bits + 0x10000).view(np.float32)
    error = np.abs(kept - given_values.astype(np.float64))
    assert (error <= np.abs(below - given_values)).all()
    assert (error <= np.abs(above.astype(np.float64) - given_values)).all()


def test_int8_takes_whole_numbers_only() -> None:
    one = field(DataType.INT8_VECTOR)
    (blob,) = encode_vectors(one, [[-128, 127, 0, 1, 2, 3, 4, 5]])
    assert blob is not None
    assert bytes(blob) == np.array([-128, 127, 0, 1, 2, 3, 4, 5], dtype=np.int8).tobytes()
    assert list(encode_vectors(one, [np.frombuffer(blob, dtype=np.int8)])) == [blob]
    for bad in ([128, 0, 0, 0, 0, 0, 0, 0], [0.5, 0, 0, 0, 0, 0, 0, 0], b"123"):
        with pytest.raises(DataNotMatchException, match="row 1: field 'v'"):
            encode_vectors(one, [[0] * 8, bad])


def test_values_beyond_a_narrow_type_are_refused() -> None:
    for dtype, large in (
        (DataType.FLOAT_VECTOR, 1e39),
        (DataType.FLOAT16_VECTOR, 70_000.0),
        (DataType.BFLOAT16_VECTOR, 3.4e38),
    ):
        with pytest.raises(DataNotMatchException, match="finite numbers in the range of"):
            encode_vectors(field(dtype), [[large] * 8])


def test_binary_vectors_are_whole_bytes() -> None:
    one = field(DataType.BINARY_VECTOR)
    assert encode_vectors(one, [b"\x81", [129], np.array([129], dtype=np.uint8)]) == [b"\x81"] * 3
    for bad in (b"\x00\x00", [256], [1, 2], "a", 3, np.array([129])):
        with pytest.raises(DataNotMatchException, match="1 bytes, one for every 8 dimensions"):
            encode_vectors(one, [bad])
    with pytest.raises(SchemaNotReadyException, match="multiple of 8"):
        Field("v", DataType.BINARY_VECTOR, dim=12)


def test_a_matrix_of_binary_vectors_is_stored_as_its_rows_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(binary, "_one_vector")  # the matrix is taken whole
    one = field(DataType.BINARY_VECTOR, nullable=True)
    rows = np.array([[129], [7], [0]], dtype=np.uint8)
    assert encode_vectors(one, rows) == [b"\x81", b"\x07", b"\x00"]
    assert encode_vectors(one, np.repeat(rows, 2, axis=0)[::2]) == [b"\x81", b"\x07", b"\x00"]
    nullable = NullableArray(rows, np.array([True, False, True]))
    assert encode_vectors(one, nullable) == [b"\x81", None, b"\x00"]
    assert encode_vectors(one, rows[:0]) == []


def test_an_array_that_is_no_matrix_of_binary_vectors_is_refused() -> None:
    one = field(DataType.BINARY_VECTOR)
    for bad in (np.zeros((2, 2), np.uint8), np.zeros((2, 1), np.int64), np.zeros(2, np.uint8)):
        with pytest.raises(DataNotMatchException, match="row 0: field 'v'.*1 bytes, one for every 8"):
            encode_vectors(one, bad)


@pytest.mark.parametrize("dim", [8, 64, 72])
def test_a_matrix_of_binary_queries_is_that_of_its_rows(dim: int) -> None:
    one = Field("v", DataType.BINARY_VECTOR, dim=dim)
    rows = np.random.default_rng(dim).integers(0, 256, (3, dim // 8), dtype=np.uint8)
    assert np.array_equal(binary.matrix(one, rows), binary.matrix(one, [row.tobytes() for row in rows]))  # type: ignore[arg-type]


def test_only_a_nullable_vector_may_be_null() -> None:
    one = field(DataType.FLOAT_VECTOR, nullable=True)
    (first, second) = encode_vectors(one, [None, [1.0] * 8])
    assert first is None
    assert second == np.ones(8, dtype="<f4").tobytes()
    with pytest.raises(DataNotMatchException, match="row 1: field 'v'.*not nullable"):
        encode_vectors(field(DataType.FLOAT_VECTOR), [[1.0] * 8, None])
    with pytest.raises(DataNotMatchException, match="row 2: field 'v'.*dimension 8, got dimension 1"):
        encode_vectors(one, [None, [1.0] * 8, [1.0]])


def test_stored_vectors_of_each_family_are_numbers_for_json() -> None:
    half = field(DataType.FLOAT16_VECTOR)
    (blob,) = encode_vectors(half, [[0.5] * 8])
    assert blob is not None
    assert as_numbers(half, bytes(blob)) == [0.5] * 8
    assert as_numbers(field(DataType.BINARY_VECTOR), b"\x81") == [129]
    lists = Field("a[v]", DataType.FLOAT16_VECTOR, dim=8, within="a")
    assert as_numbers(lists, bytes(blob) * 2) == [[0.5] * 8] * 2
    sparse = Field("s", DataType.SPARSE_FLOAT_VECTOR)
    (pairs,) = encode_vectors(sparse, [{7: 0.5}])
    assert pairs is not None
    assert as_numbers(sparse, bytes(pairs)) == {7: 0.5}
    for one in (half, field(DataType.BINARY_VECTOR), lists, sparse):
        with pytest.raises(ValueError):
            as_numbers(one, b"\x81\x82\x83")
