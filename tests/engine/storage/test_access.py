"""Users, roles and grants in the file: kept whole, seen by every process at once, protected by a checksum."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path

import pytest

from milvus_store.errors import DatabaseCorruptError, DatabaseWriteError
from milvus_store_lite import (
    Access,
    ApiKey,
    DatabaseFile,
    Grant,
    GroupedPrivilege,
    PrivilegeGroup,
    Role,
    RoleMember,
    TenantBinding,
    User,
    check_file,
    recover_file,
)

ALL = Access(
    users=frozenset({User("ann", "hash", "Ann \x00 é"), User("bob", "hash")}),
    api_keys=frozenset({ApiKey("key", "ann", "digest")}),
    roles=frozenset({Role("reader"), Role("writer", "writes")}),
    role_members=frozenset({RoleMember("reader", "ann")}),
    grants=frozenset({Grant("reader", "*", "Collection", "*", "Search")}),
    privilege_groups=frozenset({PrivilegeGroup("empty"), PrivilegeGroup("group")}),
    grouped_privileges=frozenset({GroupedPrivilege("group", "Query")}),
    tenant_bindings=frozenset({TenantBinding("reader", "default", "docs", 7)}),
)


@pytest.fixture
def file(path: Path) -> Iterator[DatabaseFile]:
    with closing(DatabaseFile(path)) as file:
        yield file


def test_a_new_file_has_nobody(file: DatabaseFile) -> None:
    assert file.access.read() == Access()


def test_all_that_is_written_is_read_by_another_client(file: DatabaseFile) -> None:
    assert all(getattr(ALL, field.name) for field in fields(ALL))
    file.access.change(lambda _: ALL)
    with closing(DatabaseFile(file.path)) as other:
        assert other.access.read() == ALL


def test_a_change_of_another_client_is_seen_at_the_next_call(file: DatabaseFile) -> None:
    with closing(DatabaseFile(file.path)) as other:
        assert other.access.read() == Access()
        file.access.change(lambda _: ALL)
        assert other.access.read() == ALL
        other.access.change(lambda access: replace(access, users=frozenset()))
        assert file.access.read() == replace(ALL, users=frozenset())


def test_it_is_read_again_only_when_it_has_changed(file: DatabaseFile) -> None:
    file.access.change(lambda _: ALL)
    before = file.access.read()
    file.create_database("other")
    assert file.access.read() is before
    file.access.change(lambda access: access)
    assert file.access.read() is before


def test_a_change_that_fails_changes_nothing(file: DatabaseFile) -> None:
    def fail(_: Access) -> Access:
        raise ZeroDivisionError

    file.access.change(lambda _: ALL)
    with pytest.raises(ZeroDivisionError):
        file.access.change(fail)
    assert file.access.read() == ALL


def test_a_read_only_file_can_be_asked_and_not_changed(file: DatabaseFile) -> None:
    file.access.change(lambda _: ALL)
    with closing(DatabaseFile(file.path, read_only=True)) as reader:
        assert reader.access.read() == ALL
        with pytest.raises(DatabaseWriteError):
            reader.access.change(lambda _: Access())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE access SET id = 2",
        "UPDATE access SET version = version + 1",
        "UPDATE access SET document = replace(document, 'ann', 'eve')",
        "UPDATE access SET checksum = randomblob(8)",
        "DELETE FROM access",
        "INSERT INTO access SELECT 2, version, document, checksum FROM access",
    ],
)
def test_a_row_that_another_tool_changed_is_refused_and_found(path: Path, statement: str) -> None:
    with closing(DatabaseFile(path)) as file:
        file.access.change(lambda _: ALL)
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute(statement).rowcount == 1
    with closing(DatabaseFile(path)) as file:
        with pytest.raises(DatabaseCorruptError, match="users, roles and grants"):
            file.access.read()
        with pytest.raises(DatabaseCorruptError, match="users, roles and grants"):
            file.access.change(lambda access: access)
    assert [problem.place for problem in check_file(path).problems] == ["table access"]


def test_salvage_brings_them_over_or_leaves_all_of_them_out(path: Path, tmp_path: Path) -> None:
    with closing(DatabaseFile(path)) as file:
        file.access.change(lambda _: ALL)
    assert recover_file(path, tmp_path / "whole.db").is_complete
    with closing(DatabaseFile(tmp_path / "whole.db")) as file:
        assert file.access.read() == ALL
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE access SET document = replace(document, 'Search', 'Delete')")
    recovery = recover_file(path, tmp_path / "none.db")
    assert any("users, roles and grants are damaged" in note for note in recovery.notes)
    with closing(DatabaseFile(tmp_path / "none.db")) as file:
        assert file.access.read() == Access()
