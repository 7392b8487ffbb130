"""The function that makes vectors inside the database: BM25 over the texts."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from milvus_store import Function, FunctionType

from .unserved import unserved

__getattr__ = unserved(__name__)


class BM25BuiltInFunction:
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
        """The options of the text field, beside its type."""
        options: dict[str, Any] = {"enable_analyzer": True, "enable_match": self.enable_match}
        if self.multi_analyzer_params is not None:
            options["multi_analyzer_params"] = self.multi_analyzer_params
        elif self.analyzer_params is not None:
            options["analyzer_params"] = self.analyzer_params
        return options
