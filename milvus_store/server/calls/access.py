"""Calls about users, roles, grants and privilege groups."""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

from pymilvus.grpc_gen import milvus_pb2

from ...access.administration import Administration, MakeGrant, first_grant, second_grant
from ...client.milvus_client import MilvusClient
from ...errors import ParamError
from ..messages.status import SUCCESS
from ..protocol import Message


def _of(client: MilvusClient) -> Administration:
    return Administration(client._file.access)


# Users -------------------------------------------------------------------------------------------------


def _create_user(client: MilvusClient, request: Any) -> Message:
    _of(client).create_user(request.username, _password(request.password), request.description)
    return SUCCESS


def _update_user(client: MilvusClient, request: Any) -> Message:
    _of(client).update_user(
        request.username,
        _password(request.oldPassword),
        _password(request.newPassword),
        request.description if request.HasField("description") else None,
    )
    return SUCCESS


def _drop_user(client: MilvusClient, request: Any) -> Message:
    _of(client).drop_user(request.username)
    return SUCCESS


def _list_users(client: MilvusClient, request: Any) -> Message:
    return milvus_pb2.ListCredUsersResponse(usernames=[user.name for user in _of(client).users()])


def _select_user(client: MilvusClient, request: Any) -> Message:
    return milvus_pb2.SelectUserResponse(
        results=[
            milvus_pb2.UserResult(
                user=milvus_pb2.UserEntity(name=user.name),
                roles=[milvus_pb2.RoleEntity(name=role) for role in user.roles if request.include_role_info],
                description=user.description,
            )
            for user in _of(client).users()
            if request.user.name in ("", user.name)
        ]
    )


def _password(text: str) -> str:
    """The password that a client has encoded."""
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise ParamError(message="a password must be UTF-8 in base64") from None


# Roles -------------------------------------------------------------------------------------------------


def _create_role(client: MilvusClient, request: Any) -> Message:
    _of(client).create_role(request.entity.name, request.entity.description)
    return SUCCESS


def _alter_role(client: MilvusClient, request: Any) -> Message:
    _of(client).alter_role(request.role_name, request.description)
    return SUCCESS


def _drop_role(client: MilvusClient, request: Any) -> Message:
    _of(client).drop_role(request.role_name, with_grants=request.force_drop)
    return SUCCESS


def _operate_user_role(client: MilvusClient, request: Any) -> Message:
    if request.type == milvus_pb2.OperateUserRoleType.AddUserToRole:
        _of(client).grant_role(request.role_name, request.username)
    else:
        _of(client).revoke_role(request.role_name, request.username)
    return SUCCESS


def _select_role(client: MilvusClient, request: Any) -> Message:
    return milvus_pb2.SelectRoleResponse(
        results=[
            milvus_pb2.RoleResult(
                role=milvus_pb2.RoleEntity(name=role.name, description=role.description),
                users=[
                    milvus_pb2.UserEntity(name=user) for user in role.members if request.include_user_info
                ],
            )
            for role in _of(client).roles()
            if request.role.name in ("", role.name)
        ]
    )


# Grants ------------------------------------------------------------------------------------------------


def _operate_privilege(client: MilvusClient, request: Any) -> Message:
    entity = request.entity
    made = first_grant(
        entity.role.name,
        entity.object.name,
        entity.object_name,
        entity.grantor.privilege.name,
        entity.db_name,
    )
    return _operate(client, request, made)


def _operate_privilege_v2(client: MilvusClient, request: Any) -> Message:
    made = second_grant(
        request.role.name, request.grantor.privilege.name, request.collection_name, request.db_name
    )
    return _operate(client, request, made)


def _operate(client: MilvusClient, request: Any, made: MakeGrant) -> Message:
    if request.type == milvus_pb2.OperatePrivilegeType.Grant:
        _of(client).grant(made)
    else:
        _of(client).revoke(made)
    return SUCCESS


def _select_grant(client: MilvusClient, request: Any) -> Message:
    asked = request.entity
    found = _of(client).grants(asked.role.name, asked.object.name, asked.object_name, asked.db_name)
    return milvus_pb2.SelectGrantResponse(
        entities=[
            milvus_pb2.GrantEntity(
                role=milvus_pb2.RoleEntity(name=grant.role),
                object=milvus_pb2.ObjectEntity(name=grant.object_type),
                object_name=grant.object_name,
                db_name=grant.database,
                grantor=milvus_pb2.GrantorEntity(privilege=milvus_pb2.PrivilegeEntity(name=grant.privilege)),
            )
            for grant in found
        ]
    )


# Privilege groups --------------------------------------------------------------------------------------


def _create_group(client: MilvusClient, request: Any) -> Message:
    _of(client).create_group(request.group_name)
    return SUCCESS


def _drop_group(client: MilvusClient, request: Any) -> Message:
    _of(client).drop_group(request.group_name)
    return SUCCESS


def _operate_group(client: MilvusClient, request: Any) -> Message:
    names = [privilege.name for privilege in request.privileges]
    if request.type == milvus_pb2.OperatePrivilegeGroupType.AddPrivilegesToGroup:
        _of(client).add_privileges(request.group_name, names)
    else:
        _of(client).remove_privileges(request.group_name, names)
    return SUCCESS


def _list_groups(client: MilvusClient, request: Any) -> Message:
    return milvus_pb2.ListPrivilegeGroupsResponse(
        privilege_groups=[
            milvus_pb2.PrivilegeGroupInfo(
                group_name=name,
                privileges=[milvus_pb2.PrivilegeEntity(name=privilege) for privilege in privileges],
            )
            for name, privileges in _of(client).groups().items()
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
