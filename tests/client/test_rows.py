from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from milvus_store import DataType, MilvusClient
from milvus_store.errors import (
    DataNotMatchException,
    DataTypeNotMatchException,
    FilterError,
    MilvusException,
    ParamError,
    PartitionNotExistException,
)


def test_write_results_have_pymilvus_shape(client: MilvusClient) -> None:
    client.create_collection("c", dimension=2)
    inserted = client.insert("c", [{"id": 7, "vector": [1, 2]}, {"id": 9, "vector": [1, 2]}])
    assert inserted == {"insert_count": 2, "ids": [7, 9], "cost": 0}
    assert str(inserted) == "{'insert_count': 2, 'ids': [7, 9]}"
    assert client.upsert("c", {"id": 7, "vector": [3, 4]}) == {"upsert_count": 1, "cost": 0, "ids": [7]}
    assert client.delete("c", ids=[7, 8]) == {"delete_count": 1, "cost": 0}
    assert client.insert("c", [])["insert_count"] == 0
    assert client.upsert("c", [])["upsert_count"] == 0
    assert client.delete("c", ids=[])["delete_count"] == 0


def test_every_scalar_type_comes_back_as_it_went_in(typed: MilvusClient) -> None:
    rows: list[dict[str, Any]] = [
        {
            "pk": "größe",
            "vector": [0.5, -2.0],
            "flag": True,
            "i8": -128,
            "i16": 32_767,
            "i32": -(2**31),
            "i64": 2**63 - 1,
            "f32": 0.5,
            "f64": 1e300,
            "text": "a\x00b'\"",
            "doc": {"a": [1, None, {"ü": "x"}], "b": 2**60},
        },
        {
            "pk": "nulls",
            "vector": [0.0, 0.0],
            "flag": None,
            "i8": None,
            "i16": None,
            "i32": None,
            "i64": None,
            "f32": None,
            "f64": -0.25,
            "text": None,
            "doc": None,
        },
    ]
    typed.insert("typed", rows)
    assert typed.query("typed", limit=10) == rows


def test_missing_values_become_null_or_the_default(typed: MilvusClient) -> None:
    typed.insert("typed", {"pk": "a", "vector": [1, 2]})
    (row,) = typed.get("typed", "a")
    assert row["f64"] == 1.5
    assert row["text"] is None


def test_float_is_kept_as_float32_and_double_as_float64(typed: MilvusClient) -> None:
    typed.insert("typed", {"pk": "a", "vector": [0.1, 0.2], "f32": 0.1, "f64": 0.1})
    (row,) = typed.get("typed", "a")
    assert row["f32"] == float(np.float32(0.1))
    assert row["f64"] == 0.1
    assert row["vector"] == np.array([0.1, 0.2], dtype=np.float32).tolist()


def test_numpy_values_are_taken_everywhere(typed: MilvusClient) -> None:
    typed.insert(
        "typed",
        {
            "pk": np.str_("a"),
            "vector": np.array([1, 2], dtype=np.int64),
            "flag": np.bool_(True),
            "i8": np.int16(5),
            "f32": np.float16(0.5),
            "doc": {"n": np.int64(3), "a": np.arange(2)},
        },
    )
    (row,) = typed.get("typed", "a")
    assert (row["vector"], row["flag"], row["i8"], row["f32"]) == ([1.0, 2.0], True, 5, 0.5)
    assert row["doc"] == {"n": 3, "a": [0, 1]}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"nope": 1}, "unknown field 'nope'"),
        ({"vector": [1, 2, 3]}, "dimension 2, got dimension 3"),
        ({"vector": [1, math.nan]}, "finite"),
        ({"vector": [1, math.inf]}, "finite"),
        ({"vector": [1, 1e39]}, "finite"),
        ({"vector": ["1", "2"]}, "numbers, got list"),
        ({"vector": np.array(["1", "2"])}, "numbers, got ndarray"),
        ({"vector": "12"}, "numbers, got str"),
        ({"vector": None}, "'vector'.*expected a value, since the field is not nullable"),
        ({"pk": 5}, "'pk'.*expected a str, got int"),
        ({"pk": None}, "'pk'.*not nullable"),
        ({"pk": "x" * 21}, "'pk'.*at most 20 bytes of UTF-8, got 21"),
        ({"flag": 1}, "'flag'.*expected a bool, got int"),
        ({"i8": 128}, "'i8'.*between -128 and 127, got int: 128"),
        ({"i16": -32_769}, "'i16'"),
        ({"i32": 2**31}, "'i32'"),
        ({"i64": 2**63}, "'i64'"),
        ({"i64": True}, "'i64'.*expected an integer, got bool"),
        ({"i64": 1.0}, "'i64'.*expected an integer, got float"),
        ({"f32": 1e39}, "'f32'.*finite"),
        ({"f32": "1.5"}, "'f32'.*expected a number, got str"),
        ({"f64": math.nan}, "'f64'.*finite"),
        ({"f64": 10**400}, "'f64'.*finite"),
        ({"text": "ääää"}, "'text'.*at most 5 bytes of UTF-8, got 8"),
        ({"text": b"x"}, "'text'.*expected a str, got bytes"),
        ({"text": "\ud800"}, "'text'.*UTF-8"),
        ({"doc": {1: 2}}, "'doc'.*JSON"),
        ({"doc": "no JSON"}, "'doc'.*JSON"),
        ({"doc": {"a": object()}}, "'doc'.*JSON"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_written(
    typed: MilvusClient, change: dict[str, Any], expected: str
) -> None:
    good = {"pk": "good", "vector": [1, 2]}
    for write in (typed.insert, typed.upsert):
        with pytest.raises(DataNotMatchException, match=expected) as caught:
            write("typed", [good, {"pk": "bad", "vector": [1, 2], **change}])
        assert caught.value.message.startswith("row 1")
    assert typed.get_collection_stats("typed") == {"row_count": 0}


def test_a_missing_field_is_named(typed: MilvusClient) -> None:
    with pytest.raises(DataNotMatchException, match="row 1: field 'vector'.*is missing"):
        typed.insert("typed", [{"pk": "a", "vector": [1, 2]}, {"pk": "b"}])
    assert typed.get_collection_stats("typed") == {"row_count": 0}


def test_data_of_the_wrong_type(colors: MilvusClient) -> None:
    with pytest.raises(DataTypeNotMatchException, match="got str"):
        colors.insert("colors", "rows")  # type: ignore[arg-type]
    with pytest.raises(DataNotMatchException, match="row 0: expected a dict"):
        colors.insert("colors", [1])  # type: ignore[list-item]


def test_inserting_an_existing_key_replaces_the_row(colors: MilvusClient) -> None:
    colors.insert("colors", {"id": 3, "vector": [9, 9, 9, 9], "color": "new"})
    assert colors.get("colors", 3, ["color"]) == [{"id": 3, "color": "new"}]
    assert colors.get_collection_stats("colors") == {"row_count": 6}


def test_the_last_of_equal_keys_in_a_batch_wins(colors: MilvusClient) -> None:
    for write, number in ((colors.insert, 50), (colors.upsert, 3)):
        write(
            "colors",
            [
                {"id": number, "vector": [1, 1, 1, 1], "color": "first"},
                {"id": number, "vector": [1, 1, 1, 1], "color": "last"},
            ],
        )
        assert colors.query("colors", f"id == {number}", ["color"]) == [{"id": number, "color": "last"}]


def test_auto_id_numbers_rows_and_never_twice(client: MilvusClient) -> None:
    client.create_collection("auto", dimension=2, auto_id=True)
    first = client.insert("auto", [{"vector": [1, 2]}, {"vector": [1, 2]}])["ids"]
    client.delete("auto", ids=first)
    second = client.insert("auto", [{"vector": [1, 2]}])["ids"]
    assert len({*first, *second}) == 3
    with pytest.raises(DataNotMatchException, match="auto_id"):
        client.insert("auto", {"id": 1, "vector": [1, 2]})


def test_upsert_with_auto_id_replaces_and_gives_a_new_key(client: MilvusClient) -> None:
    client.create_collection("auto", dimension=2, auto_id=True, id_type="string", max_length=20)
    (old,) = client.insert("auto", {"vector": [1, 2], "a": 1})["ids"]
    (new,) = client.upsert("auto", {"id": old, "vector": [1, 2], "a": 2})["ids"]
    assert new != old
    assert client.query("auto", limit=10, output_fields=["a"]) == [{"id": new, "a": 2}]


def test_dynamic_keys_take_any_json_and_come_back_flat(client: MilvusClient) -> None:
    client.create_collection("c", dimension=2)
    row = {"id": 1, "vector": [1.0, 2.0], "a b": {"x": [1]}, "none": None, "ü": "é"}
    client.insert("c", row)
    assert client.get("c", 1) == [row]
    assert client.get("c", 1, ["a b", "absent"]) == [{"id": 1, "a b": {"x": [1]}}]
    with pytest.raises(DataNotMatchException, match=r"\$meta"):
        client.insert("c", {"id": 2, "vector": [1, 2], "$meta": {}})


def test_delete_by_filter_and_by_ids(colors: MilvusClient) -> None:
    assert colors.delete("colors", filter='color == "red"')["delete_count"] == 3
    assert colors.delete("colors", ids=0)["delete_count"] == 1
    assert colors.delete("colors", filter="n in {ns}", filter_params={"ns": [2, 77]})["delete_count"] == 1
    assert [row["id"] for row in colors.query("colors", limit=10)] == [4]


def test_delete_wants_exactly_one_condition(colors: MilvusClient) -> None:
    with pytest.raises(ParamError, match="got both"):
        colors.delete("colors", ids=[1], filter="n == 1")
    with pytest.raises(ParamError, match="ids or a filter"):
        colors.delete("colors")
    with pytest.raises(ParamError, match="ids or a filter"):
        colors.delete("colors", filter="")
    with pytest.raises(DataNotMatchException, match="'id'.*expected an integer"):
        colors.delete("colors", ids=["1"])
    assert colors.get_collection_stats("colors") == {"row_count": 6}


def test_get_answers_in_the_order_asked_without_repeats(colors: MilvusClient) -> None:
    rows = colors.get("colors", [3, 99, 1, 3], ["color"])
    assert rows == [{"id": 3, "color": "red"}, {"id": 1, "color": "red"}]
    assert colors.get("colors", []) == []


def test_query_by_filter_page_and_count(colors: MilvusClient) -> None:
    assert [row["id"] for row in colors.query("colors", "n > 1", limit=2, offset=1)] == [3, 4]
    assert colors.query("colors", "n > 1", ["count(*)"]) == [{"count(*)": 4}]
    assert colors.query("colors", output_fields=["count(*)"]) == [{"count(*)": 6}]
    assert colors.query("colors", ids=[5, 0], output_fields=["n"]) == [{"id": 5, "n": 5}, {"id": 0, "n": 0}]
    assert str(colors.query("colors", "n == 1", ["n"])) == "data: [\"{'id': 1, 'n': 1}\"]"


def test_query_refuses_what_milvus_refuses(colors: MilvusClient) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({}, "needs a limit"),
        ({"limit": 0}, "limit must be at least 1"),
        ({"limit": 16_385}, "at most 16384"),
        ({"limit": 1, "offset": 16_384}, "at most 16384"),
        ({"limit": 1, "offset": -1}, "offset must be at least 0"),
        ({"limit": "3"}, "limit must be an int"),
        ({"filter": "n > 1", "ids": [1]}, "got both"),
        ({"filter": "n > 1", "limits": 3}, "did you mean 'limit'"),
        ({"filter": "n > 1", "output_fields": "n"}, "output_fields must be a list"),
        ({"output_fields": ["count(*)"], "limit": 3}, "no limit"),
        ({"filter": 3}, "filter must be a str"),
    ]
    for arguments, message in cases:
        with pytest.raises(ParamError, match=message):
            colors.query("colors", **arguments)


def test_an_output_field_that_does_not_exist(typed: MilvusClient) -> None:
    with pytest.raises(ParamError, match="'nope'.*pk, vector") as caught:
        typed.query("typed", limit=1, output_fields=["nope"])
    assert caught.value.code == 1700


def test_a_malformed_expression_points_at_its_bad_column(colors: MilvusClient) -> None:
    for call in (
        lambda: colors.query("colors", "n >> "),
        lambda: colors.delete("colors", filter="n == = 3"),
        lambda: colors.search("colors", [[1, 1, 1, 1]], filter="n in [1, "),
    ):
        with pytest.raises(FilterError) as caught:
            call()
        assert caught.value.code == 1100
        lines = caught.value.message.splitlines()
        assert lines[-1].strip() == "^"
    assert colors.get_collection_stats("colors") == {"row_count": 6}


def test_partition_names(colors: MilvusClient) -> None:
    assert len(colors.query("colors", limit=10, partition_names=["_default"])) == 6
    assert len(colors.get("colors", [1, 2], partition_names=["_default"])) == 2
    assert colors.delete("colors", ids=[5], partition_name="_default")["delete_count"] == 1
    for call in (
        lambda: colors.query("colors", limit=10, partition_names=["nope"]),
        lambda: colors.insert("colors", {"id": 9, "vector": [1, 1, 1, 1]}, partition_name="nope"),
        lambda: colors.search("colors", [[1, 1, 1, 1]], partition_names=["nope"]),
        lambda: colors.delete("colors", ids=[1], partition_name="nope"),
    ):
        with pytest.raises(PartitionNotExistException, match="'nope'"):
            call()


def test_a_partition_key_separates_tenants_and_refuses_partition_names(client: MilvusClient) -> None:
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("v", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("tenant", DataType.VARCHAR, max_length=20, is_partition_key=True)
    client.create_collection("t", schema=schema, index_params=client.prepare_index_params("v"))
    client.insert("t", [{"id": i, "v": [i, 1], "tenant": f"t{i % 3}"} for i in range(9)])
    hits = client.search("t", [[0, 1]], filter='tenant == "t1"', output_fields=["tenant"])[0]
    assert {hit["tenant"] for hit in hits} == {"t1"}
    assert sorted(hit.id for hit in hits) == [1, 4, 7]
    with pytest.raises(ParamError, match="'tenant'.*partition_name"):
        client.insert("t", {"id": 10, "v": [1, 1], "tenant": "x"}, partition_name="_default")


def test_errors_print_their_code_as_pymilvus_does(client: MilvusClient) -> None:
    with pytest.raises(MilvusException) as caught:
        client.describe_collection("nope")
    assert str(caught.value).startswith("<CollectionNotExistException: (code=100, message=")
