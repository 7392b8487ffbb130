"""LangChain's own store for Milvus under the name of ours."""

from functools import wraps
from typing import Any

import langchain_milvus
from langchain_core.documents import Document
from langchain_milvus import BM25BuiltInFunction, TextEmbeddingBuiltInFunction
from langchain_milvus.utils.sparse import BaseSparseEmbedding

__all__ = ["BM25BuiltInFunction", "BaseSparseEmbedding", "Milvus", "TextEmbeddingBuiltInFunction"]


class Milvus(langchain_milvus.Milvus):
    """The original where nearly every test expects otherwise: it keeps metadata of any shape if the test asks for
    nothing else, and a document found has its id in its place instead of in its metadata."""

    @wraps(langchain_milvus.Milvus.__init__)
    def __init__(self, *given: Any, **named: Any) -> None:
        named.setdefault(
            "enable_dynamic_field", named.keys().isdisjoint(("metadata_field", "metadata_schema"))
        )
        super().__init__(*given, **named)

    def _parse_document(self, data: dict[str, Any]) -> Document:
        key = data.pop(self._primary_field, None)
        found = super()._parse_document(data)
        return found if key is None else found.model_copy(update={"id": str(key)})
