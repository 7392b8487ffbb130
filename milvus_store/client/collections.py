"""Calls that define collections: create, describe, list, drop, rename, load, release."""

from __future__ import annotations

from typing import Any

from milvus_store_lite import (
    CollectionNotExistException,
    CollectionRecord,
    DataType,
    IndexRecord,
    ParamError,
    PrimaryKeyException,
)

from ..fields import FieldSchema
from ..index_params import IndexParams, to_records
from ..options import ConsistencyLevel, check_options, consistency_level, options
from ..results import LoadState
from ..schema import CollectionSchema, described, function_from_engine, to_engine
from ..structs import StructFieldSchema
from .calls import Calls, call, call_taking
from .creation import CREATE_OPTIONS

_QUICK_OPTIONS = CREATE_OPTIONS | options("max_length", "enable_dynamic_field", "description")
_ID_TYPES = {
    "int": DataType.INT64,
    DataType.INT64: DataType.INT64,
    "string": DataType.VARCHAR,
    "str": DataType.VARCHAR,
    DataType.VARCHAR: DataType.VARCHAR,
}


_PARTITIONS = 16
"""Of a collection with a partition key, where its schema says nothing else."""


def partition_count(record: CollectionRecord) -> int:
    """How many partitions a description says that a collection has."""
    if record.schema.partition_key is not None:
        return record.schema.num_partitions or _PARTITIONS
    return len(record.partitions)


class CollectionCalls(Calls):
    @staticmethod
    def create_schema(**kwargs: Any) -> CollectionSchema:
        """An empty schema to add fields to; takes what ``CollectionSchema`` takes."""
        return CollectionSchema(**kwargs)

    @staticmethod
    def create_field_schema(name: str, data_type: DataType, desc: str = "", **kwargs: Any) -> FieldSchema:
        """A field; takes what ``FieldSchema`` takes."""
        return FieldSchema(name, data_type, desc, **kwargs)

    @staticmethod
    def create_struct_field_schema(**kwargs: Any) -> StructFieldSchema:
        """The elements of an ARRAY field to add members to; takes what ``StructFieldSchema`` takes."""
        return StructFieldSchema(**kwargs)

    @staticmethod
    def prepare_index_params(field_name: str = "", **kwargs: Any) -> IndexParams:
        """Index parameters to add to; with ``field_name``, of that one index already."""
        params = IndexParams()
        if field_name:
            params.add_index(field_name, **kwargs)
        return params

    @call_taking(_QUICK_OPTIONS)
    def create_collection(
        self,
        collection_name: str,
        dimension: int | None = None,
        primary_field_name: str = "id",
        id_type: str | DataType = "int",
        vector_field_name: str = "vector",
        metric_type: str = "COSINE",
        auto_id: bool = False,
        timeout: float | None = None,
        schema: Any = None,
        index_params: Any = None,
        **kwargs: Any,
    ) -> None:
        """Create a collection, either from ``dimension`` alone or from a schema.

        The quick form has a primary key, a vector, a dynamic field and an AUTOINDEX, and is loaded. With a
        schema, the collection is loaded when ``index_params`` come with it.

        Raises:
            ParamError, SchemaNotReadyException: naming the parameter or field at fault.
            MilvusException: the name is taken.
        """
        if schema is None:
            schema = self._quick_schema(
                dimension, primary_field_name, id_type, vector_field_name, auto_id, kwargs
            )
            indexes: tuple[IndexRecord, ...] = (
                IndexRecord("", vector_field_name, "AUTOINDEX", metric_type, {}),
            )
        else:
            check_options(self.create_collection, kwargs, CREATE_OPTIONS)
            indexes = to_records(index_params, self.create_collection) if index_params is not None else ()
        self._database.create_collection(
            collection_name,
            to_engine(schema, kwargs.get("num_partitions")),
            properties=kwargs.get("properties"),
            consistency_level=consistency_level(kwargs.get("consistency_level")).value,
            indexes=indexes,
        )

    @staticmethod
    def _quick_schema(
        dimension: int | None,
        primary_field: str,
        id_type: str | DataType,
        vector_field: str,
        auto_id: bool,
        options: dict[str, Any],
    ) -> CollectionSchema:
        if dimension is None:
            raise ParamError(message="create_collection() needs a dimension or a schema")
        if id_type not in _ID_TYPES:
            raise PrimaryKeyException(message=f"id_type must be 'int' or 'string', got {id_type!r}")
        schema = CollectionSchema(
            auto_id=auto_id,
            enable_dynamic_field=options.get("enable_dynamic_field", True),
            description=options.get("description", ""),
        )
        schema.add_field(
            primary_field, _ID_TYPES[id_type], is_primary=True, max_length=options.get("max_length")
        )
        return schema.add_field(vector_field, DataType.FLOAT_VECTOR, dim=dimension)

    @call
    def has_collection(self, collection_name: str, timeout: float | None = None, **kwargs: Any) -> bool:
        """Whether a collection or alias has this name."""
        return self._database.has_collection(collection_name)

    @call
    def list_collections(self, **kwargs: Any) -> list[str]:
        """Names of the collections, oldest first."""
        return self._database.list_collections()

    @call
    def describe_collection(
        self, collection_name: str, timeout: float | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        """Schema and properties of a collection, with pymilvus's keys."""
        record = self._database.collection(collection_name).describe()
        level = ConsistencyLevel(record.consistency_level)
        schema = record.schema
        return {
            "collection_name": record.name,
            "auto_id": schema.primary.auto_id,
            "num_shards": 1,
            "description": schema.description,
            "fields": [described(field) for field in schema.fields],
            "functions": [function_from_engine(function).to_dict() for function in schema.functions],
            "aliases": list(record.aliases),
            "collection_id": record.id,
            "consistency_level": level.number,
            "consistency_level_name": level.value,
            "properties": record.properties,
            "num_partitions": partition_count(record),
            "enable_dynamic_field": schema.enable_dynamic_field,
            "created_timestamp": record.created_at,
        }

    @call
    def drop_collection(self, collection_name: str, timeout: float | None = None, **kwargs: Any) -> None:
        """Remove a collection and its rows; nothing happens if it does not exist."""
        self._database.drop_collection(collection_name)

    @call
    def rename_collection(
        self, old_name: str, new_name: str, target_db: str = "", timeout: float | None = None, **kwargs: Any
    ) -> None:
        """Give a collection another name, and move it to the database ``target_db`` if one is named."""
        self._database.rename_collection(old_name, new_name, target_db or None)

    @call
    def get_collection_stats(
        self, collection_name: str, timeout: float | None = None, **kwargs: Any
    ) -> dict[str, int]:
        """``{"row_count": n}``, exact at every moment."""
        return {"row_count": self._database.collection(collection_name).count()}

    @call
    def load_collection(self, collection_name: str, timeout: float | None = None, **kwargs: Any) -> None:
        """Let a collection be searched. Its vector fields need an index first, as in Milvus."""
        self._database.collection(collection_name).load()

    @call
    def refresh_load(self, collection_name: str, timeout: float | None = None, **kwargs: Any) -> None:
        """Nothing is left to do: a loaded collection answers with every committed row at once.

        Raises:
            CollectionNotLoadedException: the collection is released.
        """
        self._database.collection(collection_name).require_loaded()

    @call
    def release_collection(self, collection_name: str, timeout: float | None = None, **kwargs: Any) -> None:
        """Stop a collection from being searched, in every process, until it is loaded again."""
        self._database.collection(collection_name).release()

    @call
    def get_load_state(
        self, collection_name: str, partition_name: str = "", timeout: float | None = None, **kwargs: Any
    ) -> dict[str, LoadState]:
        """``{"state": LoadState}``; ``NotExist`` for a collection that does not exist.

        Raises:
            PartitionNotExistException: the collection has no such partition.
        """
        try:
            is_loaded = self._database.collection(collection_name).is_loaded(partition_name or None)
        except CollectionNotExistException:
            return {"state": LoadState.NotExist}
        return {"state": LoadState.Loaded if is_loaded else LoadState.NotLoad}
