"""A partition key keeps tenants apart, and documents without one belong to nobody."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from langchain_core.documents import Document

from langchain_milvus_store import Milvus
from milvus_store import DataType
from milvus_store.errors import DataNotMatchException, FilterError

MakeStore = Callable[..., Milvus]


@pytest.fixture
def tenants(make_store: MakeStore) -> Milvus:
    store = make_store(partition_key_field="tenant")
    documents = [
        Document(f"note {place} of {tenant}", metadata={"tenant": tenant, "place": place})
        for place in range(30)
        for tenant in ("ann", "bob", "cy")
    ]
    store.add_documents(
        documents, ids=[f"{one.metadata['tenant']}-{one.metadata['place']}" for one in documents]
    )
    return store


def tenants_of(documents: list[Document]) -> set[Any]:
    return {one.metadata.get("tenant") for one in documents}


@pytest.mark.parametrize("search_type", ["similarity", "mmr", "similarity_score_threshold"])
def test_every_kind_of_retriever_stays_inside_the_tenant(tenants: Milvus, search_type: str) -> None:
    options: dict[str, Any] = {"expr": 'tenant == "bob"', "k": 50}
    if search_type == "similarity_score_threshold":
        options["score_threshold"] = 0.0
    if search_type == "mmr":
        options["fetch_k"] = 50
    retriever = tenants.as_retriever(search_type=search_type, search_kwargs=options)
    found = retriever.invoke("note 3 of ann")
    assert len(found) == 30
    assert tenants_of(found) == {"bob"}


def test_deleting_in_one_tenant_leaves_the_others(tenants: Milvus) -> None:
    tenants.delete(expr='tenant == "bob"')
    assert tenants_of(tenants.similarity_search("note", k=90)) == {"ann", "cy"}
    assert len(tenants.get_pks('tenant in ["ann", "bob", "cy"]')) == 60


def test_a_filter_value_with_quotes_is_bound_not_pasted(tenants: Milvus) -> None:
    evil = '" or tenant != "'
    found = tenants.similarity_search("note", expr="tenant == {who}", filter_params={"who": evil})
    assert found == []
    tenants.add_texts(["mine"], [{"tenant": evil}], ids=["mine"])
    found = tenants.similarity_search("note", expr="tenant == {who}", filter_params={"who": evil})
    assert tenants_of(found) == {evil}


def test_a_document_without_tenant_is_in_none_and_its_metadata_stays_as_it_was(tenants: Milvus) -> None:
    (pk,) = tenants.add_texts(["stray"], [{"colour": "red"}])
    (found,) = tenants.get_by_ids([pk])
    assert found.metadata == {"colour": "red"}
    assert tenants_of(tenants.similarity_search("stray", k=90, expr='tenant in ["ann", "bob", "cy"]')) == {
        "ann",
        "bob",
        "cy",
    }


def test_integer_tenants_work_and_zero_is_one_of_them(make_store: MakeStore) -> None:
    store = make_store(partition_key_field="tenant")
    store.add_texts(["zero", "one", "none"], [{"tenant": 0}, {"tenant": 1}, {}])
    assert [one.page_content for one in store.similarity_search("x", expr="tenant == 0")] == ["zero"]
    by_content = {one.page_content: one.metadata for one in store.similarity_search("x")}
    assert by_content == {"zero": {"tenant": 0}, "one": {"tenant": 1}, "none": {}}


def test_the_partition_key_is_typed_and_is_found_again_on_opening(
    tenants: Milvus, make_store: MakeStore
) -> None:
    description = tenants.client.describe_collection(tenants.collection_name)
    (key,) = [one for one in description["fields"] if one.get("is_partition_key")]
    assert (key["name"], key["type"].name) == ("tenant", "VARCHAR")
    again = make_store()
    again.add_texts(["note 99"], [{"tenant": "dan"}], ids=["dan-99"])
    assert tenants_of(again.similarity_search("note", expr='tenant == "dan"')) == {"dan"}


def test_another_partition_key_than_the_collection_has_is_an_error(
    tenants: Milvus, make_store: MakeStore
) -> None:
    with pytest.raises(ValueError, match=r"partition key is 'tenant', expected partition_key_field='user'"):
        make_store(partition_key_field="user")


@pytest.mark.parametrize("value", [1.5, True, ["a"]])
def test_a_tenant_that_is_no_string_or_integer_is_an_error(make_store: MakeStore, value: Any) -> None:
    store = make_store(partition_key_field="tenant")
    with pytest.raises(ValueError, match="partition key 'tenant' must be a str or an int"):
        store.add_texts(["x"], [{"tenant": value}])
    assert not store.client.has_collection(store.collection_name)


@pytest.mark.parametrize("arguments", [{"metadata_field": "metadata"}, {"enable_dynamic_field": False}])
def test_a_partition_key_goes_with_every_way_to_keep_metadata(
    make_store: MakeStore, arguments: dict[str, Any]
) -> None:
    store = make_store(partition_key_field="tenant", **arguments)
    store.add_texts(["a", "b", "c"], [{"tenant": "ann", "n": 1}, {"tenant": "bob", "n": 2}, {"n": 3}])
    (found,) = store.similarity_search("b", expr='tenant == "bob"')
    assert (found.page_content, found.metadata) == ("b", {"tenant": "bob", "n": 2})
    (stray,) = store.search_by_metadata('tenant == "__no_tenant__"')
    assert stray.metadata == {"n": 3}


HOSTILE = [
    'tenant == "ann"',
    "true",
    'place >= 0 or tenant != "bob"',
    'true) or (tenant == "ann"',
    'not (tenant == "bob")',
]


@pytest.mark.parametrize("expr", [None, *HOSTILE])
@pytest.mark.parametrize("search_type", ["similarity", "mmr"])
def test_a_bound_store_finds_its_tenant_whatever_the_filter(
    tenants: Milvus, search_type: str, expr: str | None
) -> None:
    bound = tenants.for_tenant("bob")
    options: dict[str, Any] = {"expr": expr, "k": 90} | ({"fetch_k": 90} if search_type == "mmr" else {})
    retriever = bound.as_retriever(search_type=search_type, search_kwargs=options)
    try:
        found = retriever.invoke("note 3 of ann")
    except FilterError:
        return
    assert tenants_of(found) <= {"bob"}
    assert len(found) == (30 if expr in (None, "true", HOSTILE[2]) else 0)


def test_a_bound_store_writes_reads_and_deletes_inside_its_tenant(tenants: Milvus) -> None:
    bound = tenants.for_tenant("bob")
    (added,) = bound.add_texts(["mine"], [{"colour": "red"}])
    assert bound.get_by_ids([added, "ann-1"]) == tenants.get_by_ids([added])
    assert tenants.get_by_ids([added])[0].metadata == {"colour": "red", "tenant": "bob"}
    bound.delete(ids=["ann-1", "bob-1"])
    bound.delete(expr='tenant == "ann" or place == 2')
    assert len(tenants.get_pks('tenant == "ann"')) == 30
    assert len(tenants.get_pks('tenant == "bob"')) == 29
    with pytest.raises(DataNotMatchException, match="expected 'bob'"):
        bound.add_texts(["theirs"], [{"tenant": "ann"}])
    with pytest.raises(DataNotMatchException, match="another tenant"):
        bound.add_texts(["theirs"], ids=["ann-5"])
    with pytest.raises(ValueError, match="documents of all tenants"):
        bound.drop()
    with pytest.raises(ValueError, match="bound to the tenant 'bob'"):
        bound.for_tenant("ann")
    assert (bound.tenant, tenants.tenant) == ("bob", None)


def test_a_bound_store_may_write_the_first_documents(make_store: MakeStore) -> None:
    store = make_store(partition_key_field="tenant")
    bound = store.for_tenant("eve")
    assert bound.similarity_search("x") == []
    with pytest.raises(DataNotMatchException, match="row 1: field 'tenant': expected 'eve'"):
        bound.add_texts(["mine", "theirs"], [{}, {"tenant": "ann"}])
    assert not store.client.list_collections()
    bound.add_texts(["first"])
    assert tenants_of(store.similarity_search("x")) == {"eve"}
    with pytest.raises(ValueError, match="no partition key"):
        make_store(collection_name="other").for_tenant("eve").add_texts(["x"])


NO_TENANT = "__no_tenant__"
NOBODY = [
    None,
    True,
    1.5,
    float("nan"),
    np.float64(1),
    b"bob",
    ["bob"],
    {"bob": 1},
    NO_TENANT,
    "x" * 70_000,
    5,
]


@pytest.mark.parametrize("tenant", NOBODY, ids=lambda one: repr(one)[:20])
def test_nobody_is_no_tenant(tenants: Milvus, tenant: Any) -> None:
    with pytest.raises(ValueError, match="cannot be|must be a str or an int"):
        tenants.for_tenant(tenant)


@pytest.mark.parametrize("tenant", [*NOBODY[:-2], -(2**63)], ids=lambda one: repr(one)[:20])
def test_nobody_is_no_tenant_before_there_are_documents(make_store: MakeStore, tenant: Any) -> None:
    with pytest.raises(ValueError, match="cannot be|must be a str or an int"):
        make_store(partition_key_field="tenant").for_tenant(tenant)
    with pytest.raises(ValueError, match="no partition key"):
        make_store(collection_name="other").for_tenant("ann")


def test_a_number_of_numpy_is_a_tenant_and_the_one_that_says_none_is_not(make_store: MakeStore) -> None:
    store = make_store(partition_key_field="tenant")
    store.add_texts(["zero", "one", "none"], [{"tenant": 0}, {"tenant": 1}, {}])
    bound = store.for_tenant(np.int64(0))  # type: ignore[arg-type]
    assert [one.page_content for one in bound.similarity_search("x")] == ["zero"]
    for tenant in (True, "0", -(2**63)):
        with pytest.raises(ValueError, match="cannot be"):
            bound.for_tenant(tenant)


def test_an_empty_text_is_a_tenant_and_that_of_documents_without_one_is_not(make_store: MakeStore) -> None:
    store = make_store(partition_key_field="tenant")
    bound = store.for_tenant("")
    bound.add_texts(["mine"])
    store.add_texts(["theirs", "stray"], [{"tenant": "ann"}, {}])
    assert [one.page_content for one in store.for_tenant("").similarity_search("x")] == ["mine"]


@pytest.mark.parametrize("default", [{"default_value": ""}, {}])
def test_an_empty_text_is_nobodys_where_it_says_so(make_store: MakeStore, default: dict[str, Any]) -> None:
    client = make_store().client
    schema = client.create_schema(enable_dynamic_field=True)
    for field in ({"field_name": "pk", "is_primary": True}, {"field_name": "text"}):
        schema.add_field(datatype=DataType.VARCHAR, max_length=99, **field)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=64)
    schema.add_field("tenant", DataType.VARCHAR, max_length=99, is_partition_key=True, **default)
    client.create_collection("LangChainCollection", schema=schema)
    store = make_store()
    store.add_texts(["none", "theirs"], [{"tenant": ""}, {"tenant": "ann"}])
    if default:
        with pytest.raises(ValueError, match="a tenant cannot be ''"):
            store.for_tenant("")
    else:
        assert [one.page_content for one in store.for_tenant("").similarity_search("x")] == ["none"]
