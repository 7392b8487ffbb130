"""Users, roles, grants and groups through pymilvus's own calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pymilvus import MilvusClient as Client
from pymilvus import MilvusException

from milvus_store.access.privileges import BUILT_IN_GROUPS
from tests.server.access.conftest import PASSWORD, ROOT_PASSWORD, Connect


def fails(code: int, text: str, call: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    with pytest.raises(MilvusException, match=text) as raised:
        call(*args, **kwargs)
    assert raised.value.code == code


# Users -------------------------------------------------------------------------------------------------


def test_users_are_made_listed_described_and_dropped(root: Client) -> None:
    root.create_user("bob", PASSWORD, description="Bob")
    root.create_user("ann", PASSWORD)
    assert root.list_users() == ["ann", "bob", "root"]
    assert root.describe_user("bob") == {"user_name": "bob", "roles": ("public",), "description": "Bob"}
    assert root.describe_user("nobody") == {}
    root.drop_user("bob")
    root.drop_user("bob")
    assert root.list_users() == ["ann", "root"]


@pytest.mark.parametrize("name", [" ", "1st", "a b", "x" * 33, "ann:", "änn"])
def test_a_name_that_no_user_can_have_is_refused(root: Client, name: str) -> None:
    fails(1100, "a user name has", root.create_user, name, PASSWORD)


@pytest.mark.parametrize("password", ["short", "x" * 73, "ä" * 37, "Milvus"])
def test_a_password_that_is_no_good_is_refused(root: Client, password: str) -> None:
    fails(1100, "password", root.create_user, "ann", password)
    fails(1100, "password", root.update_password, "root", ROOT_PASSWORD, password)


def test_a_user_exists_once(root: Client) -> None:
    fails(65535, "user already exists: root", root.create_user, "root", PASSWORD)


def test_root_stays(root: Client) -> None:
    fails(65535, "root", root.drop_user, "root")


def test_a_new_password_needs_the_old_one_even_from_root(root: Client, ann: Client, connect: Connect) -> None:
    fails(1400, "old password not correct for ann", root.update_password, "ann", "guess", "another one")
    fails(65535, "not found the user", root.update_password, "nobody", PASSWORD, "another one")
    root.update_password("ann", PASSWORD, "another one")
    assert connect("ann", "another one").get_server_version()


def test_a_description_changes_without_the_password(root: Client, ann: Client, connect: Connect) -> None:
    root.update_user("ann", "new")
    assert root.describe_user("ann")["description"] == "new"
    assert connect("ann", PASSWORD).get_server_version()


# Roles -------------------------------------------------------------------------------------------------


def test_roles_are_made_given_described_and_dropped(root: Client, ann: Client) -> None:
    root.create_role("writer", description="writes")
    assert root.list_roles() == ["admin", "public", "reader", "writer"]
    root.grant_role("ann", "writer")
    root.grant_role("ann", "writer")
    assert root.describe_user("ann")["roles"] == ("reader", "writer", "public")
    root.revoke_role("ann", "writer")
    root.revoke_role("ann", "writer")
    assert root.describe_user("ann")["roles"] == ("reader", "public")
    root.alter_role("writer", "wrote")
    assert root.describe_role("writer") == {"role": "writer", "description": "wrote", "privileges": []}
    root.drop_role("writer")
    assert root.list_roles() == ["admin", "public", "reader"]


def test_what_does_not_exist_cannot_be_given_or_taken(root: Client, ann: Client) -> None:
    for call in (root.grant_role, root.revoke_role):
        fails(65535, "not found the user", call, "nobody", "reader")
        fails(65535, "not found the role", call, "ann", "nothing")
    fails(65535, "not found the role", root.drop_role, "nothing")
    fails(65535, "not found the role", root.describe_role, "nothing")
    fails(65535, "not found the role", root.alter_role, "nothing", "text")


@pytest.mark.parametrize("role", ["admin", "public"])
def test_a_built_in_role_stays(root: Client, role: str) -> None:
    fails(65535, "already exists", root.create_role, role)
    fails(65535, "default role", root.drop_role, role, force_drop=True)


@pytest.mark.parametrize("name", ["1st", "a b", "a-b", "x" * 256])
def test_a_name_that_no_role_can_have_is_refused(root: Client, name: str) -> None:
    fails(1100, "role name", root.create_role, name)


def test_a_role_with_grants_is_dropped_by_force(root: Client, ann: Client) -> None:
    root.grant_privilege_v2("reader", "Query", "docs")
    fails(65535, "has privileges", root.drop_role, "reader")
    root.drop_role("reader", force_drop=True)
    assert root.list_roles() == ["admin", "public"]


# Grants ------------------------------------------------------------------------------------------------


def test_grants_are_described_as_they_were_given(root: Client, ann: Client) -> None:
    root.grant_privilege_v2("reader", "Query", "docs")
    root.grant_privilege_v2("reader", "Query", "docs")
    root.grant_privilege("reader", "Global", "CreateCollection", "*", db_name="db")
    root.grant_privilege_v2("reader", "COLL_RO", "*", db_name="*")
    described = root.describe_role("reader")["privileges"]
    assert {tuple(grant.values()) for grant in described} == {
        ("Global", "*", "*", "reader", "CollectionReadOnly"),
        ("Global", "*", "db", "reader", "CreateCollection"),
        ("Collection", "docs", "default", "reader", "Query"),
    }
    assert [grant["privilege"] for grant in root.describe_role("reader", db_name="db")["privileges"]] == [
        "CreateCollection"
    ]
    root.revoke_privilege_v2("reader", "CollectionReadOnly", "*", db_name="*")
    root.revoke_privilege("reader", "Global", "CreateCollection", "*", db_name="db")
    root.revoke_privilege_v2("reader", "Query", "docs")
    root.revoke_privilege_v2("reader", "Query", "docs")
    assert root.describe_role("reader")["privileges"] == []


def test_a_new_user_may_describe_collections_and_indexes_as_in_milvus(root: Client) -> None:
    granted = {grant["privilege"] for grant in root.describe_role("public")["privileges"]}
    assert granted == {"DescribeCollection", "IndexDetail"}


def test_a_grant_that_means_nothing_is_refused(root: Client, ann: Client) -> None:
    first, second = root.grant_privilege, root.grant_privilege_v2
    fails(65535, "not found the role", second, "nothing", "Query", "docs")
    fails(65535, "not found the privilege", second, "reader", "Fly", "docs")
    fails(1100, "cluster level", second, "reader", "CreateDatabase", "docs")
    fails(1100, "cluster level", second, "reader", "ClusterAdmin", "*")
    fails(1100, "database level", second, "reader", "CreateCollection", "docs")
    fails(1100, "specify database", second, "reader", "Query", "docs", db_name="*")
    fails(1100, "collection", second, "reader", "Query", "do cs")
    fails(65535, "object type", first, "reader", "Planet", "Query", "docs")
    fails(65535, "type Global", first, "reader", "Collection", "CreateCollection", "docs")
    fails(65535, "not found the privilege", first, "reader", "Collection", "Fly", "docs")
    assert root.describe_role("reader")["privileges"] == []


# Privilege groups --------------------------------------------------------------------------------------


def groups(client: Client) -> dict[str, tuple[str, ...]]:
    return {one["privilege_group"]: one["privileges"] for one in client.list_privilege_groups()}


def test_groups_are_made_filled_listed_and_dropped(root: Client) -> None:
    assert groups(root).keys() == BUILT_IN_GROUPS.keys()
    root.create_privilege_group("asking")
    root.add_privileges_to_group("asking", ["Search", "Query", "Search"])
    assert groups(root)["asking"] == ("Query", "Search")
    root.remove_privileges_from_group("asking", ["Search", "Insert"])
    assert groups(root)["asking"] == ("Query",)
    root.drop_privilege_group("asking")
    root.drop_privilege_group("asking")
    assert groups(root).keys() == BUILT_IN_GROUPS.keys()


def test_a_group_that_means_nothing_is_refused(root: Client, ann: Client) -> None:
    fails(1402, "privilege group name", root.create_privilege_group, "a b")
    root.create_privilege_group("asking")
    fails(65535, "already exists", root.create_privilege_group, "asking")
    for name in ("CollectionAdmin", "Query"):
        fails(65535, "built in", root.create_privilege_group, name)
    fails(65535, "no privilege name 'Fly'", root.add_privileges_to_group, "asking", ["Fly"])
    fails(65535, "no privilege group name", root.add_privileges_to_group, "nothing", ["Query"])
    fails(65535, "built in", root.add_privileges_to_group, "CollectionReadOnly", ["Insert"])
    fails(65535, "built in", root.drop_privilege_group, "CollectionReadOnly")
    fails(65535, "one level", root.add_privileges_to_group, "asking", ["Query", "CreateDatabase"])
    root.add_privileges_to_group("asking", ["Query"])
    root.grant_privilege_v2("reader", "asking", "docs")
    fails(65535, "used by role 'reader'", root.drop_privilege_group, "asking")
