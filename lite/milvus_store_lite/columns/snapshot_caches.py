"""The snapshots of one collection: of all its rows, and of the parts that the values of a field make.

A request that its filter confines to a few tenants, values of the partition key, is answered from a snapshot of
just their rows, read through the key's SQL index: what it costs depends on the tenants, not on the collection.
Other fields with an SQL index do the same as long as nothing has needed all rows; after that a mask over what is
in memory is as fast.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from typing import Final

from ..process.children import PerProcess
from ..storage.row_reader import RowSubset
from ..storage.store import CollectionReader
from .memory import MemoryBudget
from .snapshot_cache import SnapshotCache

MAX_PART_VALUES: Final = 16
"""A filter that names more tenants than this is answered from all rows."""

MAX_PART_ROWS: Final = 50_000
"""A part with more rows than this gains nothing: its rows are a part worth masking, not copying."""

MAX_ROWS_IN_PARTS: Final = 200_000
"""Rows held in parts; beyond it the part that was not asked for longest is forgotten."""

PART_ROWS: Final = 20
"""What a part weighs beside its rows, in rows: so that parts are at most 10,000, however small they are."""

_PART_BYTES: Final = 8_192
"""What a part takes in memory beside its columns: 6 KB were measured."""


class SnapshotCaches:
    """All rows of a collection, and the parts last asked for."""

    def __init__(self, memory: MemoryBudget) -> None:
        self.whole = SnapshotCache(memory)
        self._memory = memory
        self._lock = PerProcess(threading.Lock)
        self._parts: OrderedDict[RowSubset, SnapshotCache] = OrderedDict()
        self._too_large: set[RowSubset] = set()
        # What each part weighed when it was last asked for, and all of them together: a sum over the parts would
        # let a search take longer the more tenants there are.
        self._weights: dict[RowSubset, int] = {}
        self._weight = 0

    def of_parts(
        self, reader: CollectionReader, tenants: RowSubset | None, parts: Sequence[RowSubset]
    ) -> SnapshotCache:
        """The snapshot cache to answer a request from that is confined to some rows.

        Args:
            tenants: those with these values of the partition key, None for all.
            parts: those in each of these, of fields that may have an SQL index.
        """
        if tenants is not None:
            return self._of_part(reader, tenants)
        if not parts or self.whole.is_read:
            return self.whole
        lookups = reader.lookups
        indexed = [part for part in parts if lookups.has_index(part.field)]
        if len(indexed) > 1:
            indexed.sort(key=lambda part: lookups.count(part, MAX_PART_ROWS + 1))
        return self._of_part(reader, indexed[0]) if indexed else self.whole

    def _of_part(self, reader: CollectionReader, part: RowSubset) -> SnapshotCache:
        if len(part.values) > MAX_PART_VALUES:
            return self.whole
        with self._lock.own:
            cache = self._parts.get(part)
            if cache is not None:
                self._parts.move_to_end(part)
                self._weigh(part, cache.slots)
        if cache is None:
            return self._new_part(reader, part)
        if cache.slots > 2 * MAX_PART_ROWS:
            with self._lock.own:
                self._drop(part)
                self._too_large.add(part)
            return self.whole
        self._memory.touch(self, part)
        return cache

    def release(self) -> None:
        """Nothing is asked of this collection any more."""
        with self._lock.own:
            for part in list(self._parts):
                self._drop(part)
            self._memory.release(self)
            self._memory.release(self.whole)

    def forget(self, key: Hashable) -> None:
        """Let a part go, since memory is short; whoever reads it now keeps it until done."""
        assert isinstance(key, RowSubset), "only parts are charged for"
        with self._lock.own:
            self._drop(key)

    def _new_part(self, reader: CollectionReader, part: RowSubset) -> SnapshotCache:
        if part in self._too_large:
            return self.whole
        rows = reader.lookups.count(part, MAX_PART_ROWS + 1)
        if rows > MAX_PART_ROWS:
            with self._lock.own:
                self._too_large.add(part)
            return self.whole
        with self._lock.own:
            cache = self._parts.setdefault(part, SnapshotCache(self._memory, part))
            self._weigh(part, rows)
        # Outside of the lock: it may let go of another part.
        self._memory.charge(self, part, _PART_BYTES)
        return cache

    def _weigh(self, part: RowSubset, rows: int) -> None:
        """``part`` has so many rows now; forget others if there are too many in all."""
        weight = rows + PART_ROWS
        try:
            self._weight += weight - self._weights.get(part, 0)
            self._weights[part] = weight
            while self._weight > MAX_ROWS_IN_PARTS and len(self._parts) > 1:
                self._drop(next(iter(self._parts)))
        except BaseException:
            self._weigh_anew()
            raise

    def _drop(self, part: RowSubset) -> None:
        try:
            cache = self._parts.pop(part, None)
            if cache is not None:
                self._weight -= self._weights.pop(part, 0)
                self._memory.release(cache)
        except BaseException:
            self._weigh_anew()
            raise

    def _weigh_anew(self) -> None:
        """After an exception at any step: weights and their sum are those of the parts."""
        self._weights = {part: self._weights.get(part, PART_ROWS) for part in self._parts}
        self._weight = sum(self._weights.values())
