"""LlamaIndex's vector store over milvus-store.

``from llama_index.vector_stores.milvus_store import MilvusVectorStore``
"""

from .sparse import BaseSparseEmbeddingFunction, BM25BuiltInFunction
from .store import IndexManagement, MilvusVectorStore

__all__ = [
    "BM25BuiltInFunction",
    "BaseSparseEmbeddingFunction",
    "IndexManagement",
    "MilvusVectorStore",
]
