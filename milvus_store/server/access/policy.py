"""What the file says about access, arranged by user: what he was granted, and to which tenant he is bound."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from milvus_store_lite import Access, Grant, TenantBinding, User

from ...access.groups import privileges_of_groups
from ...access.names import ADMIN, PUBLIC, ROOT
from ...access.privileges import ALL, BUILT_IN_GROUPS, EVERY, PRIVILEGES, Level, ObjectType

Place = tuple[str, str]
"""A database and the name of a collection or user in it; ``*`` is every one."""


@dataclass(frozen=True)
class Rights:
    """What one user may do.

    Args:
        roles: his own, and the public one.
        granted: privilege → where he has it.
        own: where his own roles, without the public one, give him any privilege below that of the whole file.
        bindings: the tenants whose rows alone he may see; then he may do nothing elsewhere.
    """

    user: str
    roles: frozenset[str]
    is_administrator: bool
    granted: Mapping[str, Collection[Place]]
    own: Collection[Place]
    bindings: tuple[TenantBinding, ...]

    def allow(self, privilege: str, database: str, name: str) -> bool:
        """Whether he has ``privilege`` on what is called ``name``; on everything of the database for ``*``."""
        return self.is_administrator or _covers(self.granted.get(privilege, ()), database, name)

    def show(self, database: str, name: str) -> bool:
        """Whether a list of collections names this one to him."""
        return _covers(self.own, database, name)

    def show_database(self, database: str) -> bool:
        """Whether a list of databases names this one to him."""
        return any(place[0] in (database, EVERY) for place in self.own)


class Policy:
    """``access``, arranged to be asked at every call."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self.users: dict[str, User] = {user.name: user for user in access.users}
        self.user_of_digest = {key.digest: key.user for key in access.api_keys}
        self._rights: dict[str, Rights] = {}

    def rights(self, user: str) -> Rights:
        """What ``user``, who exists, may do."""
        found = self._rights.get(user)
        if found is None:
            found = self._rights[user] = self._rights_of(user)
        return found

    def _rights_of(self, user: str) -> Rights:
        own = self._roles_of_user.get(user, frozenset())
        granted: dict[str, set[Place]] = defaultdict(set)
        shown: set[Place] = set()
        for role in (*own, PUBLIC):
            for grant in self._grants_of_role.get(role, ()):
                for privilege, place in self._meaning(grant):
                    granted[privilege].add(place)
                    if role != PUBLIC and PRIVILEGES[privilege].level is not Level.CLUSTER:
                        shown.add(place)
        return Rights(
            user=user,
            roles=own | {PUBLIC},
            is_administrator=user == ROOT or ADMIN in own,
            granted=granted,
            own=shown,
            bindings=self._bindings(own) if user != ROOT else (),
        )

    def _bindings(self, roles: Iterable[str]) -> tuple[TenantBinding, ...]:
        return tuple(binding for role in roles for binding in self._bindings_of_role.get(role, ()))

    def _meaning(self, grant: Grant) -> Iterable[tuple[str, Place]]:
        """The privileges that a grant gives, and where."""
        name = EVERY if grant.privilege == ALL else grant.object_name
        for privilege in self._privileges(grant):
            level, kind = PRIVILEGES[privilege].level, PRIVILEGES[privilege].object_type
            if level is not Level.CLUSTER:
                yield privilege, (grant.database, name)
            elif grant.privilege not in (ALL, EVERY) or grant.database == EVERY:
                yield privilege, (EVERY, name if kind is ObjectType.USER else EVERY)

    def _privileges(self, grant: Grant) -> Iterable[str]:
        if grant.privilege == ALL:
            return PRIVILEGES
        if grant.privilege == EVERY:
            return [
                name
                for name, on in PRIVILEGES.items()
                if on.object_type.value == grant.object_type and name != ALL
            ]
        if grant.privilege in BUILT_IN_GROUPS:
            return BUILT_IN_GROUPS[grant.privilege]
        return self._privileges_of_group.get(grant.privilege, [grant.privilege])

    @cached_property
    def _privileges_of_group(self) -> dict[str, list[str]]:
        return privileges_of_groups(self.access)

    @cached_property
    def _roles_of_user(self) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for role, user in self.access.role_members:
            found[user].add(role)
        return {user: frozenset(roles) for user, roles in found.items()}

    @cached_property
    def _grants_of_role(self) -> dict[str, list[Grant]]:
        found: dict[str, list[Grant]] = defaultdict(list)
        for grant in self.access.grants:
            found[grant.role].append(grant)
        return found

    @cached_property
    def _bindings_of_role(self) -> dict[str, list[TenantBinding]]:
        found: dict[str, list[TenantBinding]] = defaultdict(list)
        for binding in self.access.tenant_bindings:
            found[binding.role].append(binding)
        return found


def _covers(places: Collection[Place], database: str, name: str) -> bool:
    return bool(places) and any(
        place in places for place in ((database, name), (database, EVERY), (EVERY, name), (EVERY, EVERY))
    )
