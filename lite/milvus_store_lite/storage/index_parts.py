"""Built indexes in the file: each is written as parts of a few MiB, with a checksum for every part.

An index is a cache of the rows: whatever is wrong with its parts, the rows have everything it was built from.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from .faults import FAULTS, is_damage, message_of

INDEX_TABLES: Final = (
    """CREATE TABLE built_indexes (
        collection_id INTEGER NOT NULL REFERENCES collections(id),
        name TEXT NOT NULL,
        through_seq INTEGER NOT NULL,
        rows INTEGER NOT NULL,
        seqs BLOB NOT NULL,
        parts INTEGER NOT NULL,
        tuned TEXT NOT NULL,
        checksum INTEGER NOT NULL,
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

PART_SIZE: Final = 4 << 20
"""Bytes of each part; the last one of an index may be shorter."""


class DamagedIndex(Exception):
    """A stored index is not what was written."""


_BYTES_OF_LABEL: Final = 8
"""Bytes that each label takes in the parts at least: its number, or the offset of its links."""

_LONGEST_TUNED: Final = 1_000
"""Characters that the numbers tuned by a build may take; a few numbers need fewer."""


@dataclass(frozen=True)
class IndexHead:
    """The head of a stored index: everything beside its parts.

    ``seqs``: (n,) int64, the row of each label, ascending. ``through_seq``: rows beyond it are not in the index.
    ``tuned``: the numbers that the build tuned to the data.
    """

    through_seq: int
    seqs: npt.NDArray[np.int64]
    tuned: dict[str, Any]


class Part(NamedTuple):
    """A part of an index, without its bytes."""

    number: int
    checksum: int


class StoredIndex:
    """The built index ``name`` of a collection in the file, in one transaction."""

    __slots__ = ("_connection", "_key")

    def __init__(self, connection: sqlite3.Connection, collection: int, name: str) -> None:
        self._connection = connection
        self._key = collection, name

    def through_seq(self) -> int | None:
        """How far the stored index reaches; None if no index is stored.

        Raises:
            DamagedIndex: the number cannot be read.
        """
        with _damage():
            found = self._connection.execute(
                "SELECT through_seq FROM built_indexes WHERE collection_id = ? AND name = ?", self._key
            ).fetchone()
        if found is not None and not isinstance(found[0], int):
            raise DamagedIndex(f"it reaches to {found[0]!r:.20}")
        return None if found is None else found[0]

    def load_head(self) -> tuple[IndexHead, int] | None:
        """The head of the stored index and how many parts it has; None if nothing is stored.

        Reading takes no more memory than the parts do, whatever the head says: its checksum does not prove that we
        wrote it.

        Raises:
            DamagedIndex: its checksum differs, or ``store`` would not write such a head.
        """
        size = self.parts_size()
        with _damage():
            row = self._connection.execute(
                "SELECT through_seq, rows, parts, CASE WHEN length(tuned) <= ? THEN CAST(tuned AS BLOB) END,"
                " CASE WHEN length(seqs) <= ? THEN seqs END, checksum FROM built_indexes"
                " WHERE collection_id = ? AND name = ?",
                (_LONGEST_TUNED, 2 * size + _LONGEST_TUNED, *self._key),
            ).fetchone()
        if row is None:
            return None
        *values, packed, checksum = row
        if not isinstance(packed, bytes) or _checksum(*self._key, values, packed) != checksum:
            raise DamagedIndex("the checksum of its head differs")
        reach, rows, parts, tuned = values
        if not all(isinstance(value, int) and value >= 0 for value in (reach, rows, parts)):
            raise DamagedIndex(f"its numbers are {reach!r:.20}, {rows!r:.20} and {parts!r:.20}")
        if rows * _BYTES_OF_LABEL > size:
            raise DamagedIndex(f"its parts have {size} bytes, too few for {rows} rows")
        return IndexHead(reach, _unpacked(packed, rows), _unpacked_tuned(tuned)), parts

    def parts_size(self, count: int = -1) -> int:
        """How many bytes the first ``count`` parts have, or all that are there, without reading them.

        Raises:
            DamagedIndex: their sizes cannot be read.
        """
        with _damage():
            (size,) = self._connection.execute(
                "SELECT coalesce(sum(size), 0) FROM (SELECT length(value) AS size FROM index_parts"
                " WHERE collection_id = ? AND name = ? ORDER BY part LIMIT ?)",
                (*self._key, count),
            ).fetchone()
        return int(size)

    def load_parts(self, count: int) -> Iterator[bytes]:
        """The ``count`` parts of an index in their order, each checked.

        Raises:
            DamagedIndex: a part is missing, or a checksum differs.
        """
        found, following = 0, None
        with _damage():
            rows = self._connection.execute(
                "SELECT part, checksum, CASE WHEN length(value) <= ? THEN value END FROM index_parts"
                " WHERE collection_id = ? AND name = ? ORDER BY part LIMIT ?",
                (PART_SIZE, *self._key, count),
            )
            for part, checksum, value in rows:
                if following is not None and part != following:
                    raise DamagedIndex(f"part {following} is missing")
                if not isinstance(part, int):
                    raise DamagedIndex(f"the number of a part is {part!r:.20}")
                if not isinstance(value, bytes) or part_checksum(*self._key, part, value) != checksum:
                    raise DamagedIndex(f"the checksum of part {part} differs")
                yield value
                found += 1
                following = part + 1
        if found != count:
            raise DamagedIndex(f"expected {count} parts, found {found}")

    def last_part(self) -> Part | None:
        """The part with the highest number, None if no part is there, or none that ``store`` would write."""
        found = self._connection.execute(
            "SELECT part, checksum FROM index_parts WHERE collection_id = ? AND name = ?"
            " ORDER BY part DESC LIMIT 1",
            self._key,
        ).fetchone()
        if found is None or not all(isinstance(value, int) and value >= 0 for value in found):
            return None
        return Part(*found)

    def add_part(self, number: int, value: bytes | bytearray) -> Part:
        """Store a part, which is of no use until there is a head for it."""
        part = Part(number, part_checksum(*self._key, number, value))
        self._connection.execute(
            "INSERT INTO index_parts (collection_id, name, part, checksum, value) VALUES (?, ?, ?, ?, ?)",
            (*self._key, *part, value),
        )
        return part

    def finish(self, index: IndexHead, first: int, count: int) -> None:
        """Store the head of an index whose ``count`` parts begin with ``first``, and remove all earlier ones."""
        self._connection.execute(
            "DELETE FROM index_parts WHERE collection_id = ? AND name = ? AND part < ?", (*self._key, first)
        )
        self._connection.execute("DELETE FROM built_indexes WHERE collection_id = ? AND name = ?", self._key)
        # Rows follow each other: differences are mostly ones, and pack to next to nothing.
        packed = zlib.compress(np.diff(index.seqs, prepend=0).astype("<i8").tobytes(), level=1)
        tuned = json.dumps(index.tuned)
        head = (index.through_seq, len(index.seqs), count)
        self._connection.execute(
            "INSERT INTO built_indexes (collection_id, name, through_seq, rows, parts, tuned, seqs, checksum)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *self._key,
                *head,
                tuned,
                packed,
                _checksum(*self._key, [*head, tuned.encode()], packed),
            ),
        )

    def remove(self) -> None:
        """Remove the stored index."""
        for table in ("built_indexes", "index_parts"):
            self._connection.execute(f"DELETE FROM {table} WHERE collection_id = ? AND name = ?", self._key)


def part_count(size: int) -> int:
    """How many parts an index of ``size`` bytes has."""
    return -(-size // PART_SIZE)


def remove_indexes(connection: sqlite3.Connection, collection: int) -> None:
    """Remove all stored indexes of a collection."""
    for table in ("built_indexes", "index_parts"):
        connection.execute(f"DELETE FROM {table} WHERE collection_id = ?", (collection,))


def _unpacked(packed: bytes, rows: int) -> npt.NDArray[np.int64]:
    """The seqs of so many ``rows``."""
    unpacker = zlib.decompressobj()
    try:
        unpacked = unpacker.decompress(packed, 8 * rows + 1)
    except zlib.error as error:
        raise DamagedIndex(f"its row numbers cannot be unpacked: {error}") from error
    if len(unpacked) != 8 * rows or not unpacker.eof or unpacker.unused_data:
        raise DamagedIndex(f"its row numbers are not those of {rows} rows")
    return np.cumsum(np.frombuffer(unpacked, dtype="<i8"), dtype=np.int64)


def _unpacked_tuned(tuned: object) -> dict[str, Any]:
    try:
        found = json.loads(tuned) if isinstance(tuned, bytes) else None
    except (ValueError, RecursionError) as error:
        raise DamagedIndex("what its build found out cannot be read") from error
    if not isinstance(found, dict):
        raise DamagedIndex("what its build found out cannot be read")
    return found


def _checksum(collection: int, name: str, values: Sequence[Any], packed: bytes) -> int:
    """The checksum of a head: ``values`` are all of it but the row numbers."""
    return zlib.crc32(packed, zlib.crc32(repr((collection, name, values)).encode()))


def part_checksum(collection: int, name: str, part: int, value: bytes | bytearray) -> int:
    """The checksum of a part, which no part of another index has."""
    return zlib.crc32(value, zlib.crc32(repr((collection, name, part)).encode()))


@contextmanager
def _damage() -> Iterator[None]:
    """What SQLite says of damaged pages inside the block is the damage of an index, which rows do not share."""
    try:
        yield
    except FAULTS as error:
        if not is_damage(error):
            raise
        raise DamagedIndex(f"SQLite: {message_of(error)}") from error
