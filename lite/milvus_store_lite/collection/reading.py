"""How calls read a collection: each in one transaction, anew if another thread has seen a newer state meanwhile.

The calls that answer with numbers, groups or buckets of rows are here; those that show rows are in ``collection``.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeVar

from ..errors import DatabaseReplacedError
from ..process.calls import whole_calls
from ..process.forks import GATE
from ..search.aggregates import GroupRequest
from ..search.buckets import FoundBuckets
from ..search.groups import FoundGroups, found_groups
from ..search.request import Queries, SearchRequest, check_window
from ..search.scope import Scope
from ..search.selected_elements import ElementSelection, refuse_groups
from ..search.selection import Selection
from ..storage.leases import Lease
from ..storage.reading import SnapshotMoved
from .definition import Definition
from .session import CollectionState, Selector, Session

_TURNS: Final = 10_000
"""How often others may write between a look and the reading. Without a bound, a file restored to an earlier state
would make a call try forever."""

Read = TypeVar("Read")
Asked = TypeVar("Asked", Scope, SearchRequest)


@whole_calls
class Reading(Definition):
    """A collection whose rows are counted, grouped and put into buckets."""

    def count_where(self, scope: Scope) -> int:
        """How many rows are in ``scope``, or elements that its ``element_filter`` holds for."""
        own = self._own(scope)

        def count(session: Session) -> int:
            bound = session.state.bound_scope(own)
            wanted, selection = bound.elements, session.selected(bound)
            return selection.count if wanted is None else ElementSelection.of(selection, wanted).count

        return self._read(count)

    def query_groups(self, scope: Scope, request: GroupRequest) -> FoundGroups:
        """The groups of the rows in ``scope`` that ``request`` asks for."""
        check_window(request.limit, request.offset)
        own = self._own(scope)

        def groups(session: Session) -> FoundGroups:
            bound = session.state.bound_scope(own)
            refuse_groups(bound.elements)
            return found_groups(session.record, session.selected(bound), request, scope.clock)

        return self._read(groups)

    def search_buckets(self, request: SearchRequest, queries: Queries) -> FoundBuckets:
        """The buckets of the nearest rows that the request's aggregation asks for, for each of ``queries``."""
        own = self._own(request)

        def buckets(session: Session) -> FoundBuckets:
            search = session.state.search(own)
            return search.buckets(session.selected(search), queries, session.index_for(search))

        return self._read(buckets)

    def _own(self, asked: Asked) -> Asked:
        """The part of the rows ``asked`` for that this collection object may show."""
        return asked

    def _read(self, read: Callable[[Session], Read]) -> Read:
        """What ``read`` finds in the collection as it is now; a transaction begins when it asks for one."""
        GATE.begin()  # even where no connection is used: no fork comes in the middle of what many threads compute
        try:
            for _ in range(_TURNS):
                transaction, session = self._opener.begin_lazily(
                    self._database, self.name, self.suggests_names
                )
                try:
                    with transaction:
                        return read(session)
                except SnapshotMoved:
                    continue
            raise self._fallen_back()
        finally:
            GATE.leave()

    def _kept(
        self,
        selector: Callable[[CollectionState], Selector],
        keep: Callable[[Lease, Session, Selection], Read],
    ) -> Read:
        """What keeps a read transaction, with the rows chosen just as it sees them."""
        for _ in range(_TURNS):
            lasting = self._opener.lasting(self._database, self.name, self.suggests_names)
            with suppress(SnapshotMoved), lasting as (lease, session):
                return keep(lease, session, session.selected(selector(session.state)))
        raise self._fallen_back()

    def _fallen_back(self) -> DatabaseReplacedError:
        return DatabaseReplacedError(
            message=f"collection {self.name!r} is behind what this client has read of it: the file was replaced "
            f"by an earlier state of it while it was open: open a new client"
        )
