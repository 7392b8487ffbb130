"""A bound on what columns and vectors hold in memory, for all collections of a database together.

The least recently used goes first. Nothing is lost by that: the file has everything, and the next call that needs
the column reads it again.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Final, Protocol

from ..process.address_space import is_limited
from ..process.children import PerProcess

_DOUBLED_BYTES: Final = 256 << 20
"""Columns up to this size may have room for as many rows again."""

_SLACK: Final = 1 / 16
"""The room of others for more rows, for each that is there."""


class Holder(Protocol):
    """An object that holds columns and can drop them."""

    def forget(self, key: Hashable, /) -> None: ...


class MemoryBudget:
    """Counts the bytes of resident columns, and drops the least recently used beyond ``limit``.

    Args:
        limit: bytes, or None for no bound; then nothing is counted.
    """

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self._lock = PerProcess(threading.Lock)
        self._held: OrderedDict[tuple[Holder, Hashable], int] = OrderedDict()
        # Kept beside the bytes, so that no call looks through the columns of all holders.
        self._keys: dict[Holder, set[Hashable]] = {}
        self._used = 0

    def allows(self, size: int) -> bool:
        """Whether a column of ``size`` bytes may become resident at all."""
        return self.limit is None or size <= self.limit

    def slack(self, size: int) -> float:
        """The room for more rows that a column of ``size`` bytes should have, for each row that is there.

        Without it the first row that is added copies the column, inside the call that reads the row. It costs
        nothing before rows are in it, unless memory is bounded.
        """
        is_free = self.limit is None and size <= _DOUBLED_BYTES and not is_limited()
        return 1 if is_free else _SLACK

    def charge(self, holder: Holder, key: Hashable, size: int) -> None:
        """``holder`` now holds ``size`` bytes under ``key``; drops others to make room."""
        if self.limit is None:
            return
        with self._lock.own:
            self._drop(holder, key)
            self._add(holder, key, size)
        while (oldest := self._oldest_beyond_limit()) is not None:
            other, other_key = oldest
            other.forget(other_key)  # first, so that an exception here leaves nothing uncounted
            with self._lock.own:
                if next(iter(self._held), None) == oldest:  # else another thread has used it again
                    self._drop(*oldest)

    def touch(self, holder: Holder, key: Hashable) -> None:
        """Note that ``key`` of ``holder`` was used."""
        if self.limit is not None:
            with self._lock.own:
                if (holder, key) in self._held:
                    self._held.move_to_end((holder, key))

    def release(self, holder: Holder) -> None:
        """Note that ``holder`` holds nothing."""
        if self.limit is not None:
            with self._lock.own:
                for key in list(self._keys.get(holder, ())):
                    self._drop(holder, key)

    def _oldest_beyond_limit(self) -> tuple[Holder, Hashable] | None:
        """The entry to drop next, if the columns exceed the limit."""
        assert self.limit is not None
        with self._lock.own:
            return next(iter(self._held), None) if self._used > self.limit else None

    def _add(self, holder: Holder, key: Hashable, size: int) -> None:
        """Count the column that ``holder`` has under ``key``, as the most recently used."""
        try:
            self._held[holder, key] = size
            self._keys.setdefault(holder, set()).add(key)
            self._used += size
        except BaseException:
            self._count_anew()
            raise

    def _drop(self, holder: Holder, key: Hashable) -> None:
        """Stop counting the column that ``holder`` has under ``key``, if any."""
        try:
            size = self._held.pop((holder, key), None)
            if size is None:
                return
            self._used -= size
            keys = self._keys[holder]
            keys.discard(key)
            if not keys:
                del self._keys[holder]
        except BaseException:
            self._count_anew()
            raise

    def _count_anew(self) -> None:
        """After an exception at any step: compute sum and keys again from the entries."""
        self._used, self._keys = sum(self._held.values()), {}
        for holder, key in self._held:
            self._keys.setdefault(holder, set()).add(key)

    @property
    def used(self) -> int:
        """Bytes held now."""
        return self._used
