"""A client bound to a tenant: nothing a user can write reaches another tenant's rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from milvus_store import AnnSearchRequest, DataType, MilvusClient, RRFRanker
from milvus_store.client.tenants import TenantClient
from milvus_store.errors import DataNotMatchException, FilterError, ParamError
from milvus_store_lite import filters as tree

HOSTILE = [
    'tenant == "bob"',
    'tenant == "bob" or tenant == "ann"',
    "true",
    "id >= 0",
    "id >= 0 or true",
    'true) or (tenant == "bob"',
    'not (tenant == "ann")',
    'tenant != "ann"',
    'tenant in ["bob", "ann"]',
    'tenant like "%"',
    'tenant =~ ".*"',
    "tenant is not null",
    "not (tenant is null)",
    "exists color or not exists color",
    'color == "red" || 1 == 1',
    "random_sample(0.9)",
    'tenant == "bob" and random_sample(0.9)',
    "array_length($meta['nope']) != 3",
    '" or true or "',
    "-- ",
]


@pytest.fixture
def client(tmp_path: Path) -> MilvusClient:
    made = MilvusClient(tmp_path / "tenants.db")
    schema = made.create_schema(enable_dynamic_field=True)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("tenant", DataType.VARCHAR, max_length=20, is_partition_key=True)
    index = made.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
    made.create_collection("docs", schema=schema, index_params=index)
    made.insert(
        "docs",
        [
            {"id": n, "vector": [n, 1.0], "tenant": ("ann", "bob", "cy")[n % 3], "color": "red"}
            for n in range(30)
        ],
    )
    return made


@pytest.fixture
def ann(client: MilvusClient) -> TenantClient:
    return client.for_tenant("docs", "ann")


def rows_of(client: MilvusClient, tenant: str) -> int:
    counted = client.query("docs", "tenant == {t}", ["count(*)"], filter_params={"t": tenant})
    return int(counted[0]["count(*)"])


def tenants_found(bound: TenantClient, filter: Any) -> set[str]:
    """The tenants of whatever the calls that read find with a filter; a refused filter finds nothing."""
    found: set[str] = set()
    options: dict[str, Any] = {"output_fields": ["tenant"]}
    request = AnnSearchRequest([[0.0, 1.0]], "vector", {"metric_type": "L2"}, limit=30, expr=filter)
    try:
        found |= {row["tenant"] for row in bound.query("docs", filter, limit=100, **options)}
        found |= {
            hit["entity"]["tenant"] for hit in bound.search("docs", [[0.0, 1.0]], filter, 50, **options)[0]
        }
        iterator = bound.query_iterator("docs", filter=filter, **options)
        found |= {row["tenant"] for row in iterator.next()}
        pages = bound.search_iterator("docs", [[0.0, 1.0]], filter=filter, batch_size=50, **options)
        found |= {hit["entity"]["tenant"] for hit in pages.next()}
        if isinstance(filter, str):
            hits = bound.hybrid_search("docs", [request, request], RRFRanker(), 50, **options)[0]
            found |= {hit["entity"]["tenant"] for hit in hits}
    except FilterError:
        pass
    return found


@pytest.mark.parametrize("filter", HOSTILE)
def test_no_filter_reads_beyond_the_tenant(ann: TenantClient, filter: str) -> None:
    assert tenants_found(ann, filter) <= {"ann"}


@pytest.mark.parametrize("filter", HOSTILE)
def test_no_filter_deletes_beyond_the_tenant(client: MilvusClient, ann: TenantClient, filter: str) -> None:
    try:
        ann.delete("docs", filter=filter)
    except FilterError:
        assert rows_of(client, "ann") == 10
    assert (rows_of(client, "bob"), rows_of(client, "cy")) == (10, 10)


conditions = st.recursive(
    st.sampled_from(
        [
            tree.Literal(True),
            tree.Compare("==", tree.Name("tenant"), tree.Literal("bob")),
            tree.Compare("!=", tree.Name("tenant"), tree.Literal("ann")),
            tree.In(tree.Name("tenant"), tree.ListOf.of(["bob", "cy"])),
            tree.IsNull(tree.Name("color")),
            tree.Compare(">", tree.Name("id"), tree.Literal(5)),
        ]
    ),
    lambda inner: st.one_of(
        st.builds(tree.Not, inner),
        st.builds(tree.And, st.lists(inner, max_size=3).map(tuple)),
        st.builds(tree.Or, st.lists(inner, max_size=3).map(tuple)),
    ),
    max_leaves=5,
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(conditions)
def test_no_tree_reads_beyond_the_tenant(ann: TenantClient, expression: tree.Expression) -> None:
    assert tenants_found(ann, expression) <= {"ann"}


def test_calls_without_a_filter_see_the_tenant_only(client: MilvusClient, ann: TenantClient) -> None:
    assert ann.query("docs", output_fields=["count(*)"]) == [{"count(*)": 10}]
    assert {row["tenant"] for row in ann.query("docs", limit=100, output_fields=["tenant"])} == {"ann"}
    assert len(ann.search("docs", [[0.0, 1.0]], limit=30)[0]) == 10
    assert [row["id"] for row in ann.get("docs", [0, 1, 2, 3], ["id"])] == [0, 3]
    assert ann.query("docs", ids=[1], output_fields=["id"]) == []
    assert ann.delete("docs", ids=[0, 1, 2])["delete_count"] == 1
    assert rows_of(client, "bob") == 10


def test_groups_are_made_of_the_tenants_rows(ann: TenantClient) -> None:
    hits = ann.search("docs", [[0.0, 1.0]], limit=30, group_by_field="tenant", output_fields=["tenant"])[0]
    assert [hit["entity"]["tenant"] for hit in hits] == ["ann"]


@pytest.mark.parametrize("write", ["insert", "upsert"])
def test_what_is_written_is_the_tenants(client: MilvusClient, ann: TenantClient, write: str) -> None:
    call = getattr(ann, write)
    call("docs", [{"id": 100, "vector": [0, 1]}, {"id": 101, "vector": [0, 1], "tenant": "ann"}])
    call("docs", {"id": 0, "vector": [9, 9]})
    assert rows_of(client, "ann") == 12
    with pytest.raises(DataNotMatchException, match="row 1: field 'tenant'.*expected 'ann'.*got 'bob'"):
        call("docs", [{"id": 102, "vector": [0, 1]}, {"id": 103, "vector": [0, 1], "tenant": "bob"}])
    with pytest.raises(DataNotMatchException, match="row 1: the primary key 1 is taken by a row of another"):
        call("docs", [{"id": 102, "vector": [0, 1]}, {"id": 1, "vector": [0, 1]}])
    assert rows_of(client, "ann") == 12
    assert client.get("docs", [1], ["tenant"]) == [{"id": 1, "tenant": "bob"}]


def test_a_tenant_is_a_value_and_no_expression(client: MilvusClient) -> None:
    evil = '" or "" == "'
    bound = client.for_tenant("docs", evil)
    assert tenants_found(bound, "true") == set()
    bound.insert("docs", {"id": 200, "vector": [0, 1]})
    assert tenants_found(bound, "true") == {evil}


def test_binding_is_checked_at_once(client: MilvusClient, ann: TenantClient) -> None:
    client.create_collection("plain", dimension=2)
    with pytest.raises(ParamError, match="'plain' has no partition key"):
        client.for_tenant("plain", "ann")
    with pytest.raises(ParamError, match="which cannot be 5"):
        client.for_tenant("docs", 5)
    with pytest.raises(ParamError, match="bound to the tenant 'ann' of collection 'docs'"):
        ann.query("plain", limit=1)


def test_the_filter_error_of_a_bound_call_points_into_the_users_text(ann: TenantClient) -> None:
    with pytest.raises(FilterError) as caught:
        ann.query("docs", "tenant = 'bob'")
    assert caught.value.column == 8


def test_the_bound_client_is_closed_with_its_client(client: MilvusClient, ann: TenantClient) -> None:
    ann.close()
    assert len(ann.query("docs", limit=3)) == 3
    client.close()
    with pytest.raises(Exception, match="closed"):
        ann.query("docs", limit=3)
