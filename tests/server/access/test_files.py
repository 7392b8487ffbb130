"""Users that a client of the file manages, beside those that pymilvus manages at its server: they are the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from pymilvus import MilvusClient as Client
from pymilvus import MilvusException

from milvus_store import MilvusClient
from milvus_store.errors import MilvusException as FileError
from milvus_store.server.access import setup
from milvus_store.server.endpoint import MilvusServer
from tests.server.access.conftest import PASSWORD, ROOT_PASSWORD, Connect, make_docs

Step = Callable[[Any], Any]

STEPS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("list_users", (), {}),
    ("list_roles", (), {}),
    ("list_privilege_groups", (), {}),
    ("describe_role", ("public",), {}),
    ("create_user", ("root", PASSWORD), {}),
    ("create_user", ("bob", PASSWORD), {"description": "Bob"}),
    ("create_user", ("ann", PASSWORD), {}),
    ("create_user", ("ann", PASSWORD), {}),
    ("create_user", ("1st", PASSWORD), {}),
    ("create_user", ("eve", "short"), {}),
    ("create_user", ("eve", "Milvus"), {}),
    ("list_users", (), {}),
    ("describe_user", ("bob",), {}),
    ("describe_user", ("nobody",), {}),
    ("update_password", ("ann", "a guess", "another one"), {}),
    ("update_password", ("nobody", PASSWORD, "another one"), {}),
    ("update_password", ("ann", PASSWORD, "short"), {}),
    ("update_password", ("ann", PASSWORD, "another one"), {"description": "Ann"}),
    ("update_password", ("ann", "", ""), {"description": "only words"}),
    ("update_user", ("bob", "Robert"), {}),
    ("update_user", ("nobody", "words"), {}),
    ("describe_user", ("ann",), {}),
    ("create_role", ("reader",), {"description": "reads"}),
    ("create_role", ("reader",), {}),
    ("create_role", ("public",), {}),
    ("create_role", ("a b",), {}),
    ("alter_role", ("reader", "read"), {}),
    ("alter_role", ("admin", "words"), {}),
    ("alter_role", ("nothing", "words"), {}),
    ("grant_role", ("ann", "reader"), {}),
    ("grant_role", ("ann", "public"), {}),
    ("grant_role", ("nobody", "reader"), {}),
    ("grant_role", ("ann", "nothing"), {}),
    ("grant_role", ("bob", "reader"), {}),
    ("revoke_role", ("bob", "reader"), {}),
    ("revoke_role", ("bob", "reader"), {}),
    ("revoke_role", ("nobody", "reader"), {}),
    ("describe_user", ("ann",), {}),
    ("grant_privilege", ("reader", "Collection", "Search", "docs"), {}),
    ("grant_privilege", ("reader", "Collection", "Insert", "docs"), {"db_name": None}),
    ("grant_privilege", ("reader", "Global", "CreateCollection", "*"), {"db_name": "db"}),
    ("grant_privilege", ("reader", "Planet", "Search", "docs"), {}),
    ("grant_privilege", ("reader", "Collection", "Fly", "docs"), {}),
    ("grant_privilege", ("reader", "Collection", "Search", "do cs"), {}),
    ("grant_privilege_v2", ("reader", "Query", "docs"), {}),
    ("grant_privilege_v2", ("reader", "COLL_RO", "*"), {"db_name": "*"}),
    ("grant_privilege_v2", ("reader", "ClusterAdmin", "*"), {}),
    ("grant_privilege_v2", ("reader", "CreateCollection", "docs"), {}),
    ("grant_privilege_v2", ("nothing", "Query", "docs"), {}),
    ("describe_role", ("reader",), {}),
    ("describe_role", ("reader",), {"db_name": "db"}),
    ("describe_role", ("reader",), {"db_name": "*"}),
    ("describe_role", ("nothing",), {}),
    ("drop_role", ("reader",), {}),
    ("revoke_privilege", ("reader", "Global", "CreateCollection", "*"), {"db_name": "db"}),
    ("revoke_privilege_v2", ("reader", "Query", "docs"), {}),
    ("revoke_privilege_v2", ("reader", "Query", "docs"), {}),
    ("describe_role", ("reader",), {}),
    ("create_privilege_group", ("asking",), {}),
    ("create_privilege_group", ("asking",), {}),
    ("create_privilege_group", ("Query",), {}),
    ("create_privilege_group", ("a b",), {}),
    ("add_privileges_to_group", ("asking", ["Search", "Query"]), {}),
    ("add_privileges_to_group", ("asking", ["CreateDatabase"]), {}),
    ("add_privileges_to_group", ("asking", ["Fly"]), {}),
    ("add_privileges_to_group", ("nothing", ["Query"]), {}),
    ("remove_privileges_from_group", ("asking", ["Search", "Insert"]), {}),
    ("grant_privilege_v2", ("reader", "asking", "docs"), {}),
    ("list_privilege_groups", (), {}),
    ("drop_privilege_group", ("asking",), {}),
    ("drop_privilege_group", ("nothing",), {}),
    ("drop_privilege_group", ("CollectionAdmin",), {}),
    ("drop_role", ("reader",), {"force_drop": True}),
    ("drop_role", ("public",), {"force_drop": True}),
    ("list_roles", (), {}),
    ("drop_user", ("root",), {}),
    ("drop_user", ("ann",), {}),
    ("drop_user", ("ann",), {}),
    ("list_users", (), {}),
]
"""Calls in their order: name, arguments, keywords."""


def outcome(client: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    try:
        found = getattr(client, name)(*args, **kwargs)
    except (MilvusException, FileError) as error:
        return error.code, error.message
    return list(found) if name.startswith("list_") else found


def test_a_file_answers_what_pymilvus_hears_from_its_server(root: Client, tmp_path: Path) -> None:
    differing = []
    with MilvusClient(tmp_path / "other.db") as file:
        file.create_user("root", ROOT_PASSWORD)
        for step in STEPS:
            theirs, ours = outcome(root, *step), outcome(file, *step)
            if theirs != ours:
                differing.append((step, theirs, ours))
    assert not differing


@pytest.fixture
def file(path: Path) -> Iterator[MilvusClient]:
    with MilvusClient(path) as file:
        yield file


def test_a_user_whom_a_client_of_the_file_makes_logs_in_and_may_do_what_he_was_granted(
    file: MilvusClient, path: Path
) -> None:
    make_docs(file)
    make_docs(file, "others")
    file.create_user("ann", PASSWORD)
    file.create_role("reader")
    file.grant_role("ann", "reader")
    file.grant_privilege_v2("reader", "CollectionReadOnly", "docs")
    with MilvusServer(path, "127.0.0.1:0", access=True, root_password=ROOT_PASSWORD) as server:
        ann = Client(server.uri, user="ann", password=PASSWORD)
        assert ann.list_collections() == ["docs"]
        assert ann.query("docs", "id == 1", output_fields=["id"]) == [{"id": 1}]
        for call in (lambda: ann.query("others", "id == 1"), lambda: ann.delete("docs", ids=[1])):
            with pytest.raises((MilvusException, grpc.RpcError), match="permission deny to ann"):
                call()
        ann.close()


def test_a_change_by_a_client_of_the_file_holds_at_the_next_call(
    root: Client, file: MilvusClient, connect: Connect
) -> None:
    make_docs(file)
    file.create_user("ann", PASSWORD)
    ann = connect("ann", PASSWORD)
    assert ann.describe_collection("docs")["collection_name"] == "docs"
    file.revoke_privilege("public", "Global", "DescribeCollection", "*", db_name="*")
    with pytest.raises((MilvusException, grpc.RpcError), match="permission deny to ann"):
        ann.describe_collection("docs")
    file.update_password("ann", PASSWORD, "another one")
    assert connect("ann", "another one").get_server_version()
    file.drop_user("ann")
    with pytest.raises((MilvusException, grpc.RpcError)):
        connect("ann", "another one").get_server_version()
    root.create_user("bob", PASSWORD)
    assert file.list_users() == ["bob", "root"]


# A file on which access control was never switched on -------------------------------------------------


def test_the_first_user_closes_a_file_to_servers_that_ask_nobody(file: MilvusClient, path: Path) -> None:
    MilvusServer(path, "127.0.0.1:0").stop()
    file.create_user("ann", PASSWORD)
    with pytest.raises(FileError, match="has users.*serve it with access control"):
        MilvusServer(path, "127.0.0.1:0")


@pytest.mark.parametrize("given", [ROOT_PASSWORD, None])
def test_root_gets_his_password_at_the_first_start_beside_other_users(
    file: MilvusClient, path: Path, given: str | None
) -> None:
    file.create_user("ann", PASSWORD)
    with MilvusServer(path, "127.0.0.1:0", access=True, root_password=given) as server:
        password = given or server.made_password
        assert (server.made_password is None) == (given is not None)
        root = Client(server.uri, user="root", password=password)
        assert root.list_users() == ["ann", "root"]
        root.close()
        with pytest.raises(MilvusException):
            Client(server.uri, user="root", password="Milvus", dedicated=True)


def test_the_start_of_a_server_leaves_a_root_whom_a_client_of_the_file_made(
    file: MilvusClient, path: Path
) -> None:
    file.create_user("root", ROOT_PASSWORD)
    with MilvusServer(path, "127.0.0.1:0", access=True, root_password="not taken") as server:
        assert server.made_password is None
        Client(server.uri, user="root", password=ROOT_PASSWORD).close()


def test_the_start_of_a_server_grants_nothing_that_was_revoked_before(file: MilvusClient) -> None:
    for grant in file.describe_role("public")["privileges"]:
        file.revoke_privilege(
            "public", grant["object_type"], grant["privilege"], grant["object_name"], db_name=grant["db_name"]
        )
    file.create_user("ann", PASSWORD)
    setup.switch_on(file._file.access, ROOT_PASSWORD)
    assert file.describe_role("public")["privileges"] == []


def test_a_file_that_was_managed_at_its_server_is_as_one_that_was_managed_by_itself(
    file: MilvusClient, tmp_path: Path
) -> None:
    setup.switch_on(file._file.access, ROOT_PASSWORD)
    file.create_role("reader")
    with MilvusClient(tmp_path / "other.db") as other:
        other.create_role("reader")
        setup.switch_on(other._file.access, ROOT_PASSWORD)
        ours, theirs = other._file.access.read(), file._file.access.read()
        assert (ours.roles, ours.grants) == (theirs.roles, theirs.grants)
