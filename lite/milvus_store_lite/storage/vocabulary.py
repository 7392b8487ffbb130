"""The vocabulary of a full text field: a number for each term, in a table of its own.

Documents are stored as (number, count) pairs, the form of sparse vectors. Numbers are given once and never
change, so that two terms are never confused, as hashes might confuse them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from xxhash import xxh3_64_digest

from ..codec.sparse import pack
from ..codec.sparse_rows import SparseRows
from ..errors import DatabaseCorruptError
from ..text.documents import Documents
from .chunks import chunks
from .integrity.sql_index import Entries, SqlIndex, Total
from .positions import sum_of_seqs

_KNOWN_TERMS: Final = 500_000
"""Terms kept in memory at most, some 100 bytes each."""


_WORTH_READING: Final = 10
"""Terms read in the order of their numbers in about the time that looking one up takes."""


_TERMS_AT_ONCE: Final = 1_024

_COLUMNS: Final = "id, term, checksum"


class Vocabulary:
    """The terms in ``table``, a name quoted for SQL. ``salt``: what their checksums are made with.

    A writer keeps the terms that it has read: all those from number ``_first`` to ``_last``, and some older ones.
    It does not keep the terms that its transaction adds, since that may still be rolled back.
    """

    def __init__(self, table: str, salt: int) -> None:
        self.table = table
        self._salt = salt
        self._index = SqlIndex(
            f'"sqlite_autoindex_{table[1:-1]}_1"',
            table,
            "term",
            "id",
            "TEXT",
            total=self._total,
            read=self._read,
            walk=self._walk,
            corrupt=lambda fault: self._corrupt(f"its SQL index on terms: {fault}"),
        )
        self._known: dict[str, int] = {}
        self._first, self._last = 1, 0

    def create(self, connection: sqlite3.Connection) -> None:
        connection.execute(
            f"CREATE TABLE {self.table}"
            " (id INTEGER PRIMARY KEY, term TEXT NOT NULL UNIQUE, checksum BLOB NOT NULL)"
        )

    def encode(self, connection: sqlite3.Connection, documents: Documents) -> list[memoryview]:
        """Stored bytes of each document. Terms that are new are entered.

        Args:
            connection: in a write transaction; there is only one at a time.
        """
        self._index.require_complete(connection)
        newest = self._newest(connection)
        self._catch_up(connection, newest, len(documents.terms))
        terms, known = documents.terms, self._known
        unknown = [code for code, term in enumerate(terms) if term not in known]
        if unknown and self._first > 1:
            known |= self._stored(connection, [terms[code] for code in unknown])
            unknown = [code for code in unknown if terms[code] not in known]
        new = range(newest + 1, newest + 1 + len(unknown))
        self._enter(connection, list(zip(new, map(terms.__getitem__, unknown), strict=True)))
        numbers = np.fromiter(map(known.get, terms, repeat(0)), np.int64, len(terms))
        numbers[unknown] = new
        return pack(_sorted(documents, numbers))

    def queries(self, connection: sqlite3.Connection, documents: Documents) -> SparseRows:
        """``documents`` as queries: (number, count) pairs of the terms that some row has or had."""
        numbers = self._stored(connection, documents.terms)
        of_code = np.array([numbers.get(term, 0) for term in documents.terms], dtype=np.int64)
        found = _sorted(documents, of_code)
        return found.only(found.indices > 0)

    def copy_to(self, other: Vocabulary, connection: sqlite3.Connection) -> None:
        """Give ``other``, which is empty, the same terms under the same numbers."""
        self._index.require_complete(connection)
        for numbers, terms in self._walk(connection):
            other._enter(connection, list(zip(numbers, terms, strict=True)))

    def _catch_up(self, connection: sqlite3.Connection, newest: int, asked: int) -> None:
        """Read the terms up to number ``newest``, or start anew behind it if they are too many.

        Too many to keep, or to read for the sake of ``asked`` terms, which can be looked up one by one.
        """
        missed = newest - self._last
        if missed > _WORTH_READING * asked or len(self._known) + missed > _KNOWN_TERMS:
            self._known, self._first = {}, newest + 1
        else:
            numbers, terms = self._read(connection, "WHERE id > ?", (self._last,))
            if len(numbers) != missed:
                raise self._corrupt(
                    f"expected {missed} terms beyond number {self._last}, found {len(numbers)}"
                )
            self._known.update(zip(terms, numbers, strict=True))
        self._last = newest

    def _stored(self, connection: sqlite3.Connection, terms: Sequence[str]) -> dict[str, int]:
        """The number of each of ``terms`` that has one."""
        found: dict[str, int] = {}
        for chunk, marks in chunks(terms):
            numbers, stored = self._read(connection, f"WHERE term IN ({marks})", chunk)
            found.update(zip(stored, numbers, strict=True))
        missed = [term for term in terms if term not in found]
        if missed:
            self._index.refuse_lost(connection, missed)
        return found

    def _newest(self, connection: sqlite3.Connection) -> int:
        """The largest number. They are given one after the other, and never taken back."""
        return int(connection.execute(f"SELECT coalesce(max(id), 0) FROM {self.table}").fetchone()[0])

    def _total(self, connection: sqlite3.Connection) -> Total:
        newest = self._newest(connection)
        return Total(newest, sum_of_seqs(0, newest))

    def _read(self, connection: sqlite3.Connection, where: str, values: Sequence[Any]) -> Entries:
        """Numbers and terms of some rows, all of them what was written."""
        return self._verified(
            connection.execute(f"SELECT {_COLUMNS} FROM {self.table} {where}", values).fetchall()
        )

    def _walk(self, connection: sqlite3.Connection) -> Iterator[Entries]:
        rows = connection.execute(f"SELECT {_COLUMNS} FROM {self.table} ORDER BY term")
        while chunk := rows.fetchmany(_TERMS_AT_ONCE):
            yield self._verified(chunk)

    def _enter(self, connection: sqlite3.Connection, numbered: Sequence[tuple[int, str]]) -> None:
        connection.executemany(
            f"INSERT INTO {self.table} (id, term, checksum) VALUES (?, ?, ?)",
            ((number, term, term_checksum(number, term, self._salt)) for number, term in numbered),
        )

    def _verified(self, rows: Sequence[tuple[int, str, bytes]]) -> Entries:
        """Numbers and terms of ``rows``, all of them what was written."""
        for number, term, stored in rows:
            if term_checksum(number, term, self._salt) != stored:
                raise self._corrupt(f"term {number} does not match its checksum")
        return [number for number, _, _ in rows], [term for _, term, _ in rows]

    def _corrupt(self, fault: str) -> DatabaseCorruptError:
        return DatabaseCorruptError(
            message=f"table {self.table} is damaged: {fault}; 'milvus-store check' lists all damage"
        )


def term_checksum(number: int, term: str, salt: int) -> bytes:
    """The checksum of a term and its number in a vocabulary with this ``salt``."""
    return xxh3_64_digest(f"{number} {term}".encode(errors="surrogateescape"), salt)


def _sorted(documents: Documents, of_code: npt.NDArray[np.int64]) -> SparseRows:
    """``documents`` with the numbers ``of_code`` of their terms, ascending in each."""
    rows = np.repeat(np.arange(len(documents)), np.diff(documents.starts))
    keys = (rows << 32) | of_code[documents.codes]
    order = np.argsort(keys)
    return SparseRows(
        documents.starts, keys[order].astype(np.uint32), documents.counts[order].astype(np.float32)
    )
