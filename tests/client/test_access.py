"""Users, roles and privileges of a file, managed by a client of it; tests of the server say what comes of them."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest

from milvus_store import AsyncMilvusClient, DataType, MilvusClient
from milvus_store.access import hashes
from milvus_store.client.access_calls import AccessCalls
from milvus_store.errors import DatabaseWriteError, MilvusException, ParamError
from milvus_store_lite import Access

PASSWORD = "long enough"

READING = {"describe_user", "list_users", "describe_role", "list_roles", "list_privilege_groups"}
CALLS = sorted(name for name in vars(AccessCalls) if name[0] != "_")

GIVEN: dict[str, Any] = {
    "user_name": "ann",
    "password": PASSWORD,
    "old_password": PASSWORD,
    "new_password": PASSWORD,
    "description": "words",
    "role_name": "reader",
    "object_type": "Collection",
    "object_name": "*",
    "privilege": "Query",
    "collection_name": "*",
    "group_name": "asking",
    "privileges": ["Query"],
}
"""Argument → a value that it takes."""


@pytest.fixture(autouse=True)
def _fast_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashes.hashed, "__defaults__", (hashes.Cost(4, 1, 1),))


def required(name: str) -> dict[str, Any]:
    """Arguments without which the call ``name`` is not made."""
    parameters = inspect.signature(getattr(MilvusClient, name)).parameters
    return {key: GIVEN[key] for key, one in parameters.items() if key in GIVEN and one.default is one.empty}


def access_of(client: MilvusClient) -> Access:
    return client._file.access.read()


def test_a_new_file_has_the_roles_of_milvus_and_nobody(client: MilvusClient) -> None:
    assert client.list_users() == []
    assert client.list_roles() == ["admin", "public"]
    granted = [one["privilege"] for one in client.describe_role("public")["privileges"]]
    assert granted == ["IndexDetail", "DescribeCollection"]
    assert access_of(client) == Access()


def test_users_outlive_the_client(path: Path) -> None:
    with MilvusClient(path) as client:
        client.create_user("ann", PASSWORD, description="Ann")
    with MilvusClient(path, read_only=True) as client:
        assert client.describe_user("ann") == {
            "user_name": "ann",
            "roles": ("public",),
            "description": "Ann",
        }


def test_another_password_needs_the_old_one(client: MilvusClient) -> None:
    client.create_user("ann", PASSWORD)
    with pytest.raises(MilvusException, match="old password not correct for ann") as caught:
        client.update_password("ann", "a guess", "another one")
    assert caught.value.code == 1400
    client.update_password("ann", PASSWORD, "another one", reset_connection=True)
    (user,) = access_of(client).users
    assert hashes.is_password_of("another one", user.password)


@pytest.mark.parametrize("password", ["Milvus", "short", ""])
def test_root_gets_no_password_that_everybody_knows_or_can_guess(client: MilvusClient, password: str) -> None:
    with pytest.raises(ParamError, match="password"):
        client.create_user("root", password)
    assert access_of(client) == Access()


def test_a_change_of_nothing_writes_nothing(client: MilvusClient) -> None:
    client.drop_user("nobody")
    client.drop_privilege_group("nothing")
    assert access_of(client) == Access()


def test_a_client_that_only_reads_changes_nobody(client: MilvusClient, path: Path) -> None:
    client.create_user("ann", PASSWORD)
    client.create_role("reader")
    client.create_privilege_group("asking")
    before = access_of(client)
    with MilvusClient(path, read_only=True) as reader:
        for name in CALLS:
            call, arguments = getattr(reader, name), required(name)
            if name in READING:
                assert call(**arguments) == getattr(client, name)(**arguments)
                continue
            if name in ("create_user", "create_role", "create_privilege_group"):
                arguments = {key: "other" if key.endswith("name") else one for key, one in arguments.items()}
            with pytest.raises(DatabaseWriteError):
                call(**arguments)
    assert access_of(client) == before


@pytest.mark.parametrize("name", CALLS)
def test_what_is_no_text_is_refused_by_name_and_not_repeated(client: MilvusClient, name: str) -> None:
    arguments = required(name)
    parameters = inspect.signature(getattr(MilvusClient, name)).parameters
    for argument in parameters.keys() & (GIVEN.keys() | {"db_name"}):
        with pytest.raises(ParamError, match=f"{argument} must be a") as caught:
            getattr(client, name)(**{**arguments, argument: b"secret"})
        assert "secret" not in caught.value.message or argument == "privileges"
    assert access_of(client) == Access()


@pytest.mark.parametrize(
    "name", ["grant_privilege", "revoke_privilege", "grant_privilege_v2", "revoke_privilege_v2"]
)
def test_an_empty_name_does_not_stand_for_everything(client: MilvusClient, name: str) -> None:
    client.create_role("reader")
    arguments = required(name)
    argument = "collection_name" if "collection_name" in arguments else "object_name"
    with pytest.raises(ParamError, match=rf"{argument} must be a name or \*"):
        getattr(client, name)(**{**arguments, argument: ""})


@pytest.mark.parametrize("privileges", [[], "Query", None, [""]])
def test_privileges_of_a_group_are_a_list_of_names(client: MilvusClient, privileges: Any) -> None:
    client.create_privilege_group("asking")
    for call in (client.add_privileges_to_group, client.remove_privileges_from_group):
        with pytest.raises(ParamError, match="privileges must be"):
            call("asking", privileges)


async def test_the_calls_are_awaited(path: Path) -> None:
    async with AsyncMilvusClient(path) as client:
        await client.create_user("ann", PASSWORD)
        await client.create_role("reader", description="reads")
        await client.grant_role("ann", "reader")
        await client.grant_privilege_v2("reader", "Query", "docs")
        assert (await client.describe_user("ann"))["roles"] == ("reader", "public")
        described = await client.describe_role("reader")
    with MilvusClient(path) as client:
        assert client.describe_role("reader") == described


def test_a_tenant_has_none_of_these_calls(path: Path) -> None:
    with MilvusClient(path) as client:
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
        schema.add_field("tenant", DataType.VARCHAR, max_length=20, is_partition_key=True)
        client.create_collection("docs", schema=schema)
        for name in CALLS:
            with pytest.raises(AttributeError):
                getattr(client.for_tenant("docs", "ann"), name)


async def test_an_awaited_tenant_has_none_either(path: Path) -> None:
    async with AsyncMilvusClient(path) as client:
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
        schema.add_field("tenant", DataType.VARCHAR, max_length=20, is_partition_key=True)
        await client.create_collection("docs", schema=schema)
        bound = await client.for_tenant("docs", "ann")
        assert [name for name in CALLS if hasattr(bound, name)] == []
