"""The vocabulary of a full text field: a number for each term, in a table of its own.

Documents are stored as (number, count) pairs, the form of sparse vectors. Numbers are given once and never
change, so that two terms are never taken for one, as hashes may take them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from typing import Final

import numpy as np
import numpy.typing as npt
from xxhash import xxh3_64_digest

from ..errors import DatabaseCorruptError
from ..text.documents import Documents
from .chunks import chunks
from .neighbours import are_in_order, entries_beside
from .values.sparse import SparseRows, pack

_KNOWN_TERMS: Final = 500_000
"""Terms kept in memory at most, some 100 bytes each."""


_WORTH_READING: Final = 10
"""Terms read in the order of their numbers in about the time that looking one up takes."""


_TERMS_AT_ONCE: Final = 1_024

_COLUMNS: Final = "id, term, checksum"


class Vocabulary:
    """The terms in ``table``, a name quoted for SQL.

    Who writes keeps the terms that it met: all those from number ``_first`` to ``_last``, and some older ones.
    Only what a transaction reads is kept, not what it enters, since it may still be rolled back.
    """

    def __init__(self, table: str) -> None:
        self.table = table
        self._known: dict[str, int] = {}
        self._first, self._last = 1, 0

    def create(self, connection: sqlite3.Connection) -> None:
        connection.execute(
            f"CREATE TABLE {self.table}"
            " (id INTEGER PRIMARY KEY, term TEXT NOT NULL UNIQUE, checksum BLOB NOT NULL)"
        )

    def add_checksums(self, connection: sqlite3.Connection) -> None:
        """Write a table that has no checksums anew, with them, some terms at a time."""
        aside = f'{self.table[:-1]}_aside"'
        connection.execute(f"ALTER TABLE {self.table} RENAME TO {aside}")
        self.create(connection)
        rows = connection.execute(f"SELECT id, term FROM {aside} ORDER BY id")
        while chunk := rows.fetchmany(_TERMS_AT_ONCE):
            self._enter(connection, chunk)
        connection.execute(f"DROP TABLE {aside}")

    def encode(self, connection: sqlite3.Connection, documents: Documents) -> list[memoryview]:
        """Stored bytes of each document. Terms that are new are entered.

        Args:
            connection: in a write transaction, of which there is one at a time.
        """
        newest = int(connection.execute(f"SELECT coalesce(max(id), 0) FROM {self.table}").fetchone()[0])
        self._catch_up(connection, newest, len(documents.terms))
        terms, known = documents.terms, self._known
        unknown = [place for place, term in enumerate(terms) if term not in known]
        if unknown and self._first > 1:
            known |= self._stored(connection, [terms[place] for place in unknown])
            unknown = [place for place in unknown if terms[place] not in known]
        new = range(newest + 1, newest + 1 + len(unknown))
        self._enter(connection, list(zip(new, map(terms.__getitem__, unknown), strict=True)))
        numbers = np.fromiter(map(known.get, terms, repeat(0)), np.int64, len(terms))
        numbers[unknown] = new
        return pack(_sorted(documents, numbers))

    def queries(self, connection: sqlite3.Connection, documents: Documents) -> SparseRows:
        """``documents`` as queries: (number, count) pairs of the terms that some row has or had."""
        numbers = self._stored(connection, documents.terms)
        for term in documents.terms:
            if term not in numbers:
                self._refuse_lost(connection, term)
        of_code = np.array([numbers.get(term, 0) for term in documents.terms], dtype=np.int64)
        found = _sorted(documents, of_code)
        return found.only(found.indices > 0)

    def _catch_up(self, connection: sqlite3.Connection, newest: int, asked: int) -> None:
        """Know the terms up to number ``newest``, or start anew behind it where they are too many.

        Too many to keep, or to read for the sake of ``asked`` terms, which can be looked up one by one.
        """
        missed = newest - self._last
        if missed > _WORTH_READING * asked or len(self._known) + missed > _KNOWN_TERMS:
            self._known, self._first = {}, newest + 1
        else:
            rows = connection.execute(f"SELECT {_COLUMNS} FROM {self.table} WHERE id > ?", (self._last,))
            self._known.update(self._verified(rows))
        self._last = newest

    def _stored(self, connection: sqlite3.Connection, terms: Iterable[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for chunk, marks in chunks(list(terms)):
            rows = connection.execute(f"SELECT {_COLUMNS} FROM {self.table} WHERE term IN ({marks})", chunk)
            found.update(self._verified(rows))
        return found

    def _refuse_lost(self, connection: sqlite3.Connection, term: str) -> None:
        """Raise where the SQL index on terms may have lost ``term``."""
        select = f"SELECT {_COLUMNS} FROM {self.table}"
        for before, rows in entries_beside(connection, select, "term", "id", term):
            found = list(self._verified(rows))
            if not are_in_order(
                term, [one for one, _ in found], [number for _, number in found], before=before
            ):
                raise DatabaseCorruptError(
                    message=f"table {self.table} is damaged: its SQL index is not in order; "
                    "'milvus-store check' lists all damage"
                )

    def _enter(self, connection: sqlite3.Connection, numbered: Sequence[tuple[int, str]]) -> None:
        connection.executemany(
            f"INSERT INTO {self.table} (id, term, checksum) VALUES (?, ?, ?)",
            ((number, term, term_checksum(number, term)) for number, term in numbered),
        )

    def _verified(self, rows: Iterable[tuple[int, str, bytes]]) -> Iterator[tuple[str, int]]:
        """(term, number) of each of ``rows``, all of them what was written."""
        for number, term, stored in rows:
            if term_checksum(number, term) != stored:
                raise DatabaseCorruptError(
                    message=f"table {self.table} is damaged: term {number} does not match its checksum; "
                    "'milvus-store check' lists all damage"
                )
            yield term, number


def term_checksum(number: int, term: str) -> bytes:
    """The checksum of a term and its number."""
    return xxh3_64_digest(f"{number} {term}".encode(errors="surrogateescape"))


def _sorted(documents: Documents, of_code: npt.NDArray[np.int64]) -> SparseRows:
    """``documents`` with the numbers ``of_code`` of their terms, ascending in each."""
    rows = np.repeat(np.arange(len(documents)), np.diff(documents.starts))
    keys = (rows << 32) | of_code[documents.codes]
    order = np.argsort(keys)
    return SparseRows(
        documents.starts, keys[order].astype(np.uint32), documents.counts[order].astype(np.float32)
    )
