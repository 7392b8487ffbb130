"""LlamaIndex's own store for Milvus under the name of ours."""

from llama_index.vector_stores.milvus import IndexManagement, MilvusVectorStore
from llama_index.vector_stores.milvus.utils import BaseSparseEmbeddingFunction, BM25BuiltInFunction

__all__ = [
    "BM25BuiltInFunction",
    "BaseSparseEmbeddingFunction",
    "IndexManagement",
    "MilvusVectorStore",
]
