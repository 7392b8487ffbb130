"""LangChain's vector store over milvus-store: ``from langchain_milvus_store import Milvus``."""

from milvus_store.extras import import_extra

import_extra("langchain_core", "stores for LangChain")

from .function import BM25BuiltInFunction, TextEmbeddingBuiltInFunction  # noqa: E402
from .unserved import unserved  # noqa: E402
from .utils.sparse import BaseSparseEmbedding  # noqa: E402
from .vectorstores import Milvus  # noqa: E402

__all__ = ["BM25BuiltInFunction", "BaseSparseEmbedding", "Milvus", "TextEmbeddingBuiltInFunction"]

__getattr__ = unserved(__name__)
