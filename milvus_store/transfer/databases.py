"""Tables and queries of SQLite and DuckDB files as records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from milvus_store_lite import DataType

from ..data import Rows
from ..errors import ParamError
from .records import RecordBatch
from .sqlite_files import opened


class SqliteRecords:
    """
    Args:
        wanted: the name of a table, or a query; needed where there is more than one table.
    """

    schema: Final = None
    metrics: Final[Mapping[str, str]] = {}
    primary_key: Final = None
    are_texts: Final = False
    texts_are_json: Final = True

    def __init__(self, path: str, wanted: str | None = None) -> None:
        self.label = path
        self._connection = opened(Path(path))
        names = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'"
        tables = [name for (name,) in self._connection.execute(names)]
        self._query = query_for(path, tables, wanted)

    @property
    def count(self) -> int:
        (found,) = self._connection.execute(f"SELECT count(*) FROM ({self._query})").fetchone()
        return int(found)

    def types(self) -> Mapping[str, DataType]:
        return {}

    def sample(self, count: int) -> Sequence[Mapping[str, Any]]:
        batch = next(self.batches(0, count), None)
        return [] if batch is None else batch.rows.rows  # type: ignore[union-attr]  # they are dictionaries

    def batches(self, after: int, rows: int) -> Iterator[RecordBatch]:
        cursor = self._connection.execute(self._query)
        names = [column[0] for column in cursor.description]
        reached = 0
        while found := cursor.fetchmany(rows):
            begun, reached = reached, reached + len(found)
            kept = found[max(0, after - begun) :]
            if kept:
                dicts = [dict(zip(names, row, strict=True)) for row in kept]
                yield RecordBatch(Rows(dicts), range(reached - len(kept) + 1, reached + 1), reached)

    def close(self) -> None:
        self._connection.close()


def query_for(path: str, tables: Sequence[str], wanted: str | None) -> str:
    """The query that reads ``wanted``, a table or a query; by default the only table."""
    if wanted is None and len(tables) == 1:
        wanted = tables[0]
    if wanted is None:
        raise ParamError(
            message=f"{path} has {', '.join(map(repr, tables)) or 'no tables'}: name a table, or give a query"
        )
    if wanted in tables:
        quoted = wanted.replace('"', '""')
        return f'SELECT * FROM "{quoted}"'
    if wanted.lstrip().upper().startswith(("SELECT ", "WITH ", "VALUES ", "FROM ")):
        return wanted.rstrip().rstrip(";")
    raise ParamError(
        message=f"{path} has no table {wanted!r}, and it is no query; tables are {', '.join(tables) or 'none'}"
    )
