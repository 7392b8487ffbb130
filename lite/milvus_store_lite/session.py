"""What a call on a collection works with: one transaction, and what this process keeps between calls."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from .columns.histories import Histories
from .indexes.collection_indexes import CollectionIndexes
from .indexes.field_index import FieldIndex
from .storage.catalog import CollectionRecord, Position
from .storage.reading import Late, Reading
from .storage.rows import RowStore


@dataclass(frozen=True, slots=True)
class CollectionState:
    """What this process keeps of a collection between calls: its definition, snapshots and indexes."""

    record: CollectionRecord
    rows: RowStore
    histories: Histories
    indexes: CollectionIndexes


@dataclass(frozen=True, slots=True)
class Session:
    """One transaction on one collection: the connection, and where the collection stands in it."""

    reading: Reading
    state: CollectionState
    position: Position

    @property
    def connection(self) -> sqlite3.Connection:
        return self.reading.connection

    @property
    def record(self) -> CollectionRecord:
        return self.state.record

    @property
    def rows(self) -> RowStore:
        return self.state.rows

    def index(self, field: str) -> FieldIndex | None:
        """The index to search ``field`` by, None for an exact scan."""
        return self.state.indexes.attend(field, self)


OpenSession = Callable[[str], AbstractContextManager[Session]]
Glance = Callable[[str], tuple[Late, Session]]
