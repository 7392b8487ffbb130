"""The rows of one collection as they are found by value, through the SQL indexes on its tables.

Whatever is found is verified in the row that it was found for. That nothing was missed follows from what the
entries of an index must add up to (``sql_index.py``), and of tenants from how many rows each of them has
(``tenants.py``).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from ..errors import DatabaseCorruptError
from ..schema.fields import Field
from .chunks import chunks
from .integrity.row_checksums import Ints
from .layout import CHECKSUMS, TableLayout
from .lookup_indexes import LookupIndexes
from .positions import Position
from .reading import Transaction
from .row_reader import ROWS_AT_ONCE, RowReader, RowSubset, condition
from .seq_reader import SeqReader
from .verified import verified_rows

_FEW_KEYS: Final = 4
"""At most so many keys are looked up without comparing them with the largest first."""


class Lookups:
    """Finds rows. Every method raises DatabaseCorruptError for a value that is not what was written.

    Args:
        indexes: what this process knows of the SQL indexes.
    """

    __slots__ = ("_indexes", "_layout", "_position", "_transaction")

    def __init__(
        self, layout: TableLayout, indexes: LookupIndexes, transaction: Transaction, position: Position
    ) -> None:
        self._layout = layout
        self._indexes = indexes
        self._transaction = transaction
        self._position = position

    def seqs_of_pks(self, pks: Sequence[Any]) -> dict[Any, int]:
        """The seq of each of ``pks`` that exists."""
        layout, connection = self._layout, self._transaction.connection
        primary = layout.schema.primary.name
        select = f"SELECT seq, {CHECKSUMS}, pk FROM {layout.rows}"
        sought = pks
        if len(pks) > _FEW_KEYS:
            # Rows mostly come in with rising keys: those beyond the largest need no looking up.
            last = connection.execute(f"{select} ORDER BY pk DESC LIMIT 1").fetchall()
            _, (largest,) = verified_rows(layout, last, [primary])
            sought = [pk for pk in pks if pk <= largest[0]] if largest else []
        found: dict[Any, int] = {}
        for chunk, marks in chunks(sought):
            rows = connection.execute(f"{select} WHERE pk IN ({marks})", chunk).fetchall()
            seqs, (stored,) = verified_rows(layout, rows, [primary])
            if not set(chunk).issuperset(stored):
                raise layout.corrupt(
                    f"field '{primary}'", ValueError("its SQL index has keys that no row has")
                )
            found.update(zip(stored, seqs, strict=True))
        if len(found) < len(pks):
            self._indexes.primary.refuse_lost(connection, [pk for pk in sought if pk not in found])
        return found

    # The rows that have some values of a field, through its SQL index -----------------------------------

    def has_index(self, field: str) -> bool:
        """Whether the scalar field has an SQL index. Files of older versions may lack it."""
        return has_value_index(self._transaction.connection, self._layout, self._layout.schema.by_name[field])

    def seqs_of(self, subset: RowSubset) -> Ints:
        """(n,) int64 seqs of the rows of ``subset``, ascending."""
        seqs = self._beyond(0, subset)
        if not self._is_of_tenants(subset):
            self._refuse_hidden(subset, len(seqs))
        return np.array(seqs, dtype=np.int64)

    def added_to(self, subset: RowSubset, known: Position, removed: Ints) -> Ints:
        """Those of the rows added since ``known``; ``removed`` as for ``SeqReader.added``."""
        if self._is_of_tenants(subset):
            return np.array(self._beyond(known.last_seq, subset), dtype=np.int64)
        # The number of all added rows is known, so no row can be hidden.
        seqs = SeqReader(self._layout, self._transaction, self._position).added(known, removed)
        values = RowReader(self._layout, self._transaction).values(subset.field, seqs, known.last_seq)
        return seqs[np.array([value in subset.values for value in values], dtype=np.bool_)]

    def looks_at(self, subset: RowSubset, known: Position) -> int:
        """At how many writes, of whatever rows, catching up with ``subset`` from ``known`` has to look."""
        removed = self._position.last_change - known.last_change
        return removed if self._is_of_tenants(subset) else removed + self._position.last_seq - known.last_seq

    def refuse_other_count(self, subset: RowSubset, count: int) -> None:
        """Raise DatabaseCorruptError unless ``subset``, if it is of tenants, has ``count`` rows."""
        if self._is_of_tenants(subset) and (live := self.count(subset)) != count:
            fault = ValueError(f"its SQL index has {count} rows of tenants that have {live}")
            raise self._layout.corrupt(f"field '{subset.field}'", fault)

    def count(self, subset: RowSubset, limit: int | None = None) -> int:
        """How many rows ``subset`` has; counts up to ``limit`` only, unless the number is known."""
        connection = self._transaction.connection
        if self._indexes.tenants is not None and self._is_of_tenants(subset):
            return self._indexes.tenants.live(connection, subset.values)
        where, values = condition(self._layout, 0, subset)
        (count,) = connection.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM {self._layout.rows} WHERE {where} LIMIT ?)",
            (*values, limit or -1),
        ).fetchone()
        return int(count)

    def _is_of_tenants(self, subset: RowSubset) -> bool:
        key = self._layout.schema.partition_key
        return key is not None and subset.field == key.name

    def _beyond(self, after: int, subset: RowSubset) -> list[int]:
        """Seqs of the rows of ``subset`` beyond ``after``, ascending, as its SQL index has them."""
        layout, field = self._layout, subset.field
        where, bound = condition(layout, after, subset)
        rows = self._transaction.connection.execute(
            f"SELECT seq, {CHECKSUMS}, {layout.columns[field]} FROM {layout.rows} WHERE {where} ORDER BY seq",
            bound,
        )
        seqs: list[int] = []
        while chunk := rows.fetchmany(ROWS_AT_ONCE):
            found, (values,) = verified_rows(layout, chunk, [field])
            if not set(values).issubset(subset.values):
                raise self._bad_index(field, "it has values that no row has")
            seqs += found
        if len(set(seqs)) < len(seqs):
            raise self._bad_index(field, "it has a row twice")
        return seqs

    def _refuse_hidden(self, subset: RowSubset, count: int) -> None:
        """Raise where an SQL index may have lost rows of ``subset``, of which it has ``count``."""
        connection, layout = self._transaction.connection, self._layout
        self._indexes.of_values(subset.field).refuse_lost(connection, subset.values)
        column = layout.columns[subset.field]
        backwards = f"SELECT seq FROM {layout.rows} WHERE {column} = ? ORDER BY seq DESC"
        # An entry that is too large ends a scan early, unless it comes from the other end.
        found = sum(len(connection.execute(backwards, (value,)).fetchall()) for value in subset.values)
        if found != count:
            raise self._bad_index(subset.field, "it has other rows when it is read backwards")

    def _bad_index(self, field: str, fault: str) -> DatabaseCorruptError:
        return self._indexes.corrupt(field, fault)


def has_value_index(connection: sqlite3.Connection, layout: TableLayout, field: Field) -> bool:
    """Whether the scalar field, neither primary nor partition key, has an SQL index."""
    name = layout.value_index(field).strip('"')
    # Not from sqlite_master, which has no index: the tables of all collections would be looked through.
    return connection.execute("SELECT 1 FROM pragma_index_info(?)", (name,)).fetchone() is not None
