"""The definition of a collection as it travels: everything that a client can say when it makes the collection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from milvus_store_lite import CollectionRecord, Field, Schema

from ..index_params import IndexParams
from ..schema import CollectionSchema, from_engine, function_from_engine, to_engine
from ..structs import StructFieldSchema

DEFAULT_PARTITION: Final = "_default"
_GIVEN_PKS: Final = "allow_insert_auto_id"


@dataclass(frozen=True, slots=True)
class CollectionDefinition:
    """``partitions``: those that rows are put into by name, none where a partition key does that.

    ``num_partitions``: how many partitions a partition key spreads the rows over.
    """

    name: str
    schema: CollectionSchema
    indexes: IndexParams
    aliases: tuple[str, ...] = ()
    partitions: tuple[str, ...] = ()
    properties: tuple[tuple[str, Any], ...] = ()
    consistency_level: str = "Bounded"
    num_partitions: int | None = None
    is_loaded: bool = True

    @property
    def engine_schema(self) -> Schema:
        """The schema by which rows are read and written."""
        return to_engine(self.schema)

    @property
    def auto_id(self) -> bool:
        """Whether rows are numbered."""
        return self.engine_schema.primary.auto_id

    def taking_pks(self) -> CollectionDefinition:
        """The same with a property that lets rows that are numbered keep the keys that they have."""
        if not self.auto_id:
            return self
        return replace(self, properties=tuple({**dict(self.properties), _GIVEN_PKS: "true"}.items()))

    @property
    def takes_pks(self) -> bool:
        """Whether rows that are numbered may have keys."""
        return str(dict(self.properties).get(_GIVEN_PKS)).lower() == "true"

    def without_auto_id(self) -> CollectionDefinition:
        """The same with keys that whoever writes gives."""
        schema = schema_of(self.engine_schema)
        for field in schema.fields:
            field.auto_id = False
        return replace(self, schema=schema)


def definition_of(record: CollectionRecord) -> CollectionDefinition:
    """The definition of a collection of a file."""
    indexes = IndexParams()
    for index in record.indexes:
        metric = {"metric_type": index.metric} if index.metric else {}
        indexes.add_index(index.field, index.type, index.name, **metric, **index.parameters)
    has_key = record.schema.partition_key is not None
    return CollectionDefinition(
        name=record.name,
        schema=schema_of(record.schema),
        indexes=indexes,
        aliases=record.aliases,
        partitions=() if has_key else tuple(record.partitions),
        properties=tuple(record.properties.items()),
        consistency_level=record.consistency_level,
        num_partitions=record.schema.num_partitions if has_key else None,
        is_loaded=record.is_loaded,
    )


def schema_of(schema: Schema) -> CollectionSchema:
    """The builder that makes ``schema``."""
    return CollectionSchema(
        [from_engine(field) for field in schema.fields if not field.members],
        schema.description,
        enable_dynamic_field=schema.enable_dynamic_field,
        functions=[function_from_engine(function) for function in schema.functions],
        struct_fields=_structs(schema.fields),
    )


def _structs(fields: Sequence[Field]) -> list[StructFieldSchema]:
    structs = []
    for field in fields:
        if field.members:
            struct = StructFieldSchema(field.nullable, field.description)
            struct.name, struct.max_capacity = field.name, field.max_capacity
            struct.fields = [from_engine(member) for member in field.members]
            structs.append(struct)
    return structs
