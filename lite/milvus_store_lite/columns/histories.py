"""The histories of one collection: of all its rows, and of the parts that the values of a field make.

A request that its filter confines to a few tenants, values of the partition key, is answered from a history of
just their rows, read through the key's SQL index: what it costs depends on the tenants, not on the collection.
Other fields with an SQL index do the same as long as nothing has needed all rows; after that a mask over what is
in memory is as fast.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from ..storage.forks import GATE
from ..storage.reading import Reading
from ..storage.rows import Part, RowStore
from .history import History
from .memory import MemoryBudget

MAX_PART_VALUES: Final = 16
"""A filter that names more tenants than this is answered from all rows."""

MAX_PART_ROWS: Final = 50_000
"""A part with more rows than this gains nothing: its rows are a part worth masking, not copying."""

MAX_ROWS_IN_PARTS: Final = 200_000
"""Rows held in parts; beyond it the part that was not asked for longest is forgotten."""


class Histories:
    """All rows of a collection, and the parts last asked for."""

    def __init__(self, rows: RowStore, memory: MemoryBudget) -> None:
        self.whole = History(rows, memory)
        self._rows = rows
        self._memory = memory
        GATE.add_locks(self)
        self._parts: OrderedDict[Part, History] = OrderedDict()
        self._too_large: set[Part] = set()

    def renew_locks(self) -> None:
        self._lock = threading.Lock()

    def of_parts(self, reading: Reading, tenants: Part | None, parts: Sequence[Part]) -> History:
        """The history to answer a request from that is confined to some rows.

        Args:
            tenants: those with these values of the partition key, None for all.
            parts: those in each of these, of fields that may have an SQL index.
        """
        if tenants is not None:
            return self._of_part(reading, tenants)
        if not parts or self.whole.is_read:
            return self.whole
        connection, rows = reading.connection, self._rows
        fields = rows.schema.by_name
        indexed = [part for part in parts if rows.has_value_index(connection, fields[part.field])]
        if len(indexed) > 1:
            indexed.sort(key=lambda part: rows.part_count(connection, part, MAX_PART_ROWS + 1))
        return self._of_part(reading, indexed[0]) if indexed else self.whole

    def _of_part(self, reading: Reading, part: Part) -> History:
        if len(part.values) > MAX_PART_VALUES:
            return self.whole
        with self._lock:
            history = self._parts.get(part)
            if history is not None:
                self._parts.move_to_end(part)
        if history is None:
            history = self._new_part(reading, part)
        elif history.slots > 2 * MAX_PART_ROWS:
            with self._lock:
                self._parts.pop(part, None)
                self._too_large.add(part)
            self._memory.release(history)
            return self.whole
        return history

    def release(self) -> None:
        """Nothing is asked of this collection any more."""
        with self._lock:
            for history in (self.whole, *self._parts.values()):
                self._memory.release(history)

    def _new_part(self, reading: Reading, part: Part) -> History:
        if part in self._too_large:
            return self.whole
        if self._rows.part_count(reading.connection, part, MAX_PART_ROWS + 1) > MAX_PART_ROWS:
            with self._lock:
                self._too_large.add(part)
            return self.whole
        with self._lock:
            history = self._parts.setdefault(part, History(self._rows, self._memory, part))
            while len(self._parts) > 1 and sum(one.slots for one in self._parts.values()) > MAX_ROWS_IN_PARTS:
                _, forgotten = self._parts.popitem(last=False)
                self._memory.release(forgotten)
            return history
