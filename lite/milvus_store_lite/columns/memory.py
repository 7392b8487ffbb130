"""A bound on what columns and vectors hold in memory, for all collections of a database together.

What was not used for longest goes first. Nothing is lost by it: the file has everything, and a column that
is asked for again is read again.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Protocol

from ..storage.forks import GATE


class Holder(Protocol):
    """Who holds a column and can let it go."""

    def forget(self, key: Hashable, /) -> None: ...


class MemoryBudget:
    """Counts the bytes of resident columns and lets the least recently used go beyond ``limit``.

    Args:
        limit: bytes, or None for no bound; then nothing is counted.
    """

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        GATE.add_locks(self)
        self._held: OrderedDict[tuple[Holder, Hashable], int] = OrderedDict()

    def renew_locks(self) -> None:
        self._lock = threading.Lock()

    def allows(self, size: int) -> bool:
        """Whether a column of ``size`` bytes may become resident at all."""
        return self.limit is None or size <= self.limit

    def charge(self, holder: Holder, key: Hashable, size: int) -> None:
        """``holder`` now holds ``size`` bytes under ``key``; others are let go to make room."""
        if self.limit is None:
            return
        with self._lock:
            self._held.pop((holder, key), None)
            self._held[holder, key] = size
            surplus = sum(self._held.values()) - self.limit
            leaving = []
            while surplus > 0:
                place, freed = self._held.popitem(last=False)
                surplus -= freed
                leaving.append(place)
        for other, other_key in leaving:
            other.forget(other_key)

    def touch(self, holder: Holder, key: Hashable) -> None:
        """``key`` of ``holder`` was used just now."""
        if self.limit is not None:
            with self._lock:
                if (holder, key) in self._held:
                    self._held.move_to_end((holder, key))

    def release(self, holder: Holder) -> None:
        """``holder`` holds nothing any more."""
        if self.limit is not None:
            with self._lock:
                for place in [place for place in self._held if place[0] is holder]:
                    del self._held[place]

    @property
    def used(self) -> int:
        """Bytes held now."""
        return sum(self._held.values())
