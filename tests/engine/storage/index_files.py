"""A file with a built index in it, without the rest of a database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext

import numpy as np

from milvus_store_lite.storage.index_parts import INDEX_TABLES, IndexHead, StoredIndex
from milvus_store_lite.storage.index_writing import store

KEY = 1, "vector"
ROWS = 1_000


@contextmanager
def file_with_index() -> Iterator[sqlite3.Connection]:
    """A connection to a file that has an index of so many rows: zeros, eight for each."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        made.execute("CREATE TABLE collections (id INTEGER PRIMARY KEY)")
        for table in INDEX_TABLES:
            made.execute(table)
        stored = StoredIndex(made, *KEY)
        store(head_of(ROWS), lambda sink: sink(bytes(8 * ROWS)), lambda: nullcontext(stored))
        yield made


def head_of(rows: int) -> IndexHead:
    return IndexHead(rows, np.arange(1, rows + 1), {"rows": rows})
