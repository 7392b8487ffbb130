"""LangChain's vector store over milvus-store: ``from langchain_milvus_store import Milvus``."""

from typing import Any, Final

from milvus_store.extras import imported

imported("langchain_core", "stores for LangChain")

from .function import BM25BuiltInFunction  # noqa: E402
from .utils.sparse import BaseSparseEmbedding  # noqa: E402
from .vectorstores import Milvus  # noqa: E402

__all__ = ["BM25BuiltInFunction", "BaseSparseEmbedding", "Milvus"]

_INSTEAD: Final = {
    "Zilliz": "use Milvus with the uri and token of the server in connection_args",
    "ZillizCloudPipelineRetriever": "use as_retriever() of a Milvus store",
    "MilvusCollectionHybridSearchRetriever": "use as_retriever() of a Milvus store of several vector fields",
    "TextEmbeddingBuiltInFunction": "give an embedding_function, which makes the vectors in this process",
    "BaseMilvusBuiltInFunction": "use BM25BuiltInFunction",
}


def __getattr__(name: str) -> Any:
    """Say what to use for what only langchain_milvus has."""
    if name in _INSTEAD:
        raise ImportError(f"{name} of langchain_milvus is not in langchain_milvus_store: {_INSTEAD[name]}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
