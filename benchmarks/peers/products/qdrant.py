"""Qdrant in two forms: qdrant-client's local mode, written in Python, and Qdrant Edge, the server's engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from ... import data
from .product import CONSTRUCTION, EF, EFS, LIMIT, LINKS, NAME, Product, Row, Sharing, payload


class QdrantLocal(Product):
    title = "Qdrant local"
    needs: ClassVar = {"qdrant_client": "qdrant-client"}
    settings = "local mode of the client: exact, without an index"
    sharing = Sharing.ALONE

    def __init__(self, folder: Path, read_only: bool) -> None:
        from qdrant_client import QdrantClient

        # Its threads share one connection of sqlite3, which refuses them unless it is told to allow them.
        self._client = QdrantClient(path=str(folder), force_disable_check_same_thread=True)

    def create(self, dim: int) -> None:
        from qdrant_client.models import Distance, VectorParams

        self._client.create_collection(NAME, VectorParams(size=dim, distance=Distance.COSINE))

    def insert(self, rows: list[Row]) -> None:
        from qdrant_client.models import PointStruct

        points = [
            PointStruct(id=row["id"], vector=row["vector"].tolist(), payload=payload(row)) for row in rows
        ]
        self._client.upsert(NAME, points)

    def search(self, query: data.Floats, filter: data.Filter | None) -> list[int]:
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


class QdrantEdge(Product):
    title = "Qdrant Edge"
    needs: ClassVar = {"qdrant_edge": "qdrant-edge-py"}
    settings = (
        f"HNSW, m={LINKS}, ef_construct={CONSTRUCTION}, hnsw_ef={EF}, optimized, indexes on the filtered fields; "
        "inserts go to its log, which is not synced"
    )
    sharing = Sharing.ALONE  # its log is locked
    efforts = EFS
    effort = EF

    def __init__(self, folder: Path, read_only: bool) -> None:
        import qdrant_edge

        self._edge = qdrant_edge
        self._path = folder / NAME
        self._shard: Any = qdrant_edge.EdgeShard.load(str(self._path)) if self._path.exists() else None

    def create(self, dim: int) -> None:
        edge = self._edge
        graph = edge.HnswIndexConfig(LINKS, CONSTRUCTION, FULL_SCAN_KB)
        vectors = edge.EdgeVectorParams(dim, edge.Distance.Cosine, hnsw_config=graph)
        self._path.mkdir()
        self._shard = edge.EdgeShard.create(str(self._path), edge.EdgeConfig(vectors=vectors))
        for field, kind in (
            ("bucket", edge.PayloadSchemaType.Integer),
            ("tenant", edge.PayloadSchemaType.Keyword),
        ):
            self._shard.update(edge.UpdateOperation.create_field_index(field, kind))

    def insert(self, rows: list[Row]) -> None:
        edge = self._edge
        points = [edge.Point(row["id"], row["vector"], payload(row)) for row in rows]
        self._shard.update(edge.UpdateOperation.upsert_points(points))

    def index(self) -> None:
        self._shard.optimize()
        self._shard.flush()

    def search(self, query: data.Floats, filter: data.Filter | None) -> list[int]:
        edge = self._edge
        asked = None
        if filter is not None and filter.operator == "<":
            asked = edge.FieldCondition(filter.field, range=edge.RangeFloat(lt=filter.value))
        elif filter is not None:
            asked = edge.FieldCondition(filter.field, match=edge.MatchValue(filter.value))
        found = self._shard.query(
            edge.QueryRequest(
                limit=LIMIT,
                query=edge.Query.Nearest(query),
                filter=None if asked is None else edge.Filter(must=[asked]),
                params=edge.SearchParams(hnsw_ef=self.effort),
            )
        )
        return [point.id for point in found]

    def close(self) -> None:
        if self._shard is not None:
            self._shard.close()


FULL_SCAN_KB = 10_000
"""Qdrant's own default: a filter that leaves less than so much of vectors is answered by looking at them all."""
