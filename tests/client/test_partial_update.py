"""``upsert(partial_update=True)``: what a row does not name stays as it is."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from milvus_store import AsyncMilvusClient, DataType, Function, FunctionType, MilvusClient
from milvus_store.errors import DataNotMatchException, ParamError, PartitionNotExistException
from milvus_store_lite.storage.lookups import Lookups
from milvus_store_lite.storage.row_reader import RowReader
from milvus_store_lite.storage.vector_reader import VectorReader


@pytest.fixture
def full(client: MilvusClient) -> MilvusClient:
    """``full`` has a field of every kind, and the rows 1 to 4 with all of them."""
    schema = client.create_schema(enable_dynamic_field=True)
    schema.add_field("pk", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("half", DataType.BFLOAT16_VECTOR, dim=2, nullable=True)
    schema.add_field("bits", DataType.BINARY_VECTOR, dim=8, nullable=True)
    schema.add_field("terms", DataType.SPARSE_FLOAT_VECTOR, nullable=True)
    schema.add_field("flag", DataType.BOOL, nullable=True)
    schema.add_field("small", DataType.INT8, default_value=7)
    schema.add_field("large", DataType.INT64, nullable=True)
    schema.add_field("single", DataType.FLOAT, nullable=True)
    schema.add_field("double", DataType.DOUBLE, nullable=True)
    schema.add_field("text", DataType.VARCHAR, max_length=99)
    schema.add_field("doc", DataType.JSON, nullable=True)
    schema.add_field("tags", DataType.ARRAY, element_type=DataType.VARCHAR, max_capacity=9, max_length=9)
    schema.add_field("at", DataType.TIMESTAMPTZ, nullable=True)
    schema.add_field("place", DataType.GEOMETRY, nullable=True)
    index = client.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
    index.add_index("half", index_type="FLAT", metric_type="L2")
    index.add_index("bits", index_type="BIN_FLAT", metric_type="HAMMING")
    index.add_index("terms", index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
    client.create_collection("full", schema=schema, index_params=index)
    client.insert("full", [row(pk) for pk in range(1, 5)])
    return client


def row(pk: int) -> dict[str, Any]:
    return {
        "pk": pk,
        "vector": [pk, 0.5],
        "half": np.array([pk, 1.5], dtype=np.float32),
        "bits": bytes([pk]),
        "terms": {pk: 0.25},
        "flag": pk % 2 == 0,
        "small": pk,
        "large": 2**62 + pk,
        "single": 0.1 * pk,
        "double": 0.1 * pk,
        "text": f"text {pk} é",
        "doc": {"a": [pk, None, 1e-300], "b": {"c": "é"}},
        "tags": [f"t{pk}"],
        "at": f"2025-01-0{pk % 9 + 1}T00:00:00+02:00",
        "place": f"POINT ({pk} 1)",
        "dynamic": {"n": pk},
        "big": 2**60 + pk,
    }


def everything(client: Any, collection: str = "full") -> dict[Any, dict[str, Any]]:
    return {found["pk"]: found for found in client.query(collection, "pk > 0", ["*"])}


@pytest.mark.parametrize("name", [name for name in row(1) if name != "pk"])
def test_one_field_changes_and_all_others_stay(full: MilvusClient, name: str) -> None:
    before = everything(full)
    other = row(9)
    full.upsert("full", {**other, "pk": 100})
    changed = everything(full)[100][name]
    assert changed != before[2][name]
    assert full.upsert("full", {"pk": 2, name: other[name]}, partial_update=True)["upsert_count"] == 1
    assert everything(full) == {**before, 2: {**before[2], name: changed}, 100: everything(full)[100]}
    # What was not given is stored as before: it is found by the same filters and searches.
    (nearest,) = full.search(
        "full", [changed if name == "vector" else [2, 0.5]], anns_field="vector", limit=1
    )[0]
    assert (nearest["pk"], nearest["distance"]) in ((2, 0.0), (100, 0.0))


values = st.fixed_dictionaries(
    {"pk": st.integers(1, 6)},
    optional={
        "text": st.sampled_from(["", "red", "blue sky"]),
        "vector": st.lists(st.integers(0, 9).map(float), min_size=2, max_size=2),
        "small": st.sampled_from([None, 1, 2]),
        "flag": st.sampled_from([None, True, False]),
        "half": st.just(None),
        "tags": st.lists(st.sampled_from(["x", "y"]), max_size=2),
        "doc": st.sampled_from([None, {"k": 1}, [1, 2]]),
        "dynamic": st.sampled_from([None, 1, "s", {"x": [1]}]),
        "new": st.integers(0, 3),
    },
)
NEEDED = ("text", "vector", "tags")


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(values, min_size=1, max_size=6))
def test_rows_are_merged_as_dictionaries_are(full: MilvusClient, rows: list[dict[str, Any]]) -> None:
    full.delete("full", filter="pk > 0")
    full.insert("full", [row(pk) for pk in range(1, 5)])
    before = everything(full)
    expected = {pk: dict(one) for pk, one in before.items()}
    absent = {
        "half": None,
        "bits": None,
        "terms": None,
        "flag": None,
        "small": 7,
        "large": None,
        "single": None,
    }
    absent |= {"double": None, "doc": None, "at": None, "place": None}
    for one in rows:
        given = {**one, "small": 7} if "small" in one and one["small"] is None else one
        expected[one["pk"]] = {**absent, **expected.get(one["pk"], {}), **given}
    is_complete = all(name in one for one in expected.values() for name in NEEDED)
    if is_complete:
        assert full.upsert("full", rows, partial_update=True)["ids"] == [one["pk"] for one in rows]
        assert everything(full) == expected
    else:
        with pytest.raises(DataNotMatchException, match="is missing, and no row has the primary key [56]"):
            full.upsert("full", rows, partial_update=True)
        assert everything(full) == before


def test_the_example_of_the_guide(client: MilvusClient) -> None:
    client.create_collection("t", dimension=2)
    client.insert("t", {"id": 1, "vector": [1, 0], "a": 1, "b": 2})
    client.upsert("t", {"id": 1, "b": 3}, partial_update=True)
    assert client.get("t", 1) == [{"id": 1, "vector": [1.0, 0.0], "a": 1, "b": 3}]
    client.upsert("t", {"id": 1, "vector": [0, 1], "b": 4})
    assert client.get("t", 1) == [{"id": 1, "vector": [0.0, 1.0], "b": 4}]
    client.upsert("t", {"id": 1}, partial_update=True)
    assert client.get("t", 1) == [{"id": 1, "vector": [0.0, 1.0], "b": 4}]


def test_a_null_is_a_value_and_means_the_default_where_there_is_one(full: MilvusClient) -> None:
    nullable = {"half": None, "flag": None, "doc": None, "at": None, "small": None, "dynamic": None}
    full.upsert("full", {"pk": 1, **nullable}, partial_update=True)
    found = everything(full)[1]
    assert {name: found[name] for name in nullable} == {**nullable, "small": 7}
    with pytest.raises(DataNotMatchException, match=r"row 1: field 'text' .*not nullable"):
        full.upsert("full", [{"pk": 2}, {"pk": 1, "text": None}], partial_update=True)


def test_all_is_refused_that_an_upsert_refuses_and_rows_are_counted_from_the_callers_list(
    full: MilvusClient,
) -> None:
    before = everything(full)
    wrong: list[tuple[Any, str]] = [
        ({"pk": 1, "vector": [1.0]}, "field 'vector'"),
        ({"pk": 1, "small": 1000}, "field 'small'"),
        ({"pk": 1, "text": 5}, "field 'text'"),
        ({"pk": "1", "text": "x"}, "field 'pk'"),
        ({"text": "x"}, "field 'pk'"),
        ({"pk": None}, "field 'pk'"),
        ({"pk": 1, "$meta": {}}, "'\\$meta' is the name"),
        ({"pk": 9, "text": "x"}, "field 'vector' .* is missing, and no row has the primary key 9"),
        ("pk", "expected a dict"),
    ]
    for one, message in wrong:
        rows = [{"pk": 1}, {"pk": 2, "text": "x", "vector": [0, 0], "small": 1}, one]
        with pytest.raises(DataNotMatchException, match=f"row 2: .*{message}"):
            full.upsert("full", rows, partial_update=True)
    assert everything(full) == before
    full.upsert("full", [], partial_update=True)


def test_rows_with_one_key_are_made_one_after_the_other(client: MilvusClient) -> None:
    client.create_collection("t", dimension=2)
    rows = [
        {"id": 1, "vector": [1, 0]},
        {"id": 1, "a": 1},
        {"id": 2, "vector": [2, 0]},
        {"id": 1, "a": 2, "b": 3},
    ]
    assert client.upsert("t", rows, partial_update=True)["upsert_count"] == 4
    assert client.get("t", [1, 2]) == [
        {"id": 1, "vector": [1.0, 0.0], "a": 2, "b": 3},
        {"id": 2, "vector": [2.0, 0.0]},
    ]


def texts(client: MilvusClient) -> None:
    schema = client.create_schema()
    schema.add_field("pk", DataType.VARCHAR, is_primary=True, max_length=9)
    schema.add_field("text", DataType.VARCHAR, max_length=99, enable_analyzer=True)
    schema.add_field("words", DataType.SPARSE_FLOAT_VECTOR)
    schema.add_field("n", DataType.INT64)
    schema.add_function(Function("bm25", FunctionType.BM25, ["text"], ["words"]))
    index = client.prepare_index_params("words", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
    client.create_collection("texts", schema=schema, index_params=index)
    client.insert(
        "texts", [{"pk": pk, "text": text, "n": 0} for pk, text in (("a", "red sky"), ("b", "blue"))]
    )


def found(client: MilvusClient, text: str) -> dict[str, float]:
    hits = client.search("texts", [text], anns_field="words")[0]
    return {hit["pk"]: round(hit["distance"], 5) for hit in hits}


@pytest.mark.parametrize(
    "also", [[], [{"pk": "c", "text": "green", "n": 3}], [{"pk": "b", "text": "blue blue"}]]
)
def test_full_text_follows_its_text_and_stays_with_it(
    client: MilvusClient, also: list[dict[str, Any]]
) -> None:
    texts(client)
    client.upsert("texts", [{"pk": "a", "n": 1}, *also], partial_update=True)
    assert set(found(client, "red")) == set(found(client, "sky")) == {"a"}
    client.upsert("texts", [{"pk": "a", "text": "green field"}, *also], partial_update=True)
    assert found(client, "red") == {}
    assert set(found(client, "field")) == {"a"}
    assert client.get("texts", ["a"], ["n", "text"]) == [{"pk": "a", "n": 1, "text": "green field"}]
    # Scores are those of a collection that was written at once.
    rows = client.query("texts", "n >= 0", ["pk", "text", "n"])
    scores = [found(client, text) for text in ("green", "blue", "field")]
    client.drop_collection("texts")
    texts(client)
    client.upsert("texts", rows)
    assert [found(client, text) for text in ("green", "blue", "field")] == scores
    with pytest.raises(DataNotMatchException, match="field 'words' is filled by function"):
        client.upsert("texts", {"pk": "a", "words": {1: 1.0}}, partial_update=True)


def test_a_row_stays_in_its_partition_unless_another_is_named(client: MilvusClient) -> None:
    client.create_collection("t", dimension=2)
    names = ("_default", "p", "q")
    for name in names[1:]:
        client.create_partition("t", name)
    client.insert("t", {"id": 1, "vector": [1, 0]}, partition_name="p")
    client.insert("t", {"id": 2, "vector": [2, 0]})
    rows = [{"id": 1, "a": 1}, {"id": 2, "a": 1}, {"id": 3, "vector": [3, 0]}]
    client.upsert("t", rows, partial_update=True)

    def homes() -> dict[str, list[int]]:
        names = ("_default", "p", "q")
        return {
            name: sorted(one["id"] for one in client.query("t", "id > 0", partition_names=[name]))
            for name in names
        }

    assert homes() == {"_default": [2, 3], "p": [1], "q": []}
    client.upsert("t", [{"id": 1, "a": 2}], partition_name="q", partial_update=True)
    assert homes() == {"_default": [2, 3], "p": [], "q": [1]}
    with pytest.raises(PartitionNotExistException):
        client.upsert("t", [{"id": 1, "a": 3}], partition_name="r", partial_update=True)
    assert client.get("t", [1], ["a"]) == [{"id": 1, "a": 2}]


@pytest.mark.parametrize("id_type", ["int", "string"])
def test_rows_that_the_engine_numbers_keep_their_keys(client: MilvusClient, id_type: str) -> None:
    client.create_collection("t", dimension=2, auto_id=True, id_type=id_type, max_length=20)
    (old, other) = client.insert("t", [{"vector": [1, 0], "a": 1, "b": 2}, {"vector": [2, 0]}])["ids"]
    whole = {"vector": [3, 0], "b": 5}
    absent = 77 if id_type == "int" else "77"
    rows = [{"id": old, "b": 3}, {**whole, "id": absent}, {"id": other, "c": 1}, {"id": old, "c": 2}]
    kept, new, also_kept, again = client.upsert("t", rows, partial_update=True)["ids"]
    assert (kept, also_kept, again) == (old, other, old)
    assert new not in (old, other, absent)  # a complete row without a row to replace is a new one
    assert {row["id"]: row for row in client.query("t", output_fields=["*"], limit=9)} == {
        old: {"id": old, "vector": [1.0, 0.0], "a": 1, "b": 3, "c": 2},
        other: {"id": other, "vector": [2.0, 0.0], "c": 1},
        new: {"id": new, "vector": [3.0, 0.0], "b": 5},
    }
    (newest,) = client.insert("t", {"vector": [4, 0]})["ids"]
    assert newest not in (old, other, new)
    with pytest.raises(DataNotMatchException, match="row 0: field 'vector' .* no row has the primary key"):
        client.upsert("t", {"id": absent, "b": 3}, partial_update=True)
    with pytest.raises(DataNotMatchException, match="row 0: field 'id'"):
        client.upsert("t", {"b": 3}, partial_update=True)


def test_partial_updates_of_a_tenant_keep_its_own_numbers_and_take_no_others(client: MilvusClient) -> None:
    schema = client.create_schema(auto_id=True)
    schema.add_field("pk", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("n", DataType.INT64, nullable=True)
    schema.add_field("who", DataType.VARCHAR, max_length=9, is_partition_key=True)
    client.create_collection("c", schema=schema, index_params=client.prepare_index_params("vector"))
    rows = [{"vector": [1, 0], "who": "ann"}, {"vector": [2, 0], "who": "bob"}]
    own, other = client.insert("c", rows)["ids"]
    ann = client.for_tenant("c", "ann")
    kept, new = ann.upsert("c", [{"pk": own, "n": 1}, {"pk": other, "vector": [3, 0]}], partial_update=True)[
        "ids"
    ]
    assert (kept == own, new in (own, other)) == (True, False)
    assert {row["pk"]: row["who"] for row in client.query("c", "pk > 0", ["who"])} == {
        own: "ann",
        other: "bob",
        new: "ann",
    }


def test_fields_that_are_younger_than_a_row_keep_what_they_show(client: MilvusClient) -> None:
    client.create_collection("t", dimension=2)
    client.insert("t", {"id": 1, "vector": [1, 0]})
    client.add_collection_field("t", "n", DataType.INT64, nullable=True, default_value=5)
    client.add_collection_field("t", "s", DataType.VARCHAR, max_length=9, nullable=True)
    client.upsert("t", {"id": 1, "a": 1}, partial_update=True)
    assert client.get("t", 1) == [{"id": 1, "vector": [1.0, 0.0], "n": 5, "s": None, "a": 1}]


def test_a_tenant_changes_its_own_rows_and_neither_reads_nor_merges_others(client: MilvusClient) -> None:
    schema = client.create_schema(enable_dynamic_field=True)
    schema.add_field("pk", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("tenant", DataType.VARCHAR, max_length=9, is_partition_key=True)
    index = client.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
    client.create_collection("docs", schema=schema, index_params=index)
    client.insert(
        "docs", [{"pk": n, "vector": [n, 0], "tenant": who, "a": 1} for n, who in ((1, "ann"), (2, "bob"))]
    )
    ann = client.for_tenant("docs", "ann")
    ann.upsert("docs", {"pk": 1, "b": 2}, partial_update=True)
    before = everything(client, "docs")
    assert before[1] == {"pk": 1, "vector": [1.0, 0.0], "tenant": "ann", "a": 1, "b": 2}
    errors = []
    for pk in (2, 3):  # another's, nobody's
        with pytest.raises(DataNotMatchException, match="field 'vector' .* is missing") as caught:
            ann.upsert("docs", [{"pk": 1}, {"pk": pk, "b": 2}], partial_update=True)
        errors.append(str(caught.value).replace(f"key {pk}", "key ?"))
    assert errors[0] == errors[1]
    with pytest.raises(DataNotMatchException, match="row 1: the primary key 2 is taken by a row of another"):
        ann.upsert("docs", [{"pk": 1}, {"pk": 2, "vector": [0, 0]}], partial_update=True)
    for tenant in ("bob", None):
        with pytest.raises(DataNotMatchException, match="row 0: field 'tenant'"):
            ann.upsert("docs", {"pk": 1, "tenant": tenant}, partial_update=True)
    assert everything(client, "docs") == before
    client.upsert("docs", {"pk": 2, "tenant": "ann"}, partial_update=True)
    assert [one["pk"] for one in ann.query("docs", "pk > 0")] == [1, 2]


def test_it_is_awaited_too(tmp_path: Path) -> None:
    async def main() -> None:
        async with AsyncMilvusClient(tmp_path / "a.db") as client:
            await client.create_collection("t", dimension=2)
            await client.insert("t", {"id": 1, "vector": [1, 0], "a": 1})
            await client.upsert("t", {"id": 1, "b": 2}, partial_update=True)
            assert await client.get("t", 1) == [{"id": 1, "vector": [1.0, 0.0], "a": 1, "b": 2}]

    asyncio.run(main())


def test_rows_are_read_in_one_go(full: MilvusClient, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def count_calls(part: type, name: str) -> None:
        real = getattr(part, name)

        def counted(self: Any, *args: Any) -> Any:
            calls.append(part.__name__)
            return real(self, *args)

        monkeypatch.setattr(part, name, counted)

    for part, name in ((RowReader, "fetch"), (VectorReader, "fetch"), (Lookups, "seqs_of_pks")):
        count_calls(part, name)
    full.upsert("full", [{**row(pk), "vector": [0, 0]} for pk in range(5, 120)])
    calls.clear()
    full.upsert("full", [{"pk": pk, "text": "x"} for pk in range(1, 120)], partial_update=True)
    assert sorted(calls) == ["Lookups", "Lookups", "RowReader", *["VectorReader"] * 4]


def test_partial_update_is_a_flag(full: MilvusClient) -> None:
    with pytest.raises(ParamError, match="partial_update must be a bool, got 'yes'"):
        full.upsert("full", {"pk": 1}, partial_update="yes")
    full.upsert("full", row(1), partial_update=False, field_ops=None)
    assert everything(full)[1]["text"] == row(1)["text"]
