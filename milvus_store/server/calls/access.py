"""Calls about users, roles, grants and privilege groups."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Any, Final

from pymilvus.grpc_gen import milvus_pb2

from milvus_store_lite import Access, Grant

from ...client.milvus_client import MilvusClient
from ...errors import ParamError
from ..access import groups, roles, users
from ..access.policy import PUBLIC, Policy
from ..access.privileges import BUILT_IN_GROUPS, EVERY
from ..messages.status import SUCCESS
from ..protocol import Message

# Users -------------------------------------------------------------------------------------------------


def _create_user(client: MilvusClient, request: Any) -> Message:
    user = users.new_user(request.username, _password(request.password), request.description)
    client._file.access.change(lambda access: users.add_user(access, user))
    return SUCCESS


def _update_user(client: MilvusClient, request: Any) -> Message:
    control = client._file.access
    user = known = users.require_user(control.read(), request.username)
    old, new = _password(request.oldPassword), _password(request.newPassword)
    if old or new or not request.HasField("description"):
        user = users.with_password(user, old, new)
    if request.HasField("description"):
        user = user._replace(description=request.description)
    control.change(lambda access: users.replace_user(access, known, user))
    return SUCCESS


def _drop_user(client: MilvusClient, request: Any) -> Message:
    client._file.access.change(lambda access: users.drop_user(access, request.username))
    return SUCCESS


def _list_users(client: MilvusClient, request: Any) -> Message:
    access = client._file.access.read()
    return milvus_pb2.ListCredUsersResponse(usernames=sorted(user.name for user in access.users))


def _select_user(client: MilvusClient, request: Any) -> Message:
    access = client._file.access.read()
    asked = request.user.name
    members = sorted(access.role_members)
    results = []
    for user in sorted(access.users):
        if not asked or user.name == asked:
            own = [member.role for member in members if member.user == user.name]
            shown = [*own, PUBLIC] if request.include_role_info else []
            results.append(
                milvus_pb2.UserResult(
                    user=milvus_pb2.UserEntity(name=user.name),
                    roles=[milvus_pb2.RoleEntity(name=role) for role in shown],
                    description=user.description,
                )
            )
    return milvus_pb2.SelectUserResponse(results=results)


def _password(text: str) -> str:
    """The password that a client has encoded."""
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise ParamError(message="a password must be UTF-8 in base64") from None


# Roles -------------------------------------------------------------------------------------------------


def _create_role(client: MilvusClient, request: Any) -> Message:
    role = request.entity
    client._file.access.change(lambda access: roles.add_role(access, role.name, role.description))
    return SUCCESS


def _alter_role(client: MilvusClient, request: Any) -> Message:
    name, description = request.role_name, request.description
    client._file.access.change(lambda access: roles.describe_as(access, name, description))
    return SUCCESS


def _drop_role(client: MilvusClient, request: Any) -> Message:
    client._file.access.change(
        lambda access: roles.drop_role(access, request.role_name, with_grants=request.force_drop)
    )
    return SUCCESS


def _operate_user_role(client: MilvusClient, request: Any) -> Message:
    is_added = request.type == milvus_pb2.OperateUserRoleType.AddUserToRole
    change = users.add_member if is_added else users.remove_member
    client._file.access.change(lambda access: change(access, request.role_name, request.username))
    return SUCCESS


def _select_role(client: MilvusClient, request: Any) -> Message:
    access = client._file.access.read()
    asked = request.role.name
    results = []
    for name in roles.role_names(access):
        role = roles.find_role(access, name)
        if role is not None and asked in ("", name):
            members = _members(access, name) if request.include_user_info else []
            results.append(
                milvus_pb2.RoleResult(
                    role=milvus_pb2.RoleEntity(name=name, description=role.description),
                    users=[milvus_pb2.UserEntity(name=user) for user in members],
                )
            )
    return milvus_pb2.SelectRoleResponse(results=results)


def _members(access: Access, role: str) -> list[str]:
    if role == PUBLIC:
        return sorted(user.name for user in access.users)
    return sorted(member.user for member in access.role_members if member.role == role)


# Grants ------------------------------------------------------------------------------------------------


def _operate_privilege(client: MilvusClient, request: Any) -> Message:
    def grant(access: Access) -> Grant:
        entity = request.entity
        return roles.first_grant(
            access,
            entity.role.name,
            entity.object.name,
            entity.object_name,
            entity.grantor.privilege.name,
            entity.db_name,
        )

    return _operate(client, request, grant)


def _operate_privilege_v2(client: MilvusClient, request: Any) -> Message:
    def grant(access: Access) -> Grant:
        return roles.second_grant(
            access,
            request.role.name,
            request.grantor.privilege.name,
            request.collection_name,
            request.db_name,
        )

    return _operate(client, request, grant)


def _operate(client: MilvusClient, request: Any, grant: Any) -> Message:
    is_granted = request.type == milvus_pb2.OperatePrivilegeType.Grant
    change = roles.add_grant if is_granted else roles.remove_grant
    client._file.access.change(lambda access: change(access, grant(access)))
    return SUCCESS


def _select_grant(client: MilvusClient, request: Any) -> Message:
    access, asked = client._file.access.read(), request.entity
    roles.require_role(access, asked.role.name)
    entities = [
        milvus_pb2.GrantEntity(
            role=milvus_pb2.RoleEntity(name=grant.role),
            object=milvus_pb2.ObjectEntity(name=grant.object_type),
            object_name=grant.object_name,
            db_name=grant.database,
            grantor=milvus_pb2.GrantorEntity(privilege=milvus_pb2.PrivilegeEntity(name=grant.privilege)),
        )
        for grant in sorted(access.grants)
        if grant.role == asked.role.name
        and asked.object.name in ("", grant.object_type)
        and asked.object_name in ("", grant.object_name)
        and asked.db_name in ("", EVERY, grant.database)
    ]
    return milvus_pb2.SelectGrantResponse(entities=entities)


# Privilege groups --------------------------------------------------------------------------------------


def _create_group(client: MilvusClient, request: Any) -> Message:
    client._file.access.change(lambda access: groups.add_group(access, request.group_name))
    return SUCCESS


def _drop_group(client: MilvusClient, request: Any) -> Message:
    client._file.access.change(lambda access: groups.drop_group(access, request.group_name))
    return SUCCESS


def _operate_group(client: MilvusClient, request: Any) -> Message:
    names = [privilege.name for privilege in request.privileges]
    is_added = request.type == milvus_pb2.OperatePrivilegeGroupType.AddPrivilegesToGroup
    change = groups.add_privileges if is_added else groups.remove_privileges
    client._file.access.change(lambda access: change(access, request.group_name, names))
    return SUCCESS


def _list_groups(client: MilvusClient, request: Any) -> Message:
    own = Policy(client._file.access.read()).privileges_of_group
    found: dict[str, Iterable[str]] = {**BUILT_IN_GROUPS, **own}
    return milvus_pb2.ListPrivilegeGroupsResponse(
        privilege_groups=[
            milvus_pb2.PrivilegeGroupInfo(
                group_name=name,
                privileges=[milvus_pb2.PrivilegeEntity(name=privilege) for privilege in sorted(members)],
            )
            for name, members in found.items()
        ]
    )


CALLS: Final = {
    "CreateCredential": _create_user,
    "UpdateCredential": _update_user,
    "DeleteCredential": _drop_user,
    "ListCredUsers": _list_users,
    "SelectUser": _select_user,
    "CreateRole": _create_role,
    "AlterRole": _alter_role,
    "DropRole": _drop_role,
    "OperateUserRole": _operate_user_role,
    "SelectRole": _select_role,
    "OperatePrivilege": _operate_privilege,
    "OperatePrivilegeV2": _operate_privilege_v2,
    "SelectGrant": _select_grant,
    "CreatePrivilegeGroup": _create_group,
    "DropPrivilegeGroup": _drop_group,
    "OperatePrivilegeGroup": _operate_group,
    "ListPrivilegeGroups": _list_groups,
}
