"""zvec."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from ... import data
from .product import CONSTRUCTION, EF, EFS, LIMIT, LINKS, NAME, Product, Row, Sharing, payload


class Zvec(Product):
    title = "zvec"
    needs: ClassVar = {"zvec": "zvec"}
    settings = (
        f"HNSW, m={LINKS}, ef_construction={CONSTRUCTION}, ef={EF}, optimized, inverted indexes on the filtered "
        "fields, with ranges; inserts go to its log, which is not synced"
    )
    sharing = Sharing.READERS
    efforts = EFS
    effort = EF

    def __init__(self, folder: Path, read_only: bool) -> None:
        import zvec

        self._zvec = zvec
        self._path = str(folder / NAME)
        option = zvec.CollectionOption(read_only=read_only)
        self._collection: Any = zvec.open(self._path, option) if Path(self._path).exists() else None

    def create(self, dim: int) -> None:
        zvec = self._zvec
        graph = zvec.HnswIndexParam(zvec.MetricType.COSINE, m=LINKS, ef_construction=CONSTRUCTION)
        inverted = zvec.InvertIndexParam(enable_range_optimization=True)
        schema = zvec.CollectionSchema(
            NAME,
            fields=[
                zvec.FieldSchema("bucket", zvec.DataType.INT64, index_param=inverted),
                zvec.FieldSchema("tenant", zvec.DataType.STRING, index_param=inverted),
                zvec.FieldSchema("color", zvec.DataType.STRING),
            ],
            vectors=[zvec.VectorSchema("vector", zvec.DataType.VECTOR_FP32, dim, graph)],
        )
        self._collection = zvec.create_and_open(self._path, schema)

    def insert(self, rows: list[Row]) -> None:
        self._collection.insert(
            [
                self._zvec.Doc(str(row["id"]), vectors={"vector": row["vector"]}, fields=payload(row))
                for row in rows
            ]
        )

    def index(self) -> None:
        self._collection.flush()
        self._collection.optimize()

    def search(self, query: data.Floats, filter: data.Filter | None) -> list[int]:
        asked = self._zvec.Query("vector", vector=query, param=self._zvec.HnswQueryParam(ef=self.effort))
        chosen = None if filter is None else str(filter).replace("==", "=")
        found = self._collection.query(asked, topk=LIMIT, filter=chosen, output_fields=[])
        return [int(doc.id) for doc in found]

    def close(self) -> None:
        if self._collection is not None:
            self._collection.close()
