"""What a user may do: what his roles were granted, on the collections and databases they were granted for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
import pytest
from pymilvus import DataType, MilvusException
from pymilvus import MilvusClient as Client
from pymilvus.grpc_gen import milvus_pb2

from milvus_store.server.access.rules import RULES
from milvus_store.server.protocol import METHODS
from tests.server.access.conftest import PASSWORD, Connect, make_docs

Raw = Callable[..., Any]

READ = {"limit": 9, "output_fields": ["id"]}


@pytest.fixture
def docs(root: Client) -> Client:
    make_docs(root)
    return root


def make_bare(client: Client) -> None:
    """A collection without an index, which takes one call."""
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    client.create_collection("made", schema=schema)


def refused(call: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    with pytest.raises((MilvusException, grpc.RpcError), match="permission deny to ann"):
        call(*args, **kwargs)


def about_docs(method: str) -> Any:
    """A request of this kind, about the collection ``docs`` if it is about one."""
    request = METHODS[method].request()
    for name in ("collection_name", "collectionName", "collection_names"):
        if name in request.DESCRIPTOR.fields_by_name:
            value = getattr(request, name)
            setattr(request, name, "docs") if isinstance(value, str) else value.append("docs")
    return request


def test_every_call_is_refused_to_a_role_without_the_privilege(docs: Client, ann: Client, raw: Raw) -> None:
    for privilege, kind in (("DescribeCollection", "Global"), ("IndexDetail", "Collection")):
        docs.revoke_privilege("public", kind, privilege, "*", db_name="*")
    answers = {}
    for method in METHODS:
        try:
            answers[method] = raw(method, f"ann:{PASSWORD}", about_docs(method))
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.PERMISSION_DENIED:
                answers[method] = error
    free = {method for method in METHODS if RULES[method].is_free(about_docs(method))}
    listing = {method for method in METHODS if RULES[method].shown}
    assert answers.keys() == free | listing
    assert [method for method in listing if getattr(answers[method], RULES[method].shown)] == []


def test_no_call_is_refused_to_an_administrator(docs: Client, ann: Client, raw: Raw) -> None:
    docs.grant_role("ann", "admin")
    refusals = {}
    for method in METHODS:
        try:
            raw(method, f"ann:{PASSWORD}")
        except grpc.RpcError as error:
            refusals[method] = error.code()
    # Calls that are not served, and those whose response has no status.
    expected = {grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.FAILED_PRECONDITION}
    assert set(refusals.values()) <= expected


def test_a_grant_holds_at_once_for_its_collection_alone_until_it_is_revoked(
    docs: Client, ann: Client
) -> None:
    make_docs(docs, "other")
    refused(ann.query, "docs", "id >= 0", **READ)
    docs.grant_privilege_v2("reader", "Query", "docs")
    assert len(ann.query("docs", "id >= 0", **READ)) == 6
    refused(ann.query, "other", "id >= 0", **READ)
    refused(ann.insert, "docs", [{"id": 9, "vector": [0, 0], "tenant": "ann"}])
    docs.revoke_privilege_v2("reader", "Query", "docs")
    refused(ann.query, "docs", "id >= 0", **READ)


def test_a_grant_holds_in_its_database_alone(docs: Client, ann: Client, connect: Connect) -> None:
    docs.create_database("db")
    make_docs(connect(db_name="db"))
    docs.grant_privilege_v2("reader", "CollectionReadOnly", "*", db_name="db")
    refused(ann.query, "docs", "id >= 0", **READ)
    assert len(connect("ann", PASSWORD, db_name="db").query("docs", "id >= 0", **READ)) == 6
    docs.grant_privilege_v2("reader", "CollectionReadOnly", "*", db_name="*")
    assert len(ann.query("docs", "id >= 0", **READ)) == 6


def test_the_database_in_a_request_is_the_one_that_is_judged(
    docs: Client, ann: Client, raw: Raw, connect: Connect
) -> None:
    """Whatever the metadata says."""
    docs.create_database("db")
    make_docs(connect(db_name="db"))
    docs.grant_privilege_v2("reader", "Query", "docs", db_name="db")
    query = {"collection_name": "docs", "expr": "id >= 0", "output_fields": ["id"]}
    assert not raw("Query", f"ann:{PASSWORD}", milvus_pb2.QueryRequest(**query, db_name="db")).status.code
    assert not raw("Query", f"ann:{PASSWORD}", milvus_pb2.QueryRequest(**query), dbname="db").status.code
    for request, metadata in (
        (milvus_pb2.QueryRequest(**query), {}),
        (milvus_pb2.QueryRequest(**query, db_name="default"), {"dbname": "db"}),
    ):
        with pytest.raises(grpc.RpcError, match="permission deny"):
            raw("Query", f"ann:{PASSWORD}", request, **metadata)


def test_an_alias_is_judged_as_its_collection(docs: Client, ann: Client) -> None:
    make_docs(docs, "other")
    docs.create_alias("docs", "mine")
    docs.create_alias("other", "theirs")
    docs.grant_privilege_v2("reader", "CollectionAdmin", "docs")
    assert len(ann.query("mine", "id >= 0", **READ)) == 6
    refused(ann.query, "theirs", "id >= 0", **READ)
    refused(ann.alter_alias, "docs", "theirs")
    refused(ann.alter_alias, "other", "mine")
    refused(ann.drop_alias, "theirs")
    docs.alter_alias("other", "mine")
    refused(ann.query, "mine", "id >= 0", **READ)


def test_a_grant_on_the_name_of_an_alias_opens_no_collection(docs: Client, ann: Client) -> None:
    docs.create_alias("docs", "mine")
    docs.grant_privilege_v2("reader", "Query", "mine")
    refused(ann.query, "mine", "id >= 0", **READ)


def test_a_call_on_several_collections_needs_all_of_them(docs: Client, ann: Client, raw: Raw) -> None:
    make_docs(docs, "other")
    docs.grant_privilege_v2("reader", "Flush", "docs")
    assert not raw("Flush", f"ann:{PASSWORD}", milvus_pb2.FlushRequest(collection_names=["docs"])).status.code
    for names in (["docs", "other"], ["docs", ""], []):
        with pytest.raises(grpc.RpcError, match="permission deny"):
            raw("Flush", f"ann:{PASSWORD}", milvus_pb2.FlushRequest(collection_names=names))


def test_a_number_instead_of_a_name_needs_all_collections(docs: Client, ann: Client, raw: Raw) -> None:
    docs.revoke_privilege("public", "Global", "DescribeCollection", "*", db_name="*")
    docs.grant_privilege_v2("reader", "DescribeCollection", "docs")
    number = ann.describe_collection("docs")["collection_id"]
    request = milvus_pb2.DescribeCollectionRequest(collectionID=number)
    with pytest.raises(grpc.RpcError, match="permission deny"):
        raw("DescribeCollection", f"ann:{PASSWORD}", request)


@pytest.mark.skipif(
    "collection_name" not in milvus_pb2.GetCompactionPlansRequest.DESCRIPTOR.fields_by_name,
    reason="an older pymilvus asks by the number of a compaction alone",
)
def test_whoever_asks_for_the_compactions_of_a_collection_needs_a_right_on_it(
    docs: Client, ann: Client, raw: Raw
) -> None:
    raw(
        "GetCompactionStateWithPlans", f"ann:{PASSWORD}", milvus_pb2.GetCompactionPlansRequest(compactionID=1)
    )
    request = milvus_pb2.GetCompactionPlansRequest(collection_name="docs")
    with pytest.raises(grpc.RpcError, match="permission deny"):
        raw("GetCompactionStateWithPlans", f"ann:{PASSWORD}", request)
    docs.grant_privilege_v2("reader", "Compaction", "docs")
    raw("GetCompactionStateWithPlans", f"ann:{PASSWORD}", request)


def test_lists_name_what_a_user_may_use(docs: Client, ann: Client, connect: Connect) -> None:
    make_docs(docs, "other")
    docs.create_database("db")
    assert (ann.list_collections(), ann.list_databases()) == ([], [])
    docs.grant_privilege_v2("reader", "Query", "other")
    assert (ann.list_collections(), ann.list_databases()) == (["other"], ["default"])
    docs.grant_privilege_v2("reader", "ClusterReadOnly", "*", db_name="*")
    assert (ann.list_collections(), ann.list_databases()) == (["other"], ["default", "db"])
    docs.grant_privilege_v2("reader", "DatabaseReadOnly", "*")
    assert sorted(ann.list_collections()) == ["docs", "other"]


@pytest.mark.parametrize(
    ("group", "may", "may_not"),
    [
        ("CollectionReadOnly", ["query", "stats"], ["insert", "load", "alias", "create", "drop", "user"]),
        ("COLL_RW", ["query", "insert", "load", "stats"], ["alias", "create", "drop", "user"]),
        ("COLL_ADMIN", ["query", "insert", "alias"], ["create", "drop", "user", "database"]),
        ("DatabaseAdmin", ["create", "drop"], ["query", "insert", "user", "database"]),
        ("ClusterAdmin", ["user", "database", "grant"], ["query", "insert", "create", "drop"]),
    ],
)
def test_a_built_in_group_holds_what_it_does_in_milvus(
    docs: Client, ann: Client, group: str, may: list[str], may_not: list[str]
) -> None:
    calls: dict[str, Callable[[], Any]] = {
        "query": lambda: ann.query("docs", "id >= 0", **READ),
        "stats": lambda: ann.get_collection_stats("docs"),
        "insert": lambda: ann.insert("docs", [{"id": 9, "vector": [0, 0], "tenant": "ann"}]),
        "load": lambda: ann.load_collection("docs"),
        "alias": lambda: ann.create_alias("docs", "alias"),
        "create": lambda: make_bare(ann),
        "drop": lambda: ann.drop_collection("docs"),
        "user": lambda: ann.create_user("bob", PASSWORD),
        "database": lambda: ann.create_database("db"),
        "grant": lambda: ann.grant_privilege_v2("reader", "Query", "docs"),
    }
    everywhere = "*" if group.startswith("Cluster") else None
    docs.grant_privilege_v2("reader", group, "*", db_name=everywhere)
    for name in may_not:
        refused(calls[name])
    for name in may:
        calls[name]()


def test_a_group_of_ones_own_grants_what_it_holds_now(docs: Client, ann: Client) -> None:
    docs.create_privilege_group("asking")
    docs.grant_privilege_v2("reader", "asking", "docs")
    refused(ann.query, "docs", "id >= 0", **READ)
    docs.add_privileges_to_group("asking", ["Query", "Search"])
    assert ann.query("docs", "id >= 0", **READ)
    docs.remove_privileges_from_group("asking", ["Query"])
    refused(ann.query, "docs", "id >= 0", **READ)
    assert ann.search("docs", [[0.0, 1.0]], limit=1)[0]


def test_the_first_api_of_grants_means_the_same(docs: Client, ann: Client) -> None:
    docs.grant_privilege("reader", "Collection", "Query", "docs")
    assert ann.query("docs", "id >= 0", **READ)
    refused(make_bare, ann)
    docs.grant_privilege("reader", "Global", "*", "*")
    refused(ann.create_database, "other")  # which is not in this one
    make_bare(ann)
    refused(ann.get_collection_stats, "made")
    docs.grant_privilege("reader", "Global", "All", "*")
    assert ann.get_collection_stats("made")["row_count"] == 0
    refused(ann.drop_database, "other")
    docs.grant_privilege("reader", "Global", "All", "*", db_name="*")
    ann.create_database("other")


def test_who_leaves_a_role_loses_what_it_was_granted(docs: Client, ann: Client) -> None:
    docs.grant_privilege_v2("reader", "Query", "docs")
    assert ann.query("docs", "id >= 0", **READ)
    docs.revoke_role("ann", "reader")
    refused(ann.query, "docs", "id >= 0", **READ)
    docs.grant_role("ann", "reader")
    docs.drop_role("reader", force_drop=True)
    docs.create_role("reader")
    refused(ann.query, "docs", "id >= 0", **READ)


def test_a_user_sees_and_changes_himself_and_no_other(docs: Client, ann: Client) -> None:
    assert ann.describe_user("ann")["roles"] == ("reader", "public")
    ann.update_user("ann", "that is me")
    assert docs.describe_user("ann")["description"] == "that is me"
    refused(ann.describe_user, "root")
    refused(ann.update_user, "root", "nonsense")
    refused(ann.update_password, "root", PASSWORD, "long enough too")
    refused(ann.drop_user, "ann")
    ann.update_password("ann", PASSWORD, "long enough too", reset_connection=True)
    assert ann.get_server_version()


def test_a_user_sees_what_his_roles_are_granted(docs: Client, ann: Client, raw: Raw) -> None:
    docs.grant_privilege_v2("reader", "Query", "docs")
    docs.create_role("writer")

    def ask(role: str) -> Any:
        entity = milvus_pb2.GrantEntity(role=milvus_pb2.RoleEntity(name=role))
        return raw("SelectGrant", f"ann:{PASSWORD}", milvus_pb2.SelectGrantRequest(entity=entity))

    assert [entity.grantor.privilege.name for entity in ask("reader").entities] == ["Query"]
    with pytest.raises(grpc.RpcError, match="permission deny"):
        ask("writer")
