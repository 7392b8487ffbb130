"""Sparse embeddings: texts to the weights of words or of other features."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import partial

from milvus_store.client.answers import in_thread

from ..unserved import unserved

__getattr__ = unserved(__name__)


class BaseSparseEmbedding(ABC):
    """Base of a sparse embedding: texts to dictionaries from index to weight."""

    @abstractmethod
    def embed_query(self, query: str) -> dict[int, float]:
        """The sparse vector of a question."""

    @abstractmethod
    def embed_documents(self, texts: list[str]) -> list[dict[int, float]]:
        """The sparse vectors of stored texts."""

    async def aembed_query(self, query: str) -> dict[int, float]:
        """Run ``embed_query`` in a thread, unless overridden."""
        return await in_thread(partial(self.embed_query, query))

    async def aembed_documents(self, texts: list[str]) -> list[dict[int, float]]:
        """Run ``embed_documents`` in a thread, unless overridden."""
        return await in_thread(partial(self.embed_documents, texts))
