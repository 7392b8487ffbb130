"""Names that only langchain_milvus has: the error of importing one names its replacement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NoReturn

_INSTEAD: Final = {
    "Zilliz": "use Milvus with the uri and token of the server in connection_args",
    "ZillizCloudPipelineRetriever": "use as_retriever() of a Milvus store",
    "MilvusCollectionHybridSearchRetriever": "use as_retriever() of a Milvus store of several vector fields",
    "BM25SparseEmbedding": "use BM25BuiltInFunction, which needs no corpus",
}


def unserved(module: str) -> Callable[[str], NoReturn]:
    """The ``__getattr__`` of ``module``, for names that it lacks."""

    def missing(name: str) -> NoReturn:
        if name in _INSTEAD:
            raise ImportError(
                f"{name} of langchain_milvus is not in langchain_milvus_store: {_INSTEAD[name]}"
            )
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return missing
