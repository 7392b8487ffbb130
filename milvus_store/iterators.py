"""The iterators and pages of ``search_iterator`` and ``query_iterator``, as in pymilvus."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, overload

from milvus_store_lite import MAX_WINDOW, ParamError, QueryCursor, SearchCursor

from .results import Hit, Hits, SearchResult

UNLIMITED: Final = -1

HitFilter = Callable[[Hits], "list[Hit]"]


class SearchPage:
    """Some hits in a row, nearest first. Empty, and so false, at the end."""

    def __init__(self, hits: list[Hit]) -> None:
        self._hits = hits

    def __len__(self) -> int:
        return len(self._hits)

    def __iter__(self) -> Iterator[Hit]:
        return iter(self._hits)

    @overload
    def __getitem__(self, index: int) -> Hit: ...
    @overload
    def __getitem__(self, index: slice) -> list[Hit]: ...
    def __getitem__(self, index: int | slice) -> Hit | list[Hit]:
        return self._hits[index]

    def ids(self) -> list[Any]:
        """Primary keys of the hits."""
        return [hit.id for hit in self._hits]

    def distances(self) -> list[float]:
        """Distances of the hits."""
        return [hit.distance for hit in self._hits]

    def get_res(self) -> list[list[Hit]]:
        """The hits in a list of one list, as a search of one vector returns them."""
        return [self._hits] if self._hits else []

    def __repr__(self) -> str:
        return str(self._hits)


class _Pages:
    """Counts the rows that the limit leaves, and closes the cursor after the last one.

    Args:
        client: kept open as long as the iterator is used.
        limit: rows in all, -1 for no bound.
    """

    def __init__(
        self, client: object, cursor: SearchCursor | QueryCursor, batch_size: int, limit: int
    ) -> None:
        self._client = client
        self._held = cursor
        self._batch_size = batch_size
        self._left = None if limit == UNLIMITED else limit
        self._count_out(0)

    @property
    def _wanted(self) -> int:
        """Rows of the next page."""
        return self._batch_size if self._left is None else min(self._batch_size, self._left)

    def _count_out(self, count: int) -> None:
        if self._left is not None:
            self._left -= count
            if self._left == 0:
                self._held.close()

    def close(self) -> None:
        """Release the state of the collection; the last page does so as well."""
        self._held.close()


class QueryIterator(_Pages):
    """Pages of the rows that match a filter, all from the state of the collection at the beginning."""

    def __init__(self, client: object, cursor: QueryCursor, batch_size: int, limit: int) -> None:
        super().__init__(client, cursor, batch_size, limit)
        self._cursor = cursor

    def next(self) -> list[dict[str, Any]]:
        """The next ``batch_size`` rows, fewer at the end, an empty list after it."""
        rows = self._cursor.next(self._wanted).dicts() if self._wanted else []
        self._count_out(len(rows))
        return rows


class SearchIterator(_Pages):
    """Pages of the rows nearest to one vector, all from the state of the collection at the beginning.

    Args:
        keep: filters the hits of a page, None for all.
    """

    def __init__(
        self,
        client: object,
        cursor: SearchCursor,
        batch_size: int,
        limit: int,
        keep: HitFilter | None,
    ) -> None:
        super().__init__(client, cursor, batch_size, limit)
        self._cursor = cursor
        self._keep = keep
        self._kept: list[Hit] = []

    def next(self) -> SearchPage:
        """The next ``batch_size`` hits, fewer at the end, none after it."""
        hits: list[Hit] = []
        if self._wanted:
            hits = self._next(self._wanted) if self._keep is None else self._next_kept(self._keep)
        self._count_out(len(hits))
        return SearchPage(hits)

    def _next(self, count: int) -> Hits:
        (hits,) = SearchResult.of(self._cursor.next(count))
        return hits

    def _next_kept(self, keep: HitFilter) -> list[Hit]:
        while len(self._kept) < self._wanted:
            found = self._next(self._batch_size)
            if not found:
                break
            self._kept += keep(found)
        page, self._kept = self._kept[: self._wanted], self._kept[self._wanted :]
        return page


def check_iteration(batch_size: object, limit: object, offset: object = 0) -> None:
    """Raise ``ParamError`` unless ``batch_size`` and these bounds are valid for an iterator."""
    if not _is_int(batch_size, 1, MAX_WINDOW):
        raise ParamError(message=f"batch_size must be an int between 1 and {MAX_WINDOW}, got {batch_size!r}")
    if not _is_int(limit, UNLIMITED):
        raise ParamError(message=f"limit must be an int of at least 0, or -1 for no bound, got {limit!r}")
    if not _is_int(offset, 0):
        raise ParamError(message=f"offset must be an int of at least 0, got {offset!r}")


def _is_int(value: object, low: int, high: int | None = None) -> bool:
    if isinstance(value, bool) or not isinstance(value, int):
        return False
    return low <= value and (high is None or value <= high)
