from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from milvus_store import DataType, MilvusClient
from milvus_store.access import hashes, roles, users
from milvus_store_lite import Access

from .conftest import Run

Type = Callable[[str], None]


@pytest.fixture(autouse=True)
def _fast_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashes.hashed, "__defaults__", (hashes.Cost(4, 1, 1),))


@pytest.fixture
def type_in(monkeypatch: pytest.MonkeyPatch) -> Type:
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


@pytest.fixture
def served(path: Path) -> Path:
    """A file with the collections ``docs`` and ``numbered`` with tenants, user ``ann`` and her role ``reader``."""
    with MilvusClient(path) as client:
        for name, kind in (("docs", DataType.VARCHAR), ("numbered", DataType.INT64)):
            schema = client.create_schema()
            schema.add_field("id", DataType.INT64, is_primary=True)
            schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
            size = {"max_length": 20} if kind is DataType.VARCHAR else {}
            schema.add_field("tenant", kind, is_partition_key=True, **size)
            client.create_collection(name, schema=schema)

        def fill(access: Access) -> Access:
            access = users.add_user(access, users.new_user("ann", "password of ann"))
            return users.add_member(roles.add_role(access, "reader"), "reader", "ann")

        client._file.access.change(fill)
    return path


def access_of(path: Path) -> Access:
    with MilvusClient(path, read_only=True) as client:
        return client._file.access.read()


def test_the_first_user_gets_a_password(run: Run, file: Path, type_in: Type) -> None:
    assert run("access", "list", file).out == "no users\n"
    type_in("a good password\n")
    outcome = run("access", "password", file, "root")
    assert (outcome.code, outcome.out) == (0, "set the password of root\n")
    (root,) = access_of(file).users
    assert hashes.is_password_of("a good password", root.password)


def test_root_is_made_beside_other_users(run: Run, served: Path, type_in: Type) -> None:
    type_in("a good password\n")
    assert run("access", "password", served, "root").code == 0
    assert {user.name for user in access_of(served).users} == {"ann", "root"}


def test_a_password_is_set_without_the_old_one(run: Run, served: Path, type_in: Type) -> None:
    type_in("another password")
    assert run("access", "password", served, "ann").code == 0
    (ann,) = access_of(served).users
    assert hashes.is_password_of("another password", ann.password)
    type_in("short")
    outcome = run("access", "password", served, "ann")
    assert (outcome.code, "password has 6" in outcome.err) == (2, True)
    type_in("another password")
    assert "not found the user" in run("access", "password", served, "nobody").err


def test_a_key_is_printed_once_and_dropped(run: Run, served: Path) -> None:
    outcome = run("access", "key", served, "laptop", "ann")
    assert (outcome.code, outcome.out.startswith("mvs_")) == (0, True)
    (key,) = access_of(served).api_keys
    assert key.digest == hashes.digest_of_api_key(outcome.out.strip())
    assert run("access", "key", served, "laptop", "ann").code == 2
    assert run("access", "key", served, "other", "nobody").code == 2
    assert run("access", "drop-key", served, "laptop").out == "dropped API key laptop\n"
    assert run("access", "drop-key", served, "laptop").code == 2


def test_a_role_is_bound_and_unbound(run: Run, served: Path) -> None:
    assert (
        run("access", "bind", served, "reader", "docs", "7").out
        == "bound role reader, of 1 user, to tenant '7'\n"
    )
    assert run("access", "bind", served, "reader", "numbered", "7").out.endswith("to tenant 7\n")
    run("access", "key", served, "laptop", "ann")
    assert run("access", "list", served).out == (
        "user ann: roles reader; keys laptop\n"
        "role reader: tenant '7' of default.docs alone\n"
        "role reader: tenant 7 of default.numbered alone\n"
    )
    assert run("access", "unbind", served, "reader", "docs").out == "unbound role reader\n"
    for wrong in (
        ("unbind", served, "reader", "docs"),
        ("bind", served, "reader", "numbered", "seven"),
        ("bind", served, "reader", "nothing", "7"),
        ("bind", served, "nobody", "docs", "7"),
    ):
        assert run("access", *wrong).code == 2
    assert run("access", "list", served).out.count("role reader:") == 1
