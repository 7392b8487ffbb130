"""The stored vectors of rows, read by the numbers of the rows."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .chunks import chunks, ranges
from .integrity.checksums import damaged
from .layout import TableLayout
from .reading import Transaction
from .row_reader import RowSubset, condition
from .verified import verified_vectors

SeqsAndVectors = tuple[list[int], list[bytes | None]]
"""Seqs, ascending, and the stored vector of each, None for a null."""


class _Block(NamedTuple):
    """``joined``: the vectors of the rows ``seqs``, one behind the other."""

    seqs: list[int]
    joined: bytes
    vectors: list[bytes]


class VectorReader:
    """Reads vectors. Every method raises DatabaseCorruptError for a value that is not what was written."""

    __slots__ = ("_layout", "_transaction")

    def __init__(self, layout: TableLayout, transaction: Transaction) -> None:
        self._layout = layout
        self._transaction = transaction

    def fetch(self, seqs: Sequence[int], field: str) -> dict[int, bytes | None]:
        """seq → the stored vector, None for a null, of rows that must exist."""
        found = self.present(seqs, field)
        if len(found) < len(seqs) and len(found) < len(set(seqs)):
            where = f"field '{field}', table {self._layout.vectors[field]}"
            raise self._layout.rows_missing(where, len(set(seqs)), len(found))
        return found

    def present(self, seqs: Sequence[int], field: str) -> dict[int, bytes | None]:
        """The same for those of the rows that still exist."""
        execute, table = self._transaction.connection.execute, self._layout.vectors[field]
        found: dict[int, bytes | None] = {}
        for chunk, marks in chunks(seqs):
            rows = execute(
                f"SELECT seq, checksum, value FROM {table} WHERE seq IN ({marks})", chunk
            ).fetchall()
            if rows:
                found.update(zip(*verified_vectors(self._layout, field, rows), strict=True))
        return found

    def packed(self, seqs: Sequence[int], field: str) -> bytes | None:
        """The vectors of the ascending ``seqs``, one behind the other.

        None where they differ in width, one is null, missing or damaged: ``fetch`` tells which.
        """
        table, parts = self._layout.vectors[field], []
        for part, where, bound in ranges(seqs):
            found = self._block(field, f"{table} WHERE {where} ORDER BY seq", bound)
            if found is None or found.seqs != list(part):
                return None
            parts.append(found.joined)
        return b"".join(parts)

    def chunks(
        self, field: str, after: int, size: int, subset: RowSubset | None = None
    ) -> Iterator[SeqsAndVectors]:
        """The vectors of the rows beyond ``after``, of those in ``subset``, ``size`` at a time.

        The caller has to check that none is missing.
        """
        source, where, values = self._source(field, after, subset)
        rows = self._transaction.connection.execute(
            f"SELECT seq, checksum, value FROM {source} WHERE {where} ORDER BY seq", values
        )
        while found := rows.fetchmany(size):
            yield verified_vectors(self._layout, field, found)

    def blocks(
        self, field: str, after: int, size: int, subset: RowSubset | None = None
    ) -> Iterator[SeqsAndVectors]:
        """``chunks``, each read in one step of SQLite as long as vectors have one width and none is null.

        Other threads run Python meanwhile. Steps from row to row take as long, and contend for Python's lock with
        searches that fetch rows.
        """
        while True:
            source, where, bound = self._source(field, after, subset)
            found = self._block(field, f"{source} WHERE {where} ORDER BY seq LIMIT {size}", bound)
            if found is None:
                yield from self.chunks(field, after, size, subset)
                return
            yield found.seqs, [*found.vectors]
            after = found.seqs[-1]

    def every_chunk(self, field: str, after: int, through: int, size: int) -> Iterator[SeqsAndVectors]:
        """``chunks`` of all rows beyond ``after`` up to ``through``; checks that none is missing so far."""
        for seqs, blobs in self.chunks(field, after, size):
            count = bisect_right(seqs, through)
            if count:
                self._refuse_others(field, after, seqs[count - 1], seqs[:count])
                yield seqs[:count], blobs[:count]
                after = seqs[count - 1]
            if count < len(seqs):
                break
        self._refuse_others(field, after, through, [])

    def _refuse_others(self, field: str, after: int, through: int, seqs: Sequence[int]) -> None:
        """Raise DatabaseCorruptError unless ``seqs`` are the rows beyond ``after`` up to ``through``."""
        known = self._transaction.connection.execute(
            f"SELECT count(*), coalesce(sum(seq), 0) FROM {self._layout.rows} WHERE seq > ? AND seq <= ?",
            (after, through),
        ).fetchone()
        if known != (len(seqs), sum(seqs)):
            fault = ValueError("a row has no vector, or a vector has no row")
            raise self._layout.corrupt(f"vectors of field '{field}'", fault)

    def bytes_of(self, field: str, subset: RowSubset | None = None) -> int:
        """Bytes of all stored vectors of ``field``."""
        source, where, values = self._source(field, 0, subset)
        (total,) = self._transaction.connection.execute(
            f"SELECT total(length(value)) FROM {source} WHERE {where}", values
        ).fetchone()
        return int(total)

    def _block(self, field: str, chosen: str, bound: Sequence[object]) -> _Block | None:
        """The vectors of rows, read in one step of SQLite and verified.

        None where there are none, or they do not match their checksums, as it is where one is null or they
        differ in width.

        Args:
            chosen: which, as what follows FROM in SQL.
        """
        listed, checksums, values = self._transaction.connection.execute(
            "SELECT group_concat(seq), CAST(group_concat(checksum, '') AS BLOB),"
            f" CAST(group_concat(value, '') AS BLOB) FROM (SELECT seq, checksum, value FROM {chosen})",
            bound,
        ).fetchone()
        if listed is None:
            return None
        seqs = list(map(int, listed.split(",")))
        vectors, expected = _cut(values, len(seqs)), _cut(checksums, len(seqs))
        is_even = len(vectors) == len(expected) == len(seqs)
        if not is_even or damaged(seqs, vectors, expected, self._layout.salts[field]):
            return None
        return _Block(seqs, values, vectors)

    def _source(
        self, field: str, after: int, subset: RowSubset | None
    ) -> tuple[str, str, tuple[object, ...]]:
        """Where to read the rows beyond ``after`` in ``subset`` from, the condition, and the values it binds."""
        where, values = condition(self._layout, after, subset)
        table = self._layout.vectors[field]
        return table if subset is None else f"{self._layout.rows} JOIN {table} USING (seq)", where, values


def _cut(joined: bytes | None, count: int) -> list[bytes]:
    """``joined`` in ``count`` equal parts; other parts where it does not have so many."""
    joined = joined or b""
    width = -(-len(joined) // count)
    return [joined[start : start + width] for start in range(0, width * count, width or 1)]
