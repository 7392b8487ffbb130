"""Built indexes in the file: what one holds is written as parts of a few MiB, each with a checksum.

An index is a cache of the rows: whatever is wrong with its parts, the rows have everything it was built from.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

INDEX_TABLES: Final = (
    """CREATE TABLE built_indexes (
        collection_id INTEGER NOT NULL REFERENCES collections(id),
        name TEXT NOT NULL,
        through_seq INTEGER NOT NULL,
        rows INTEGER NOT NULL,
        seqs BLOB NOT NULL,
        seqs_checksum INTEGER NOT NULL,
        parts INTEGER NOT NULL,
        tuned TEXT NOT NULL,
        PRIMARY KEY (collection_id, name)
    ) WITHOUT ROWID""",
    """CREATE TABLE index_parts (
        id INTEGER PRIMARY KEY,
        collection_id INTEGER NOT NULL REFERENCES collections(id),
        name TEXT NOT NULL,
        part INTEGER NOT NULL,
        checksum INTEGER NOT NULL,
        value BLOB NOT NULL,
        UNIQUE (collection_id, name, part)
    )""",
)

_PART_SIZE: Final = 4 << 20


class DamagedIndex(Exception):
    """What is stored of an index is not what was written."""


@dataclass(frozen=True)
class StoredIndex:
    """A built index as the file holds it.

    ``seqs``: (n,) int64, the row of each label, ascending. ``through_seq``: rows beyond it are not in the index.
    ``tuned``: what the build found out about the data. ``data``: the index itself.
    """

    through_seq: int
    seqs: npt.NDArray[np.int64]
    tuned: dict[str, Any]
    data: bytes


def through_seq(connection: sqlite3.Connection, collection: int, name: str) -> int | None:
    """How far the stored index reaches, None if there is none."""
    found = connection.execute(
        "SELECT through_seq FROM built_indexes WHERE collection_id = ? AND name = ?", (collection, name)
    ).fetchone()
    return None if found is None else int(found[0])


def load(connection: sqlite3.Connection, collection: int, name: str) -> StoredIndex | None:
    """The stored index, None if there is none.

    Raises:
        DamagedIndex: a part is missing or its checksum differs.
    """
    key = (collection, name)
    head = connection.execute(
        "SELECT through_seq, rows, seqs, seqs_checksum, parts, tuned FROM built_indexes"
        " WHERE collection_id = ? AND name = ?",
        key,
    ).fetchone()
    if head is None:
        return None
    reach, rows, packed, checksum, parts, tuned = head
    stored = connection.execute(
        "SELECT part, checksum, value FROM index_parts WHERE collection_id = ? AND name = ? ORDER BY part",
        key,
    ).fetchall()
    if [part for part, _, _ in stored] != list(range(parts)):
        raise DamagedIndex(f"expected parts 0 to {parts - 1}, found {len(stored)}")
    for part, expected, value in stored:
        if zlib.crc32(value) != expected:
            raise DamagedIndex(f"the checksum of part {part} differs")
    if zlib.crc32(packed) != checksum:
        raise DamagedIndex("the checksum of the row numbers differs")
    seqs = np.cumsum(np.frombuffer(zlib.decompress(packed), dtype="<i8"))
    if len(seqs) != rows:
        raise DamagedIndex(f"expected {rows} row numbers, found {len(seqs)}")
    return StoredIndex(reach, seqs, json.loads(tuned), b"".join(value for _, _, value in stored))


def save(connection: sqlite3.Connection, collection: int, name: str, index: StoredIndex) -> None:
    """Write ``index`` in place of what is stored under its name."""
    remove(connection, collection, name)
    view = memoryview(index.data)
    starts = range(0, len(view), _PART_SIZE)
    # Rows follow each other: differences are mostly ones, and pack to next to nothing.
    packed = zlib.compress(np.diff(index.seqs, prepend=0).astype("<i8").tobytes(), level=1)
    connection.execute(
        "INSERT INTO built_indexes (collection_id, name, through_seq, rows, seqs, seqs_checksum, parts, tuned)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            collection,
            name,
            index.through_seq,
            len(index.seqs),
            packed,
            zlib.crc32(packed),
            len(starts),
            json.dumps(index.tuned),
        ),
    )
    connection.executemany(
        "INSERT INTO index_parts (collection_id, name, part, checksum, value) VALUES (?, ?, ?, ?, ?)",
        (
            (
                collection,
                name,
                part,
                zlib.crc32(view[start : start + _PART_SIZE]),
                view[start : start + _PART_SIZE],
            )
            for part, start in enumerate(starts)
        ),
    )


def remove(connection: sqlite3.Connection, collection: int, name: str | None = None) -> None:
    """Forget the stored index of this name, or all of a collection."""
    for table in ("built_indexes", "index_parts"):
        if name is None:
            connection.execute(f"DELETE FROM {table} WHERE collection_id = ?", (collection,))
        else:
            connection.execute(
                f"DELETE FROM {table} WHERE collection_id = ? AND name = ?", (collection, name)
            )
