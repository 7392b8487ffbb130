"""A process's knowledge of the SQL indexes that find rows of one collection by value."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

from ..errors import DatabaseCorruptError
from .integrity.sql_index import Entries, SqlIndex, Total
from .integrity.tenants import Tenants
from .layout import CHECKSUMS, TableLayout, sql_type
from .positions import Position, position_of
from .row_reader import ROWS_AT_ONCE
from .verified import verified_rows


class LookupIndexes:
    """The indexes on primary keys and on values, and the table of tenants, None without a partition key."""

    __slots__ = ("_by_field", "_layout", "primary", "tenants")

    def __init__(self, layout: TableLayout) -> None:
        self._layout = layout
        self.primary = self._index(layout.pk_index, layout.schema.primary.name, self._walk_keys)
        self._by_field: dict[str, SqlIndex] = {}
        key = layout.schema.partition_key
        self.tenants = (
            None if key is None or layout.tenants is None else Tenants(layout.tenants, sql_type(key))
        )

    def of_values(self, field: str) -> SqlIndex:
        """The index on a scalar field that is neither primary nor partition key."""
        index = self._by_field.get(field)
        if index is None:
            name = self._layout.value_index(self._layout.schema.by_name[field])
            index = self._by_field[field] = self._index(name, field, None)
        return index

    def corrupt(self, field: str, fault: str) -> DatabaseCorruptError:
        """The error for damage in the index on ``field``."""
        return self._layout.corrupt(f"field '{field}'", ValueError(f"its SQL index: {fault}"))

    def _index(
        self, name: str, field: str, walk: Callable[[sqlite3.Connection], Iterator[Entries]] | None
    ) -> SqlIndex:
        layout = self._layout
        column = layout.columns[field]

        def read(connection: sqlite3.Connection, where: str, values: tuple[Any, ...]) -> Entries:
            select = f"SELECT seq, {CHECKSUMS}, {column} FROM {layout.rows} {where}"
            seqs, (found,) = verified_rows(layout, connection.execute(select, values).fetchall(), [field])
            return seqs, found

        return SqlIndex(
            name,
            layout.rows,
            column,
            "seq",
            sql_type(layout.schema.by_name[field]),
            total=self._total,
            read=read,
            walk=walk,
            corrupt=lambda fault: self.corrupt(field, fault),
        )

    def _total(self, connection: sqlite3.Connection) -> Total:
        position = self._position(connection)
        return Total(position.live, position.seq_sum)

    def _walk_keys(self, connection: sqlite3.Connection) -> Iterator[Entries]:
        """All primary keys in the order of their SQL index, together what was written."""
        layout = self._layout
        primary = layout.schema.primary.name
        rows = connection.execute(f"SELECT seq, pk FROM {layout.rows} ORDER BY pk")
        key_sum = 0
        while chunk := rows.fetchmany(ROWS_AT_ONCE):
            seqs, pks = zip(*chunk, strict=True)
            try:
                key_sum += layout.checksums.key_sum(seqs, pks)
            except (TypeError, ValueError, OverflowError) as error:
                raise self.corrupt(primary, str(error)) from error
            yield seqs, pks
        if key_sum != self._position(connection).key_sum:
            raise self.corrupt(primary, "all keys together are not what was written")

    def _position(self, connection: sqlite3.Connection) -> Position:
        """The position of the collection."""
        position = position_of(connection, self._layout.collection_id)
        if position is None:
            raise self._layout.corrupt("table collections", ValueError("it lacks the collection"))
        return position
