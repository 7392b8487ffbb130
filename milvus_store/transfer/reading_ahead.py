"""Reads the rows that follow while those before them are written."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

_END: Final[Any] = object()

Item = TypeVar("Item")


def read_ahead(items: Iterator[Item]) -> Iterator[Item]:
    """``items``, of which a thread makes the next one meanwhile.

    SQLite, pyarrow and sockets leave Python's lock to others while they work, so that an export takes little
    longer than its reading. What making an item raises is raised where that item would be.
    """
    with ThreadPoolExecutor(1, "milvus-store-reading") as reader:
        following = reader.submit(next, items, _END)
        while (item := following.result()) is not _END:
            following = reader.submit(next, items, _END)
            yield item
