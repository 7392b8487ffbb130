from __future__ import annotations

import re
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode

from llama_index.vector_stores.milvus_store import BaseSparseEmbeddingFunction, MilvusVectorStore

sys.path.insert(0, str(Path(__file__).parents[2] / "examples"))  # its scripts import each other so


class Words(BaseSparseEmbeddingFunction):
    """Each word of a text, hashed to an index, with the number of times it stands there."""

    def encode_documents(self, documents: list[str]) -> list[dict[int, float]]:
        return [self._encode(text) for text in documents]

    encode_queries = encode_documents

    @staticmethod
    def _encode(text: str) -> dict[int, float]:
        counts: dict[int, float] = {}
        for word in re.findall(r"\w+", text.lower()):
            index = zlib.crc32(word.encode()) % 1_000_000
            counts[index] = counts.get(index, 0.0) + 1.0
        return counts


def node(name: str, text: str, embedding: list[float], document: str = "doc", **metadata: Any) -> TextNode:
    return TextNode(
        id_=name,
        text=text,
        embedding=embedding,
        metadata=metadata,
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=document)},
    )


@pytest.fixture
def nodes() -> list[TextNode]:
    """Five nodes of two documents, whose embeddings lie on a circle."""
    return [
        node("a", "a red apple", [1.0, 0.0], "fruit", color="red", price=3, tags=["sweet", "round"]),
        node("b", "a green apple", [0.9, 0.1], "fruit", color="green", price=2, tags=["sour"]),
        node("c", "a blue car", [0.0, 1.0], "cars", color="blue", price=900, tags=[]),
        node("d", "a red car", [0.1, 0.9], "cars", color="red", price=800, owner={"name": "Ada"}),
        node("e", 'nothing is known of it\'s "colour"', [0.7, 0.7], "cars"),
    ]


@pytest.fixture
def store(path: Path, nodes: list[TextNode]) -> Iterator[MilvusVectorStore]:
    """A store with the five nodes, dense and sparse."""
    store = MilvusVectorStore(
        str(path), dim=2, enable_sparse=True, sparse_embedding_function=Words(), similarity_metric="COSINE"
    )
    store.add(nodes)
    yield store
    store.client.close()
