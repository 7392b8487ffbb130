"""Who may do what with a file that a server serves: users, keys, roles, grants and bindings, as plain values.

What a privilege is, and which call needs which, is known to the server alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import Any, Final, NamedTuple


class User(NamedTuple):
    """``password`` is a hash, with whatever it takes to verify a password against it."""

    name: str
    password: str
    description: str = ""


class ApiKey(NamedTuple):
    """A secret that stands for ``user``; ``digest`` is its hash."""

    name: str
    user: str
    digest: str


class Role(NamedTuple):
    name: str
    description: str = ""


class RoleMember(NamedTuple):
    role: str
    user: str


class Grant(NamedTuple):
    """A role has ``privilege`` on an object of ``database``; ``*`` stands for every database and every name."""

    role: str
    database: str
    object_type: str
    object_name: str
    privilege: str


class PrivilegeGroup(NamedTuple):
    name: str


class GroupedPrivilege(NamedTuple):
    group: str
    privilege: str


class TenantBinding(NamedTuple):
    """A role sees those rows of a collection whose partition key is ``tenant``, and nothing else of the file."""

    role: str
    database: str
    collection: str
    tenant: str | int


@dataclass(frozen=True)
class Access:
    """All of it. A change makes another one."""

    users: frozenset[User] = frozenset()
    api_keys: frozenset[ApiKey] = frozenset()
    roles: frozenset[Role] = frozenset()
    role_members: frozenset[RoleMember] = frozenset()
    grants: frozenset[Grant] = frozenset()
    privilege_groups: frozenset[PrivilegeGroup] = frozenset()
    grouped_privileges: frozenset[GroupedPrivilege] = frozenset()
    tenant_bindings: frozenset[TenantBinding] = frozenset()

    def to_json(self) -> str:
        """The same text for equal values."""
        kinds = {field.name: sorted(getattr(self, field.name), key=json.dumps) for field in fields(self)}
        return json.dumps({kind: rows for kind, rows in kinds.items() if rows})

    @classmethod
    def from_json(cls, text: str) -> Access:
        """Raises ValueError, TypeError, KeyError or AttributeError for a text that ``to_json`` did not make."""
        kinds: dict[str, list[list[Any]]] = json.loads(text)
        return cls(**{kind: frozenset(_ROWS[kind](*row) for row in rows) for kind, rows in kinds.items()})


_ROWS: Final[dict[str, type[Any]]] = {
    "users": User,
    "api_keys": ApiKey,
    "roles": Role,
    "role_members": RoleMember,
    "grants": Grant,
    "privilege_groups": PrivilegeGroup,
    "grouped_privileges": GroupedPrivilege,
    "tenant_bindings": TenantBinding,
}
"""Field of ``Access`` → what its rows are."""
