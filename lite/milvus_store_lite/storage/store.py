"""The rows of one collection in the file: the cached facts about its tables, its readers and its writers.

A ``CollectionStore`` lives as long as a definition of the collection. A ``CollectionReader`` is made for each
transaction; its parts read by number, by value or by term. A ``CollectionWriter`` is made for each that writes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from ..codec.sparse_rows import SparseRows
from ..schema.model import Schema
from ..text.documents import Documents
from .expiry import Expiry
from .index_parts import StoredIndex
from .insert_times import InsertTimes
from .layout import TableLayout
from .lookup_indexes import LookupIndexes
from .lookups import Lookups
from .positions import Position
from .reading import Transaction
from .row_reader import RowReader
from .seq_reader import SeqReader
from .vector_reader import VectorReader
from .vocabulary import Vocabulary
from .writer import CollectionWriter


class CollectionStore:
    """The facts about the tables that are kept between transactions: their names, indexes and terms."""

    __slots__ = ("indexes", "layout", "times", "vocabularies")

    def __init__(self, collection_id: int, schema: Schema) -> None:
        self.layout = TableLayout(collection_id, schema)
        self.indexes = LookupIndexes(self.layout)
        self.times = InsertTimes(self.layout.times, collection_id)
        self.vocabularies = {
            field: Vocabulary(table, self.layout.salts[field])
            for field, table in self.layout.vocabularies.items()
        }

    def writer(self, connection: sqlite3.Connection, position: Position) -> CollectionWriter:
        """Writes rows through ``connection``, in a transaction in which the collection stands at ``position``."""
        return CollectionWriter(
            self.layout, self.vocabularies, self.indexes.tenants, self.times, connection, position
        )


class CollectionReader:
    """One collection in one transaction, at ``position``. Its parts are made at their first use.

    Used by one thread.

    Args:
        expiry: by what rows have expired in this call, None where rows do not expire.
    """

    __slots__ = ("_store", "expiry", "layout", "position", "transaction")

    def __init__(
        self,
        store: CollectionStore,
        transaction: Transaction,
        position: Position,
        expiry: Expiry | None = None,
    ) -> None:
        self._store = store
        self.expiry = expiry
        self.layout = store.layout
        self.transaction = transaction
        self.position = position

    def begin(self) -> None:
        """Begin the transaction, unless it has begun.

        Call this before taking a lock: beginning may wait for a fork, and the fork for threads that want the lock.
        """
        self.transaction.connection  # noqa: B018

    @property
    def schema(self) -> Schema:
        return self.layout.schema

    @property
    def seqs(self) -> SeqReader:
        """Reads which rows exist."""
        return SeqReader(self.layout, self.transaction, self.position)

    @property
    def rows(self) -> RowReader:
        """Reads scalars."""
        return RowReader(self.layout, self.transaction)

    @property
    def vectors(self) -> VectorReader:
        """Reads vectors."""
        return VectorReader(self.layout, self.transaction)

    @property
    def lookups(self) -> Lookups:
        """Finds rows by their values."""
        return Lookups(self.layout, self._store.indexes, self.transaction, self.position)

    def living_seqs_of_pks(self, pks: Sequence[Any]) -> dict[Any, int]:
        """The seq of each of ``pks`` that exists and has not expired."""
        found = self.lookups.seqs_of_pks(pks)
        return found if self.expiry is None or not found else self._living(found, self.expiry)

    def _living(self, seqs: dict[Any, int], expiry: Expiry) -> dict[Any, int]:
        """Those of ``seqs``, by key, that have not expired."""
        field = expiry.lifetime.field
        if field is None:
            last = self.last_older(expiry.insertion)
            return {key: seq for key, seq in seqs.items() if seq > last}
        rows = self.rows.fetch(list(seqs.values()), [field.name])
        ends = {seq: row[2] for seq, row in rows.items()}
        return {key: seq for key, seq in seqs.items() if ends[seq] is None or ends[seq] > expiry.instant}

    def last_older(self, moment: float) -> int:
        """The seq up to which rows were inserted at ``moment``, in seconds since 1970, or before."""
        return self._store.times.last_older(self.transaction.connection, self.position, moment)

    def forget_times(self, moment: float) -> None:
        """Forget when rows were inserted that are gone since they are older than ``moment``."""
        self._store.times.forget(self.transaction.connection, moment)

    def numbered_terms(self, field: str, documents: Documents) -> SparseRows:
        """``documents`` as queries of a full text field: the terms that some row has or had, by their numbers."""
        return self._store.vocabularies[field].queries(self.transaction.connection, documents)

    def stored_index(self, name: str) -> StoredIndex:
        """The stored parts of the built index ``name``."""
        return StoredIndex(self.transaction.connection, self.layout.collection_id, name)
