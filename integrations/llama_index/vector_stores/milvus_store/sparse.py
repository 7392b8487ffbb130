"""Sparse vectors of texts: by a function of the caller, or by BM25 inside the database."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any
from uuid import uuid4

from milvus_store import Function, FunctionType

DEFAULT_SPARSE_FIELD = "sparse_embedding"


class BaseSparseEmbeddingFunction(ABC):
    """Base of a sparse embedding: texts to dictionaries from index to weight."""

    @abstractmethod
    def encode_queries(self, queries: list[str]) -> list[dict[int, float]]:
        """One sparse vector for each query."""

    @abstractmethod
    def encode_documents(self, documents: list[str]) -> list[dict[int, float]]:
        """One sparse vector for each text to store."""

    async def async_encode_queries(self, queries: list[str]) -> list[dict[int, float]]:
        """The asynchronous ``encode_queries``, which it calls unless overridden."""
        return self.encode_queries(queries)

    async def async_encode_documents(self, documents: list[str]) -> list[dict[int, float]]:
        """The asynchronous ``encode_documents``, which it calls unless overridden."""
        return self.encode_documents(documents)


class BM25BuiltInFunction(Function):
    """BM25 over a text field, computed by the database: a query is its text.

    Args:
        input_field_names, output_field_names: the text field, and the sparse field beside it.
        analyzer_params: how to cut texts into words, for example ``{"type": "english"}``.
        multi_analyzer_params: analyzers by the value of another field, instead.
        enable_match: whether filters may use ``text_match`` on the text field.
    """

    def __init__(
        self,
        input_field_names: str | list[str] = "text",
        output_field_names: str | list[str] = DEFAULT_SPARSE_FIELD,
        function_name: str | None = None,
        function_description: str = "",
        function_params: dict[str, Any] | None = None,
        analyzer_params: dict[str, Any] | None = None,
        multi_analyzer_params: dict[str, Any] | None = None,
        enable_match: bool = False,
    ) -> None:
        super().__init__(
            function_name or f"bm25_function_{uuid4().hex[:8]}",
            FunctionType.BM25,
            input_field_names,
            output_field_names,
            function_description,
            function_params,
        )
        self.analyzer_params = analyzer_params
        self.multi_analyzer_params = multi_analyzer_params
        self.enable_match = enable_match

    def settings(self) -> dict[str, Any]:
        """The arguments that make an equal function."""
        return {
            "input_field_names": self.input_field_names,
            "output_field_names": self.output_field_names,
            "function_name": self.name,
            "function_description": self.description,
            "function_params": self.params,
            "analyzer_params": self.analyzer_params,
            "multi_analyzer_params": self.multi_analyzer_params,
            "enable_match": self.enable_match,
        }

    def get_field_kwargs(self) -> dict[str, Any]:
        """The options of the text field, beside its type."""
        options: dict[str, Any] = {"enable_analyzer": True, "enable_match": self.enable_match}
        if self.analyzer_params is not None:
            options["analyzer_params"] = self.analyzer_params
        if self.multi_analyzer_params is not None:
            options["multi_analyzer_params"] = self.multi_analyzer_params
        return options


def is_built_in(function: Any) -> bool:
    """Whether the database computes it, as pymilvus's functions and their subclasses."""
    return getattr(function, "type", None) == FunctionType.BM25
