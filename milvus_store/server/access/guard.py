"""The guard of a server with access control: it admits a call, or says why not, before anything is done for it."""

from __future__ import annotations

from functools import partial
from typing import Final

import grpc

from milvus_store_lite import AccessControl, TenantBinding

from ...access.privileges import EVERY
from ...errors import MilvusException
from ..databases import Databases, collection_of
from ..service import Admission, Call, Refusal
from .credentials import Credentials
from .lists import shown_to
from .policy import Policy, Rights
from .rules import ADMINISTRATORS, RULES, Rule
from .tenants import OTHER_CALLS, ROW_CALLS, BoundClient, without_counts

_ADMITTED: Final = Admission()


class AccessGuard:
    """Admits calls by the users, roles and grants that the file of ``databases`` has. Threads share it."""

    def __init__(
        self, access: AccessControl, databases: Databases, credentials: Credentials | None = None
    ) -> None:
        self._access = access
        self._databases = databases
        self._credentials = credentials or Credentials()
        self._policy = Policy(access.read())

    def admit(self, call: Call, /) -> Admission:
        """
        Raises:
            Refusal: nobody knows the caller, or he may not make this call.
        """
        policy = self._current_policy()
        rights = policy.rights(self._credentials.user_of(policy, call.metadata, call.peer))
        rule = RULES.get(call.method, ADMINISTRATORS)
        if _is_free(rule, call, rights) or _is_about_himself(rule, call, rights):
            return _ADMITTED
        if rule.shown:
            return Admission(shown=shown_to(rights, rule, call))
        if rights.bindings:
            return self._admit_bound(rule, call, rights)
        if rights.is_administrator or self._is_granted(rule, call, rights):
            return _ADMITTED
        raise _denial(rule, call, rights)

    def _current_policy(self) -> Policy:
        access, known = self._access.read(), self._policy
        if access is not known.access:
            known = self._policy = Policy(access)
        return known

    def _is_granted(self, rule: Rule, call: Call, rights: Rights) -> bool:
        if rights.allow(rule.privilege, call.database, EVERY):
            return True
        # Only for a user to whom single collections were granted must aliases be looked up.
        names = [self._meant(rule, call.database, name) for name in rule.names(call.request)]
        return all(rights.allow(rule.privilege, call.database, name) for name in names)

    def _meant(self, rule: Rule, database: str, name: str) -> str:
        """The name of the collection that has ``name`` as its name or alias; another name stands for itself."""
        if rule.is_on_users or name == EVERY:
            return name
        try:
            return collection_of(self._databases.client(database), name).describe().name
        except MilvusException:
            return name

    # Tenants ------------------------------------------------------------------------------------------

    def _admit_bound(self, rule: Rule, call: Call, rights: Rights) -> Admission:
        """Admit a caller who is bound to tenants: whatever he was granted, he leaves their collections never."""
        if call.method not in ROW_CALLS | OTHER_CALLS or not self._is_granted(rule, call, rights):
            raise _denial(rule, call, rights)
        found = {self._binding(rule, call, rights, name) for name in rule.names(call.request)}
        if call.method not in ROW_CALLS:
            return Admission(shown=without_counts)
        (binding,) = found  # a call on rows names one collection
        return Admission(client=partial(BoundClient.of, binding=binding))

    def _binding(self, rule: Rule, call: Call, rights: Rights, name: str) -> TenantBinding:
        """The binding that holds for the collection called ``name``."""
        place = (call.database, self._meant(rule, call.database, name))
        found = {
            binding.tenant: binding
            for binding in rights.bindings
            if (binding.database, binding.collection) == place
        }
        if len(found) != 1:  # none, or two roles that contradict each other
            raise _denial(rule, call, rights)
        return next(iter(found.values()))


def _is_free(rule: Rule, call: Call, rights: Rights) -> bool:
    """Whether whoever is known may make the call; a bound caller makes none outside his list by naming nothing."""
    is_listed = not rule.privilege or call.method in ROW_CALLS | OTHER_CALLS
    return rule.is_free(call.request) and (is_listed or not rights.bindings)


def _is_about_himself(rule: Rule, call: Call, rights: Rights) -> bool:
    """Whether a caller asks about, or changes, his own user, or asks what his own roles are granted."""
    if call.method == "SelectGrant":
        return call.request.entity.role.name in rights.roles
    return rule.is_on_users and rule.names(call.request) == [rights.user]


def _denial(rule: Rule, call: Call, rights: Rights) -> Refusal:
    return Refusal(
        grpc.StatusCode.PERMISSION_DENIED,
        f"Privilege{rule.privilege}: permission deny to {rights.user} in the `{call.database}` database",
    )
