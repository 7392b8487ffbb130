"""The table of what each call needs, against the definition of the service."""

from __future__ import annotations

from typing import Any

import pytest
from pymilvus.grpc_gen import common_pb2

from milvus_store.access.privileges import BUILT_IN_GROUPS, PRIVILEGES
from milvus_store.server.access.rules import ADMINISTRATORS, KNOWN, RULES
from milvus_store.server.protocol import METHODS

PRIVILEGE_NAMES: list[str] = list(common_pb2.ObjectPrivilege.DESCRIPTOR.values_by_name)
GROUPS = "Group"  # how the definition names its groups among the privileges

OF_THE_FILE = {"CreateRowPolicy", "DropRowPolicy", "ListRowPolicies"}
"""Calls whose privilege Milvus has on a collection here, and on everything elsewhere."""


def declared(method: str) -> tuple[str, str, str] | None:
    """(privilege, type of object, field that names the object) as the definition of the service says."""
    request = METHODS[method].request.DESCRIPTOR
    for option, value in request.GetOptions().ListFields():
        if option.name == "privilege_ext_obj":
            fields = {field.number: field.name for field in request.fields}
            named = fields.get(value.object_name_index) or fields.get(value.object_name_indexs) or ""
            privilege = common_pb2.ObjectPrivilege.Name(value.object_privilege).removeprefix("Privilege")
            return privilege, common_pb2.ObjectType.Name(value.object_type), named
    return None


@pytest.mark.parametrize("method", METHODS)
def test_every_call_has_a_rule_that_its_request_can_be_asked_by(method: str) -> None:
    assert method in RULES, "say in rules.py what this call needs"
    rule, described = RULES[method], METHODS[method]
    assert rule.names(described.request())
    assert not rule.privilege or rule.privilege in PRIVILEGES
    assert not rule.shown or rule.shown in described.response.DESCRIPTOR.fields_by_name


@pytest.mark.parametrize("method", [method for method in METHODS if declared(method)])
def test_a_call_needs_the_privilege_that_milvus_declares(method: str) -> None:
    expected: Any = declared(method)
    rule = RULES[method]
    privilege, kind, named = expected
    assert rule.privilege == privilege
    if method not in OF_THE_FILE:
        assert PRIVILEGES[privilege].object_type.value == kind
        assert not named or rule.fields[0].split(".")[0] == named


def test_calls_that_whoever_is_known_may_make_are_few() -> None:
    known = {
        *("Connect", "GetVersion", "CheckHealth", "AllocTimestamp", "ComputePhraseMatchSlop"),
        *("GetFlushAllState", "GetCompactionState", "GetRestoreSnapshotState"),
    }
    assert {method for method in METHODS if RULES[method] is KNOWN} == known & METHODS.keys()


def test_a_call_that_names_a_collection_is_asked_for_it() -> None:
    """But for those on the whole file, which are for whoever may do everything."""
    for name, method in METHODS.items():
        named = {field.name for field in method.request.DESCRIPTOR.fields}
        rule = RULES[name]
        if named & {"collection_name", "collection_names", "collectionName"} and not rule.fields:
            assert (
                rule in (KNOWN, ADMINISTRATORS)
                or rule.shown
                or PRIVILEGES[rule.privilege].level.value == "cluster"
            )


def test_every_privilege_of_the_definition_is_known() -> None:
    names = {name.removeprefix("Privilege") for name in PRIVILEGE_NAMES}
    assert {name for name in names if not name.startswith(GROUPS)} <= PRIVILEGES.keys()


def test_every_group_holds_privileges_of_one_level_and_what_the_smaller_ones_hold() -> None:
    for group, privileges in BUILT_IN_GROUPS.items():
        assert len({PRIVILEGES[privilege].level for privilege in privileges}) == 1, group
    for level in ("Collection", "Database", "Cluster"):
        read, write, admin = (BUILT_IN_GROUPS[level + part] for part in ("ReadOnly", "ReadWrite", "Admin"))
        assert read < write < admin
