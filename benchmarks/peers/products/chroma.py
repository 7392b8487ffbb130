"""Chroma's persistent client."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from ... import data
from .product import CONSTRUCTION, EF, LIMIT, LINKS, NAME, Product, Row, Sharing, payload


class Chroma(Product):
    title = "Chroma"
    needs: ClassVar = {"chromadb": "chromadb"}
    settings = f"HNSW, M={LINKS}, efConstruction={CONSTRUCTION}, ef={EF}, built with the inserts"
    sharing = Sharing.READERS  # readers beside a writer fail: "Error executing plan: Error finding id"

    def __init__(self, folder: Path, read_only: bool) -> None:
        from chromadb import PersistentClient
        from chromadb.config import Settings

        client = PersistentClient(str(folder), Settings(anonymized_telemetry=False))
        graph = {"max_neighbors": LINKS, "ef_construction": CONSTRUCTION, "ef_search": EF, "space": "cosine"}
        self._collection = client.get_or_create_collection(
            NAME, configuration={"hnsw": graph}, embedding_function=None
        )

    def create(self, dim: int) -> None:
        """The first rows say it."""

    def insert(self, rows: list[Row]) -> None:
        self._collection.add(
            ids=[str(row["id"]) for row in rows],
            embeddings=[row["vector"] for row in rows],
            metadatas=[payload(row) for row in rows],
        )

    def search(self, query: data.Floats, filter: data.Filter | None) -> list[int]:
        operator = {"<": "$lt", "==": "$eq"}
        where = None if filter is None else {filter.field: {operator[filter.operator]: filter.value}}
        found = self._collection.query(query_embeddings=[query], n_results=LIMIT, where=where, include=[])
        return list(map(int, found["ids"][0]))
