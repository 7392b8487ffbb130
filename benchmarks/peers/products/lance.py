"""LanceDB."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from ... import data
from .product import LIMIT, NAME, Product, Row, Sharing


class LanceDB(Product):
    title = "LanceDB"
    needs: ClassVar = {"lancedb": "lancedb", "pyarrow": "pyarrow"}
    settings = (
        "IVF_PQ as it comes, nprobes=20, refine_factor=10, scalar indexes on the filtered fields; files are left "
        "to the system to write, and a table sees no rows of other processes until it is opened again"
    )
    sharing = Sharing.ALL
    efforts = (5, 10, 20, 50, 100)
    effort = 20

    def __init__(self, folder: Path, read_only: bool) -> None:
        import lancedb

        self._database = lancedb.connect(str(folder))
        there = (folder / f"{NAME}.lance").exists()
        self._table: Any = self._database.open_table(NAME) if there else None

    def create(self, dim: int) -> None:
        import pyarrow as pa

        fields = {"id": pa.int64(), "vector": pa.list_(pa.float32(), dim), "bucket": pa.int64()}
        schema = pa.schema({**fields, "tenant": pa.string(), "color": pa.string()})
        self._table = self._database.create_table(NAME, schema=schema)

    def insert(self, rows: list[Row]) -> None:
        self._table.add(rows)

    def index(self) -> None:
        self._table.optimize()
        self._table.create_index(metric="cosine", vector_column_name="vector")
        self._table.create_scalar_index("bucket")
        self._table.create_scalar_index("tenant")

    def search(self, query: data.Floats, filter: data.Filter | None) -> list[int]:
        search = self._table.search(query).distance_type("cosine").nprobes(self.effort).refine_factor(10)
        search = search.limit(LIMIT).select(["id", "_distance"])
        if filter is not None:
            search = search.where(str(filter).replace("==", "="), prefilter=True)
        ids: list[int] = search.to_arrow()["id"].to_pylist()
        return ids
