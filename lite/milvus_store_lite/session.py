"""What a call on a collection works with: one transaction, and what this process keeps between calls."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from .columns.histories import Histories
from .storage.catalog import CollectionRecord, Position
from .storage.rows import RowStore


@dataclass(frozen=True, slots=True)
class CollectionState:
    """What this process keeps of a collection between calls: its definition and its snapshots."""

    record: CollectionRecord
    rows: RowStore
    histories: Histories


@dataclass(frozen=True, slots=True)
class Session:
    """One transaction on one collection: the connection, and where the collection stands in it."""

    connection: sqlite3.Connection
    state: CollectionState
    position: Position


OpenSession = Callable[[str], AbstractContextManager[Session]]
