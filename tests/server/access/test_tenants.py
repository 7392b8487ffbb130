"""A role that is bound to a tenant: whoever has it sees that tenant's rows, and cannot leave them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from pymilvus import MilvusClient as Client
from pymilvus import MilvusException

import milvus_store
from milvus_store.errors import ParamError
from milvus_store.server.access import setup
from milvus_store.server.access.rules import KNOWN, RULES
from milvus_store.server.access.tenants import OTHER_CALLS, ROW_CALLS
from milvus_store.server.protocol import METHODS
from tests.server.access.conftest import PASSWORD, Connect, make_docs

Raw = Callable[..., Any]


@pytest.fixture
def file(root: Client, path: Path) -> Iterator[milvus_store.MilvusClient]:
    make_docs(root)
    make_docs(root, "other")
    with milvus_store.MilvusClient(path) as file:
        yield file


@pytest.fixture
def bound(root: Client, ann: Client, file: milvus_store.MilvusClient) -> Client:
    """``ann``, whose role may do everything with every collection, and is bound to tenant ``ann`` of ``docs``."""
    for group in ("CollectionAdmin", "DatabaseAdmin"):
        root.grant_privilege_v2("reader", group, "*", db_name="*")
    root.grant_privilege_v2("reader", "ClusterAdmin", "*", db_name="*")
    setup.bind_role(file, "reader", "docs", "ann")
    return ann


def ids(rows: Any) -> list[int]:
    return sorted(row["id"] for row in rows)


def refused(call: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    with pytest.raises((MilvusException, grpc.RpcError), match="permission deny to ann"):
        call(*args, **kwargs)


def test_reads_show_the_rows_of_the_tenant_alone(bound: Client) -> None:
    assert ids(bound.query("docs", 'tenant == "bob" or id >= 0', output_fields=["id"])) == [0, 2, 4]
    assert bound.query("docs", "", output_fields=["count(*)"])[0]["count(*)"] == 3
    assert ids(bound.get("docs", ids=[0, 1, 2, 3])) == [0, 2]
    hits = bound.search("docs", [[1.0, 1.0]], limit=9, filter="true")[0]
    assert ids(hits) == [0, 2, 4]


def test_iterators_show_the_rows_of_the_tenant_alone(bound: Client) -> None:
    found = []
    iterator = bound.query_iterator("docs", batch_size=2, filter="id >= 0", output_fields=["id"])
    while page := iterator.next():
        found += page
    assert ids(found) == [0, 2, 4]
    found = []
    searches = bound.search_iterator("docs", [[1.0, 1.0]], batch_size=2, limit=9)
    while page := searches.next():
        found += page
    assert ids(found) == [0, 2, 4]


def test_the_token_of_another_ones_iterator_opens_nothing(bound: Client, root: Client) -> None:
    others = root.search_iterator("docs", [[1.0, 1.0]], batch_size=2, limit=9)
    others.next()
    mine = bound.search_iterator("docs", [[1.0, 1.0]], batch_size=2, limit=9)
    mine._params["search_iter_id"] = others._params["search_iter_id"]
    with pytest.raises(MilvusException, match="search iterator is not open"):
        mine.next()


def test_writes_change_the_rows_of_the_tenant_alone(bound: Client, root: Client) -> None:
    bound.insert("docs", [{"id": 10, "vector": [0, 0], "tenant": "ann"}])
    for write in (bound.insert, bound.upsert):
        with pytest.raises(MilvusException, match="tenant"):
            write("docs", [{"id": 11, "vector": [0, 0], "tenant": "bob"}])
    with pytest.raises(MilvusException, match="another tenant"):
        bound.upsert("docs", [{"id": 1, "vector": [0, 0], "tenant": "ann"}])
    bound.delete("docs", filter="id in [0, 1, 2, 3]")
    assert ids(root.query("docs", "id >= 0", output_fields=["id"])) == [1, 3, 4, 5, 10]


def test_nothing_else_is_admitted_whatever_the_role_was_granted(bound: Client, raw: Raw) -> None:
    admitted = set()
    for method in METHODS:
        request = METHODS[method].request()
        for name in ("collection_name", "collectionName", "collection_names"):
            if name in request.DESCRIPTOR.fields_by_name:
                value = getattr(request, name)
                setattr(request, name, "docs") if isinstance(value, str) else value.append("docs")
        try:
            raw(method, f"ann:{PASSWORD}", request)
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.PERMISSION_DENIED:
                continue
        admitted.add(method)
    of_nobody = {method for method in METHODS if RULES[method] is KNOWN or RULES[method].shown}
    # DescribeAlias is asked for an alias, which none of these requests has.
    assert admitted == of_nobody | ROW_CALLS | OTHER_CALLS - {"DescribeAlias"}


def test_other_collections_and_databases_are_closed(bound: Client, root: Client, connect: Connect) -> None:
    root.create_database("db")
    make_docs(connect(db_name="db"))
    elsewhere = connect("ann", PASSWORD, db_name="db")
    for client, name in ((bound, "other"), (bound, "nothing"), (elsewhere, "docs")):
        refused(client.query, name, "id >= 0", output_fields=["id"])
        refused(client.describe_collection, name)
        refused(client.insert, name, [{"id": 11, "vector": [0, 0], "tenant": "ann"}])
    assert (bound.list_collections(), bound.list_databases()) == (["docs"], ["default"])
    assert elsewhere.list_collections() == []


def test_numbers_of_rows_of_all_tenants_are_not_told(bound: Client) -> None:
    refused(bound.get_collection_stats, "docs")
    refused(bound.get_partition_stats, "docs", "_default")
    described = bound.describe_index("docs", "vector")
    assert (described["total_rows"], described["indexed_rows"], described["pending_index_rows"]) == (0, 0, 0)


def test_an_alias_leads_to_the_rows_of_the_tenant(bound: Client, root: Client) -> None:
    root.create_alias("docs", "mine")
    root.create_alias("other", "theirs")
    assert ids(bound.query("mine", "id >= 0", output_fields=["id"])) == [0, 2, 4]
    refused(bound.query, "theirs", "id >= 0", output_fields=["id"])


def test_a_bound_role_still_needs_grants(root: Client, ann: Client, file: milvus_store.MilvusClient) -> None:
    setup.bind_role(file, "reader", "docs", "ann")
    refused(ann.query, "docs", "id >= 0", output_fields=["id"])
    root.grant_privilege_v2("reader", "Query", "docs")
    assert ids(ann.query("docs", "id >= 0", output_fields=["id"])) == [0, 2, 4]
    refused(ann.insert, "docs", [{"id": 11, "vector": [0, 0], "tenant": "ann"}])


def test_no_other_role_opens_what_a_binding_closes(bound: Client, root: Client) -> None:
    root.create_role("everything")
    root.grant_privilege("everything", "Global", "All", "*", db_name="*")
    for role in ("everything", "admin"):
        root.grant_role("ann", role)
        assert ids(bound.query("docs", "id >= 0", output_fields=["id"])) == [0, 2, 4]
        refused(bound.query, "other", "id >= 0", output_fields=["id"])
        refused(bound.create_user, "bob", PASSWORD)


def test_root_is_bound_to_nothing(bound: Client, root: Client) -> None:
    root.grant_role("root", "reader")
    assert ids(root.query("docs", "id >= 0", output_fields=["id"])) == [0, 1, 2, 3, 4, 5]


def test_a_collection_that_gets_another_name_is_closed(bound: Client, root: Client) -> None:
    root.rename_collection("docs", "renamed")
    refused(bound.query, "renamed", "id >= 0", output_fields=["id"])
    root.create_alias("renamed", "docs")
    refused(bound.query, "docs", "id >= 0", output_fields=["id"])


def test_two_roles_that_are_bound_to_two_tenants_open_neither(
    bound: Client, root: Client, file: milvus_store.MilvusClient
) -> None:
    root.create_role("second")
    root.grant_role("ann", "second")
    setup.bind_role(file, "second", "docs", "ann")
    assert ids(bound.query("docs", "id >= 0", output_fields=["id"])) == [0, 2, 4]
    setup.bind_role(file, "second", "docs", "bob")
    refused(bound.query, "docs", "id >= 0", output_fields=["id"])


def test_a_role_is_bound_to_several_collections_each_to_one_tenant(
    bound: Client, root: Client, file: milvus_store.MilvusClient
) -> None:
    setup.bind_role(file, "reader", "other", "bob")
    assert ids(bound.query("other", "id >= 0", output_fields=["id"])) == [1, 3, 5]
    setup.bind_role(file, "reader", "other", "ann")
    assert ids(bound.query("other", "id >= 0", output_fields=["id"])) == [0, 2, 4]
    setup.unbind_role(file, "reader", "other")
    refused(bound.query, "other", "id >= 0", output_fields=["id"])
    setup.unbind_role(file, "reader", "docs")
    assert ids(bound.query("other", "id >= 0", output_fields=["id"])) == [0, 1, 2, 3, 4, 5]


def test_a_bound_user_changes_his_own_password(bound: Client, raw: Raw) -> None:
    bound.update_password("ann", PASSWORD, "another one")
    assert raw("GetVersion", "ann:another one").version


def test_what_cannot_be_bound_is_refused(root: Client, ann: Client, file: milvus_store.MilvusClient) -> None:
    root.create_collection("plain", dimension=2)
    with pytest.raises(ParamError, match="partition key"):
        setup.bind_role(file, "reader", "plain", "ann")
    with pytest.raises(ParamError):
        setup.bind_role(file, "reader", "docs", 7)
    for role in ("admin", "public", "nothing"):
        with pytest.raises(milvus_store.MilvusException):
            setup.bind_role(file, role, "docs", "ann")


def test_a_bound_role_is_dropped_by_force_alone(bound: Client, root: Client) -> None:
    """Whose members would else be free of it unawares."""
    for group, database in (("CollectionAdmin", "*"), ("DatabaseAdmin", "*"), ("ClusterAdmin", "*")):
        root.revoke_privilege_v2("reader", group, "*", db_name=database)
    with pytest.raises(MilvusException, match="bound to a tenant"):
        root.drop_role("reader")
    root.drop_role("reader", force_drop=True)
