"""LangChain's vector store over milvus-store: ``from langchain_milvus_store import Milvus``."""

from .functions import BaseSparseEmbedding, BM25BuiltInFunction
from .vectorstore import Milvus

__all__ = ["BM25BuiltInFunction", "BaseSparseEmbedding", "Milvus"]
