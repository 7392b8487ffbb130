"""Embedded vector databases behind the same few calls, each set up as its own documentation shows.

Each imports what it needs when it is opened: only those that are installed take part.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

Row = dict[str, Any]
LIMIT = 10
NAME = "bench"


class Filter(NamedTuple):
    """``field`` compared with ``value`` by ``<`` or ``==``."""

    field: str
    operator: str
    value: int | str

    def __str__(self) -> str:
        return f"{self.field} {self.operator} {self.value!r}"


class Product:
    """One database in ``folder``; rows as ``data.filtered_rows`` makes them, nearest by cosine."""

    needs: ClassVar[Sequence[str]]
    """Modules that must be importable."""
    settings: ClassVar[str]
    """What was chosen where there is a choice."""

    def __init__(self, folder: Path) -> None:
        raise NotImplementedError

    def create(self, dim: int) -> None:
        """Make the collection."""
        raise NotImplementedError

    def insert(self, rows: list[Row]) -> None:
        """Add rows; they are on disk on return as far as this product does that."""
        raise NotImplementedError

    def index(self) -> None:
        """Build what searches go by, if it was not built with the inserts."""

    def search(self, query: list[float], filter: Filter | None) -> list[int]:
        """The ids of the ``LIMIT`` rows nearest to ``query``."""
        raise NotImplementedError

    def close(self) -> None: ...


class _Milvus(Product):
    """Any module with Milvus's client."""

    def __init__(self, module: Any, path: Path) -> None:
        self._module = module
        self._client = module.MilvusClient(str(path))

    def create(self, dim: int) -> None:
        DataType = self._module.DataType  # noqa: N806
        schema = self._client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dim)
        schema.add_field("bucket", DataType.INT64)
        schema.add_field("tenant", DataType.VARCHAR, max_length=16, is_partition_key=True)
        schema.add_field("color", DataType.VARCHAR, max_length=8)
        self._client.create_collection(NAME, schema=schema)

    def insert(self, rows: list[Row]) -> None:
        self._client.insert(NAME, rows)

    def index(self) -> None:
        self._client.flush(NAME)  # Milvus Lite takes a second for each search of rows that were not
        index = self._client.prepare_index_params("vector", index_type="AUTOINDEX", metric_type="COSINE")
        self._client.create_index(NAME, index)
        self._client.load_collection(NAME)

    def search(self, query: list[float], filter: Filter | None) -> list[int]:
        (hits,) = self._client.search(
            NAME, [query], filter="" if filter is None else str(filter), limit=LIMIT
        )
        return [hit["id"] for hit in hits]

    def close(self) -> None:
        self._client.close()


class MilvusStore(_Milvus):
    needs = ("milvus_store",)
    settings = "AUTOINDEX, durability='full'"

    def __init__(self, folder: Path) -> None:
        import milvus_store

        super().__init__(milvus_store, folder / "store.db")


class MilvusLite(_Milvus):
    needs = ("pymilvus", "milvus_lite")
    settings = "AUTOINDEX, flushed"

    def __init__(self, folder: Path) -> None:
        import pymilvus

        super().__init__(pymilvus, folder / "lite.db")
        if self._client.has_collection(NAME):
            self._client.load_collection(NAME)


class Chroma(Product):
    needs = ("chromadb",)
    settings = "HNSW as it comes"

    def __init__(self, folder: Path) -> None:
        from chromadb import PersistentClient
        from chromadb.config import Settings

        client = PersistentClient(str(folder), Settings(anonymized_telemetry=False))
        self._collection = client.get_or_create_collection(
            NAME, configuration={"hnsw": {"space": "cosine"}}, embedding_function=None
        )

    def create(self, dim: int) -> None:
        """The first rows say it."""

    def insert(self, rows: list[Row]) -> None:
        self._collection.add(
            ids=[str(row["id"]) for row in rows],
            embeddings=[row["vector"] for row in rows],
            metadatas=[{name: row[name] for name in ("bucket", "tenant", "color")} for row in rows],
        )

    def search(self, query: list[float], filter: Filter | None) -> list[int]:
        operator = {"<": "$lt", "==": "$eq"}
        where = None if filter is None else {filter.field: {operator[filter.operator]: filter.value}}
        found = self._collection.query(query_embeddings=[query], n_results=LIMIT, where=where, include=[])
        return list(map(int, found["ids"][0]))


class LanceDB(Product):
    needs = ("lancedb", "pyarrow")
    settings = "IVF_PQ as it comes, refine_factor=10, indexes on the filtered fields"

    def __init__(self, folder: Path) -> None:
        import lancedb

        self._database = lancedb.connect(str(folder))
        self._table = self._database.open_table(NAME) if NAME in self._database.table_names() else None

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

    def search(self, query: list[float], filter: Filter | None) -> list[int]:
        search = self._table.search(query).distance_type("cosine").refine_factor(10).limit(LIMIT)
        search = search.select(["id", "_distance"])
        if filter is not None:
            search = search.where(str(filter).replace("==", "="), prefilter=True)
        ids: list[int] = search.to_arrow()["id"].to_pylist()
        return ids


class Qdrant(Product):
    needs = ("qdrant_client",)
    settings = "local mode: exact, without an index"

    def __init__(self, folder: Path) -> None:
        from qdrant_client import QdrantClient

        self._client = QdrantClient(path=str(folder))

    def create(self, dim: int) -> None:
        from qdrant_client.models import Distance, VectorParams

        self._client.create_collection(NAME, VectorParams(size=dim, distance=Distance.COSINE))

    def insert(self, rows: list[Row]) -> None:
        from qdrant_client.models import PointStruct

        names = ("bucket", "tenant", "color")
        self._client.upsert(
            NAME,
            [
                PointStruct(
                    id=row["id"], vector=row["vector"].tolist(), payload={name: row[name] for name in names}
                )
                for row in rows
            ],
        )

    def search(self, query: list[float], filter: Filter | None) -> list[int]:
        from qdrant_client import models

        asked = None
        if filter is not None and filter.operator == "<":
            asked = models.FieldCondition(key=filter.field, range=models.Range(lt=filter.value))
        elif filter is not None:
            asked = models.FieldCondition(key=filter.field, match=models.MatchValue(value=filter.value))
        chosen = None if asked is None else models.Filter(must=[asked])
        found = self._client.query_points(NAME, query, query_filter=chosen, limit=LIMIT, with_payload=False)
        return [point.id for point in found.points]

    def close(self) -> None:
        self._client.close()


class Zvec(Product):
    needs = ("zvec",)
    settings = "HNSW as it comes, optimized, inverted indexes on the filtered fields"

    def __init__(self, folder: Path) -> None:
        import zvec

        self._zvec = zvec
        self._path = folder / NAME
        self._collection = zvec.open(str(self._path)) if self._path.exists() else None

    def create(self, dim: int) -> None:
        zvec = self._zvec
        vector = zvec.VectorSchema(
            "vector", zvec.DataType.VECTOR_FP32, dim, zvec.HnswIndexParam(zvec.MetricType.COSINE)
        )
        fields = [
            zvec.FieldSchema("bucket", zvec.DataType.INT64, index_param=zvec.InvertIndexParam()),
            zvec.FieldSchema("tenant", zvec.DataType.STRING, index_param=zvec.InvertIndexParam()),
            zvec.FieldSchema("color", zvec.DataType.STRING),
        ]
        schema = zvec.CollectionSchema(NAME, fields=fields, vectors=[vector])
        self._collection = zvec.create_and_open(str(self._path), schema)

    def insert(self, rows: list[Row]) -> None:
        names = ("bucket", "tenant", "color")
        self._collection.insert(
            [
                self._zvec.Doc(
                    str(row["id"]), vectors={"vector": row["vector"]}, fields={n: row[n] for n in names}
                )
                for row in rows
            ]
        )

    def index(self) -> None:
        self._collection.flush()
        self._collection.optimize()

    def search(self, query: list[float], filter: Filter | None) -> list[int]:
        chosen = None if filter is None else str(filter).replace("==", "=")
        found = self._collection.query(
            self._zvec.Query("vector", vector=query), topk=LIMIT, filter=chosen, output_fields=[]
        )
        return [int(doc.id) for doc in found]


PRODUCTS: dict[str, type[Product]] = {
    "milvus-store": MilvusStore,
    "Milvus Lite": MilvusLite,
    "Chroma": Chroma,
    "LanceDB": LanceDB,
    "Qdrant local": Qdrant,
    "zvec": Zvec,
}
