"""Cursors: a search or a query page by page, all pages from one state of the collection.

A cursor keeps its read transaction open, so it still reads rows that others delete or replace while it is open.
Writers do not wait for it, but SQLite's write-ahead log grows until it ends: at the last page, at ``close()``, or
when the cursor is garbage. It holds at most 17 bytes of memory for each row of the collection, and 12 for each
element that a query finds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from ..codec import Columns, QueryVectors
from ..process.calls import whole_calls
from ..storage.cursor_transaction import CursorTransaction
from ..storage.leases import Lease
from ..storage.store import CollectionReader
from .column_reading import read_columns
from .family import Nearest
from .found import FoundHits, FoundRows, fetched
from .output import Projection
from .prepared import PreparedSearch
from .rankings import NOTHING
from .selected_elements import Elements, ElementSelection
from .selection import Selection

if TYPE_CHECKING:
    from ..filters import ElementFilter

Page = TypeVar("Page")


@whole_calls
class Cursor:
    """The base of both kinds: a transaction that lasts until the last page or ``close()``.

    Args:
        lease: of the transaction.
    """

    def __init__(self, lease: Lease) -> None:
        self._lock = threading.Lock()
        self._transaction = CursorTransaction(lease)

    def close(self) -> None:
        """End the transaction; nothing happens if it has ended."""
        with self._lock:
            self._transaction.close()


@dataclass(frozen=True, slots=True)
class _Lookahead:
    """Rows ranked so far. ``seen``: (n,) bool, all of them; of structs their numbers, (m,). ``slots``, ``values``:
    those that no page has had yet. ``asked``: the last limit. ``has_all``: whether every row is ranked."""

    seen: npt.NDArray[Any]
    slots: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    asked: int
    has_all: bool

    @property
    def is_end(self) -> bool:
        return self.has_all and not len(self.slots)


@whole_calls
class SearchCursor(Cursor):
    """All rows, by their distance from one query vector."""

    def __init__(
        self,
        lease: Lease,
        search: PreparedSearch,
        selection: Selection,
        vectors: QueryVectors,
        nearest: Nearest,
    ) -> None:
        super().__init__(lease)
        self._search = search
        self._selection = selection
        self._vectors = vectors
        self._nearest = nearest
        self._lookahead = _Lookahead(self._nothing_seen(), *NOTHING, asked=0, has_all=False)

    def next(self, count: int) -> FoundHits:
        """The next ``count`` hits, fewer at the end."""
        with self._lock:
            if self._lookahead.is_end:
                return FoundHits(self._search.schema.primary.name, [0, 0], [], [])
            hits = self._transaction.read(lambda: self._page(count))
            if self._lookahead.is_end:
                self._transaction.close()
            return hits

    def _page(self, count: int) -> FoundHits:
        lookahead = self._lookahead
        while len(lookahead.slots) < count and not lookahead.has_all:
            lookahead = self._extended(lookahead, count)
        hits = self._search.shown(self._selection.view, [(lookahead.slots[:count], lookahead.values[:count])])
        # One step: an interrupted call has either returned the page or changed nothing.
        self._lookahead = replace(lookahead, slots=lookahead.slots[count:], values=lookahead.values[count:])
        return hits

    def _nothing_seen(self) -> npt.NDArray[Any]:
        return np.zeros(self._selection.view.count, dtype=np.bool_)

    def _extended(self, lookahead: _Lookahead, count: int) -> _Lookahead:
        """``lookahead`` and the next rows, twice as many as the last time."""
        asked = max(count, 2 * lookahead.asked)
        ((slots, values),) = self._nearest(self._selection.only(~lookahead.seen), self._vectors, asked)
        seen = lookahead.seen.copy()
        seen[slots] = True
        return _Lookahead(
            seen,
            np.concatenate([lookahead.slots, slots]),
            np.concatenate([lookahead.values, values]),
            asked,
            has_all=len(slots) < asked,
        )


@whole_calls
class ElementCursor(SearchCursor):
    """All structs, by their distance from one query vector; a lookahead has their numbers in place of slots."""

    def _nothing_seen(self) -> npt.NDArray[Any]:
        return NOTHING[0]

    def _extended(self, lookahead: _Lookahead, count: int) -> _Lookahead:
        """``lookahead`` and the next structs, as many as there were so far: in a ranking they come after those."""
        seen = lookahead.seen
        asked = len(seen) + max(count, len(seen))
        ((numbers, values),) = self._nearest(self._selection, self._vectors, asked)
        new = ~np.isin(numbers, seen)
        return _Lookahead(
            np.concatenate([seen, numbers[new]]),
            np.concatenate([lookahead.slots, numbers[new]]),
            np.concatenate([lookahead.values, values[new]]),
            asked,
            has_all=len(numbers) < asked,
        )


@whole_calls
class QueryCursor(Cursor):
    """The rows of a selection, in the order of writing; or of these the elements that ``wanted`` holds for."""

    def __init__(
        self,
        lease: Lease,
        selection: Selection,
        wanted: ElementFilter | None,
        projection: Projection,
        offset: int,
    ) -> None:
        super().__init__(lease)
        self._reader = selection.view.reader
        self._projection = projection
        self._offsets: npt.NDArray[np.int32] | None = None
        if wanted is None:
            self._seqs = selection.view.snapshot.seqs[selection.slots][offset:]
        else:
            found = ElementSelection.of(selection, wanted)
            self._seqs, self._offsets = found.elements(found.rows.slots).part(offset, None)

    @property
    def left(self) -> int:
        """How many rows or elements no page has had yet."""
        return len(self._seqs)

    def next(self, count: int) -> FoundRows:
        """The next ``count`` rows or elements, fewer at the end."""
        return self._next(count, fetched if self._offsets is None else self._fetched_elements)

    def next_columns(self, count: int) -> Columns:
        """The next ``count`` rows as columns, whose rows are never made: for many rows at a time."""
        assert self._offsets is None, "elements have no columns of their own"
        return self._next(count, read_columns)

    def _fetched_elements(
        self, reader: CollectionReader, projection: Projection, seqs: Sequence[int]
    ) -> FoundRows:
        """The first elements that are left, which are in the rows ``seqs``."""
        assert self._offsets is not None, "elements are asked for"
        first = len(self._offsets) - len(self._seqs)
        offsets = self._offsets[first : first + len(seqs)]
        return Elements(np.asarray(seqs, dtype=np.int64), offsets).fetched(reader, projection)

    def _next(self, count: int, read: Callable[[CollectionReader, Projection, Sequence[int]], Page]) -> Page:
        with self._lock:
            seqs = self._seqs[:count].tolist()
            if not seqs:
                return read(self._reader, self._projection, seqs)  # of no rows, which needs no transaction
            rows = self._transaction.read(lambda: read(self._reader, self._projection, seqs))
            self._seqs = self._seqs[count:]
            if not len(self._seqs):
                self._transaction.close()
            return rows
