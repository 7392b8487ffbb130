"""The functions that make vectors inside the database: BM25 over the texts, or a model that embeds them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from milvus_store import Function, FunctionType

from .unserved import unserved

__getattr__ = unserved(__name__)


class BaseMilvusBuiltInFunction:
    """A function of the database, which a store takes as ``builtin_function``."""

    function: Function

    @property
    def input_field_names(self) -> list[str]:
        return self.function.input_field_names

    @property
    def output_field_names(self) -> list[str]:
        return self.function.output_field_names

    @property
    def type(self) -> FunctionType:
        return self.function.type


class BM25BuiltInFunction(BaseMilvusBuiltInFunction):
    """BM25 over the text field, computed by the database: full-text search without an embedding.

    Args:
        input_field_names, output_field_names: the text field, and the sparse vector field beside it.
        analyzer_params: how to cut texts into words, for example ``{"type": "english"}``.
        multi_analyzer_params: analyzers by the value of another field, instead.
        enable_match: whether filters may use ``text_match`` on the text field.
        function_name: generated when left out.
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

    def get_input_field_schema_kwargs(self) -> dict[str, Any]:
        """The options of the text field, beside its type."""
        options: dict[str, Any] = {"enable_analyzer": True, "enable_match": self.enable_match}
        if self.multi_analyzer_params is not None:
            options["multi_analyzer_params"] = self.multi_analyzer_params
        elif self.analyzer_params is not None:
            options["analyzer_params"] = self.analyzer_params
        return options


class TextEmbeddingBuiltInFunction(BaseMilvusBuiltInFunction):
    """A model that the database asks for the vectors of the text field, and of the texts of searches.

    Args:
        input_field_names, output_field_names: the text field, and the dense vector field beside it.
        dim: of the model's vectors.
        params: ``{"provider": "minilm"}`` names a callable of ``milvus_store.embeddings.register``, or a service
            with its ``"model_name"``; the others go to the model.
        function_name: generated when left out.
    """

    def __init__(
        self,
        *,
        input_field_names: str | list[str],
        output_field_names: str | list[str],
        dim: int,
        params: dict[str, Any],
        function_name: str | None = None,
    ) -> None:
        name = function_name or f"text_embedding_{uuid4().hex[:8]}"
        self.function = Function(
            name, FunctionType.TEXTEMBEDDING, input_field_names, output_field_names, params=params
        )
        self.dim = dim
        self.params = params
