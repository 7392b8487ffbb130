"""Our clients have every call of pymilvus's, with its parameters in their order and its defaults."""

from __future__ import annotations

import inspect
from typing import Any

import pymilvus
import pytest
from packaging.version import Version

from milvus_store import AsyncMilvusClient, MilvusClient
from milvus_store.client.server_calls import ServerCalls
from milvus_store.errors import ParamError

ONLY_ON_SERVERS = {name for name in vars(ServerCalls) if name[0] != "_"}
"""Calls that a file refuses."""

NOT_YET: set[str] = set()
"""Calls to come; each leaves this list when it is there."""

SEARCH_ARGUMENTS = {"ranker", "function_chains", "highlighter", "ids", "search_aggregation"}
"""Arguments of ``search`` that are keywords of ours or unknown to us, which is an error."""


def public_calls(client: type) -> set[str]:
    return {name for name in dir(client) if not name.startswith("_") and callable(getattr(client, name))}


def parameters(call: Any) -> dict[str, object]:
    """Name → default of a call's parameters, without ``self``; text defaults of None and "" are alike."""
    found = inspect.signature(call).parameters.values()
    return {
        one.name: one.default or None for one in found if one.name != "self" and one.kind != one.VAR_KEYWORD
    }


def served() -> list[str]:
    names = public_calls(pymilvus.MilvusClient) - NOT_YET
    return sorted(names - ONLY_ON_SERVERS)


def test_every_call_of_pymilvus_is_there() -> None:
    assert public_calls(pymilvus.MilvusClient) - public_calls(MilvusClient) == NOT_YET


@pytest.mark.parametrize("name", served())
def test_a_call_has_pymilvus_parameters(name: str) -> None:
    theirs, ours = (parameters(getattr(client, name)) for client in (pymilvus.MilvusClient, MilvusClient))
    if name == "search":
        theirs = {key: default for key, default in theirs.items() if key not in SEARCH_ARGUMENTS}
        theirs["data"] = ours["data"]
    assert list(ours)[: len(theirs)] == list(theirs)
    assert {key: ours[key] for key in theirs} == theirs


@pytest.mark.parametrize("name", sorted(public_calls(pymilvus.AsyncMilvusClient) - NOT_YET))
def test_a_call_is_awaited_where_pymilvus_awaits_it(name: str) -> None:
    theirs, ours = (getattr(client, name) for client in (pymilvus.AsyncMilvusClient, AsyncMilvusClient))
    # Streams of a cluster's log are the one thing that pymilvus does not await but iterates.
    assert inspect.iscoroutinefunction(ours) == inspect.iscoroutinefunction(theirs) or name == "dump_messages"


@pytest.mark.skipif(Version(pymilvus.__version__) < Version("3.0.2"), reason="older ones have fewer calls")
def test_calls_that_a_file_cannot_answer_are_pymilvus_own() -> None:
    assert public_calls(pymilvus.MilvusClient) >= ONLY_ON_SERVERS
    for name in ONLY_ON_SERVERS:
        theirs, ours = (parameters(getattr(client, name)) for client in (pymilvus.MilvusClient, MilvusClient))
        assert ours == theirs, name


def test_calls_that_a_file_cannot_answer_say_so(client: MilvusClient) -> None:
    for name in ONLY_ON_SERVERS:
        with pytest.raises(ParamError, match=rf"{name}\(\) is not supported on a file: \w+"):
            getattr(client, name)("anything", some="thing")
