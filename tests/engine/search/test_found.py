"""Answers looked at column by column hold what they hold row by row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from milvus_store_lite.codec import Columns
from milvus_store_lite.collection.collection import Collection
from milvus_store_lite.database_file import DatabaseFile
from milvus_store_lite.schema.data_types import DataType
from milvus_store_lite.schema.fields import Field
from milvus_store_lite.schema.model import Schema
from milvus_store_lite.search.found import FoundHits, FoundRows
from milvus_store_lite.search.request import SearchRequest
from milvus_store_lite.search.scope import EVERYTHING, Scope
from milvus_store_lite.storage.catalog import IndexRecord

SCHEMA = Schema(
    (
        Field("id", DataType.INT64, is_primary=True),
        Field("v", DataType.FLOAT_VECTOR, dim=2, nullable=True),
        Field("on", DataType.BOOL),
        Field("tags", DataType.ARRAY, element_type=DataType.INT64, max_capacity=4, nullable=True),
        Field("bits", DataType.BINARY_VECTOR, dim=8),
    ),
    enable_dynamic_field=True,
)
INDEXES = (IndexRecord("v", "v", "FLAT", "L2", {}), IndexRecord("bits", "bits", "BIN_FLAT", "HAMMING", {}))
VECTORS = np.arange(8, dtype=np.float32).reshape(4, 2)
FIELDS = (["*"], ["v"], ["tags", "seen"], ["id", "bits"], [], ["$meta"])


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    file = DatabaseFile(tmp_path / "found.db", durability="normal")
    file.database().create_collection("c", SCHEMA, indexes=INDEXES)
    columns: dict[str, Any] = {"id": [3, 1, 2, 5], "v": VECTORS, "on": np.array([True, False, True, True])}
    columns |= {
        "tags": [[1], None, [], [2, 3]],
        "bits": [b"\x00", b"\x01", b"\x03", b"\x07"],
        "seen": [1, "x", None, []],
    }
    made = file.database().collection("c")
    made.insert(Columns.of(columns))
    yield made
    file.close()


def as_dicts(found: FoundRows | FoundHits, count: int) -> list[dict[str, Any]]:
    """What the columns of ``found`` say about each row."""
    columns = {name: list(values) for name, values in found.columns().items()}
    columns = {
        name: [one.tolist() if isinstance(one, np.ndarray) else one for one in values]
        for name, values in columns.items()
    }
    documents = found.dynamic() or [{}] * count
    return [
        {**{name: values[row] for name, values in columns.items()}, **documents[row]} for row in range(count)
    ]


@pytest.mark.parametrize("fields", FIELDS, ids=str)
def test_rows_are_their_columns(collection: Collection, fields: list[str]) -> None:
    found = collection.query(EVERYTHING, fields, limit=10)
    assert found.pks == [3, 1, 2, 5]
    assert found.dicts() == as_dicts(found, 4)
    assert list(found.columns()) == [name for name in SCHEMA.by_name if name in found.dicts()[0]]


@pytest.mark.parametrize("fields", FIELDS, ids=str)
@pytest.mark.parametrize("queries", [1, 3])
def test_hits_are_their_columns(collection: Collection, fields: list[str], queries: int) -> None:
    request = SearchRequest("v", limit=3, output_fields=fields)
    found = collection.search(request, VECTORS[:queries].tolist())
    assert found.primary == "id"
    assert found.starts == [3 * query for query in range(queries + 1)]
    assert [found.pks[start] for start in found.starts[:-1]] == [3, 1, 2][:queries]
    assert len(found.distances) == len(found.pks) == 3 * queries
    assert found.entities() == as_dicts(found, 3 * queries)


def test_float_vectors_are_a_matrix_unless_one_is_null(collection: Collection) -> None:
    column = collection.query(EVERYTHING, ["v"], limit=9).columns()["v"]
    assert isinstance(column, np.ndarray)
    assert (column.dtype, column.tolist()) == (np.float32, VECTORS.tolist())
    collection.insert(Columns.of({"id": [9], "v": [None], "on": [True], "bits": [b"\x00"]}))
    assert collection.query(EVERYTHING, ["v"], limit=9).columns()["v"] == [*VECTORS.tolist(), None]


def test_nothing_found_has_its_columns(collection: Collection) -> None:
    found = collection.query(Scope("id > 100"), ["v", "on"])
    assert (found.pks, found.dicts(), found.dynamic()) == ([], [], None)
    assert {name: len(column) for name, column in found.columns().items()} == {"id": 0, "v": 0, "on": 0}


def test_hits_of_several_queries_are_dictionaries_of_their_own(collection: Collection) -> None:
    entities = collection.search(
        SearchRequest("v", limit=4, output_fields=["on"]), [[0, 1], [0, 1]]
    ).entities()
    entities[0]["on"] = "changed"
    assert "changed" not in [entity["on"] for entity in entities[1:]]
