"""Users, roles and grants of a file, for a server that asks at every call whether they have changed.

It keeps them and knows no rules: what a name, a hash or a privilege must be is decided by the server.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from .process.calls import whole_calls
from .process.forks import GATE
from .schema.access import Access
from .storage import access
from .storage.connections import Connections


class _Known(NamedTuple):
    """What was read: in which state of the file, and at which version."""

    state_of_file: object
    version: int | None
    access: Access


@whole_calls
class AccessControl:
    """``DatabaseFile.access`` gives it. Threads may share it."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._known: _Known | None = None

    def read(self) -> Access:
        """What the file says now: the same object until it changes.

        Raises:
            DatabaseCorruptError: it is not what was written.
        """
        state, known = self._state(), self._known
        if known is not None and known.state_of_file == state:
            return known.access
        # The state was read before this transaction begins, which therefore sees this state or a newer one.
        with self._connections.reading() as connection:
            version = access.version_of(connection)
            if known is None or known.version != version:
                known = _Known(state, version, access.read(connection))
        self._known = known._replace(state_of_file=state)
        return known.access

    def change(self, changed: Callable[[Access], Access]) -> Access:
        """Replace what the file says by what ``changed`` makes of it, in one transaction, and return that."""
        with self._connections.writing() as connection:
            before = access.read(connection)
            after = changed(before)
            if after != before:
                access.write(connection, after)
        return after

    def _state(self) -> object:
        GATE.begin()
        try:
            self._connections.look()
            return self._connections.state()
        finally:
            GATE.leave()
