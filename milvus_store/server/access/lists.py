"""Lists of collections and databases, of which a caller sees what he may use."""

from __future__ import annotations

from collections.abc import Callable

from ...access.privileges import EVERY
from ..protocol import Message
from ..service import Call
from .policy import Rights
from .rules import Rule

_DATABASES = "db_names"


def shown_to(rights: Rights, rule: Rule, call: Call) -> Callable[[Message], Message]:
    """Makes the response to a call that ``rule`` is about of the whole one."""
    if rights.bindings:
        is_shown = _is_bound(rights, rule, call)
    elif rights.allow(rule.privilege, call.database, EVERY):
        return lambda response: response
    elif rule.shown == _DATABASES:
        is_shown = rights.show_database
    else:
        is_shown = lambda name: rights.show(call.database, name)  # noqa: E731
    return lambda response: _kept(response, rule.shown, is_shown)


def _is_bound(rights: Rights, rule: Rule, call: Call) -> Callable[[str], bool]:
    if rule.shown == _DATABASES:
        return {binding.database for binding in rights.bindings}.__contains__
    return {one.collection for one in rights.bindings if one.database == call.database}.__contains__


def _kept(response: Message, shown: str, is_shown: Callable[[str], bool]) -> Message:
    """``response`` with the entries whose name is shown, in each of its lists, which go side by side."""
    names = list(getattr(response, shown))
    kept = [index for index, name in enumerate(names) if is_shown(name)]
    for field, value in response.ListFields():
        if hasattr(value, "append"):
            values = [value[index] for index in kept] if len(value) == len(names) else []
            response.ClearField(field.name)
            getattr(response, field.name).extend(values)
    return response
