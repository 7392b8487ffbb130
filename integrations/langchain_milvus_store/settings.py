"""What a store was asked to be: the constructor's arguments, checked once.

They describe the collection that the first documents create, and what an existing one must agree with.
Nothing here talks to a client.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from milvus_store import DataType

DEFAULT_INDEX: Final = {"index_type": "AUTOINDEX", "metric_type": "L2"}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """``index`` holds the defaults too, ``metric`` only what was asked for."""

    collection_name: str
    description: str
    properties: dict[str, Any] | None
    consistency_level: str
    index: dict[str, Any]
    metric: str | None
    auto_id: bool
    primary: str
    text: str
    vector: str
    dynamic: bool
    metadata: str | None
    metadata_schema: dict[str, dict[str, Any]]
    partition_key: str | None
    num_partitions: int | None
    num_shards: int | None

    def __post_init__(self) -> None:
        names = [self.primary, self.text, self.vector, self.metadata, self.partition_key]
        given = [name for name in names if name is not None]
        for name in given:
            if given.count(name) > 1:
                raise ValueError(f"primary, text, vector, metadata and partition key field: {name!r} is two")
        if self.metadata is not None and self.metadata_schema:
            raise ValueError(
                f"metadata_field={self.metadata!r} keeps the whole metadata in one JSON field, so that "
                f"metadata_schema has no fields to describe: give one of the two"
            )
        for key, described in self.metadata_schema.items():
            if key in (self.primary, self.text, self.vector):
                raise ValueError(f"metadata_schema: {key!r} is the name of one of the store's own fields")
            if not isinstance(described, Mapping) or "dtype" not in described:
                raise ValueError(
                    f"metadata_schema[{key!r}] must be a dict with a 'dtype' such as DataType.INT64, "
                    f"got {described!r}"
                )


def only_one(argument: str, given: Any) -> Any:
    """``given``, or the one item of a list; several are refused, because a row has one vector here."""
    if not isinstance(given, (list, tuple)):
        return given
    if len(given) != 1:
        raise ValueError(
            f"{argument} must be a single one, got {len(given)}: this version keeps one vector a document. "
            f"Keep each embedding in a collection of its own"
        )
    return given[0]


def checked_index_params(given: Any) -> dict[str, Any]:
    """``index_params`` as a dict, empty when none were given."""
    params = only_one("index_params", given)
    if params is None:
        return {}
    if not isinstance(params, Mapping):
        raise ValueError(f"index_params must be a dict such as {DEFAULT_INDEX}, got {params!r}")
    return dict(params)


def refuse_unserved(vector_schema: Any, builtin_function: Any) -> None:
    """Raise ``ValueError`` for constructor arguments that ask for what this version does not serve."""
    if builtin_function is not None:
        raise ValueError(
            "builtin_function is not served by this version: embed texts with an embedding_function, "
            "or use a Milvus server with langchain-milvus for BM25 and server-side embeddings"
        )
    described = only_one("vector_schema", vector_schema) or {}
    dtype = described.get("dtype", DataType.FLOAT_VECTOR)
    if dtype != DataType.FLOAT_VECTOR or set(described) - {"dtype"}:
        raise ValueError(
            f"vector_schema must be {{'dtype': DataType.FLOAT_VECTOR}} or None, got {described!r}: this "
            f"version stores float32 vectors, whose dimension it takes from the embeddings"
        )
