"""sqlite-vec, through apsw: Python's own sqlite3 may have been built without extensions."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, ClassVar

from ... import data
from .product import LIMIT, PAYLOAD, Product, Row, Sharing

TIMEOUT_MS = 10_000


class SqliteVec(Product):
    title = "sqlite-vec"
    needs: ClassVar = {"sqlite_vec": "sqlite-vec", "apsw": "apsw"}
    settings = (
        "exact, without an index, the filtered fields as metadata columns; WAL, synchronous=FULL; a connection "
        "for each thread"
    )
    sharing = Sharing.ALL

    def __init__(self, folder: Path, read_only: bool) -> None:
        self._path = str(folder / "vec.db")
        self._mine = threading.local()

    @property
    def _connection(self) -> Any:
        """That of the calling thread."""
        if not hasattr(self._mine, "connection"):
            import apsw
            import sqlite_vec

            self._mine.connection = connection = apsw.Connection(self._path)
            connection.set_busy_timeout(TIMEOUT_MS)
            connection.enable_load_extension(True)
            connection.load_extension(sqlite_vec.loadable_path())
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
        return self._mine.connection

    def create(self, dim: int) -> None:
        self._connection.execute(
            f"CREATE VIRTUAL TABLE bench USING vec0(id INTEGER PRIMARY KEY, vector FLOAT[{dim}] "
            "distance_metric=cosine, bucket INTEGER, tenant TEXT, color TEXT)"
        )

    def insert(self, rows: list[Row]) -> None:
        values = [(row["id"], row["vector"].tobytes(), *(row[name] for name in PAYLOAD)) for row in rows]
        connection = self._connection
        with connection:
            connection.executemany("INSERT INTO bench VALUES (?, ?, ?, ?, ?)", values)

    def search(self, query: data.Floats, filter: data.Filter | None) -> list[int]:
        statement = "SELECT id FROM bench WHERE vector MATCH ? AND k = ?"
        values: list[Any] = [query.tobytes(), LIMIT]
        if filter is not None:
            statement += f" AND {filter.field} {filter.operator} ?"
            values.append(filter.value)
        return [row for (row,) in self._connection.execute(statement, values)]
