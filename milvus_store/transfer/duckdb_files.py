"""Tables and queries of DuckDB files as records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from ..extras import import_extra
from .arrow_files import ArrowRecords, beyond
from .databases import query_for


class DuckdbRecords(ArrowRecords):
    """
    Args:
        wanted: the name of a table, or a query; needed where there is more than one table.
    """

    def __init__(self, path: str, wanted: str | None = None) -> None:
        duckdb: Any = import_extra("duckdb", "DuckDB files")
        self._connection = duckdb.connect(path, read_only=True)
        self._cursors: list[Any] = []
        names = "SELECT table_name FROM information_schema.tables"
        tables = [name for (name,) in self._connection.cursor().execute(names).fetchall()]
        self._query = query_for(path, tables, wanted)
        super().__init__(path, self._reader(1).schema)

    @property
    def count(self) -> int:
        counting = f"SELECT count(*) FROM ({self._query})"
        ((found,),) = self._connection.cursor().execute(counting).fetchall()
        return int(found)

    def close(self) -> None:
        for cursor in self._cursors:
            cursor.close()
        self._connection.close()

    def _tables(self, after: int, rows: int) -> Iterator[pa.RecordBatch]:
        return beyond(iter(self._reader(rows)), after)

    def _reader(self, rows: int) -> Any:
        # A cursor of its own, which has room for one result that is not read to its end, and is kept until then.
        self._cursors.append(self._connection.cursor())
        found = self._cursors[-1].sql(self._query)
        # Newer versions have another name for it.
        read = found.to_arrow_reader if hasattr(found, "to_arrow_reader") else found.fetch_arrow_reader
        return read(rows)
