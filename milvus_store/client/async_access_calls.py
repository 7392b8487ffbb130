"""The calls about users, roles and privileges, to be awaited."""

from __future__ import annotations

from .access_calls import AccessCalls
from .async_calls import AsyncCalls, reading, writing


class AsyncAccessCalls(AsyncCalls):
    create_user = writing(AccessCalls.create_user)
    update_user = writing(AccessCalls.update_user)
    update_password = writing(AccessCalls.update_password)
    drop_user = writing(AccessCalls.drop_user)
    describe_user = reading(AccessCalls.describe_user)
    list_users = reading(AccessCalls.list_users)
    create_role = writing(AccessCalls.create_role)
    alter_role = writing(AccessCalls.alter_role)
    drop_role = writing(AccessCalls.drop_role)
    describe_role = reading(AccessCalls.describe_role)
    list_roles = reading(AccessCalls.list_roles)
    grant_role = writing(AccessCalls.grant_role)
    revoke_role = writing(AccessCalls.revoke_role)
    grant_privilege = writing(AccessCalls.grant_privilege)
    revoke_privilege = writing(AccessCalls.revoke_privilege)
    grant_privilege_v2 = writing(AccessCalls.grant_privilege_v2)
    revoke_privilege_v2 = writing(AccessCalls.revoke_privilege_v2)
    create_privilege_group = writing(AccessCalls.create_privilege_group)
    drop_privilege_group = writing(AccessCalls.drop_privilege_group)
    list_privilege_groups = reading(AccessCalls.list_privilege_groups)
    add_privileges_to_group = writing(AccessCalls.add_privileges_to_group)
    remove_privileges_from_group = writing(AccessCalls.remove_privileges_from_group)
