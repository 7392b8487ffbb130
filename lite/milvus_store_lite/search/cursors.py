"""Cursors: a search or a query handed out page by page, all pages from one state of the collection.

A cursor keeps its read transaction open, so that rows which others delete or replace meanwhile are still read as
they were. Writers do not wait for it, but SQLite's write-ahead log grows until it ends: at the last page, at
``close()``, or when the cursor is forgotten. In memory it holds 17 bytes for each row of the collection at most.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import numpy as np

from ..storage.held import HeldTransaction
from ..storage.rows import RowStore
from .output import Projection
from .prepared import PreparedSearch
from .ranges import Nearest
from .rankings import NOTHING, Ranking
from .request import Hits
from .selection import Selection


class Cursor:
    """What both kinds share: a transaction that lasts until the cursor is done with.

    Args:
        transaction: open; closing it ends the transaction.
        look: raises if the file is not the one that was opened.
    """

    def __init__(self, transaction: ExitStack, look: Callable[[], None]) -> None:
        self._lock = threading.Lock()
        self._transaction = HeldTransaction(transaction, look)

    def close(self) -> None:
        """End the transaction; nothing happens if it has ended."""
        with self._lock:
            self._transaction.close()


class SearchCursor(Cursor):
    """The rows nearest to one query vector, as many as there are."""

    def __init__(
        self,
        transaction: ExitStack,
        look: Callable[[], None],
        search: PreparedSearch,
        selection: Selection,
        vectors: Any,
        nearest: Nearest,
    ) -> None:
        super().__init__(transaction, look)
        self._search = search
        self._selection = selection
        self._vectors = vectors
        self._nearest = nearest
        self._seen = np.zeros(selection.view.count, dtype=np.bool_)
        self._ahead: Ranking = NOTHING
        self._asked = 0
        self._has_all = False

    def next(self, count: int) -> Hits:
        """The next ``count`` hits, fewer at the end."""
        with self._lock:
            if self._has_all and not len(self._ahead[0]):
                return Hits([], [], [])
            with self._transaction.using():
                while len(self._ahead[0]) < count and not self._has_all:
                    self._look_ahead(count)
                slots, values = self._ahead
                page = slots[:count], values[:count]
                (hits,) = self._search.shown(self._selection.view, [page])
                self._ahead = slots[count:], values[count:]
            if self._has_all and not len(self._ahead[0]):
                self._transaction.close()
            return hits

    def _look_ahead(self, count: int) -> None:
        """Rank rows that were not handed out yet, twice as many as the last time."""
        self._asked = max(count, 2 * self._asked)
        rest = self._selection.only(~self._seen)
        ((slots, values),) = self._nearest(rest, self._vectors, self._asked)
        self._has_all = len(slots) < self._asked
        self._seen[slots] = True
        self._ahead = np.concatenate([self._ahead[0], slots]), np.concatenate([self._ahead[1], values])


class QueryCursor(Cursor):
    """The rows of a selection, in the order they were written."""

    def __init__(
        self,
        transaction: ExitStack,
        look: Callable[[], None],
        rows: RowStore,
        selection: Selection,
        projection: Projection,
        offset: int,
    ) -> None:
        super().__init__(transaction, look)
        self._rows = rows
        self._connection = selection.view.connection
        self._projection = projection
        self._seqs = selection.view.snapshot.seqs[selection.slots][offset:]

    def next(self, count: int) -> list[dict[str, Any]]:
        """The next ``count`` rows, fewer at the end."""
        with self._lock:
            if not len(self._seqs):
                return []
            with self._transaction.using():
                seqs = self._seqs[:count].tolist()
                entities = self._projection.fetch(self._connection, self._rows, seqs)[1]
                self._seqs = self._seqs[count:]
            if not len(self._seqs):
                self._transaction.close()
            return entities
