"""The vocabulary of a full text field: a number for each term, in a table of its own.

Documents are stored as (number, count) pairs, the form of sparse vectors. Numbers are given once and never
change, so that two terms are never taken for one, as hashes may take them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from itertools import repeat
from typing import Final

import numpy as np
import numpy.typing as npt

from ..text.documents import Documents
from .chunks import chunks
from .values.sparse import SparseRows, pack

_KNOWN_TERMS: Final = 500_000
"""Terms kept in memory at most, some 100 bytes each."""


_WORTH_READING: Final = 10
"""Terms read in the order of their numbers in about the time that looking one up takes."""


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
        connection.execute(f"CREATE TABLE {self.table} (id INTEGER PRIMARY KEY, term TEXT NOT NULL UNIQUE)")

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
        connection.executemany(
            f"INSERT INTO {self.table} (id, term) VALUES (?, ?)",
            zip(new, map(terms.__getitem__, unknown), strict=True),
        )
        numbers = np.fromiter(map(known.get, terms, repeat(0)), np.int64, len(terms))
        numbers[unknown] = new
        return pack(_sorted(documents, numbers))

    def queries(self, connection: sqlite3.Connection, documents: Documents) -> SparseRows:
        """``documents`` as queries: (number, count) pairs of the terms that some row has or had."""
        numbers = self._stored(connection, documents.terms)
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
            rows = connection.execute(f"SELECT term, id FROM {self.table} WHERE id > ?", (self._last,))
            self._known.update(rows)
        self._last = newest

    def _stored(self, connection: sqlite3.Connection, terms: Iterable[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for chunk, marks in chunks(list(terms)):
            found.update(
                connection.execute(f"SELECT term, id FROM {self.table} WHERE term IN ({marks})", chunk)
            )
        return found


def _sorted(documents: Documents, of_code: npt.NDArray[np.int64]) -> SparseRows:
    """``documents`` with the numbers ``of_code`` of their terms, ascending in each."""
    rows = np.repeat(np.arange(len(documents)), np.diff(documents.starts))
    keys = (rows << 32) | of_code[documents.codes]
    order = np.argsort(keys)
    return SparseRows(
        documents.starts, keys[order].astype(np.uint32), documents.counts[order].astype(np.float32)
    )
