"""The vectors of a store's documents: their fields and sources, from the constructor's arguments.

A store has one vector field or several. Each is filled by an embedding, dense or sparse, or by a function of the
database. Nothing here talks to a client.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from milvus_store import DataType, FunctionType

DENSE_INDEX: Final = {"index_type": "AUTOINDEX", "metric_type": "L2"}
SPARSE_INDEX: Final = {"index_type": "SPARSE_INVERTED_INDEX", "metric_type": "IP"}
EMBEDDED_INDEX: Final = {"index_type": "AUTOINDEX", "metric_type": "COSINE"}
"""Of vectors that a function of the database embeds."""

BM25_INDEX: Final = {"index_type": "SPARSE_INVERTED_INDEX", "metric_type": "BM25"}

_DENSE_TYPES: Final = (DataType.FLOAT_VECTOR, DataType.FLOAT16_VECTOR, DataType.BFLOAT16_VECTOR)
_TYPES: Final = (*_DENSE_TYPES, DataType.SPARSE_FLOAT_VECTOR)


@dataclass(frozen=True, kw_only=True)
class VectorSource:
    """One vector field.

    ``embedding`` makes its vectors, or else ``function``. ``index``: the given index parameters, without
    defaults. ``dtype`` and ``dim``: as given, also by the function, None to take them from the first embedding.
    """

    name: str
    embedding: Any
    function: Any
    index: dict[str, Any]
    dtype: DataType | None
    dim: int | None

    @property
    def inputs(self) -> list[str]:
        """The fields that the function reads."""
        return [] if self.function is None else _as_list(engine_function(self.function).input_field_names)

    @property
    def is_full_text(self) -> bool:
        return self.function is not None and engine_function(self.function).type == FunctionType.BM25

    @property
    def dtypes(self) -> tuple[DataType, ...]:
        """The types that the field may have."""
        if self.is_full_text:
            return (DataType.SPARSE_FLOAT_VECTOR,)
        return _TYPES if self.function is None else _DENSE_TYPES

    @property
    def metric(self) -> str | None:
        """The metric given, None for the default."""
        return self.index.get("metric_type")

    def index_params(self, *, is_sparse: bool) -> dict[str, Any]:
        """The parameters of the index."""
        if self.function is not None:
            defaults = BM25_INDEX if self.is_full_text else EMBEDDED_INDEX
        else:
            defaults = SPARSE_INDEX if is_sparse else DENSE_INDEX
        return {**defaults, **self.index}


def vector_sources(
    embeddings: Any, functions: Any, vector_field: Any, vector_schema: Any, index_params: Any
) -> tuple[VectorSource, ...]:
    """The vector fields that the constructor's arguments describe: those of embeddings, then those of functions.

    Raises:
        ValueError: the arguments do not fit each other, or are not supported.
    """
    models, built_in = _as_list(embeddings), _as_list(functions)
    if not models and not built_in:
        raise ValueError(
            f"embedding_function must be an Embeddings object, or a builtin_function be given, got {embeddings!r}"
        )
    for model in models:
        if not (hasattr(model, "embed_documents") and hasattr(model, "embed_query")):
            raise ValueError(f"embedding_function must be an Embeddings object, got {model!r}")
    outputs = [_output_of(function) for function in built_in]
    names = _embedded_names([name for name in _as_list(vector_field) if name not in outputs], len(models))
    if not models and vector_field == "vector":
        names = []
    fields = [*names, *outputs]
    for name in fields:
        if fields.count(name) > 1:
            raise ValueError(f"vector fields: {name!r} is two")
    # Lists of dictionaries follow the caller's order of the fields, if the caller has named all of them.
    given = _as_list(vector_field)
    order = given if sorted(given) == sorted(fields) else fields
    schemas = one_for_each("vector_schema", vector_schema, order)
    indexes = one_for_each("index_params", index_params, order)
    models = [*models, *([None] * len(built_in))]
    built_in = [None] * len(names) + built_in
    return tuple(
        VectorSource(
            name=name,
            embedding=model,
            function=function,
            index=indexes[name],
            **_checked_schema(schemas[name], function),
        )
        for name, model, function in zip(fields, models, built_in, strict=True)
    )


def engine_function(function: Any) -> Any:
    """The schema's function inside a ``BM25BuiltInFunction`` or the like, of this package or langchain-milvus."""
    return function.function


def _as_list(given: Any) -> list[Any]:
    return [] if given is None else list(given) if isinstance(given, (list, tuple)) else [given]


def _embedded_names(given: list[str], count: int) -> list[str]:
    """The name of a field for each of ``count`` embeddings: the given ones, then generated ones."""
    if len(given) > count and given != ["vector"]:
        raise ValueError(f"vector_field names {len(given)} fields for {count} embeddings: {', '.join(given)}")
    given = given[:count]
    return [*given, *(f"vector_{number + 1}" for number in range(len(given), count))]


def _output_of(function: Any) -> str:
    inner: Any = getattr(function, "function", None)
    if getattr(inner, "type", None) not in (FunctionType.BM25, FunctionType.TEXTEMBEDDING):
        raise ValueError(
            f"builtin_function must be a BM25BuiltInFunction or a TextEmbeddingBuiltInFunction, "
            f"got {function!r:.80}"
        )
    (name,) = _as_list(inner.output_field_names)
    return str(name)


def one_for_each(argument: str, given: Any, fields: Sequence[str]) -> dict[str, dict[str, Any]]:
    """``given``, a dictionary or a list of them, by field; empty ones for None."""
    items = _as_list(given) or [None] * len(fields)
    if len(items) != len(fields):
        raise ValueError(
            f"{argument} must be one dict for each vector field ({', '.join(fields)}), got {len(items)}"
        )
    for item in items:
        if item is not None and not isinstance(item, Mapping):
            raise ValueError(f"{argument} must be a dict such as {DENSE_INDEX}, got {item!r}")
    return {name: dict(item or {}) for name, item in zip(fields, items, strict=True)}


def _checked_schema(given: Mapping[str, Any], function: Any) -> dict[str, Any]:
    """``given`` as arguments of a source; ``function``: what fills the field, None for an embedding."""
    schema = {**given, **(given.get("kwargs") or {})}
    schema.pop("kwargs", None)
    dtype, dim = schema.pop("dtype", None), schema.pop("dim", None)
    is_dim = dim is None or (isinstance(dim, int) and not isinstance(dim, bool) and dim > 0)
    if schema or dtype not in (None, *_TYPES) or not is_dim:
        types = ", ".join(dtype.name for dtype in _TYPES)
        raise ValueError(
            f"vector_schema must be {{'dtype': ..., 'dim': ...}} with {types} and the dimension of the "
            f"embeddings, or parts of it, got {dict(given)!r}"
        )
    dtype = None if dtype is None else DataType(dtype)
    if dtype == DataType.SPARSE_FLOAT_VECTOR and dim is not None:
        raise ValueError(f"vector_schema: sparse vectors have no dimension, got {dict(given)!r}")
    made = getattr(function, "dim", None)
    if None not in (dim, made) and dim != made:
        raise ValueError(
            f"vector_schema gives the dimension {dim}, and the builtin_function makes vectors of {made}"
        )
    return {"dtype": dtype, "dim": made if dim is None else dim}
