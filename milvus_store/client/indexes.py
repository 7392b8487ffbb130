"""Calls that define indexes."""

from __future__ import annotations

import warnings
from typing import Any

from milvus_store_lite import (
    CollectionRecord,
    DataTypeNotMatchException,
    IndexNotExistException,
    IndexRecord,
    OnProgress,
    ParamError,
)

from ..index_params import to_records
from ..options import options
from .alterations import as_keys
from .calls import Calls, call, call_taking

_CREATE_OPTIONS = options("sync")


def _warn_of_gpu(records: tuple[IndexRecord, ...]) -> None:
    for record in records:
        if record.type.startswith("GPU_"):
            warnings.warn(
                f"index type {record.type} on field '{record.field}' is served on the CPU by its counterpart",
                UserWarning,
                stacklevel=4,
            )


def _index_called(name: str, record: CollectionRecord) -> IndexRecord:
    for index in record.indexes:
        if index.name == name:
            return index
    known = ", ".join(index.name for index in record.indexes) or "none"
    raise IndexNotExistException(
        message=f"index {name!r} does not exist in collection '{record.name}', it has: {known}"
    )


class IndexCalls(Calls):
    @call_taking(_CREATE_OPTIONS)
    def create_index(
        self, collection_name: str, index_params: Any, timeout: float | None = None, **kwargs: Any
    ) -> None:
        """Create the indexes that ``index_params`` name, and build them over the rows that are there.

        Args:
            sync: return when they are built (the default); else the build goes on in the background, while
                searches scan the vectors that are not in yet.

        Raises:
            ParamError: an index type is not supported, or does not take a metric or parameter.
        """
        records = to_records(index_params, self.create_index)
        if not records:
            raise ParamError(message="index_params are empty: add_index() to them first")
        _warn_of_gpu(records)
        self._database.collection(collection_name).create_indexes(records, wait=kwargs.get("sync", True))

    @call
    def build_index(
        self, collection_name: str, index_name: str, *, progress: OnProgress | None = None
    ) -> None:
        """Bring an index up to date now, and return when it is. Otherwise that happens when no write is under way.

        With so few rows that a scan is as fast, it does nothing.

        Args:
            progress: is told how many vectors are in. If it raises, that ends the call, and the index is as
                it was.

        Raises:
            IndexNotExistException: the collection has no such index.
        """
        collection = self._database.collection(collection_name)
        index = _index_called(index_name, collection.describe())
        collection.build_index(index.field, wait=True, progress=progress)

    @call
    def drop_index(
        self, collection_name: str, index_name: str, timeout: float | None = None, **kwargs: Any
    ) -> None:
        """Remove an index. A vector field's index can only go while the collection is released."""
        self._database.collection(collection_name).drop_index(index_name)

    @call
    def alter_index_properties(
        self,
        collection_name: str,
        index_name: str,
        properties: dict[str, Any],
        timeout: float | None = None,
        **kwargs: Any,
    ) -> None:
        """Set properties of an index while the collection is released: ``mmap.enabled``, which changes no answer.

        Raises:
            IndexNotExistException: the collection has no such index.
            ParamError: a property cannot be altered, or the collection is loaded.
        """
        if not isinstance(properties, dict):
            raise DataTypeNotMatchException(message=f"properties must be a dict, got {properties!r:.80}")
        self._database.collection(collection_name).alter_index(index_name, properties)

    @call
    def drop_index_properties(
        self,
        collection_name: str,
        index_name: str,
        property_keys: list[str],
        timeout: float | None = None,
        **kwargs: Any,
    ) -> None:
        """Remove properties of an index; raises what ``alter_index_properties`` raises."""
        self._database.collection(collection_name).alter_index(index_name, {}, drop=as_keys(property_keys))

    @call
    def list_indexes(self, collection_name: str, field_name: str = "", **kwargs: Any) -> list[str]:
        """Names of the indexes, of one field if it is named."""
        record = self._database.collection(collection_name).describe()
        return [index.name for index in record.indexes if field_name in ("", index.field)]

    def _stored_indexes(self, collection_name: str) -> list[dict[str, Any]]:
        """The indexes as the file has them; loads and builds none of them."""
        collection = self._database.collection(collection_name)
        return [
            {"name": index.name, "field": index.field, "type": index.type}
            | ({"metric": index.metric, "waiting": collection.unstored(index.field)} if index.metric else {})
            for index in collection.describe().indexes
        ]

    @call
    def describe_index(
        self, collection_name: str, index_name: str, timeout: float | None = None, **kwargs: Any
    ) -> Any:
        """Type, metric, field and progress of an index in a dictionary; None if no index has this name.

        pymilvus returns the same. The result is typed ``Any``, since callers mostly know that the index exists.
        """
        collection = self._database.collection(collection_name)
        index = next((known for known in collection.describe().indexes if known.name == index_name), None)
        if index is None:
            return None
        rows, pending, is_growing = collection.index_progress(index.field)
        return {
            "index_type": index.type,
            **({"metric_type": index.metric} if index.metric else {}),
            **index.parameters,
            "field_name": index.field,
            "index_name": index.name,
            "total_rows": rows,
            "indexed_rows": rows - pending,
            "pending_index_rows": pending,
            "state": "InProgress" if is_growing else "Finished",
        }
