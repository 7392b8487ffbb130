from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from milvus_store_lite.errors import ParamError
from milvus_store_lite.indexes.registry import (
    BINARY_INDEXES,
    DENSE_INDEXES,
    PARAMETER_NAMES,
    IndexType,
    check_index,
    check_search_parameters,
    index_types,
)
from milvus_store_lite.schema.data_types import DataType
from milvus_store_lite.schema.fields import Field

DENSE = Field("v", DataType.FLOAT_VECTOR, dim=12)
BINARY = Field("b", DataType.BINARY_VECTOR, dim=16)


@pytest.mark.parametrize("kind", DENSE_INDEXES.values(), ids=lambda kind: kind.name)
def test_every_number_is_held_to_its_range(kind: IndexType) -> None:
    for one in kind.build:
        if one.kind is int and isinstance(one.low, int):
            with pytest.raises(ParamError, match=rf"'{one.name}' of index type {kind.name} must be an int"):
                check_index(DENSE, kind.name, None, {one.name: one.low - 1})
        if one.kind is int and isinstance(one.high, int):
            with pytest.raises(ParamError, match=rf"got {one.high + 1}"):
                check_index(DENSE, kind.name, None, {one.name: one.high + 1})


def test_parameters_come_as_numbers_or_as_their_text() -> None:
    _, _, parameters = check_index(DENSE, "IVF_FLAT", "l2", {"nlist": "64"})
    assert parameters == {"nlist": 64}
    assert check_index(DENSE, "IVF_FLAT", None, {"nlist": np.int32(5)})[2] == {"nlist": 5}
    bad: list[Any] = [True, 1.5, "many", [1]]
    for value in bad:
        with pytest.raises(ParamError, match="'nlist'.*an int between 1 and 65,536"):
            check_index(DENSE, "IVF_FLAT", None, {"nlist": value})


def test_bounds_may_be_other_quantities() -> None:
    with pytest.raises(ParamError, match=r"'m' of index type IVF_PQ.*divides dim \(12\), got 5"):
        check_index(DENSE, "IVF_PQ", None, {"m": 5})
    check_index(DENSE, "IVF_PQ", None, {"m": 4})
    with pytest.raises(ParamError, match=r"'ef'.*between limit \(10\) and"):
        check_search_parameters(DENSE, "HNSW", {}, {"ef": 9}, 10)
    assert check_search_parameters(DENSE, "ANNOY", {}, {"search_k": -1}, 10) == {"search_k": -1}


def test_a_name_that_is_not_taken_is_an_error_with_the_nearest_one() -> None:
    with pytest.raises(ParamError, match="did you mean 'efConstruction'"):
        check_index(DENSE, "HNSW", None, {"efconstruction": 100})
    with pytest.raises(ParamError, match="no parameters, got 'eff'"):
        check_search_parameters(DENSE, "FLAT", {}, {"eff": 9}, 10)
    with pytest.raises(ParamError, match="no parameters, got 'nlist'"):
        check_index(DENSE, "AUTOINDEX", None, {"nlist": 9})  # as in Milvus


def test_what_another_index_takes_is_left_alone_whatever_its_value() -> None:
    """One set of parameters serves several indexes, as in Milvus."""
    checked = {"json_path", "json_cast_type", "json_cast_function", "mmap.enabled"}
    given = dict.fromkeys(PARAMETER_NAMES - checked, "nonsense")
    for name, kind in DENSE_INDEXES.items():
        meant = {one.name.lower() for one in (*kind.build, *kind.search)}
        others = {key: value for key, value in given.items() if key.lower() not in meant}
        assert check_search_parameters(DENSE, name, {}, others, 10) == {}
        if name != "AUTOINDEX":
            assert check_index(DENSE, name, None, others)[2] == {}


def test_values_of_what_an_index_takes_are_errors_as_ever() -> None:
    for name, params in (("IVF_FLAT", {"nprobe": 0}), ("HNSW", {"ef": 0}), ("SCANN", {"reorder_k": "x"})):
        with pytest.raises(ParamError, match=next(iter(params))):
            check_search_parameters(DENSE, name, {}, {**params, "level": 1}, 10)


def test_types_and_metrics_belong_to_the_kind_of_field() -> None:
    assert check_index(BINARY, "", None, {})[:2] == ("AUTOINDEX", "HAMMING")
    assert check_index(DENSE, "", None, {})[:2] == ("AUTOINDEX", "COSINE")
    with pytest.raises(ParamError, match="cannot have index type 'HNSW'.*BIN_FLAT"):
        check_index(BINARY, "HNSW", None, {})
    with pytest.raises(ParamError, match="metric_type of field 'b'.*HAMMING, JACCARD.*got 'L2'"):
        check_index(BINARY, "BIN_FLAT", "L2", {})
    for name, kind in BINARY_INDEXES.items():
        for metric in kind.metrics:
            assert check_index(BINARY, name, metric.lower(), {})[1] == metric


@pytest.mark.parametrize(
    ("one", "kinds"),
    [
        (Field("b", DataType.BOOL), ["AUTOINDEX", "INVERTED", "BITMAP"]),
        (
            Field("s", DataType.VARCHAR, max_length=9),
            ["AUTOINDEX", "INVERTED", "STL_SORT", "TRIE", "BITMAP", "NGRAM"],
        ),
        (Field("j", DataType.JSON), ["AUTOINDEX", "INVERTED", "STL_SORT", "BITMAP", "NGRAM"]),
    ],
)
def test_scalar_fields_have_the_types_of_milvus(one: Field, kinds: list[str]) -> None:
    assert list(index_types(one)) == kinds
