"""Changes of roles, and of what they are granted: each makes another ``Access`` of one."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from milvus_store_lite import DEFAULT_DATABASE, Access, Grant, Role, TenantBinding

from ..errors import ParamError
from .names import ADMIN, PUBLIC, check_role_name, refused
from .privileges import (
    BUILT_IN_GROUPS,
    EVERY,
    PRIVILEGES,
    Level,
    ObjectType,
    full_name,
)

_BUILT_IN: Final = (ADMIN, PUBLIC)
_NAME: Final = re.compile(r"[^\W\d]\w*")
_TYPES: Final = [kind.value for kind in ObjectType]


def all_roles(access: Access) -> list[Role]:
    """By name, the built-in ones first."""
    return [*map(Role, _BUILT_IN), *sorted(role for role in access.roles if role.name not in _BUILT_IN)]


def find_role(access: Access, name: str) -> Role | None:
    if name in _BUILT_IN:
        return Role(name)
    return next((role for role in access.roles if role.name == name), None)


def require_role(access: Access, name: str) -> Role:
    role = find_role(access, name)
    if role is None:
        raise refused(f"not found the role, maybe the role isn't existed: {name!r:.80}")
    return role


def add_role(access: Access, name: str, description: str = "") -> Access:
    check_role_name(name)
    if find_role(access, name) is not None:
        raise refused(f"role already exists: {name}")
    return replace(access, roles=access.roles | {Role(name, description)})


def describe_as(access: Access, name: str, description: str) -> Access:
    """Give a role another description."""
    role = _require_changeable(access, name)
    return replace(access, roles=access.roles - {role} | {Role(name, description)})


def drop_role(access: Access, name: str, *, with_grants: bool) -> Access:
    """Remove a role, which its members lose.

    Raises:
        MilvusException: it was granted something, and is not to be removed with that; a tenant is bound to it.
    """
    role = _require_changeable(access, name)
    if not with_grants and any(grant.role == name for grant in access.grants):
        raise refused(f"fail to drop the role {name!r} that has privileges: revoke them, or use force_drop")
    bindings = frozenset(binding for binding in access.tenant_bindings if binding.role != name)
    if not with_grants and bindings != access.tenant_bindings:
        raise refused(f"fail to drop the role {name!r} that is bound to a tenant: use force_drop")
    return replace(
        access,
        roles=access.roles - {role},
        role_members=frozenset(member for member in access.role_members if member.role != name),
        grants=frozenset(grant for grant in access.grants if grant.role != name),
        tenant_bindings=bindings,
    )


def bind_tenant(access: Access, binding: TenantBinding) -> Access:
    """Let a role see one tenant of a collection, in the place of what it was bound to there, and nothing else."""
    _require_changeable(access, binding.role)
    others = unbind(access, binding.role, binding.database, binding.collection)
    return replace(others, tenant_bindings=others.tenant_bindings | {binding})


def unbind(access: Access, role: str, database: str, collection: str) -> Access:
    place = (role, database, collection)
    return replace(
        access, tenant_bindings=frozenset(one for one in access.tenant_bindings if one[:3] != place)
    )


# Grants ------------------------------------------------------------------------------------------------


def first_grant(
    access: Access, role: str, object_type: str, object_name: str, privilege: str, database: str
) -> Grant:
    """The grant that Milvus's first API describes, which names a type of object.

    Raises:
        MilvusException, ParamError: there is no such role, type or privilege, or the name cannot be one.
    """
    require_role(access, role)
    if object_type not in _TYPES:
        raise refused(f"not found the object type {object_type!r:.80}, expected one of {', '.join(_TYPES)}")
    if privilege != EVERY:
        privilege = _known(access, privilege)
        on = PRIVILEGES.get(privilege)
        if on is not None and on.object_type.value != object_type:
            raise refused(
                f"privilege {privilege!r} is on objects of type {on.object_type.value}, not {object_type}"
            )
    _check_name(database or DEFAULT_DATABASE, "database")
    if object_type != ObjectType.USER.value:
        _check_name(object_name, "object")
    return Grant(role, database or DEFAULT_DATABASE, object_type, object_name, privilege)


def second_grant(access: Access, role: str, privilege: str, collection: str, database: str) -> Grant:
    """The grant that Milvus's second API describes, which derives the type of object.

    Raises:
        MilvusException, ParamError: there is no such role or privilege, or it reaches more than what is named.
    """
    require_role(access, role)
    privilege = _known(access, privilege)
    database, collection = database or DEFAULT_DATABASE, collection or EVERY
    level = _level(access, privilege)
    if level is Level.CLUSTER and (database, collection) != (EVERY, EVERY):
        raise ParamError(
            message=f"db_name and collection_name should be * for the cluster level privilege {privilege}"
        )
    if level is Level.DATABASE and collection != EVERY:
        raise ParamError(message=f"collection_name should be * for the database level privilege {privilege}")
    if level is Level.COLLECTION and database == EVERY and collection != EVERY:
        raise ParamError(
            message=f"please specify database name for the collection level privilege {privilege}"
        )
    _check_name(database, "database")
    _check_name(collection, "collection")
    on = PRIVILEGES.get(privilege)
    kind = ObjectType.GLOBAL if on is None else on.object_type
    return Grant(role, database, kind.value, collection, privilege)


def add_grant(access: Access, grant: Grant) -> Access:
    """Nothing happens if the role has it."""
    return replace(access, grants=access.grants | {grant})


def remove_grant(access: Access, grant: Grant) -> Access:
    """Nothing happens if the role has not got it."""
    return replace(access, grants=access.grants - {grant})


def _known(access: Access, privilege: str) -> str:
    """The full name of a privilege or a group."""
    name = full_name(privilege)
    if name not in PRIVILEGES and name not in BUILT_IN_GROUPS and not is_own_group(access, name):
        raise refused(f"not found the privilege name {privilege!r:.80}")
    return name


def is_own_group(access: Access, name: str) -> bool:
    """Whether ``name`` is that of a group that a user has made."""
    return any(group.name == name for group in access.privilege_groups)


def _level(access: Access, privilege: str) -> Level | None:
    """What a privilege, or each of a group, reaches; None for a group without any."""
    if privilege in PRIVILEGES:
        return PRIVILEGES[privilege].level
    members = BUILT_IN_GROUPS.get(privilege) or [
        one.privilege for one in access.grouped_privileges if one.group == privilege
    ]
    return next((PRIVILEGES[member].level for member in members), None)


def _check_name(name: str, kind: str) -> None:
    if name != EVERY and not _NAME.fullmatch(name):
        raise ParamError(message=f"expected the name of a {kind} or *, got {name!r:.80}")


def _require_changeable(access: Access, name: str) -> Role:
    if name in _BUILT_IN:
        raise refused(f"the role {name!r} is a default role, which can't be changed or dropped")
    return require_role(access, name)
