"""ARRAY, TIMESTAMPTZ and GEOMETRY fields from the client's schema to the rows that come back."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pymilvus
import pytest

from milvus_store import DataType, MilvusClient
from milvus_store.errors import DataNotMatchException, SchemaNotReadyException

ROW: dict[str, Any] = {"id": 9, "vector": [0.0, 1.0], "ranks": [], "shares": [], "flags": []}


@pytest.fixture(params=[MilvusClient, pymilvus.MilvusClient], ids=["our schema", "pymilvus's schema"])
def client(request: pytest.FixtureRequest, tmp_path: Path) -> MilvusClient:
    schema = request.param.create_schema(enable_dynamic_field=True)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    strings = {"element_type": DataType.VARCHAR, "max_capacity": 3, "max_length": 5}
    schema.add_field("tags", DataType.ARRAY, nullable=True, **strings)
    schema.add_field("ranks", DataType.ARRAY, element_type=DataType.INT16, max_capacity=8)
    schema.add_field("shares", DataType.ARRAY, element_type=DataType.DOUBLE, max_capacity=8)
    schema.add_field("flags", DataType.ARRAY, element_type=DataType.BOOL, max_capacity=8)
    schema.add_field("moment", DataType.TIMESTAMPTZ, nullable=True)
    schema.add_field("place", DataType.GEOMETRY, nullable=True)
    made = MilvusClient(tmp_path / "arrays.db")
    index = made.prepare_index_params()
    index.add_index("vector", index_type="FLAT", metric_type="L2")
    made.create_collection("c", schema=schema, index_params=index)
    return made


def test_values_come_back_as_they_were_given(client: MilvusClient) -> None:
    given = {
        "id": 1,
        "vector": [0.0, 1.0],
        "tags": ["a", 'q"é\n', ""],
        "ranks": [1, -2, 3],
        "shares": [0.1, 1e300, 0.0],
        "flags": [True, False],
        "moment": "2025-02-28T12:00:00.5+08:00",
        "place": "POINT (0.1 1)",
        "free": [1, [2]],
    }
    client.insert("c", [given, ROW])
    found, empty = client.query("c", "id > 0")
    assert found == given | {"moment": "2025-02-28T04:00:00.5Z"}
    assert [type(flag) for flag in found["flags"]] == [bool, bool]
    assert empty == ROW | {"tags": None, "moment": None, "place": None}
    client.upsert(
        "c", [given | {"tags": None, "ranks": (7,), "moment": datetime(2025, 1, 1, tzinfo=timezone.utc)}]
    )
    changed = client.get("c", [1], output_fields=["tags", "ranks", "moment"])
    assert changed == [{"id": 1, "tags": None, "ranks": [7], "moment": "2025-01-01T00:00:00Z"}]


def test_filters_see_rows_that_came_after_the_first_filter(client: MilvusClient) -> None:
    def ids(text: str) -> list[int]:
        return [row["id"] for row in client.query("c", text, output_fields=["id"])]

    client.insert("c", [ROW | {"id": 1, "ranks": [1, 2], "free": ["x"], "moment": "2025-01-01T00:00:00Z"}])
    texts = ["array_contains(ranks, 2)", "json_contains(free, 'x')", "moment < ISO '2025-01-02T00:00:00Z'"]
    near = "st_dwithin(place, 'POINT (0 0)', 2)"
    assert [ids(text) for text in texts] == [[1], [1], [1]]
    client.insert("c", [ROW | {"id": 2, "ranks": np.array([5, 2]), "free": ["y", "x"], "moment": None}])
    assert [ids(text) for text in texts] == [[1, 2], [1, 2], [1]]
    assert ids(near) == []
    client.upsert("c", ROW | {"id": 2, "ranks": [2], "free": ["x"], "place": "point(1 1)"})
    assert ids(near) == [2]
    client.delete("c", ids=[1])
    client.insert("c", [ROW | {"id": 3, "ranks": [2], "free": "x", "moment": "2024-01-01T00:00:00Z"}])
    assert [ids(text) for text in texts] == [[2, 3], [2], [3]]


def test_the_description_names_what_an_array_holds(client: MilvusClient) -> None:
    fields = {one["name"]: one for one in client.describe_collection("c")["fields"]}
    assert fields["tags"]["type"] == DataType.ARRAY
    assert fields["tags"]["element_type"] == DataType.VARCHAR
    assert fields["tags"]["params"] == {"max_capacity": 3, "max_length": 5}
    assert fields["ranks"]["params"] == {"max_capacity": 8}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"tags": ["a"] * 4}, "expected at most max_capacity=3 elements, got 4"),
        ({"tags": ["a", "longer"]}, "element 1: expected at most 5 bytes of UTF-8, got 6"),
        ({"ranks": [1, 70_000]}, "element 1: expected an integer between -32768 and 32767"),
        ({"ranks": [True]}, "element 0: expected an integer, got bool"),
        ({"ranks": [None]}, "element 0: expected an integer, got NoneType"),
        ({"ranks": 5}, "expected a list of INT16 values, got int: 5"),
        ({"ranks": None}, "expected a value, since the field is not nullable"),
        ({"shares": [float("nan")]}, "element 0: expected a finite number"),
        ({"place": "POINT (1"}, "expected a geometry as WKT"),
        ({"place": 5}, "expected a geometry as WKT in a str, got int: 5"),
        ({"moment": "yesterday"}, "'yesterday' is not an ISO 8601 time"),
        ({"moment": "2025-01-01"}, "'2025-01-01' is not an ISO 8601 time"),
        ({"moment": 5}, "expected an ISO 8601 time as a str, or a datetime, got int: 5"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_and_nothing_is_written(
    client: MilvusClient, wrong: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataNotMatchException) as caught:
        client.insert("c", [ROW, ROW | {"id": 10} | wrong])
    assert message in caught.value.message
    assert "row 1: " in caught.value.message
    assert client.query("c", output_fields=["count(*)"]) == [{"count(*)": 0}]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_capacity": 5}, "element_type must be one of BOOL, DOUBLE"),
        ({"element_type": DataType.JSON, "max_capacity": 5}, "got JSON"),
        ({"element_type": DataType.INT8}, "max_capacity must be an int between 1 and 4096, got None"),
        ({"element_type": DataType.INT8, "max_capacity": 4097}, "got 4097"),
        ({"element_type": DataType.VARCHAR, "max_capacity": 4}, "max_length must be an int"),
    ],
)
def test_an_incomplete_array_field_is_refused(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    schema = MilvusClient.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("array", DataType.ARRAY, **options)
    with pytest.raises(SchemaNotReadyException, match=message):
        MilvusClient(tmp_path / "a.db").create_collection("c", schema=schema)


def schema_with_default(default: str) -> Any:
    schema = MilvusClient.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("at", DataType.TIMESTAMPTZ, default_value=default)
    return schema


def test_a_default_time_is_checked_and_used(tmp_path: Path) -> None:
    client = MilvusClient(tmp_path / "a.db")
    index = client.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
    with pytest.raises(SchemaNotReadyException, match="ISO 8601"):
        client.create_collection("c", schema=schema_with_default("never"), index_params=index)
    client.create_collection("c", schema=schema_with_default("2025-01-01T00:00:00+01:00"), index_params=index)
    client.insert("c", [{"id": 1, "vector": [0, 1]}])
    assert client.get("c", [1], ["at"]) == [{"id": 1, "at": "2024-12-31T23:00:00Z"}]


NO_NUMBERS: list[Any] = [
    *(float("nan"), float("inf"), -float("inf"), 1e400, 10**400, -(10**400)),
    *(
        np.float32("nan"),
        np.float64("inf"),
        np.float16("-inf"),
        np.datetime64("NaT"),
        None,
        "nan",
        Decimal("NaN"),
    ),
]
"""None is a number neither; a server of Milvus checks fields, and takes NaN inside arrays."""

BEYOND_SINGLE: list[Any] = [3.5e38, -1e300, np.float64(1e39), 10**39]
NUMBERS: list[Any] = [
    *(
        0.0,
        -0.0,
        0.1,
        1,
        -7,
        2**53 + 1,
        5e-324,
        1e-46,
        2.0**-149,
        np.float16(0.1),
        np.int8(-3),
        np.uint64(2**64 - 1),
    ),
    *(3.4028234663852886e38, -3.4028234663852886e38, np.float32(0.1), 123456789.123456789),
]
PRECISE: list[Any] = [1.7976931348623157e308, -1.7976931348623157e308, 10**300, -1e39]


def numbers_of(path: Path, kind: DataType) -> MilvusClient:
    """An empty collection with such numbers as a field, as elements of an array and as members of structs."""
    client = MilvusClient(path)
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("number", kind)
    schema.add_field("list", DataType.ARRAY, element_type=kind, max_capacity=50)
    members = client.create_struct_field_schema()
    members.add_field("number", kind)
    schema.add_field(
        "parts", DataType.ARRAY, element_type=DataType.STRUCT, struct_schema=members, max_capacity=50
    )
    index = client.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
    client.create_collection("c", schema=schema, index_params=index)
    return client


def row_of(number: Any, **others: Any) -> dict[str, Any]:
    return {
        "id": 1,
        "vector": [0, 1],
        "number": number,
        "list": [number],
        "parts": [{"number": number}],
        **others,
    }


@pytest.mark.parametrize("kind", [DataType.FLOAT, DataType.DOUBLE])
def test_no_field_takes_what_is_no_finite_number(path: Path, kind: DataType) -> None:
    with numbers_of(path, kind) as client:
        client.insert("c", row_of(1.0))
        for wrong in [*NO_NUMBERS, *(BEYOND_SINGLE if kind == DataType.FLOAT else ())]:
            for name, value in row_of(wrong).items():
                if name in ("id", "vector"):
                    continue
                for write in (client.insert, client.upsert):
                    with pytest.raises(DataNotMatchException, match=f"row 1: field '{name}"):
                        write("c", [row_of(2.0, id=2), {**row_of(3.0, id=3), name: value}])
                with pytest.raises(DataNotMatchException, match=f"field '{name}"):
                    client.upsert("c", {"id": 1, name: value}, partial_update=True)
            if isinstance(wrong, (float, np.floating)):
                column = {"id": [2, 3], "vector": [[0, 1]] * 2, "list": [[]] * 2, "parts": [[]] * 2}
                with pytest.raises(DataNotMatchException, match="row 1: field 'number'"):
                    client.insert("c", pd.DataFrame({**column, "number": np.array([1, wrong], np.float64)}))
            if wrong is not None:
                with pytest.raises(SchemaNotReadyException, match="default_value"):
                    client.add_collection_field("c", "more", kind, nullable=True, default_value=wrong)
        assert client.query("c", "id >= 0") == [row_of(1.0)]


@pytest.mark.parametrize("kind", [DataType.FLOAT, DataType.DOUBLE])
def test_numbers_that_are_taken_are_read_and_found(path: Path, kind: DataType) -> None:
    numbers = [*NUMBERS, *(PRECISE if kind == DataType.DOUBLE else ())]
    single = kind == DataType.FLOAT
    expected = [float(np.float32(number)) if single else float(number) for number in numbers]
    with numbers_of(path, kind) as client:
        client.insert("c", [row_of(number, id=n) for n, number in enumerate(numbers)])
    with MilvusClient(path) as client:
        assert client.query("c", "id >= 0") == [
            row_of(value, id=n, vector=[0.0, 1.0]) for n, value in enumerate(expected)
        ]
        for value in expected:
            same = {n for n, other in enumerate(expected) if other == value}
            for condition in (
                "number == {v}",
                "number in [{v}]",
                "array_contains(list, {v})",
                "list == [{v}]",
                "list[0] >= {v} and list[0] <= {v}",
                "match_any(parts, $[number] == {v})",
            ):
                found = client.query("c", condition, ["id"], filter_params={"v": value})
                assert {row["id"] for row in found} == same, (condition, value)
