"""A client bound to a tenant: nothing a user can write reaches another tenant's rows."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from milvus_store import AnnSearchRequest, AsyncMilvusClient, DataType, MilvusClient, RRFRanker
from milvus_store.client.tenants import TenantClient
from milvus_store.errors import DataNotMatchException, FilterError, ParamError
from milvus_store_lite import filters as tree
from milvus_store_lite.collection.tenancy import TenantCollection
from milvus_store_lite.schema.fields import NO_DEFAULT

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


class Pretender:
    """Whatever it is compared with, it is equal; it even says that it is a str."""

    __class__ = str  # type: ignore[assignment]

    def __eq__(self, _: object) -> bool:
        return True

    def __hash__(self) -> int:
        return hash("ann")


class Renamed(str):
    """A str that says it is another, and equal to all."""

    __slots__ = ()

    def __eq__(self, _: object) -> bool:
        return True

    def __ne__(self, _: object) -> bool:
        return False

    def __hash__(self) -> int:
        return hash("ann")

    def __str__(self) -> str:
        return "ann"


class Role(str, Enum):
    ANN = "ann"


class Number(IntEnum):
    ONE = 1


class Meters(int):
    def __int__(self) -> int:
        return 7

    def __index__(self) -> int:
        return 7


NOBODY: list[Any] = [
    None,
    float("nan"),
    True,
    np.True_,
    1.5,
    b"ann",
    bytearray(b"ann"),
    ["ann"],
    ("ann",),
    {"ann": 1},
    np.array(["ann"]),
    np.array("ann"),
    object(),
    Pretender(),
    Mock(spec=str),
    NO_DEFAULT,
    np.timedelta64(1, "s"),
    Decimal(1),
]
NO_TEXT: list[Any] = [*NOBODY, 1, 0, np.int64(1), 1.0, "x" * 21, "\u00e9" * 11, "\ud800"]
NO_NUMBER: list[Any] = [*NOBODY, "", "1", 1.0, np.float64(1), np.float32(1), 2**63, -(2**63) - 1]


def keyed(path: Path | str, key: dict[str, Any]) -> MilvusClient:
    """A collection ``docs`` with a row of each of two tenants, and one with the default of its key."""
    made = MilvusClient(path)
    schema = made.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("tenant", is_partition_key=True, **key)
    index = made.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
    made.create_collection("docs", schema=schema, index_params=index)
    some, other = ("ann", "bob") if key["datatype"] == DataType.VARCHAR else (1, 2)
    rows = [{"id": n, "vector": [n, 1.0], "tenant": one} for n, one in enumerate([some, other])]
    made.insert("docs", rows)
    if "default_value" in key:
        made.insert("docs", {"id": 2, "vector": [2.0, 1.0]})
    return made


KEYS = {
    "text": ({"datatype": DataType.VARCHAR, "max_length": 20}, NO_TEXT),
    "text with a default": (
        {"datatype": DataType.VARCHAR, "max_length": 20, "default_value": "ann"},
        NO_TEXT,
    ),
    "text with an empty default": (
        {"datatype": DataType.VARCHAR, "max_length": 20, "default_value": ""},
        NO_TEXT,
    ),
    "number": ({"datatype": DataType.INT64}, NO_NUMBER),
    "number with a default": ({"datatype": DataType.INT64, "default_value": 1}, NO_NUMBER),
}


@pytest.mark.parametrize("name", KEYS)
def test_what_is_no_value_of_the_key_is_no_tenant(tmp_path: Path, name: str) -> None:
    key, refused = KEYS[name]

    async def bind(tenant: Any) -> Any:
        return await opened.for_tenant("docs", tenant)

    with keyed(tmp_path / "a.db", key) as client:
        opened = AsyncMilvusClient(tmp_path / "a.db")
        for tenant in refused:
            with pytest.raises(ParamError, match="tells tenants apart by 'tenant'.*which cannot be"):
                client.for_tenant("docs", tenant)
            with pytest.raises(ParamError, match="which cannot be"):
                asyncio.run(bind(tenant))
        for tenant in NOBODY:  # also for who goes round the check of the client
            with pytest.raises(ParamError, match="a tenant must be a str or an int"):
                TenantCollection(client._collection("docs"), tenant)
        opened._client.close()


@pytest.mark.parametrize(
    ("name", "tenant", "meant"),
    [
        ("text", Role.ANN, "ann"),
        ("text", np.str_("ann"), "ann"),
        ("text", Renamed("bob"), "bob"),
        ("text", "", ""),
        ("text with a default", "", ""),
        ("text with an empty default", "", ""),
        ("text", "x" * 20, "x" * 20),
        ("text", "Ann", "Ann"),
        ("text", "ann ", "ann "),
        ("text", "ann\0", "ann\0"),
        ("text", "e\u0301", "e\u0301"),
        ("number", np.int64(1), 1),
        ("number", np.uint8(2), 2),
        ("number", Number.ONE, 1),
        ("number", Meters(2), 2),
        ("number with a default", 0, 0),
        ("number", -(2**63), -(2**63)),
    ],
)
def test_a_tenant_is_just_its_value(tmp_path: Path, name: str, tenant: Any, meant: str | int) -> None:
    with keyed(tmp_path / "a.db", KEYS[name][0]) as client:
        rows = client.query("docs", "id >= 0", ["tenant"])
        client.for_tenant("docs", "ann" if isinstance(meant, str) else 1).query("docs", "id >= 0")
        bound = client.for_tenant("docs", tenant)
        assert (bound.tenant, type(bound.tenant)) == (meant, type(meant))
        own = [row for row in rows if row["tenant"] == meant]
        assert bound.query("docs", "id >= 0", ["tenant"]) == own
        assert len(bound.search("docs", [[0.0, 1.0]])[0]) == len(own)
        bound.insert("docs", {"id": 9, "vector": [0.0, 1.0]})
        assert client.get("docs", [9], ["tenant"]) == [{"id": 9, "tenant": meant}]
        assert bound.delete("docs", filter="id >= 0")["delete_count"] == len(own) + 1
        assert client.query("docs", "id >= 0", ["tenant"]) == [row for row in rows if row not in own]


def test_a_client_whose_tenant_is_taken_away_is_nobodys(client: MilvusClient) -> None:
    bound = client.for_tenant("docs", "ann")
    bound.tenant = None  # type: ignore[assignment]
    for call in (
        lambda: bound.query("docs", "true"),
        lambda: bound.delete("docs", filter="true"),
        lambda: bound.search("docs", [[0.0, 1.0]]),
    ):
        with pytest.raises(ParamError, match="a tenant must be a str or an int"):
            call()


def test_a_tenant_of_a_collection_that_is_made_anew_is_checked_again(path: Path) -> None:
    with keyed(path, KEYS["text"][0]) as client:
        bound = client.for_tenant("docs", "ann")
        client.drop_collection("docs")
        client.create_collection("docs", dimension=2)
        with pytest.raises(ParamError, match="'docs' has no partition key"):
            bound.query("docs", "true")
        client.drop_collection("docs")
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
        schema.add_field("tenant", DataType.INT64, is_partition_key=True)
        index = client.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
        client.create_collection("docs", schema=schema, index_params=index)
        for call in (
            lambda: bound.query("docs", "true"),
            lambda: bound.delete("docs", filter="true"),
            lambda: bound.search("docs", [[0.0, 1.0]]),
            lambda: bound.insert("docs", {"id": 1, "vector": [0.0, 1.0]}),
        ):
            with pytest.raises((ParamError, DataNotMatchException), match="'tenant'"):
                call()


@pytest.mark.parametrize("write", ["insert", "upsert"])
def test_a_row_that_says_it_is_nobodys_is_not_the_tenants(tmp_path: Path, write: str) -> None:
    for name in ("text", "text with an empty default"):
        with keyed(tmp_path / f"{name}.db", KEYS[name][0]) as client:
            call = getattr(client.for_tenant("docs", "ann"), write)
            row = {"id": 9, "vector": [0.0, 1.0]}
            for tenant in (None, "bob", "", Renamed("bob"), 5, float("nan"), ["ann"], Pretender()):
                with pytest.raises(DataNotMatchException, match="row 1: field 'tenant'"):
                    call("docs", [{**row, "id": 8}, {**row, "tenant": tenant}])
            call("docs", [{**row, "tenant": np.str_("ann")}, {**row, "id": 8}])
            assert client.query("docs", "id >= 8", ["tenant"]) == [
                {"id": 9, "tenant": "ann"},
                {"id": 8, "tenant": "ann"},
            ]


def test_a_bound_client_reaches_no_other_collection(client: MilvusClient, ann: TenantClient) -> None:
    client.create_alias("docs", "other")
    with pytest.raises(ParamError, match="bound to the tenant 'ann' of collection 'docs'"):
        ann.query("other", "true", limit=99)
    assert tenants_found(ann, "true") == {"ann"}
    assert {row["tenant"] for row in ann.query(Renamed("other"), "true", ["tenant"], limit=99)} == {"ann"}


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
