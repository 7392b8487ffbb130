"""What ``help()``, IPython and ``inspect`` show of the clients."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from milvus_store import AsyncMilvusClient, MilvusClient


def calls(client: type) -> list[str]:
    return [name for name in dir(client) if not name.startswith("_") and callable(getattr(client, name))]


def parameters(call: Any) -> dict[str, inspect.Parameter]:
    return {name: one for name, one in inspect.signature(call).parameters.items() if name != "self"}


@pytest.mark.parametrize("client", [MilvusClient, AsyncMilvusClient])
def test_the_constructor_names_every_setting(client: type) -> None:
    found = parameters(client)
    assert list(found) == [
        *("uri", "user", "password", "db_name", "token", "timeout"),
        *("durability", "busy_timeout", "memory_limit", "read_only", "threads", "strict", "kwargs"),
    ]
    assert found["durability"].default == "full"
    assert "ServerOptions" in str(found["kwargs"].annotation)
    assert "durability" in str(client.__init__.__doc__)  # type: ignore[misc]


@pytest.mark.parametrize("client", [MilvusClient, AsyncMilvusClient])
def test_every_call_shows_its_parameters_types_and_documentation(client: type) -> None:
    for name in calls(client):
        call = getattr(client, name)
        assert inspect.getdoc(call), name
        assert inspect.signature(call).return_annotation is not inspect.Signature.empty, name
        found = parameters(call)
        assert not any(one.kind is one.VAR_POSITIONAL for one in found.values()), name
        builders = ("create_schema", "create_struct_field_schema", "drop_database")
        assert set(found) != {"kwargs"} or name in (*builders, "list_collections"), name
        assert all(one.annotation is not one.empty for one in found.values()), name


def test_a_call_is_described_once_for_both_clients() -> None:
    own = {"close", "for_tenant", "session", "use_database", "using_database"}
    for name in set(calls(MilvusClient)) - own:
        ours, awaited = getattr(MilvusClient, name), getattr(AsyncMilvusClient, name)
        assert inspect.signature(ours) == inspect.signature(awaited), name
        assert inspect.getdoc(ours) == inspect.getdoc(awaited), name
