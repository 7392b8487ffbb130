"""The calls about users, roles, grants and privilege groups, once for clients of a file and for its server.

They ask nobody whether he may: a server has asked before, and whoever may write the file owns what it says.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from typing import Final, NamedTuple

from milvus_store_lite import Access, AccessControl, Grant

from . import groups, roles, users
from .changes import change, read
from .names import PUBLIC
from .privileges import BUILT_IN_GROUPS, EVERY

MakeGrant = Callable[[Access], Grant]
"""Makes a grant of what it is described by, as far as the file knows that."""


class DescribedUser(NamedTuple):
    name: str
    description: str
    roles: tuple[str, ...]


class DescribedRole(NamedTuple):
    name: str
    description: str
    members: tuple[str, ...]


class Administration:
    """What ``control`` keeps in its file, managed. An error is one of Milvus's, with its code."""

    def __init__(self, control: AccessControl) -> None:
        self._control: Final = control

    # Users --------------------------------------------------------------------------------------------

    def create_user(self, name: str, password: str, description: str = "") -> None:
        user = users.new_user(name, password, description)
        self._change(lambda access: users.add_user(access, user))

    def update_user(self, name: str, old: str = "", new: str = "", description: str | None = None) -> None:
        """Give a user another description, a new password in the place of the ``old`` one, or both."""
        user = known = users.require_user(self._read(), name)
        if old or new or description is None:
            user = users.with_password(user, old, new)
        if description is not None:
            user = user._replace(description=description)
        self._change(lambda access: users.replace_user(access, known, user))

    def drop_user(self, name: str) -> None:
        self._change(lambda access: users.drop_user(access, name))

    def users(self) -> list[DescribedUser]:
        """All, by name, with their roles: the public one last."""
        access = self._read()
        own: dict[str, list[str]] = defaultdict(list)
        for role, user in sorted(access.role_members):
            own[user].append(role)
        return [
            DescribedUser(user.name, user.description, (*own[user.name], PUBLIC))
            for user in sorted(access.users)
        ]

    # Roles --------------------------------------------------------------------------------------------

    def create_role(self, name: str, description: str = "") -> None:
        self._change(lambda access: roles.add_role(access, name, description))

    def alter_role(self, name: str, description: str) -> None:
        self._change(lambda access: roles.describe_as(access, name, description))

    def drop_role(self, name: str, *, with_grants: bool) -> None:
        self._change(lambda access: roles.drop_role(access, name, with_grants=with_grants))

    def grant_role(self, role: str, user: str) -> None:
        self._change(lambda access: users.add_member(access, role, user))

    def revoke_role(self, role: str, user: str) -> None:
        self._change(lambda access: users.remove_member(access, role, user))

    def roles(self) -> list[DescribedRole]:
        """All, the built-in ones first, with their members."""
        access = self._read()
        members = defaultdict(list, {PUBLIC: sorted(user.name for user in access.users)})
        for role, user in sorted(access.role_members):
            members[role].append(user)
        return [
            DescribedRole(role.name, role.description, tuple(members[role.name]))
            for role in roles.all_roles(access)
        ]

    # Grants -------------------------------------------------------------------------------------------

    def grant(self, made: MakeGrant) -> None:
        self._change(lambda access: roles.add_grant(access, made(access)))

    def revoke(self, made: MakeGrant) -> None:
        self._change(lambda access: roles.remove_grant(access, made(access)))

    def grants(
        self, role: str, object_type: str = "", object_name: str = "", database: str = ""
    ) -> list[Grant]:
        """What a role was granted, as far as it is on what is named."""
        access = self._read()
        roles.require_role(access, role)
        return [
            grant
            for grant in sorted(access.grants)
            if grant.role == role
            and object_type in ("", grant.object_type)
            and object_name in ("", grant.object_name)
            and database in ("", EVERY, grant.database)
        ]

    # Privilege groups ---------------------------------------------------------------------------------

    def create_group(self, name: str) -> None:
        self._change(lambda access: groups.add_group(access, name))

    def drop_group(self, name: str) -> None:
        self._change(lambda access: groups.drop_group(access, name))

    def add_privileges(self, group: str, privileges: Collection[str]) -> None:
        self._change(lambda access: groups.add_privileges(access, group, privileges))

    def remove_privileges(self, group: str, privileges: Collection[str]) -> None:
        self._change(lambda access: groups.remove_privileges(access, group, privileges))

    def groups(self) -> dict[str, tuple[str, ...]]:
        """Name → privileges of every group, the built-in ones first."""
        found = {**BUILT_IN_GROUPS, **groups.privileges_of_groups(self._read())}
        return {name: tuple(sorted(privileges)) for name, privileges in found.items()}

    def _read(self) -> Access:
        return read(self._control)

    def _change(self, changed: Callable[[Access], Access]) -> None:
        change(self._control, changed)


def first_grant(role: str, object_type: str, object_name: str, privilege: str, database: str) -> MakeGrant:
    """What Milvus's first API describes; see ``roles.first_grant``."""
    return lambda access: roles.first_grant(access, role, object_type, object_name, privilege, database)


def second_grant(role: str, privilege: str, collection: str, database: str) -> MakeGrant:
    """What Milvus's second API describes; see ``roles.second_grant``."""
    return lambda access: roles.second_grant(access, role, privilege, collection, database)
