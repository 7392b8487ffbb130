"""milvus-store and Milvus Lite, which have the same client."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from ... import data
from .product import CONSTRUCTION, EF, EFS, LIMIT, LINKS, NAME, Product, Row, Sharing


class _Milvus(Product):
    """Any module with Milvus's client."""

    index_type: ClassVar[str] = "AUTOINDEX"
    index_params: ClassVar[Mapping[str, int]] = {}

    def __init__(self, module: Any, path: Path) -> None:
        self._module = module
        self._client = module.MilvusClient(str(path))
        if self._client.has_collection(NAME):
            self._client.load_collection(NAME)

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
        index = self._client.prepare_index_params()
        index.add_index(
            "vector", index_type=self.index_type, metric_type="COSINE", params=dict(self.index_params)
        )
        self._client.create_index(NAME, index)
        self._client.load_collection(NAME)

    def search(self, query: data.Floats, filter: data.Filter | None) -> list[int]:
        (hits,) = self._client.search(
            NAME,
            [query],
            filter="" if filter is None else str(filter),
            limit=LIMIT,
            search_params={"params": {"ef": self.effort}} if self.effort else None,
        )
        return [hit["id"] for hit in hits]

    def close(self) -> None:
        self._client.close()


class MilvusStore(_Milvus):
    title = "milvus-store"
    needs: ClassVar = {"milvus_store": "milvus-store"}
    settings = "AUTOINDEX; every insert is durable on return (durability='full')"
    sharing = Sharing.ALL

    def __init__(self, folder: Path, read_only: bool) -> None:
        import milvus_store

        super().__init__(milvus_store, folder / "store.db")


class MilvusStoreHnsw(MilvusStore):
    title = "milvus-store HNSW"
    settings = f"HNSW, M={LINKS}, efConstruction={CONSTRUCTION}, ef={EF}; every insert is durable on return"
    index_type = "HNSW"
    index_params: ClassVar = {"M": LINKS, "efConstruction": CONSTRUCTION}
    efforts = EFS
    effort = EF


class MilvusLite(_Milvus):
    title = "Milvus Lite"
    needs: ClassVar = {"pymilvus": "pymilvus", "milvus_lite": "milvus-lite"}
    settings = "AUTOINDEX, flushed before it is indexed"
    sharing = Sharing.ALONE

    def __init__(self, folder: Path, read_only: bool) -> None:
        import pymilvus

        super().__init__(pymilvus, folder / "lite.db")
