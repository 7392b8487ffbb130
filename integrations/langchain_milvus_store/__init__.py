"""LangChain's vector store over milvus-store: ``from langchain_milvus_store import Milvus``."""

from .vectorstore import Milvus

__all__ = ["Milvus"]
