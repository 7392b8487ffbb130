"""LlamaIndex's vector store over milvus-store.

``from llama_index.vector_stores.milvus_store import MilvusVectorStore``
"""

from milvus_store.extras import import_extra

import_extra("llama_index.core", "stores for LlamaIndex")

from .opening import IndexManagement  # noqa: E402
from .sparse import BaseSparseEmbeddingFunction, BM25BuiltInFunction  # noqa: E402
from .store import MilvusVectorStore  # noqa: E402

__all__ = [
    "BM25BuiltInFunction",
    "BaseSparseEmbeddingFunction",
    "IndexManagement",
    "MilvusVectorStore",
]
