"""The registries of all layers know the same families of vectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from milvus_store_lite.codec.vectors import CODECS
from milvus_store_lite.columns.vectors import FORMS, vectors_of
from milvus_store_lite.indexes.registry import VECTOR_INDEXES
from milvus_store_lite.schema.data_types import STORED_TYPES, DataType
from milvus_store_lite.schema.fields import Field
from milvus_store_lite.schema.vector_families import FAMILY_OF_TYPE, VectorFamily
from milvus_store_lite.search.families import FAMILIES
from milvus_store_lite.search.metrics import Metric


@pytest.mark.parametrize("registry", [CODECS, FORMS, VECTOR_INDEXES, FAMILIES])
def test_each_layer_knows_every_family(registry: Mapping[VectorFamily, Any]) -> None:
    assert set(registry) == set(VectorFamily)


def test_every_vector_type_that_is_stored_is_of_a_family() -> None:
    vectors = {dtype for dtype in STORED_TYPES if dtype.is_vector}
    assert set(FAMILY_OF_TYPE) == vectors == {dtype for dtype in DataType if dtype.is_vector}
    of_other_fields = {VectorFamily.TEXT, VectorFamily.LIST, VectorFamily.BINARY_LIST}
    assert {*FAMILY_OF_TYPE.values()} == set(VectorFamily) - of_other_fields


@pytest.mark.parametrize("dtype", FAMILY_OF_TYPE)
def test_what_a_family_stores_comes_back_in_a_column_and_as_a_query(dtype: DataType) -> None:
    is_sparse = dtype is DataType.SPARSE_FLOAT_VECTOR
    field = Field("v", dtype, dim=None if is_sparse else 16)
    codec = CODECS[field.vector_family]
    value: Any = {1: 2.0, 7: 0.5} if is_sparse else [1] * (2 if dtype is DataType.BINARY_VECTOR else 16)
    blobs = [bytes(blob) for blob in codec.encode(field, [value, value, value])]
    width = codec.width(field)
    assert all(len(blob) % codec.unit(field) == 0 if width is None else len(blob) == width for blob in blobs)
    assert codec.are_good(field, blobs).all()
    assert len(codec.from_blobs(field, blobs)) == len(codec.queries(field, [value] * 3)) == 3
    assert vectors_of(field, blobs).size > 0


def test_every_index_type_of_a_family_has_metrics_that_rank() -> None:
    for kinds in VECTOR_INDEXES.values():
        assert "AUTOINDEX" in kinds
        assert all(Metric(metric) for kind in kinds.values() for metric in kind.metrics)
