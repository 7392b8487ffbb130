from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milvus_store_lite.codec import Batch, Columns, decode_vector, encode_columns, encode_vectors
from milvus_store_lite.errors import DataNotMatchException
from milvus_store_lite.schema.data_types import INTEGER_RANGES, DataType
from milvus_store_lite.schema.fields import Field
from milvus_store_lite.schema.model import Schema
from milvus_store_lite.text.documents import count_terms

PK = Field("pk", DataType.INT64, is_primary=True)
VECTOR = Field("v", DataType.FLOAT_VECTOR, dim=3)


def encode(one: Field, value: Any) -> Any:
    """What is stored for ``value`` in field ``one``."""
    columns = Columns.of({"pk": [1], "v": [[1, 2, 3]], one.name: [value]})
    batch = encode_columns(Schema((PK, VECTOR, one)), columns, pk_given=True)
    return batch.scalars[one.name][0]


@pytest.mark.parametrize("dtype", list(INTEGER_RANGES))
def test_integers_at_their_bounds(dtype: DataType) -> None:
    one = Field("n", dtype)
    for bound in INTEGER_RANGES[dtype]:
        assert encode(one, bound) == bound
    low, high = INTEGER_RANGES[dtype]
    for beyond in (low - 1, high + 1):
        with pytest.raises(DataNotMatchException, match=f"between {low} and {high}"):
            encode(one, beyond)


def test_bools_are_stored_as_the_integers_that_sqlite_keeps() -> None:
    one = Field("b", DataType.BOOL, nullable=True)
    for given_bools in ([True, False], np.array([True, False]), [np.True_, np.False_]):
        columns = Columns.of({"pk": [1, 2], "v": [[1, 2, 3]] * 2, "b": given_bools})
        stored = encode_columns(Schema((PK, VECTOR, one)), columns, pk_given=True).scalars["b"]
        assert [(type(value), value) for value in stored] == [(int, 1), (int, 0)]
    assert encode(one, None) is None
    assert encode(Field("a", DataType.ARRAY, element_type=DataType.BOOL, max_capacity=2), [True]) == "[true]"


@given(st.lists(st.one_of(st.none(), st.integers(-200, 200)), min_size=1, max_size=20))
def test_an_error_counts_rows_as_the_user_does(values: list[int | None]) -> None:
    schema = Schema((PK, VECTOR, Field("n", DataType.INT8, nullable=True)))
    columns = Columns.of({"pk": range(len(values)), "v": [[1, 2, 3]] * len(values), "n": values})
    bad = [place for place, value in enumerate(values) if value is not None and not -128 <= value <= 127]
    if bad:
        with pytest.raises(
            DataNotMatchException, match=f"^<DataNotMatchException: .*row {bad[0]}: field 'n'"
        ):
            encode_columns(schema, columns, pk_given=True)
    else:
        assert encode_columns(schema, columns, pk_given=True).scalars["n"] == values


@pytest.mark.parametrize(
    "vectors",
    [
        [[1, 2.5, 3], (4, 5, 6)],
        [np.array([1, 2.5, 3]), np.array([4, 5, 6], dtype=np.float64)],
        [np.array([1, 2.5, 3], dtype=np.float16), [4, 5, 6]],
        [[np.float32(1), np.float64(2.5), np.int8(3)], [4, 5, 6]],
    ],
)
def test_vectors_of_any_number_type_become_one_matrix(vectors: list[Any]) -> None:
    stored = encode_vectors(VECTOR, vectors)
    decode = decode_vector(VECTOR)
    assert [decode(blob) for blob in stored] == [[1, 2.5, 3], [4, 5, 6]]


def test_the_bad_vector_is_named_whatever_stands_before_it() -> None:
    good = [1, 2, 3]
    for bad in (
        [1, 2],
        [[1, 2, 3]],
        ["1", 2, 3],
        [1, None, 3],
        np.ones(4),
        np.ones((3, 1)),
        {},
        5,
        [1, 2, 1e60],
    ):
        for before in ([good], [np.array(good)], []):
            with pytest.raises(DataNotMatchException, match=f"row {len(before)}: field 'v'"):
                encode_vectors(VECTOR, [*before, bad, good])


def test_keep_picks_rows_of_every_column() -> None:
    batch = Batch(
        count=3,
        pks=[1, 2, 3],
        scalars={"n": ["a", "b", "c"]},
        vectors={"v": [b"first", None, b"third"]},
        documents={"s": count_terms([["a"], ["b"], ["c", "a", "a"]])},
        dynamic=["{}", '{"x":1}', "{}"],
    )
    kept = batch.keep([2, 0])
    assert (kept.count, kept.pks, kept.scalars, kept.dynamic) == (2, [3, 1], {"n": ["c", "a"]}, ["{}", "{}"])
    assert kept.vectors == {"v": [b"third", b"first"]}
    assert kept.documents["s"].counts.tolist() == [2, 1, 1]
