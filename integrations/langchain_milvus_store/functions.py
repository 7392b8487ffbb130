"""What makes vectors besides LangChain's embeddings: sparse embeddings, and BM25 inside the database."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any
from uuid import uuid4

from langchain_core.runnables.config import run_in_executor

from milvus_store import Function, FunctionType


class BaseSparseEmbedding(ABC):
    """Base of a sparse embedding: texts to dictionaries from index to weight."""

    @abstractmethod
    def embed_query(self, query: str) -> dict[int, float]:
        """The sparse vector of a question."""

    @abstractmethod
    def embed_documents(self, texts: list[str]) -> list[dict[int, float]]:
        """The sparse vector of each text that is stored."""

    async def aembed_query(self, query: str) -> dict[int, float]:
        """``embed_query``, in a thread unless overridden."""
        return await run_in_executor(None, self.embed_query, query)

    async def aembed_documents(self, texts: list[str]) -> list[dict[int, float]]:
        """``embed_documents``, in a thread unless overridden."""
        return await run_in_executor(None, self.embed_documents, texts)


class BM25BuiltInFunction:
    """BM25 over the text field, computed by the database: full-text search without an embedding.

    Args:
        input_field_names, output_field_names: the text field, and the sparse vector field beside it.
        analyzer_params: how texts are cut into words, ``{"type": "english"}`` for one.
        multi_analyzer_params: analyzers by the value of another field, instead.
        enable_match: whether filters may use ``text_match`` on the text field.
        function_name: made up when left out.
    """

    def __init__(
        self,
        *,
        input_field_names: str = "text",
        output_field_names: str = "sparse",
        analyzer_params: dict[str, Any] | None = None,
        multi_analyzer_params: dict[str, Any] | None = None,
        enable_match: bool = False,
        function_name: str | None = None,
    ) -> None:
        if analyzer_params is not None and multi_analyzer_params is not None:
            raise ValueError("analyzer_params and multi_analyzer_params exclude each other: give one of them")
        name = function_name or f"bm25_function_{uuid4().hex[:8]}"
        self.function = Function(name, FunctionType.BM25, input_field_names, output_field_names)
        self.analyzer_params = analyzer_params
        self.multi_analyzer_params = multi_analyzer_params
        self.enable_match = enable_match

    @property
    def input_field_names(self) -> list[str]:
        return self.function.input_field_names

    @property
    def output_field_names(self) -> list[str]:
        return self.function.output_field_names

    @property
    def type(self) -> FunctionType:
        return self.function.type

    def get_input_field_schema_kwargs(self) -> dict[str, Any]:
        """What the text field takes beside its type."""
        options: dict[str, Any] = {"enable_analyzer": True, "enable_match": self.enable_match}
        if self.multi_analyzer_params is not None:
            options["multi_analyzer_params"] = self.multi_analyzer_params
        elif self.analyzer_params is not None:
            options["analyzer_params"] = self.analyzer_params
        return options
