"""What a call on a collection works with: one transaction, and what this process keeps between calls."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from .columns.histories import Histories
from .indexes.collection_indexes import CollectionIndexes
from .indexes.field_index import FieldIndex, Standing
from .storage.catalog import CollectionRecord, Position
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

    connection: sqlite3.Connection
    state: CollectionState
    position: Position

    @property
    def standing(self) -> Standing:
        """What an index needs to know of the transaction."""
        return Standing(self.connection, self.state.record, self.state.rows, self.position)

    def index(self, field: str) -> FieldIndex | None:
        """The index to search ``field`` by, None for an exact scan."""
        return self.state.indexes.attend(field, self.standing)


OpenSession = Callable[[str], AbstractContextManager[Session]]
