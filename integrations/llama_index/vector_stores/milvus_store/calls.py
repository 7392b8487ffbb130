"""The store's calls to its client, as values: the synchronous or the asynchronous client makes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from llama_index.core.vector_stores.types import MetadataFilters

from milvus_store import MilvusException

from .filters import all_of, one_of, to_tree
from .rows import ID_FIELD, Fields


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the client. ``stored``: how many nodes the calls before it have stored."""

    name: str
    arguments: dict[str, Any]
    stored: int = 0

    def note(self, error: MilvusException) -> None:
        """Add to ``error`` which nodes the calls before this one have stored."""
        if self.stored:
            error.message = f"{error.message}; the nodes 0 to {self.stored - 1} are stored"
            error.args = (error.code, error.message)


def creation(
    collection: str,
    rows: list[dict[str, Any]],
    settings: Mapping[str, Any],
    batch_size: int,
    options: Mapping[str, Any],
    *,
    replace: bool = False,
) -> Call:
    """Create the collection that ``settings`` describe, with its first ``rows``."""
    return Call(
        "create_and_insert",
        {
            "collection_name": collection,
            "data": rows,
            "partition_name": options.get("milvus_partition_name"),
            "replace": replace,
            "batch_size": batch_size,
            **settings,
        },
    )


def flushing(collection: str, rows: list[dict[str, Any]], options: Mapping[str, Any]) -> list[Call]:
    """Flush after writing ``rows``, if the ``options`` ask for it."""
    return [Call("flush", {"collection_name": collection})] if options.get("force_flush") and rows else []


def writes(
    collection: str, rows: list[dict[str, Any]], upsert: bool, batch_size: int, options: Mapping[str, Any]
) -> list[Call]:
    """Write ``rows``, ``batch_size`` at a time, to the partition of the ``options``."""
    return [
        Call(
            "upsert" if upsert else "insert",
            {
                "collection_name": collection,
                "data": rows[start : start + batch_size],
                "partition_name": options.get("milvus_partition_name"),
            },
            stored=start,
        )
        for start in range(0, len(rows), batch_size)
    ]


def deletion(collection: str, condition: Any, options: Mapping[str, Any]) -> Call:
    """Delete the rows that match ``condition``, in the partition that ``options`` name."""
    return Call(
        "delete",
        {
            "collection_name": collection,
            "filter": condition,
            "partition_name": options.get("milvus_partition_name"),
        },
    )


def listing(
    collection: str,
    fields: Fields,
    node_ids: list[str] | None,
    filters: MetadataFilters | None,
    options: Mapping[str, Any],
) -> Call:
    """Read the nodes with these ids or those that match the filters, with their embeddings.

    Raises:
        ValueError: neither is given, or both.
    """
    if node_ids is not None and filters is not None and filters.filters:
        raise ValueError("get_nodes() takes node_ids or filters, got both")
    return Call(
        "query",
        {
            "collection_name": collection,
            "filter": nodes_condition(fields, node_ids, filters),
            "output_fields": fields.output(None, with_embedding=True),
            "partition_names": options.get("milvus_partition_names"),
        },
    )


def nodes_condition(fields: Fields, node_ids: list[str] | None, filters: MetadataFilters | None) -> Any:
    """The condition that selects the nodes with these ids that match the filters.

    Raises:
        ValueError: neither is given.
    """
    parts = [] if node_ids is None else [one_of(ID_FIELD, node_ids)]
    if filters is not None:
        parts.append(to_tree(filters, fields.own))
    condition = all_of(parts)
    if condition == "":
        raise ValueError(
            "delete_nodes() and get_nodes() need node_ids or filters, got neither: clear() removes everything"
        )
    return condition
