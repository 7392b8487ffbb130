"""The attributes of ``langchain_milvus.Milvus`` that scripts read.

Each one asks the current collection. Only ``search_params`` can be set: setting another would change nothing.
"""

from __future__ import annotations

from typing import Any, Final, NoReturn

from milvus_store import AsyncMilvusClient

from .base import OpenStore
from .collection_view import CollectionView

_INSTEAD: Final = {
    "alias": "there are no named connections: store.client is the client of this store",
    "default_search_params": "every index has defaults of its own: give search_params, or param to one search",
    "col_cache": "nothing is cached: store.col is the collection as it is now",
}


class Attributes(OpenStore):
    @property
    def col(self) -> CollectionView | None:
        """The collection, None before it exists."""
        return (
            None if self._layout() is None else CollectionView(self.client, self._rows, self.collection_name)
        )

    @property
    def fields(self) -> list[str]:
        """Names of the collection's fields, empty before it exists."""
        view = self.col
        return [] if view is None else [field.name for field in view.schema.fields]

    @property
    def aclient(self) -> AsyncMilvusClient:
        """The asynchronous form of ``client``; closing either closes both."""
        if self._aclient is None:
            self._aclient = AsyncMilvusClient.over(self.client)
        return self._aclient

    @property
    def index_params(self) -> dict[str, Any] | list[dict[str, Any]]:
        """The parameters of the vector's index; a list for several vector fields."""
        layout = self._layout()
        sparse = set() if layout is None else {field.name for field in layout.vectors if field.dim is None}
        params: list[dict[str, Any]] = []
        for source in self._settings.vectors:
            asked = source.index_params(is_sparse=source.name in sparse)
            metric = None if layout is None else self._metric(source.name)
            params.append({**asked, "metric_type": metric or asked["metric_type"]})
        return params[0] if len(params) == 1 else params

    @property
    def search_params(self) -> dict[str, Any] | list[dict[str, Any]] | None:
        """The default parameters of searches; a list for several vector fields.

        If the store was given none, they are those of the indexes, and None before the collection exists.
        """
        if self._search_params is not None or self._layout() is None:
            return self._search_params
        params: list[dict[str, Any]] = [
            {"metric_type": self._metric(vector.name), "params": {}} for vector in self._settings.vectors
        ]
        return params[0] if len(params) == 1 else params

    @search_params.setter
    def search_params(self, given: dict[str, Any] | list[dict[str, Any]] | None) -> None:
        self._search_params = given

    @property
    def auto_id(self) -> bool:
        return self._settings.auto_id

    @property
    def collection_description(self) -> str:
        return self._settings.description

    @property
    def collection_properties(self) -> dict[str, Any] | None:
        return self._settings.properties

    @property
    def consistency_level(self) -> str:
        return self._settings.consistency_level

    @property
    def enable_dynamic_field(self) -> bool:
        return self._settings.dynamic

    @property
    def metadata_schema(self) -> dict[str, dict[str, Any]]:
        return self._settings.metadata_schema

    @property
    def num_partitions(self) -> int | None:
        return self._settings.num_partitions

    @property
    def num_shards(self) -> int | None:
        return self._settings.num_shards

    @property
    def vector_schema(self) -> dict[str, Any] | list[dict[str, Any]] | None:
        """The constructor's ``vector_schema``."""
        return self._vector_schema

    # Subclasses of langchain_milvus's store read these names of fields.

    @property
    def _primary_field(self) -> str:
        return self._settings.primary

    @property
    def _text_field(self) -> str:
        return self._settings.text

    @property
    def _vector_field(self) -> str | list[str]:
        names = self.vector_fields
        return names[0] if len(names) == 1 else names

    @property
    def _metadata_field(self) -> str | None:
        return self._settings.metadata

    @property
    def _partition_key_field(self) -> str | None:
        return self._settings.partition_key

    def __getattr__(self, name: str) -> NoReturn:
        """Name the replacement of attributes that only langchain_milvus has."""
        hint = f": {_INSTEAD[name]}" if name in _INSTEAD else ""
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{hint}")
