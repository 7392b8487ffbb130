"""How many pages rows take: the arithmetic of SQLite's b-trees, for tables as this engine makes and fills them.

After https://www.sqlite.org/fileformat.html: rows that are appended fill each leaf, what does not fit into a
leaf goes to pages of its own, and inner pages are added on top. It reads no file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from .file.opening import PAGE_SIZE
from .index_parts import part_count

NULL: Final = -1
"""In place of the bytes of a value: it is null, or the row's seq, and takes none."""

CATALOG_PAGES: Final = 20
"""The catalog of a new file: each of its tables and their indexes has a page."""

_PAGE_HEADER: Final = 8
_INNER_HEADER: Final = 12
_POINTER: Final = 2
_INNER_ENTRY: Final = 4 + 4 + _POINTER
"""A page number, a seq of up to 2**28, and the offset of both."""
_NEXT_PAGE: Final = 4
_PAGES_PER_MAP: Final = PAGE_SIZE // 5
"""A file whose free pages can be given back has a page for so many others that says to what they belong."""
_INDEX_FILL: Final = 0.83
"""Share of an SQL index's leaves that keys fill which come in ascending order (20,000 and 40,000 rows)."""
_PACKED_SEQ: Final = 0.04
"""Bytes that the number of a row takes beside a stored index, where rows follow each other."""


def row_bytes(integers: Sequence[int], blobs: Sequence[int]) -> int:
    """Bytes of a row: ``integers`` are the bytes of each number, ``NULL`` or more; ``blobs`` of each blob or
    text."""
    types = len(integers) + sum(_varint(13 + 2 * size) for size in blobs)
    return _varint(types + 1) + types + sum(size for size in integers if size > 0) + sum(blobs)


def integer_bytes(largest: int) -> int:
    """Bytes of a number up to ``largest``."""
    return next((size for size in (1, 2, 3, 4, 6) if largest < 1 << (8 * size - 1)), 8)


def table_bytes(rows: int, payload: int) -> int:
    """Bytes of the pages of a table of ``rows`` rows of ``payload`` bytes each."""
    if rows == 0:
        return PAGE_SIZE
    most = PAGE_SIZE - 35
    local, overflowing = payload, 0
    if payload > most:
        least = (PAGE_SIZE - 12) * 32 // 255 - 23
        local = least + (payload - least) % (PAGE_SIZE - _NEXT_PAGE)
        local = local if local <= most else least
        overflowing = -(-(payload - local) // (PAGE_SIZE - _NEXT_PAGE))
    cell = _varint(payload) + _varint(rows) + local + (_NEXT_PAGE if overflowing else 0) + _POINTER
    leaves = -(-rows // max(1, (PAGE_SIZE - _PAGE_HEADER) // cell))
    return PAGE_SIZE * (leaves + _inner(leaves) + rows * overflowing)


def key_index_bytes(rows: int, key: int) -> int:
    """Bytes of the SQL index on keys of ``key`` bytes each that ascend."""
    cell = 1 + row_bytes([key, integer_bytes(rows)], []) + _POINTER
    return PAGE_SIZE * max(1, round(rows * cell / (PAGE_SIZE * _INDEX_FILL)))


def stored_index_bytes(rows: int, size: int) -> int:
    """Bytes of an index of ``size`` bytes over ``rows`` rows, with the numbers of its rows."""
    pages = -(-size // (PAGE_SIZE - _NEXT_PAGE)) + part_count(size)
    return PAGE_SIZE * pages + int(_PACKED_SEQ * rows)


def with_maps(size: int) -> int:
    """``size`` bytes of pages, and the pages that say to what each of them belongs."""
    return size + PAGE_SIZE * (-(-size // (PAGE_SIZE * _PAGES_PER_MAP)))


def _inner(pages: int) -> int:
    """Inner pages above ``pages`` leaves."""
    found = 0
    while pages > 1:
        pages = -(-pages // ((PAGE_SIZE - _INNER_HEADER) // _INNER_ENTRY))
        found += pages
    return found


def _varint(number: int) -> int:
    """Bytes of ``number`` as SQLite writes lengths: seven bits in each."""
    return max(1, -(-number.bit_length() // 7))
