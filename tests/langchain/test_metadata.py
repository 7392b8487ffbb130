"""How metadata is kept: in any shape, in typed fields, in one JSON field."""

from collections.abc import Callable
from typing import Any

import pytest

from langchain_milvus_store import Milvus
from milvus_store import DataType, MilvusException

MakeStore = Callable[..., Milvus]

SHAPES: list[dict[str, Any]] = [
    {},
    {"text_": "é \" ' \\ \n", "n": -1, "x": 0.5, "yes": True, "nothing": None},
    {"tags": ["a", "b"], "nested": {"deep": [{"er": 1}]}, "empty": {}, "id": 5, "distance": "far"},
]


def test_metadata_of_any_shape_comes_back_as_it_was(store: Milvus) -> None:
    ids = store.add_texts(["a", "b", "c"], SHAPES)
    assert [one.metadata for one in store.get_by_ids(ids)] == SHAPES
    assert [one.metadata for one in store.similarity_search("b", k=1)] == [SHAPES[1]]
    assert [one.metadata for one in store.max_marginal_relevance_search("b", k=1)] == [SHAPES[1]]


def test_metadata_comes_back_from_one_json_field_too(make_store: MakeStore) -> None:
    store = make_store(metadata_field="info")
    shapes = [*SHAPES, {"pk": 1, "text": 2, "vector": 3}]
    ids = store.add_texts(list("abcd"), shapes)
    assert [one.metadata for one in make_store(metadata_field="info").get_by_ids(ids)] == shapes
    assert store.get_pks('info["n"] == -1') == [ids[1]]
    (without,) = store.add_texts(["e"])
    assert store.get_by_ids([without])[0].metadata == {}


def fields_of(store: Milvus) -> dict[str, DataType]:
    description = store.client.describe_collection(store.collection_name)
    return {one["name"]: one["type"] for one in description["fields"]}


def test_without_a_dynamic_field_the_first_metadata_gives_the_types(make_store: MakeStore) -> None:
    store = make_store(enable_dynamic_field=False)
    metadata = {"yes": True, "n": 1, "x": 0.1, "s": "a", "tags": ["a"], "more": {"b": 2}}
    ids = store.add_texts(["first", "second"], [metadata, {"n": 2}])
    assert fields_of(store) == {
        "pk": DataType.VARCHAR,
        "text": DataType.VARCHAR,
        "vector": DataType.FLOAT_VECTOR,
        "yes": DataType.BOOL,
        "n": DataType.INT64,
        "x": DataType.DOUBLE,
        "s": DataType.VARCHAR,
        "tags": DataType.JSON,
        "more": DataType.JSON,
    }
    assert [one.metadata for one in store.get_by_ids(ids)] == [metadata, {"n": 2}]
    with pytest.raises(MilvusException, match="'n'"):
        store.add_texts(["third"], [{"n": "two"}])


def test_an_unknown_key_of_a_typed_collection_is_an_error(make_store: MakeStore) -> None:
    store = make_store(enable_dynamic_field=False)
    store.add_texts(["a"], [{"n": 1}])
    with pytest.raises(ValueError, match=r"key 'm' has no field .*enable_dynamic_field=True"):
        make_store().add_texts(["b"], [{"m": 1}])
    assert [one.page_content for one in store.similarity_search("b")] == ["a"]


def test_an_unknown_key_in_the_first_documents_leaves_no_collection_behind(make_store: MakeStore) -> None:
    store = make_store(enable_dynamic_field=False)
    with pytest.raises(ValueError, match="'m'"):
        store.add_texts(["a", "b"], [{"n": 1}, {"m": 1}])
    assert not store.client.has_collection(store.collection_name)


def test_a_value_without_a_type_asks_for_a_schema(make_store: MakeStore) -> None:
    store = make_store(enable_dynamic_field=False)
    with pytest.raises(ValueError, match=r"key 'n': no field type for NoneType.*metadata_schema"):
        store.add_texts(["a"], [{"n": None}])
    assert store.add_texts(["a", "b"], [{"n": None}, {"n": 1}])


@pytest.mark.parametrize("dynamic", [True, False])
def test_metadata_schema_gives_types(make_store: MakeStore, dynamic: bool) -> None:
    store = make_store(
        enable_dynamic_field=dynamic,
        metadata_schema={
            "year": {"dtype": DataType.INT16},
            "code": {"dtype": DataType.VARCHAR, "kwargs": {"max_length": 3}},
            "stars": {"dtype": DataType.INT64, "default_value": 3},
        },
    )
    (pk,) = store.add_texts(["a"], [{"year": 1999}])
    assert fields_of(store)["year"] == DataType.INT16
    assert store.get_by_ids([pk])[0].metadata == {"year": 1999, "stars": 3}
    with pytest.raises(MilvusException, match="'code'"):
        store.add_texts(["b"], [{"code": "four"}])


@pytest.mark.parametrize("key", ["pk", "text", "vector"])
@pytest.mark.parametrize("dynamic", [True, False])
def test_a_key_that_is_the_name_of_a_field_is_an_error(
    make_store: MakeStore, key: str, dynamic: bool
) -> None:
    store = make_store(enable_dynamic_field=dynamic)
    with pytest.raises(ValueError, match=f"metadata key '{key}' is the name of a field"):
        store.add_texts(["a", "b"], [{"n": 1}, {key: "x"}])
    renamed = make_store(primary_field="pk_", text_field="text_", vector_field="vector_")
    (pk,) = renamed.add_texts(["a"], [{key: "x"}])
    assert renamed.get_by_ids([pk])[0].metadata == {key: "x"}


def test_documents_are_not_changed_by_adding_or_by_the_results_of_searches(store: Milvus) -> None:
    metadata = {"tags": ["a"]}
    store.add_texts(["a"], [metadata], ids=["1"])
    store.similarity_search("a")[0].metadata["tags"].append("b")
    assert metadata == {"tags": ["a"]}
    assert store.get_by_ids(["1"])[0].metadata == metadata


def test_search_by_metadata_needs_no_query_and_narrows_the_metadata(store: Milvus) -> None:
    store.add_texts(["a", "b", "c"], [{"n": 1, "m": 1}, {"n": 2}, {"n": 3}])
    assert [one.page_content for one in store.search_by_metadata("n > 1")] == ["b", "c"]
    assert len(store.search_by_metadata("n > 0", limit=2)) == 2
    assert [one.metadata for one in store.search_by_metadata("n == 1", fields=["m", "k"])] == [{"m": 1}]


def test_times_are_read_and_shown_in_the_zone_of_the_call(make_store: MakeStore) -> None:
    store = make_store(metadata_schema={"at": {"dtype": DataType.TIMESTAMPTZ}})
    store.add_texts(["a", "b"], [{"at": "2025-01-31T12:00:00"}, {"at": "2025-01-31T12:00:00+09:00"}])
    at_noon = "at == ISO '2025-01-31T12:00:00'"
    for zone, text, shown in (
        (None, "a", "2025-01-31T12:00:00Z"),
        ("Asia/Tokyo", "b", "2025-01-31T12:00:00+09:00"),
    ):
        (found,) = store.similarity_search("a", expr=at_noon, timezone=zone)
        assert (found.page_content, found.metadata["at"]) == (text, shown)
        assert len(store.get_pks(at_noon, timezone=zone)) == 1
    (found,) = store.similarity_search("a", expr=at_noon, time_fields="year, hour")
    assert found.metadata["at"] == [2025, 12]
