"""What a file and a server have in common: the calls of a client that define collections, and its searches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from .. import MilvusClient
from ..index_params import IndexParam, IndexParams
from ..results import LoadState
from .definitions import DEFAULT_PARTITION, CollectionDefinition

HITS: Final = 10
"""Hits of the search at the end of a copy."""


class ClientStore:
    """The collections of one database that a client reaches."""

    _index_options: Mapping[str, Any] = {}

    def __init__(self, client: MilvusClient, label: str) -> None:
        self.client = client
        self.label = label

    def names(self) -> list[str]:
        return self.client.list_collections()

    def has(self, name: str) -> bool:
        return self.client.has_collection(name)

    def drop(self, name: str) -> None:
        for alias in self.client.list_aliases(name)["aliases"]:
            self.client.drop_alias(alias)
        self.client.drop_collection(name)

    def create(self, definition: CollectionDefinition) -> None:
        options: dict[str, Any] = {"consistency_level": definition.consistency_level}
        if definition.properties:
            options["properties"] = dict(definition.properties)
        if definition.num_partitions:
            options["num_partitions"] = definition.num_partitions
        self.client.create_collection(definition.name, schema=definition.schema, **options)
        for partition in definition.partitions:
            if partition != DEFAULT_PARTITION:
                self.client.create_partition(definition.name, partition)

    def finish(self, definition: CollectionDefinition) -> None:
        name = definition.name
        existing = set(self.client.list_indexes(name))
        self._create_indexes(name, [one for one in definition.indexes if one.index_name not in existing])
        if self._is_loaded(name) != definition.is_loaded:
            change = self.client.load_collection if definition.is_loaded else self.client.release_collection
            change(name)
        known = set(self.client.list_aliases(name)["aliases"])
        for alias in definition.aliases:
            if alias not in known:
                self.client.create_alias(name, alias)

    def settle(self, definition: CollectionDefinition) -> None:
        wanted, had = dict(definition.properties), dict(definition.taking_pks().properties)
        if gone := had.keys() - wanted.keys():
            self.client.drop_collection_properties(definition.name, list(gone))
        if changed := {key: value for key, value in wanted.items() if had[key] != value}:
            self.client.alter_collection_properties(definition.name, changed)

    def nearest(self, definition: CollectionDefinition, field: str, vector: Any) -> list[float] | None:
        """The distances of ten rows; None where the collection is not loaded."""
        if not self._is_loaded(definition.name):
            return None
        (hits,) = self.client.search(
            definition.name, [vector], anns_field=field, limit=HITS, consistency_level="Strong"
        )
        return [hit["distance"] for hit in hits]

    def close(self) -> None:
        self.client.close()

    def _create_indexes(self, name: str, indexes: Iterable[IndexParam]) -> None:
        missing = IndexParams(indexes)
        if missing:
            self.client.create_index(name, missing, **self._index_options)

    def _is_loaded(self, name: str) -> bool:
        return bool(self.client.get_load_state(name)["state"] == LoadState.Loaded)
