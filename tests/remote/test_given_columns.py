"""Columns and tables on a server: what a file takes makes the same rows there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from milvus_store import CollectionSchema, DataType, IndexParams, MilvusClient
from milvus_store.errors import DataNotMatchException, ParamError

pytestmark = pytest.mark.filterwarnings("default")  # pymilvus's own warnings are not ours to answer for

DATA: dict[str, Any] = {
    "id": np.arange(1, 4),
    "vector": np.arange(12, dtype=np.float32).reshape(3, 4),
    "price": np.array([1.5, 2.5, 3.5], dtype=np.float32),
    "word": ["a", "b", "c"],
    "tags": [[1], [1, 2], []],
    "seen": np.array([True, False, True]),  # a dynamic key
}
BITS = np.array([[0b10000001, 0], [0, 7], [255, 255]], dtype=np.uint8)


def _arrow() -> pa.Table:
    return pa.table(
        {
            **{name: pa.array(DATA[name]) for name in ("id", "price", "word", "seen")},
            "vector": pa.FixedSizeListArray.from_arrays(pa.array(DATA["vector"].ravel()), 4),
            "tags": pa.array(DATA["tags"], pa.list_(pa.int64())),
        }
    )


FORMS: dict[str, Callable[[], Any]] = {
    "arrays": lambda: DATA,
    "lists": lambda: {name: list(values) for name, values in DATA.items()},
    "columns of other libraries": lambda: {
        **DATA,
        "word": pd.Series(DATA["word"]),
        "price": _arrow().column("price"),
    },
    "arrow": _arrow,
    "pandas": lambda: pd.DataFrame({**DATA, "vector": list(DATA["vector"])}),
}


@pytest.fixture(params=["lite_server", "our_server", "real"])
def uri(request: pytest.FixtureRequest) -> Any:
    if request.param == "real":
        return request.getfixturevalue("real_milvus")
    return "http://{}:{}".format(*request.getfixturevalue(request.param))


@pytest.fixture
def remote(uri: str) -> Iterator[MilvusClient]:
    with MilvusClient(uri) as client:
        for name in client.list_collections():
            client.drop_collection(name)
        yield client


def _schema(vector: dict[str, Any], **options: Any) -> CollectionSchema:
    schema = MilvusClient.create_schema(enable_dynamic_field=True, **options)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", **vector)
    schema.add_field("price", DataType.FLOAT)
    schema.add_field("word", DataType.VARCHAR, max_length=9)
    return schema.add_field("tags", DataType.ARRAY, element_type=DataType.INT64, max_capacity=4)


FLOATS = {"datatype": DataType.FLOAT_VECTOR, "dim": 4}
BINARY = {"datatype": DataType.BINARY_VECTOR, "dim": 16}


def _index(metric: str = "L2") -> IndexParams:
    kind = "FLAT" if metric == "L2" else "BIN_FLAT"
    return MilvusClient.prepare_index_params("vector", index_type=kind, metric_type=metric)


def _rows(client: MilvusClient, name: str) -> list[dict[str, Any]]:
    found = client.query(name, "id > 0", ["*", "vector"], consistency_level="Strong")
    plain = [
        {key: _plain(value) for key, value in row.items() if key != "$meta"}
        for row in sorted(found, key=lambda row: int(row["id"]))
    ]
    assert plain
    return plain


def _plain(value: Any) -> Any:
    """Bytes alone: a server shows those of a binary vector in a list."""
    if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
        return value
    found = list(value)
    return found[0] if found and isinstance(found[0], bytes) else found


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("call", ["insert", "upsert", "create_and_insert"])
def test_every_form_makes_the_rows_that_it_makes_on_a_file(
    remote: MilvusClient, path: Path, call: str, form: str
) -> None:
    found = []
    with MilvusClient(path) as on_file:
        for client in (remote, on_file):
            if call == "create_and_insert":
                answer = client.create_and_insert("docs", FORMS[form](), _schema(FLOATS), _index())
            else:
                client.create_collection("docs", schema=_schema(FLOATS), index_params=_index())
                answer = getattr(client, call)("docs", FORMS[form]())
            assert list(answer["ids"]) == [1, 2, 3]
            found.append(_rows(client, "docs"))
    assert found[0] == found[1]


@pytest.mark.parametrize("uri", ["real"], indirect=True)  # Milvus Lite's server has no binary vectors
def test_a_matrix_of_binary_vectors_is_its_rows(remote: MilvusClient) -> None:
    remote.create_collection("bits", schema=_schema(BINARY), index_params=_index("HAMMING"))
    remote.insert("bits", {**DATA, "vector": BITS})
    assert [row["vector"] for row in _rows(remote, "bits")] == [row.tobytes() for row in BITS]


def test_a_row_of_lists_stays_one_row(remote: MilvusClient) -> None:
    schema = MilvusClient.create_schema(auto_id=True, enable_dynamic_field=True)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", **FLOATS)
    remote.create_collection("lists", schema=schema, index_params=_index())
    for data, count in (
        ({"vector": [1.0, 2.0, 3.0, 4.0], "seen": [1, 2]}, 1),
        ({"vector": [[1.0, 2.0, 3.0, 4.0]] * 2, "seen": [1, 2]}, 2),
    ):
        assert remote.insert("lists", data)["insert_count"] == count


def test_columns_that_differ_in_length_never_reach_the_server(remote: MilvusClient) -> None:
    remote.create_collection("docs", schema=_schema(FLOATS), index_params=_index())
    with pytest.raises(DataNotMatchException, match="equally long, got 'id' has 3, .*'price' has 1"):
        remote.insert("docs", {**DATA, "price": [1.0]})
    with pytest.raises(ParamError, match="create_and_insert.* needs a schema"):
        remote.create_and_insert("other", DATA)
