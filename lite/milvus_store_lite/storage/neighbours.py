"""Whether a value that an SQL index does not have is truly not there.

An index has no checksums of its own, but each of its entries names a row that has. Where one entry is damaged, a
search for its true key, or for any other that it leads astray, ends beside it, since a binary search has compared
with both neighbours of the place where it ends. So the two entries on either side tell: they must be what their
rows say, and in order. What this does not see are bytes of the index that are no entries: the header of a page and
the numbers of its children, a thousandth of an index.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

Row = tuple[Any, ...]


def entries_beside(
    connection: sqlite3.Connection, select: str, key: str, tie: str, value: Any
) -> Iterator[tuple[bool, list[Row]]]:
    """Rows of the entries before and after ``value`` in the index on ``key``, the nearest first.

    Args:
        select: the statement up to its table.
        key, tie: the column of the index and the rowid, by which equals stand, quoted.

    Yields:
        Whether the entries are before ``value``, and their rows.
    """
    before = connection.execute(
        f"{select} WHERE {key} < ? ORDER BY {key} DESC, {tie} DESC LIMIT 2", (value,)
    ).fetchall()
    yield True, before
    after = connection.execute(f"{select} WHERE {key} > ? ORDER BY {key}, {tie} LIMIT 2", (value,)).fetchall()
    yield False, after


def are_in_order(value: Any, keys: list[Any], ties: list[int], *, before: bool) -> bool:
    """Whether the entries (key, tie) beside ``value``, the nearest first, stand as an index has them."""
    entries = list(zip(keys, ties, strict=True))
    if before:
        return all(key < value for key in keys) and entries == sorted(set(entries), reverse=True)
    return all(key > value for key in keys) and entries == sorted(set(entries))
