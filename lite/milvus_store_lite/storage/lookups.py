"""The rows of one collection as they are found by value, through the SQL indexes on its tables.

Whatever is found is verified in the row that it was found for. That nothing was missed follows from what the
entries of an index must add up to (``sql_index.py``), and of tenants from how many rows each of them has
(``tenants.py``).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import numpy as np

from ..errors import DatabaseCorruptError
from ..schema.model import Schema
from .chunks import chunks
from .integrity.sql_index import Entries, SqlIndex, Total
from .positions import Position
from .row_reader import ROWS_AT_ONCE, RowReader, RowSubset, Seqs
from .tables import CHECKSUMS, sql_type

_FEW_KEYS: Final = 4
"""Keys that are looked up sooner than compared with the largest."""


class RowLookups(RowReader):
    """Finds rows of a collection. All of it raises DatabaseCorruptError for what is not as it was."""

    def __init__(self, collection_id: int, schema: Schema) -> None:
        super().__init__(collection_id, schema)
        self._pk_index = self._sql_index(
            f'"sqlite_autoindex_rows_{collection_id}_1"', schema.primary.name, self._walk_keys
        )
        self._value_indexes: dict[str, SqlIndex] = {}
        key = schema.partition_key
        self._partition_key = "" if key is None else key.name

    def seqs_of_pks(self, connection: sqlite3.Connection, pks: Sequence[Any]) -> dict[Any, int]:
        """The seq of each of ``pks`` that exists."""
        primary = self.schema.primary.name
        select = f"SELECT seq, {CHECKSUMS}, pk FROM {self._rows}"
        sought = pks
        if len(pks) > _FEW_KEYS:
            # Rows mostly come in with rising keys: those beyond the largest need no looking up.
            _, (largest,) = self._verified(
                connection.execute(f"{select} ORDER BY pk DESC LIMIT 1").fetchall(), [primary]
            )
            sought = [pk for pk in pks if pk <= largest[0]] if largest else []
        found: dict[Any, int] = {}
        for chunk, marks in chunks(sought):
            rows = connection.execute(f"{select} WHERE pk IN ({marks})", chunk).fetchall()
            seqs, (stored,) = self._verified(rows, [primary])
            if not set(chunk).issuperset(stored):
                raise self.corrupt(f"field '{primary}'", ValueError("its SQL index has keys that no row has"))
            found.update(zip(stored, seqs, strict=True))
        if len(found) < len(pks):
            self._pk_index.refuse_lost(connection, [pk for pk in sought if pk not in found])
        return found

    # The rows that have some values of a field, through its SQL index -----------------------------------

    def seqs_of_part(self, connection: sqlite3.Connection, part: RowSubset) -> Seqs:
        """(n,) int64 seqs of the rows of ``part``, ascending."""
        seqs = self._part_beyond(connection, 0, part)
        if part.field != self._partition_key:
            self._refuse_hidden(connection, part, len(seqs))
        return np.array(seqs, dtype=np.int64)

    def added_to_part(
        self, connection: sqlite3.Connection, part: RowSubset, known: Position, to: Position, removed: Seqs
    ) -> Seqs:
        """Those of the rows that came between two positions; ``removed`` as in ``added_seqs``."""
        if part.field == self._partition_key:
            return np.array(self._part_beyond(connection, known.last_seq, part), dtype=np.int64)
        # All that came are as many as is known, so nothing can hide.
        seqs = self.added_seqs(connection, known, to, removed)
        values = self.scalar_values(connection, part.field, seqs, known.last_seq)
        return seqs[np.array([value in part.values for value in values], dtype=np.bool_)]

    def refuse_other_count(self, connection: sqlite3.Connection, part: RowSubset, count: int) -> None:
        """Raise DatabaseCorruptError unless ``part``, if it is of tenants, has ``count`` rows."""
        if part.field == self._partition_key and self.part_count(connection, part) != count:
            live = self.part_count(connection, part)
            fault = ValueError(f"its SQL index has {count} rows of tenants that have {live}")
            raise self.corrupt(f"field '{part.field}'", fault)

    def part_count(self, connection: sqlite3.Connection, part: RowSubset, limit: int | None = None) -> int:
        """How many rows ``part`` has, counting no further than ``limit`` unless that is known anyway."""
        if self.tenants is not None and part.field == self._partition_key:
            return self.tenants.live(connection, part.values)
        where, values = self._condition(0, part)
        counted = connection.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM {self._rows} WHERE {where} LIMIT ?)", (*values, limit or -1)
        )
        return int(counted.fetchone()[0])

    def _part_beyond(self, connection: sqlite3.Connection, after: int, part: RowSubset) -> list[int]:
        """Seqs of the rows of ``part`` beyond ``after``, ascending, as its SQL index has them."""
        listed = f"seq, {CHECKSUMS}, {self._columns[part.field]}"
        where, bound = self._condition(after, part)
        rows = connection.execute(f"SELECT {listed} FROM {self._rows} WHERE {where} ORDER BY seq", bound)
        seqs: list[int] = []
        while chunk := rows.fetchmany(ROWS_AT_ONCE):
            found, (values,) = self._verified(chunk, [part.field])
            if not set(values).issubset(part.values):
                raise self._bad_index(part.field, "it has values that no row has")
            seqs += found
        if len(set(seqs)) < len(seqs):
            raise self._bad_index(part.field, "it has a row twice")
        return seqs

    def _refuse_hidden(self, connection: sqlite3.Connection, part: RowSubset, count: int) -> None:
        """Raise where an SQL index may have lost rows of ``part``, of which it has ``count``."""
        field = part.field
        if field not in self._value_indexes:
            name = self._value_index(self.schema.by_name[field])
            self._value_indexes[field] = self._sql_index(name, field, None)
        self._value_indexes[field].refuse_lost(connection, part.values)
        column = self._columns[field]
        backwards = f"SELECT seq FROM {self._rows} WHERE {column} = ? ORDER BY seq DESC"
        # An entry that is too large ends a scan early, unless it comes from the other end.
        found = sum(len(connection.execute(backwards, (value,)).fetchall()) for value in part.values)
        if found != count:
            raise self._bad_index(field, "it has other rows when it is read backwards")

    def _sql_index(
        self, name: str, field: str, walk: Callable[[sqlite3.Connection], Iterator[Entries]] | None
    ) -> SqlIndex:
        column = self._columns[field]

        def read(connection: sqlite3.Connection, where: str, values: tuple[Any, ...]) -> Entries:
            select = f"SELECT seq, {CHECKSUMS}, {column} FROM {self._rows} {where}"
            seqs, (found,) = self._verified(connection.execute(select, values).fetchall(), [field])
            return seqs, found

        return SqlIndex(
            name,
            self._rows,
            column,
            "seq",
            sql_type(self.schema.by_name[field]),
            total=self._total,
            read=read,
            walk=walk,
            corrupt=lambda fault: self._bad_index(field, fault),
        )

    def _total(self, connection: sqlite3.Connection) -> Total:
        position = self.position(connection)
        return Total(position.live, position.seq_sum)

    def _walk_keys(self, connection: sqlite3.Connection) -> Iterator[Entries]:
        """All primary keys in the order of their SQL index, together what was written."""
        rows = connection.execute(f"SELECT seq, pk FROM {self._rows} ORDER BY pk")
        key_sum = 0
        while chunk := rows.fetchmany(ROWS_AT_ONCE):
            seqs, pks = zip(*chunk, strict=True)
            try:
                key_sum += self.checksums.key_sum(seqs, pks)
            except (TypeError, ValueError, OverflowError) as error:
                raise self._bad_index(self.schema.primary.name, str(error)) from error
            yield seqs, pks
        if key_sum != self.position(connection).key_sum:
            raise self._bad_index(self.schema.primary.name, "all keys together are not what was written")

    def _bad_index(self, field: str, fault: str) -> DatabaseCorruptError:
        return self.corrupt(f"field '{field}'", ValueError(f"its SQL index: {fault}"))
