"""Changes of privilege groups: each makes another ``Access`` of one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from milvus_store_lite import Access, GroupedPrivilege, PrivilegeGroup

from ..errors import MilvusException, ParamError
from .names import check_role_name, refused
from .privileges import BUILT_IN_GROUPS, PRIVILEGES
from .roles import is_own_group

_INVALID_NAME: Final = 1402


def add_group(access: Access, name: str) -> Access:
    try:
        check_role_name(name, "privilege group")
    except ParamError as error:
        raise MilvusException(_INVALID_NAME, error.message) from None
    if name in PRIVILEGES or name in BUILT_IN_GROUPS:
        raise refused(
            f"the privilege group name {name!r} is defined by built in privileges or privilege groups"
        )
    if is_own_group(access, name):
        raise refused(f"privilege group already exists: {name}")
    return replace(access, privilege_groups=access.privilege_groups | {PrivilegeGroup(name)})


def drop_group(access: Access, name: str) -> Access:
    """Remove a group; nothing happens if there is none, as in Milvus.

    Raises:
        MilvusException: it is built in, or a role was granted it.
    """
    _refuse_built_in(name)
    roles = sorted({grant.role for grant in access.grants if grant.privilege == name})
    if roles:
        raise refused(f"privilege group {name!r} is used by role {roles[0]!r}: revoke it first")
    return replace(
        access,
        privilege_groups=access.privilege_groups - {PrivilegeGroup(name)},
        grouped_privileges=frozenset(one for one in access.grouped_privileges if one.group != name),
    )


def add_privileges(access: Access, group: str, privileges: Collection[str]) -> Access:
    """
    Raises:
        MilvusException: a privilege is not known, or is not of the same level as the others, so that no grant of
            the group could name what it is on.
    """
    _require_own(access, group)
    for privilege in privileges:
        if privilege not in PRIVILEGES:
            raise refused(f"there is no privilege name {privilege!r:.80} defined in system")
    grouped = access.grouped_privileges | {GroupedPrivilege(group, privilege) for privilege in privileges}
    levels = {PRIVILEGES[one.privilege].level for one in grouped if one.group == group}
    if len(levels) > 1:
        raise refused(
            f"the privileges of group {group!r} must have one level, got "
            f"{' and '.join(sorted(level.value for level in levels))}"
        )
    return replace(access, grouped_privileges=grouped)


def remove_privileges(access: Access, group: str, privileges: Collection[str]) -> Access:
    _require_own(access, group)
    gone = {GroupedPrivilege(group, privilege) for privilege in privileges}
    return replace(access, grouped_privileges=access.grouped_privileges - gone)


def privileges_of_groups(access: Access) -> dict[str, list[str]]:
    """Group that a user has made → its privileges."""
    found: dict[str, list[str]] = {group.name: [] for group in sorted(access.privilege_groups)}
    for group, privilege in sorted(access.grouped_privileges):
        found[group].append(privilege)
    return found


def _refuse_built_in(name: str) -> None:
    if name in BUILT_IN_GROUPS:
        raise refused(f"the privilege group {name!r} is built in")


def _require_own(access: Access, name: str) -> None:
    _refuse_built_in(name)
    if not is_own_group(access, name):
        raise refused(f"there is no privilege group name {name!r:.80} defined in system")
