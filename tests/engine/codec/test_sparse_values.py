from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

from milvus_store_lite.codec import decode_vector, encode_queries, encode_vectors
from milvus_store_lite.errors import DataNotMatchException, ParamError, SchemaNotReadyException
from milvus_store_lite.schema.data_types import DataType
from milvus_store_lite.schema.fields import Field

FIELD = Field("v", DataType.SPARSE_FLOAT_VECTOR)
VECTORS = st.dictionaries(st.integers(0, 2**32 - 2), st.floats(0, 2.0**100, width=32), max_size=9)


def stored(*values: Any) -> list[bytes]:
    return [bytes(blob) for blob in encode_vectors(FIELD, values) if blob is not None]


@given(st.lists(VECTORS, max_size=8))
def test_a_vector_is_stored_as_milvus_packs_it_and_read_back(vectors: list[dict[int, float]]) -> None:
    expected = [sorted((index, value) for index, value in one.items() if value) for one in vectors]
    packed = [b"".join(struct.pack("<If", *pair) for pair in pairs) for pairs in expected]
    assert stored(*vectors) == packed
    assert stored(*(list(one.items()) for one in vectors)) == packed
    assert [decode_vector(FIELD)(blob) for blob in packed] == [dict(pairs) for pairs in expected]


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "dok", "lil", "bsr", "dia"])
@pytest.mark.parametrize("kind", ["matrix", "array"])
def test_a_scipy_row_of_any_format_is_taken(form: str, kind: str) -> None:
    row = getattr(scipy.sparse, f"{form}_{kind}")(np.array([[0, 1.5, 0, 2]]))
    assert stored(row, {1: 1.5, 3: 2}) == stored({1: 1.5, 3: 2}, row)
    with pytest.raises(DataNotMatchException, match=r"row 0: field 'v'.*one row, shape \(1, n\)"):
        stored(getattr(scipy.sparse, f"{form}_{kind}")(np.eye(2)))


def test_numbers_may_be_numpys_or_text_as_in_pymilvus() -> None:
    assert (
        stored({"1": "2.5", np.int32(3): np.float32(2)}, [["1", 2.5], (3, 2)]) == stored({1: 2.5, 3: 2}) * 2
    )
    assert stored(scipy.sparse.coo_matrix(([1, 1.5], ([0, 0], [1, 1])))) == stored({1: 2.5})


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({-1: 1.0}, "an index that is an integer from 0 to 4294967294, got int: -1"),
        ({2**32 - 1: 1.0}, "got int: 4294967295"),
        ({2**70: 1.0}, "an index that is an integer"),
        ({1.5: 1.0}, "an index that is an integer from 0 to 4294967294, got float: 1.5"),
        ({True: 1.0}, "an index that is an integer"),
        ({3: float("nan")}, "got nan at index 3"),
        ({3: float("inf")}, "got inf at index 3"),
        ({3: 1e39}, r"finite as float32 and not negative .* got 1e\+39 at index 3"),
        ({3: 10**400}, "got inf at index 3"),
        ({3: -0.5}, "got -0.5 at index 3"),
        ({3: None}, "a number as value, got NoneType"),
        ([(3, 1.0), (3, 2.0)], "each index once, not 3 twice"),
        ([0.1, 0.2], "a dict of index to value, a list of"),
        ({"indices": [1], "values": [0.1]}, "got str: 'indices'"),
        ("abc", "a dict of index to value"),
        (scipy.sparse.csr_matrix([[1j]]), "a scipy row of real numbers"),
    ],
)
def test_what_is_no_sparse_vector_is_refused_by_row_and_reason(bad: Any, message: str) -> None:
    with pytest.raises(
        DataNotMatchException, match=rf"row 1: field 'v' \(SPARSE_FLOAT_VECTOR\): .*{message}"
    ):
        stored({1: 1.0}, bad)
    with pytest.raises(ParamError, match=f"query vector 1: field 'v'.*{message}"):
        encode_queries(FIELD, [{1: 1.0}, bad])


def test_null_and_empty_are_different() -> None:
    one = Field("v", DataType.SPARSE_FLOAT_VECTOR, nullable=True)
    assert encode_vectors(one, [None, {}, []]) == [None, b"", b""]
    with pytest.raises(DataNotMatchException, match="row 1: field 'v'.*not nullable"):
        encode_vectors(FIELD, [{}, None])


def test_a_sparse_field_has_no_dimension() -> None:
    with pytest.raises(SchemaNotReadyException, match=r"'v' \(SPARSE_FLOAT_VECTOR.*dim is not allowed"):
        Field("v", DataType.SPARSE_FLOAT_VECTOR, dim=8)
