"""The constructor's arguments, checked once.

They describe the collection that the first documents create. An existing one must agree with them.
Nothing here talks to a client.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .vectors import VectorSource


@dataclass(frozen=True, kw_only=True)
class Settings:
    """``vectors``: the vector fields, at least one, and their sources."""

    collection_name: str
    description: str
    properties: dict[str, Any] | None
    consistency_level: str
    auto_id: bool
    primary: str
    text: str
    vectors: tuple[VectorSource, ...]
    dynamic: bool
    metadata: str | None
    metadata_schema: dict[str, dict[str, Any]]
    partition_key: str | None
    num_partitions: int | None
    num_shards: int | None

    def __post_init__(self) -> None:
        vectors = [vector.name for vector in self.vectors]
        names = [self.primary, self.text, *vectors, self.metadata, self.partition_key]
        given = [name for name in names if name is not None]
        for name in given:
            if given.count(name) > 1:
                raise ValueError(
                    f"primary, text, vector, metadata and partition key field: {name!r} is the name of two of them"
                )
        if self.metadata is not None and self.metadata_schema:
            raise ValueError(
                f"metadata_field={self.metadata!r} keeps the whole metadata in one JSON field, so that "
                f"metadata_schema has no fields to describe: give one of the two"
            )
        for key, described in self.metadata_schema.items():
            if key in (self.primary, self.text, *vectors):
                raise ValueError(f"metadata_schema: {key!r} is the name of one of the store's own fields")
            if not isinstance(described, Mapping) or "dtype" not in described:
                raise ValueError(
                    f"metadata_schema[{key!r}] must be a dict with a 'dtype' such as DataType.INT64, "
                    f"got {described!r}"
                )
        for vector in self.vectors:
            for name in vector.inputs:
                if name != self.text:
                    raise ValueError(
                        f"builtin_function reads field {name!r}: expected the text_field, {self.text!r}"
                    )
