"""``upsert(field_ops=…)``: elements are appended to stored arrays or removed from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pymilvus
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from milvus_store import DataType, FieldOp, FieldOpType, MilvusClient
from milvus_store.errors import DataNotMatchException, ParamError

CAPACITY = 6


@pytest.fixture
def users(client: MilvusClient) -> MilvusClient:
    """``users`` has arrays, and the rows 1 and 2."""
    schema = client.create_schema(enable_dynamic_field=True)
    schema.add_field("pk", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("n", DataType.INT64, nullable=True)
    arrays: dict[str, dict[str, Any]] = {
        "tags": {"element_type": DataType.VARCHAR, "max_length": 9},
        "maybe": {"element_type": DataType.INT64, "nullable": True},
        "floats": {"element_type": DataType.FLOAT, "nullable": True},
        "flags": {"element_type": DataType.BOOL, "nullable": True},
    }
    for name, of in arrays.items():
        schema.add_field(name, DataType.ARRAY, max_capacity=CAPACITY, **of)
    index = client.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
    client.create_collection("users", schema=schema, index_params=index)
    client.insert(
        "users",
        [
            {"pk": 1, "vector": [1, 0], "n": 5, "tags": ["new"], "maybe": None, "also": {"x": 1}},
            {"pk": 2, "vector": [2, 0], "tags": ["new", "trial", "new"], "maybe": [1, 2, 1]},
        ],
    )
    return client


def arrays(client: MilvusClient, name: str = "tags") -> dict[int, Any]:
    return {row["pk"]: row[name] for row in client.query("users", "pk > 0", [name])}


@pytest.mark.parametrize(
    ("append", "remove"),
    [
        ("array_append", "ARRAY_REMOVE"),
        (1, 2),
        (FieldOp.array_append(), FieldOpType.ARRAY_REMOVE),
        (pymilvus.FieldOp.array_append(), pymilvus.FieldOp.array_remove()),
    ],
)
def test_the_example_of_the_guide_in_each_form_of_an_operation(
    users: MilvusClient, append: Any, remove: Any
) -> None:
    rows = [{"pk": 1, "tags": ["premium", "vip"]}, {"pk": 2, "tags": ["premium"]}]
    answer = users.upsert("users", rows, field_ops={"tags": append})
    assert answer == {"upsert_count": 2, "cost": 0, "ids": [1, 2]}
    assert arrays(users) == {1: ["new", "premium", "vip"], 2: ["new", "trial", "new", "premium"]}
    users.upsert(
        "users", [{"pk": 1, "tags": ["new"]}, {"pk": 2, "tags": ["new", "x"]}], field_ops={"tags": remove}
    )
    assert arrays(users) == {1: ["premium", "vip"], 2: ["trial", "premium"]}
    assert users.get("users", 1, ["n", "also", "vector"])[0] == {
        "pk": 1,
        "n": 5,
        "also": {"x": 1},
        "vector": [1.0, 0.0],
    }


def test_an_operation_makes_the_update_partial_and_replace_does_not(users: MilvusClient) -> None:
    with pytest.raises(DataNotMatchException, match="'vector' .* is missing"):
        users.upsert("users", {"pk": 1, "tags": []}, field_ops={"tags": FieldOp.replace()})
    for ops in ({"tags": "replace"}, {"tags": None}, {}, None):
        users.upsert("users", {"pk": 1, "tags": ["only"]}, partial_update=True, field_ops=ops)
        assert arrays(users)[1] == ["only"]


def test_nulls_and_missing_arrays(users: MilvusClient) -> None:
    append: Mapping[str, str] = {"maybe": "array_append"}
    # Neither a row without the field nor one that gives a null changes an array.
    users.upsert("users", [{"pk": 2, "n": 7}, {"pk": 1, "maybe": [4]}], field_ops=append)
    users.upsert("users", {"pk": 2, "maybe": None}, field_ops=append)
    # A stored null is an empty array once an operation has elements for it.
    assert arrays(users, "maybe") == {1: [4], 2: [1, 2, 1]}
    assert users.get("users", 2, ["n"])[0]["n"] == 7
    users.upsert("users", {"pk": 1, "floats": [1.5]}, field_ops={"floats": "array_remove"})
    assert arrays(users, "floats") == {1: [], 2: None}
    with pytest.raises(DataNotMatchException, match="row 0: field 'tags' .* not nullable"):
        users.upsert("users", {"pk": 2, "tags": None}, field_ops={"tags": "array_remove"})


def test_a_new_row_begins_with_an_empty_array(users: MilvusClient) -> None:
    new = {"vector": [3, 0], "tags": ["a"]}
    users.upsert("users", {"pk": 3, **new}, field_ops={"tags": "array_append"})
    users.upsert("users", {"pk": 4, **new}, field_ops={"tags": "array_remove"})
    users.upsert("users", {"pk": 5, **new, "maybe": None}, field_ops={"maybe": "array_append"})
    assert {pk: tags for pk, tags in arrays(users).items() if pk > 2} == {3: ["a"], 4: [], 5: ["a"]}
    assert arrays(users, "maybe")[5] is None
    with pytest.raises(DataNotMatchException, match="row 0: field 'vector' .* no row has the primary key 6"):
        users.upsert("users", {"pk": 6, "tags": ["a"]}, field_ops={"tags": "array_append"})


def test_elements_are_compared_as_they_are_stored(users: MilvusClient) -> None:
    users.upsert("users", {"pk": 1, "floats": [0.1, 2, 0.25], "flags": [True, False]}, partial_update=True)
    ops = {"floats": "array_remove", "flags": "array_remove"}
    users.upsert("users", {"pk": 1, "floats": [0.1, 2.0], "flags": [True]}, field_ops=ops)
    assert (arrays(users, "floats")[1], arrays(users, "flags")[1]) == ([0.25], [False])
    # They are found by the same filters as if they had been written at once.
    assert [row["pk"] for row in users.query("users", "array_contains(floats, 0.25)")] == [1]


def test_an_array_does_not_outgrow_its_capacity(users: MilvusClient) -> None:
    append = {"tags": "array_append"}
    before = arrays(users)
    rows = [{"pk": 1, "tags": ["a"]}, {"pk": 2, "tags": ["a"] * 4}]
    with pytest.raises(
        DataNotMatchException, match=r"row 1: field 'tags' .*=6 elements, got 3 that are there"
    ):
        users.upsert("users", rows, field_ops=append)
    with pytest.raises(DataNotMatchException, match=r"row 0: field 'tags' .*max_capacity=6 elements, got 7"):
        users.upsert("users", {"pk": 1, "tags": ["a"] * 7}, field_ops=append)
    assert arrays(users) == before
    users.upsert("users", {"pk": 2, "tags": ["a"] * 3}, field_ops=append)
    assert len(arrays(users)[2]) == 6


@pytest.mark.parametrize(
    ("ops", "message"),
    [
        ({"tag": "array_append"}, "needs an ARRAY field, .*no such field; did you mean 'tags'"),
        ({"n": "array_append"}, "expected one of tags, maybe, floats, flags, got 'n': it is INT64"),
        ({"pk": "array_remove"}, "needs an ARRAY field"),
        ({"also": 1}, "the collection has no such field"),
        ({"flags": "array_append"}, "needs the elements: expected a row with 'flags', got none"),
        ({"tags": "array_extend"}, "must be one of replace, array_append, array_remove, got 'array_extend'"),
        ({"tags": True}, "must be one of replace"),
        ({"tags": 3}, "must be one of replace"),
        (["tags"], "field_ops must be a dict"),
    ],
)
def test_what_is_no_operation_on_an_array_is_refused(users: MilvusClient, ops: Any, message: str) -> None:
    with pytest.raises(ParamError, match=message):
        users.upsert("users", {"pk": 1, "tags": ["x"], "n": 1}, field_ops=ops)
    assert arrays(users)[1] == ["new"]


changes = st.lists(
    st.fixed_dictionaries(
        {"pk": st.integers(1, 2)},
        optional={
            "maybe": st.none() | st.lists(st.integers(0, 3), max_size=2),
            "tags": st.lists(st.sampled_from("ab"), max_size=2),
            "n": st.integers(0, 9),
        },
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes, st.sampled_from(["array_append", "array_remove", "replace"]))
def test_rows_are_changed_one_after_the_other(
    users: MilvusClient, rows: list[dict[str, Any]], op: str
) -> None:
    start = {1: {"tags": [], "maybe": None, "n": 0}, 2: {"tags": ["a"], "maybe": [1], "n": 0}}
    users.upsert("users", [{"pk": pk, **row} for pk, row in start.items()], partial_update=True)
    model = {pk: dict(row) for pk, row in start.items()}
    fits = True
    for row in rows:
        mine = model[row["pk"]]
        for name in ("tags", "n"):
            mine[name] = row.get(name, mine[name])
        elements = row.get("maybe")
        if op == "replace":
            mine["maybe"] = row.get("maybe", mine["maybe"])
        elif elements is not None:
            there: Any = mine["maybe"] or []
            mine["maybe"] = (
                there + elements if op == "array_append" else [one for one in there if one not in elements]
            )
            fits = fits and len(mine["maybe"]) <= CAPACITY
    if not any("maybe" in row for row in rows):
        rows.append({"pk": 1, "maybe": [] if op != "replace" else None})
        model[1]["maybe"] = None if op == "replace" else model[1]["maybe"] or []
    if not fits:
        with pytest.raises(DataNotMatchException, match="max_capacity=6"):
            users.upsert("users", rows, partial_update=True, field_ops={"maybe": op})
        return
    users.upsert("users", rows, partial_update=True, field_ops={"maybe": op})
    found = users.query("users", "pk > 0", ["tags", "maybe", "n"])
    assert {row.pop("pk"): row for row in map(dict, found)} == model
