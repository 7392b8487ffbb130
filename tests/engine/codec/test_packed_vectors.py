"""Stored vectors in one buffer are a sequence like any other."""

from __future__ import annotations

import numpy as np
import pytest

from milvus_store_lite.codec import PackedVectors, encode_vectors
from milvus_store_lite.schema.data_types import DataType
from milvus_store_lite.schema.fields import Field

FIELD = Field("v", DataType.FLOAT_VECTOR, dim=2, nullable=True)


def test_packed_vectors_are_a_sequence_of_them() -> None:
    packed = PackedVectors(memoryview(b"aabbccdd"), 2)
    assert len(packed) == 4
    assert list(packed) == [packed[0], packed[1], packed[2], packed[-1]] == [b"aa", b"bb", b"cc", b"dd"]
    assert list(packed[1:3]) == [b"bb", b"cc"]
    assert bytes(packed[1:3].buffer) == b"bbcc"
    assert list(packed[3:9]) == [b"dd"]
    assert list(packed[4:]) == []
    with pytest.raises(IndexError):
        packed[4]


def test_dense_vectors_are_packed_unless_one_is_null() -> None:
    matrix = np.arange(6, dtype=np.float32).reshape(3, 2)
    packed = encode_vectors(FIELD, matrix)
    assert isinstance(packed, PackedVectors)
    assert bytes(packed.buffer) == matrix.tobytes()
    assert list(encode_vectors(FIELD, [matrix[0], None, matrix[2]])) == [packed[0], None, packed[2]]
