"""The pages of a closed database file, as https://www.sqlite.org/fileformat2.html lays them out."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from milvus_store_lite.storage.file.opening import PAGE_SIZE

_INTERIOR: Final = {2: "index", 5: "table"}
_LEAVES: Final = {10: "index", 13: "table"}


def structure(path: Path) -> list[int]:
    """The places of all bytes that hold the b-trees of the file at ``path`` together, but no values.

    Those are headers of pages, arrays of cell pointers, numbers of child pages, and of each cell its first bytes:
    the length of what it holds and a row's number, or the header of its record. And the header of the file, its
    pointer map and its list of free pages.
    """
    content = path.read_bytes()
    with closing(sqlite3.connect(path)) as connection:
        roots = [
            root for (root,) in connection.execute("SELECT rootpage FROM sqlite_master WHERE rootpage > 0")
        ]
    places: set[int] = set()
    for root in [1, *roots]:
        for page in _tree(content, root):
            places.update(_structure_of(content, page))
    places.update(range(_header(1)), range(_header(2), _header(3)))
    (trunk,) = struct.unpack_from(">I", content, 32)
    while trunk:
        start = _header(trunk)
        trunk, count = struct.unpack_from(">II", content, start)
        places.update(range(start, start + 8 + 4 * count))
    return [place for place in sorted(places) if content[place]]


def _tree(content: bytes, root: int) -> Iterator[int]:
    """The numbers of the pages of a b-tree."""
    yield root
    start = _header(root)
    if content[start] in _INTERIOR:
        yield from _tree(content, struct.unpack_from(">I", content, start + 8)[0])
        for cell in _cells(content, root):
            yield from _tree(content, struct.unpack_from(">I", content, cell)[0])
    else:
        assert content[start] in _LEAVES


def _header(page: int) -> int:
    return 100 if page == 1 else (page - 1) * PAGE_SIZE


def _cells(content: bytes, page: int) -> list[int]:
    """Where the cells of a page are."""
    start = _header(page)
    count = struct.unpack_from(">H", content, start + 3)[0]
    array = start + (12 if content[start] in _INTERIOR else 8)
    return [(page - 1) * PAGE_SIZE + cell for cell in struct.unpack_from(f">{count}H", content, array)]


def _structure_of(content: bytes, page: int) -> Iterator[int]:
    start, cells = _header(page), _cells(content, page)
    yield from range(start, start + (12 if content[start] in _INTERIOR else 8) + 2 * len(cells))
    for cell in cells:
        yield from range(cell, min(cell + 8, page * PAGE_SIZE))  # a short one may end the page
