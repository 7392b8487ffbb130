"""The guard of a server with access control: it admits a call, or says why not, before anything is done for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import grpc

from milvus_store_lite import AccessControl, TenantBinding

from ...client.milvus_client import MilvusClient
from ...errors import MilvusException
from ..databases import Databases, collection_of
from ..protocol import Message
from ..service import Admission, Call, Refusal
from .credentials import Credentials
from .policy import Policy, Rights
from .privileges import EVERY
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
        if rule.is_free(call.request) or _is_about_himself(rule, call, rights):
            return _ADMITTED
        if rights.bindings:
            return self._admit_bound(rule, call, rights)
        if rule.shown:
            return Admission(shown=_filter(rule, call, rights))
        if rights.is_administrator or self._is_granted(rule, call, rights):
            return _ADMITTED
        raise _denial(rule, call, rights)

    def _current_policy(self) -> Policy:
        access, known = self._access.read(), self._policy
        if access is not known.access:
            known = self._policy = Policy(access)
        return known

    def _is_granted(self, rule: Rule, call: Call, rights: Rights) -> bool:
        names = rule.names(call.request)
        if rights.allow(rule.privilege, call.database, EVERY):
            return True
        # Only for a user to whom single collections were granted must aliases be looked up.
        return all(
            rights.allow(rule.privilege, call.database, self._meant(rule, call.database, name))
            for name in names
        )

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
        if rule.shown:
            return Admission(shown=_filter_bound(rule, call, rights))
        if call.method not in ROW_CALLS | OTHER_CALLS or not self._is_granted(rule, call, rights):
            raise _denial(rule, call, rights)
        found = {
            binding
            for name in rule.names(call.request)
            for binding in [self._binding(rule, call, rights, name)]
        }
        if call.method not in ROW_CALLS:
            return Admission(shown=without_counts)
        (binding,) = found  # a call on rows names one collection
        return Admission(client=partial(_bound, binding=binding))

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


def _bound(client: MilvusClient, binding: TenantBinding) -> MilvusClient:
    return BoundClient.of(client, binding)


def _is_about_himself(rule: Rule, call: Call, rights: Rights) -> bool:
    """Whether a caller asks about, or changes, his own user, or asks what his own roles are granted."""
    if call.method == "SelectGrant":
        return call.request.entity.role.name in rights.roles
    return rule.is_on_users and rule.names(call.request) == [rights.user]


def _filter(rule: Rule, call: Call, rights: Rights) -> Callable[[Message], Message]:
    if rights.allow(rule.privilege, call.database, EVERY):
        return lambda response: response
    if rule.shown == "db_names":
        return lambda response: _kept(response, rule.shown, rights.show_database)
    return lambda response: _kept(response, rule.shown, lambda name: rights.show(call.database, name))


def _filter_bound(rule: Rule, call: Call, rights: Rights) -> Callable[[Message], Message]:
    if rule.shown == "db_names":
        names = {binding.database for binding in rights.bindings}
    else:
        names = {one.collection for one in rights.bindings if one.database == call.database}
    return lambda response: _kept(response, rule.shown, names.__contains__)


def _kept(response: Message, shown: str, is_shown: Callable[[str], bool]) -> Message:
    """``response`` with those entries alone whose name is shown, in each of its lists."""
    names = list(getattr(response, shown))
    kept = [index for index, name in enumerate(names) if is_shown(name)]
    for field, value in response.ListFields():
        if isinstance(value, type(getattr(response, shown))) or hasattr(value, "append"):
            values = [value[index] for index in kept] if len(value) == len(names) else []
            response.ClearField(field.name)
            getattr(response, field.name).extend(values)
    return response


def _denial(rule: Rule, call: Call, rights: Rights) -> Refusal:
    return Refusal(
        grpc.StatusCode.PERMISSION_DENIED,
        f"Privilege{rule.privilege}: permission deny to {rights.user} in the `{call.database}` database",
    )
