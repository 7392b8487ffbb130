"""``store.col``: the reading half of pymilvus's ``Collection``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

from milvus_store import DataType, FieldSchema, MilvusClient
from milvus_store.client.tenants import TenantClient


@dataclass(frozen=True)
class ViewedSchema:
    """The schema as pymilvus's ``CollectionSchema`` shows it."""

    fields: list[FieldSchema]
    description: str
    enable_dynamic_field: bool
    auto_id: bool

    @property
    def primary_field(self) -> FieldSchema:
        return next(field for field in self.fields if field.is_primary)


@dataclass(frozen=True)
class ViewedIndex:
    """One index. ``params``: its type, metric and build parameters."""

    collection_name: str
    field_name: str
    index_name: str
    params: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        return {
            "collection": self.collection_name,
            "field": self.field_name,
            "index_name": self.index_name,
            "index_param": self.params,
        }


class CollectionView:
    """A collection; each attribute asks for its current state."""

    def __init__(self, client: MilvusClient, rows: MilvusClient | TenantClient, name: str) -> None:
        self._client = client
        self._rows = rows
        self.name = name

    @property
    def schema(self) -> ViewedSchema:
        described = self._client.describe_collection(self.name)
        return ViewedSchema(
            fields=[_field(field) for field in described["fields"]],
            description=described["description"],
            enable_dynamic_field=bool(described["enable_dynamic_field"]),
            auto_id=bool(described["auto_id"]),
        )

    @property
    def description(self) -> str:
        return self.schema.description

    @property
    def primary_field(self) -> FieldSchema:
        return self.schema.primary_field

    @property
    def indexes(self) -> list[ViewedIndex]:
        found = []
        for name in self._client.list_indexes(self.name):
            described = self._client.describe_index(self.name, name)
            params = {key: described.get(key) for key in ("metric_type", "index_type")}
            found.append(ViewedIndex(self.name, described["field_name"], name, params))
        return found

    @property
    def num_entities(self) -> int:
        """How many documents there are; those of its tenant for a store that is bound to one."""
        (row,) = self._rows.query(self.name, output_fields=["count(*)"])
        return int(row["count(*)"])

    @property
    def is_empty(self) -> bool:
        return self.num_entities == 0

    def flush(self, timeout: float | None = None) -> None:
        """Fold the write-ahead log into the file; on a server, seal what was written."""
        self._client.flush(self.name, timeout=timeout)

    def load(self) -> None:
        self._client.load_collection(self.name)

    def release(self) -> None:
        self._client.release_collection(self.name)

    def set_properties(self, properties: dict[str, Any]) -> None:
        self._client.alter_collection_properties(self.name, properties)

    def __getattr__(self, name: str) -> NoReturn:
        """Name the client's call that replaces an attribute of pymilvus's collection."""
        if not name.startswith("_") and hasattr(MilvusClient, name):
            hint = f": use store.client.{name}({self.name!r}, ...)"
        else:
            hint = ": store.client has every call on the collection"
        raise AttributeError(f"store.col has no attribute {name!r}{hint}")


def _field(described: dict[str, Any]) -> FieldSchema:
    params = described.get("params") or {}
    options = {key: params[key] for key in ("dim", "max_length", "max_capacity") if key in params}
    element = described.get("element_type")
    if element not in (None, DataType.STRUCT):
        options["element_type"] = DataType(element)
    return FieldSchema(
        described["name"],
        DataType(described["type"]),
        described.get("description", ""),
        is_primary=bool(described.get("is_primary")),
        auto_id=bool(described.get("auto_id")),
        is_partition_key=bool(described.get("is_partition_key")),
        nullable=bool(described.get("nullable")),
        **options,
    )
