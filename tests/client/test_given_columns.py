"""The same rows as dictionaries, as columns, as Arrow and as pandas make the same collection."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milvus_store import DataType, MilvusClient
from milvus_store.errors import DataNotMatchException

DIM = 8
Row = dict[str, Any]

_finite = st.floats(-1000, 1000, width=16)
_texts = st.text(max_size=6)
_times = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(timezone.utc))
_documents = st.dictionaries(
    _texts, st.one_of(st.none(), st.integers(-9, 9), _texts, st.lists(_finite, max_size=2))
)


def _vectors(kind: Any) -> st.SearchStrategy[Any]:
    numbers = st.integers(-128, 127) if kind is np.int8 else _finite
    return st.lists(numbers, min_size=DIM, max_size=DIM).map(lambda values: np.array(values, dtype=kind))


FIELDS: dict[str, tuple[dict[str, Any], st.SearchStrategy[Any], Any]] = {
    "bool": ({"datatype": DataType.BOOL}, st.booleans(), pa.bool_()),
    "int8": ({"datatype": DataType.INT8}, st.integers(-(2**7), 2**7 - 1), pa.int8()),
    "int16": ({"datatype": DataType.INT16}, st.integers(-(2**15), 2**15 - 1), pa.int64()),
    "int32": ({"datatype": DataType.INT32}, st.integers(-(2**31), 2**31 - 1), pa.int32()),
    "int64": ({"datatype": DataType.INT64}, st.integers(-(2**63), 2**63 - 1), pa.int64()),
    "float": ({"datatype": DataType.FLOAT}, _finite, pa.float32()),
    "double": ({"datatype": DataType.DOUBLE}, st.floats(allow_nan=False, allow_infinity=False), pa.float64()),
    "text": ({"datatype": DataType.VARCHAR, "max_length": 32}, _texts, pa.string()),
    "word": (
        {"datatype": DataType.VARCHAR, "max_length": 32},
        _texts,
        pa.dictionary(pa.int32(), pa.string()),
    ),
    "json": ({"datatype": DataType.JSON}, _documents.map(json.dumps), pa.large_string()),
    "numbers": (
        {"datatype": DataType.ARRAY, "element_type": DataType.INT64, "max_capacity": 4},
        st.lists(st.integers(-9, 9), max_size=4),
        pa.list_(pa.int64()),
    ),
    "time": ({"datatype": DataType.TIMESTAMPTZ}, _times, pa.timestamp("us", "UTC")),
    "dense": (
        {"datatype": DataType.FLOAT_VECTOR, "dim": DIM},
        _vectors(np.float32),
        pa.list_(pa.float32(), DIM),
    ),
    "half": ({"datatype": DataType.FLOAT16_VECTOR, "dim": DIM}, _vectors(np.float16), pa.list_(pa.float16())),
    "brain": (
        {"datatype": DataType.BFLOAT16_VECTOR, "dim": DIM},
        _vectors(np.float32).map(lambda vector: vector.astype(np.float32).view("<u2")[1::2].tobytes()),
        pa.binary(),
    ),
    "small": ({"datatype": DataType.INT8_VECTOR, "dim": DIM}, _vectors(np.int8), pa.large_list(pa.int8())),
    "bits": (
        {"datatype": DataType.BINARY_VECTOR, "dim": 16},
        st.binary(min_size=2, max_size=2),
        pa.binary(2),
    ),
    "sparse": (
        {"datatype": DataType.SPARSE_FLOAT_VECTOR},
        st.dictionaries(st.integers(0, 99), st.floats(0, 100, width=16), max_size=3),
        pa.map_(pa.uint32(), pa.float32()),
    ),
}
"""Field → how it is added, its values, and its type in Arrow."""

EXTRA: dict[str, tuple[st.SearchStrategy[Any], Any]] = {
    "note": (_texts, pa.string()),
    "size": (_finite, pa.float64()),
}
"""Dynamic keys."""


def _fill(client: MilvusClient, nullable: bool) -> None:
    schema = client.create_schema(enable_dynamic_field=True)
    schema.add_field("id", DataType.INT64, is_primary=True)
    index = client.prepare_index_params()
    for name, (options, _, _) in FIELDS.items():
        schema.add_field(name, **options, nullable=nullable)
    for name in ("dense", "half", "brain", "small", "bits", "sparse"):
        metric = {"bits": "HAMMING", "sparse": "IP"}.get(name, "L2")
        index.add_index(name, index_type="AUTOINDEX", metric_type=metric)
    client.create_collection("nullable" if nullable else "full", schema=schema, index_params=index)


@pytest.fixture(scope="module")
def client() -> Iterator[MilvusClient]:
    with MilvusClient(":memory:") as made:
        for nullable in (False, True):
            _fill(made, nullable)
        yield made


@st.composite
def _rows(draw: st.DrawFn) -> tuple[str, list[Row]]:
    nullable = draw(st.booleans())
    values = {name: one for name, (_, one, _) in FIELDS.items()}
    if nullable:
        values = {name: st.one_of(st.none(), one) for name, one in values.items()}
    values |= {name: st.one_of(st.none(), one) for name, (one, _) in EXTRA.items()}
    rows = draw(st.lists(st.fixed_dictionaries(values), min_size=1, max_size=5))
    return ("nullable" if nullable else "full"), [
        {"id": n, **{name: row[name] for name in values}} for n, row in enumerate(rows)
    ]


def _columns(rows: list[Row]) -> dict[str, Any]:
    return {name: [row[name] for row in rows] for name in rows[0]}


def _arrays(rows: list[Row]) -> dict[str, Any]:
    """Columns, those of numbers as arrays where none is null."""
    found = _columns(rows)
    for name, values in found.items():
        if {type(value) for value in values} <= {bool, int, float}:
            found[name] = np.array(values)
        elif isinstance(values[0], np.ndarray) and len({np.shape(value) for value in values}) == 1:
            found[name] = np.stack(values)
        elif name == "bits" and None not in values:
            found[name] = np.frombuffer(b"".join(values), dtype=np.uint8).reshape(len(values), -1)
    return found


def _table(rows: list[Row]) -> pa.Table:
    kinds = {"id": pa.int64(), **{name: kind for name, (_, _, kind) in FIELDS.items()}}
    kinds |= {name: kind for name, (_, kind) in EXTRA.items()}
    columns = {}
    for name, values in _columns(rows).items():
        plain = [list(one.items()) if isinstance(one, dict) else one for one in values]
        columns[name] = pa.array(plain, kinds[name])
    return pa.table(columns)


def _in_chunks(rows: list[Row]) -> pa.Table:
    """A table of several chunks, that begins within the first."""
    return pa.concat_tables([_table([rows[0], *rows[:1]]).slice(1), *(_table([row]) for row in rows[1:])])


def _frame(rows: list[Row]) -> pd.DataFrame:
    """Columns of pandas: its own nullable types for integers and bools, objects for vectors."""
    kinds = {"bool": "boolean", "int16": "Int64", **{f"int{bits}": f"Int{bits}" for bits in (8, 32, 64)}}
    kinds |= {"float": "float32", "double": "float64", "text": "str", "size": "float64"}
    return pd.DataFrame(
        {
            name: pd.Series(values, dtype=kinds.get(name, "object" if name != "id" else "int64"))
            for name, values in _columns(rows).items()
        }
    )


def _of_arrow(rows: list[Row]) -> pd.DataFrame:
    return _table(rows).to_pandas(types_mapper=pd.ArrowDtype)


FORMS: list[Callable[[list[Row]], Any]] = [
    _columns,
    _arrays,
    _table,
    _in_chunks,
    lambda rows: _table(rows).to_batches()[0],
    _frame,
    _of_arrow,
    lambda rows: {name: _frame(rows)[name] for name in rows[0]},
    lambda rows: dict(zip(rows[0], _table(rows).columns, strict=True)),
]


def _written(client: MilvusClient, name: str, data: Any, call: str, **options: Any) -> tuple[Any, list[Row]]:
    answer = getattr(client, call)(name, data, **options)
    found = client.query(name, limit=100, output_fields=["*"])
    client.truncate_collection(name)
    return answer, list(found)


@settings(max_examples=40, deadline=None)
@given(drawn=_rows(), call=st.sampled_from(["insert", "upsert"]))
def test_every_form_makes_the_same_rows(
    client: MilvusClient, drawn: tuple[str, list[Row]], call: str
) -> None:
    name, rows = drawn
    expected = _written(client, name, rows, call)
    for form in FORMS:
        assert _written(client, name, form(rows), call) == expected


def _example(count: int) -> list[Row]:
    """Rows of the collection that knows no nulls."""
    numbers = np.arange(DIM, dtype=np.float32)
    values: Row = dict.fromkeys(["int8", "int16", "int32", "int64", "size", "float", "double"], 1)
    values |= {"bool": True, "text": "a", "word": "b", "json": "{}", "numbers": [1], "note": "n"}
    values |= {"time": datetime(2020, 1, 1, tzinfo=timezone.utc), "brain": bytes(2 * DIM), "bits": b"ab"}
    values |= {
        "dense": numbers,
        "half": numbers.astype("f2"),
        "small": numbers.astype("i1"),
        "sparse": {1: 1.0},
    }
    return [{"id": n, **{name: values[name] for name in (*FIELDS, *EXTRA)}} for n in range(count)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("int16", 2**15), ("float", float("nan")), ("double", float("inf")), ("text", "x" * 33)],
        *[("numbers", [1] * 5), ("brain", b"short"), ("sparse", {1: -1.0}), ("json", "{"), ("int64", None)],
        *[("dense", np.full(DIM, np.nan, dtype=np.float32)), ("half", np.ones(DIM - 1, dtype=np.float16))],
        *[("small", None), ("bits", None), ("text", None)],
    ],
    ids=str,
)
def test_every_form_is_told_row_and_field(client: MilvusClient, name: str, value: Any) -> None:
    rows = _example(4)
    rows[2][name] = value
    for form in (lambda rows: rows, *FORMS):
        is_pandas = form in (_frame, FORMS[-2])
        expected = "not nullable" if is_pandas and isinstance(value, float) and value != value else "expected"
        with pytest.raises(DataNotMatchException, match=rf"row 2: field '{name}' .*{expected}"):
            client.insert("full", form(rows))
    assert client.query("full", limit=1) == []


def test_a_partial_upsert_takes_columns(client: MilvusClient) -> None:
    rows = _example(3)
    for form in FORMS:
        client.insert("full", rows)
        changed = form(
            [{"id": n, "int32": 70 + n, "dense": np.ones(DIM, "f4"), "size": None} for n in (0, 2)]
        )
        answer = client.upsert("full", changed, partial_update=True)
        assert (answer["upsert_count"], answer["ids"]) == (2, [0, 2])
        found = {row["id"]: row for row in client.query("full", limit=9, output_fields=["*"])}
        assert [found[n]["int32"] for n in range(3)] == [70, 1, 72]
        assert [found[n]["dense"][0] for n in range(3)] == [1, 0, 1]
        assert [(found[n]["size"], found[n]["note"], found[n]["text"]) for n in (0, 1)] == [
            (None, "n", "a"),
            (1.0, "n", "a"),
        ]
        client.truncate_collection("full")


@pytest.fixture
def numbered(client: MilvusClient) -> Iterator[str]:
    """A collection whose rows may consist of lists only."""
    schema = client.create_schema(auto_id=True, enable_dynamic_field=True)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("words", DataType.SPARSE_FLOAT_VECTOR, nullable=True)
    schema.add_field(
        "tags", DataType.ARRAY, element_type=DataType.VARCHAR, max_length=9, max_capacity=9, nullable=True
    )
    schema.add_field("n", DataType.INT64, nullable=True)
    index = client.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
    index.add_index("words", index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
    client.create_collection("numbered", schema=schema, index_params=index)
    yield "numbered"
    client.drop_collection("numbered")


@pytest.mark.parametrize(
    ("data", "count"),
    [
        ({"vector": [1.0, 2.0]}, 1),
        ({"vector": np.ones(2), "tags": ["a", "b"], "seen": [1, 2]}, 1),
        ({"vector": (1.0, 2.0), "words": [(1, 0.5), (2, 0.5)]}, 1),
        ({"vector": [[1.0, 2.0], [1.0, 3.0]], "tags": [["a"], ["b", "c"]]}, 2),
        ({"vector": np.ones((3, 2))}, 3),
        ({"vector": np.ones((2, 2)), "words": [{1: 0.5}, [(2, 0.5)]], "seen": [True, "x"]}, 2),
        ({"vector": [np.ones(2)], "n": [5]}, 1),
        ({"vector": np.ones((2, 2)), "n": pd.Series([1, 2]), "tags": pa.array([["a"], None])}, 2),
        ({"vector": np.empty((0, 2)), "n": []}, 0),
    ],
)
def test_a_row_of_lists_and_columns_are_told_apart(
    client: MilvusClient, numbered: str, data: Any, count: int
) -> None:
    answer = client.insert(numbered, data)
    assert (answer["insert_count"], len(answer["ids"])) == (count, count)
    found = client.query(numbered, limit=9, output_fields=["id"])
    assert [row["id"] for row in found] == answer["ids"]


def test_columns_that_cannot_be_rows_are_errors(client: MilvusClient, numbered: str) -> None:
    for data, expected in (
        ({"vector": np.ones((2, 2)), "n": [1]}, r"equally long, got 'vector' has 2, 'n' has 1"),
        ({"vector": np.ones((2, 2)), "id": [1, 2]}, r"row 0: field 'id' is numbered by auto_id"),
        ({"vector": np.ones((2, 2)), "n": [1, "x"]}, r"row 1: field 'n' \(INT64\): expected an integer"),
        (
            {"vector": np.ones((2, 2)), "n": np.array([[1], [2]])},
            r"row 0: field 'n' \(INT64\): expected an integer",
        ),
        ({"vector": np.ones(2), "n": np.array([1, 2])}, r"row 0: field 'vector'"),
        ({"n": [1, 2]}, r"row 0: field 'vector' .*is missing.*given were \['n'\]"),
        (pd.DataFrame([[1, 2]], columns=["n", "n"]), r"different names, got 'n' twice"),
        (pa.table([[1], [2]], ["n", "n"]), r"different names, got 'n' twice"),
    ):
        with pytest.raises(DataNotMatchException, match=expected):
            client.insert(numbered, data)  # type: ignore[arg-type]


def test_a_table_without_rows_writes_nothing(client: MilvusClient) -> None:
    for form in FORMS[2:]:
        if form is not _in_chunks:
            empty = form(_example(1))
            empty = {name: one[:0] for name, one in empty.items()} if isinstance(empty, dict) else empty[:0]
            assert client.insert("full", empty) == {"insert_count": 0, "ids": [], "cost": 0}


def test_columns_without_a_dynamic_field_know_the_nearest_name(client: MilvusClient) -> None:
    schema = client.create_schema(enable_dynamic_field=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    table = pa.table({"id": [1, 2], "vectors": [[1.0, 2.0], [1.0, 2.0]]})
    with pytest.raises(DataNotMatchException, match="row 0: unknown field 'vectors'.*did you mean 'vector'"):
        client.create_and_insert("strict", table, schema=schema)  # type: ignore[arg-type]
    answer = client.create_and_insert("strict", table.rename_columns(["id", "vector"]), schema=schema)
    assert answer == {"insert_count": 2, "ids": [1, 2], "cost": 0}
    client.drop_collection("strict")


def test_columns_of_a_tenant_get_its_key(client: MilvusClient) -> None:
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("who", DataType.VARCHAR, max_length=9, is_partition_key=True)
    index = client.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
    client.create_collection("shared", schema=schema, index_params=index)
    ann = client.for_tenant("shared", "ann")
    ann.insert("shared", {"id": [1, 2], "vector": np.ones((2, 2))})
    ann.insert("shared", pa.table({"id": [3], "vector": [[1.0, 2.0]], "who": ["ann"]}))
    with pytest.raises(DataNotMatchException, match="row 1: field 'who'.*expected 'ann'.*got 'bob'"):
        ann.insert("shared", {"id": [4, 5], "vector": np.ones((2, 2)), "who": ["ann", "bob"]})
    assert {row["who"] for row in client.query("shared", limit=9, output_fields=["who"])} == {"ann"}
    client.drop_collection("shared")
