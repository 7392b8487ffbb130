"""How a legacy collection is stored in a current one: an INT64 key ``id``, a vector ``vector``, one index.

Any collection with one INT64 primary key and one vector field works, even if ``MilvusClient`` made it. Today's
schema lacks ``index_file_size``: it is a property of the collection.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from milvus_store import DataType, MilvusClient

from .enums import SEGMENT_INDEX_NAMES, IndexType, MetricType, index_type_of
from .status import Refused, Status

ID_FIELD: Final = "id"
VECTOR_FIELD: Final = "vector"
FILE_SIZE: Final = "index_file_size"
DEFAULT_FILE_SIZE: Final = 1024
DEFAULT_PARTITION: Final = "_default"
_DESCRIPTION_KEYS: Final = frozenset(
    {"field_name", "index_name", "index_type", "metric_type"}
    | {"total_rows", "indexed_rows", "pending_index_rows", "state"}
)


@dataclass(frozen=True, slots=True)
class Layout:
    """A collection as the legacy calls see it. ``index_name`` is None without an index."""

    name: str
    id_field: str
    vector_field: str
    dimension: int
    is_binary: bool
    file_size: int
    index_name: str | None
    index_type_name: str
    metric_name: str
    params: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, client: MilvusClient, name: str) -> Layout:
        """The layout of collection ``name``.

        Raises:
            CollectionNotExistException: there is none.
            Refused: it has no INT64 key, or not exactly one vector.
        """
        described = client.describe_collection(name)
        keys = [field for field in described["fields"] if field.get("is_primary")]
        vectors = [
            field
            for field in described["fields"]
            if field["type"] in (DataType.FLOAT_VECTOR, DataType.BINARY_VECTOR)
        ]
        if len(keys) != 1 or keys[0]["type"] != DataType.INT64 or len(vectors) != 1:
            raise Refused(
                Status.ILLEGAL_COLLECTION_NAME,
                f"Collection {name} cannot be used here: the legacy client needs an INT64 primary key and one "
                f"FLOAT_VECTOR or BINARY_VECTOR. Use MilvusClient for it",
            )
        (vector,) = vectors
        names = client.list_indexes(name, field_name=vector["name"])
        index = client.describe_index(name, names[0]) if names else {}
        return cls(
            name=name,
            id_field=keys[0]["name"],
            vector_field=vector["name"],
            dimension=int(vector["params"]["dim"]),
            is_binary=vector["type"] == DataType.BINARY_VECTOR,
            file_size=int((described.get("properties") or {}).get(FILE_SIZE, DEFAULT_FILE_SIZE)),
            index_name=names[0] if names else None,
            index_type_name=str(index.get("index_type", "FLAT")),
            metric_name=str(index.get("metric_type", "")),
            params={key: _number(index[key]) for key in index if key not in _DESCRIPTION_KEYS},
        )

    @property
    def index_type(self) -> IndexType:
        """The legacy type of the index; raises Refused for a type that 0.9 lacked."""
        kind = index_type_of(self.index_type_name)
        if kind is None:
            raise Refused(
                Status.ILLEGAL_INDEX_TYPE,
                f"Collection {self.name} has an index of type {self.index_type_name}, which the legacy client has "
                f"no name for. Use MilvusClient.describe_index",
            )
        return kind

    @property
    def metric(self) -> MetricType:
        """The legacy metric; raises Refused for a metric that 0.9 lacked."""
        if self.metric_name not in MetricType.__members__:
            raise Refused(
                Status.ILLEGAL_METRIC_TYPE,
                f"Collection {self.name} has metric {self.metric_name or 'none'}, which the legacy client has no "
                f"name for. Use MilvusClient.describe_index",
            )
        return MetricType[self.metric_name]

    @property
    def segment_index_name(self) -> str:
        """The name of the index in statistics: that of 0.9 if it had one."""
        kind = index_type_of(self.index_type_name)
        return self.index_type_name if kind is None else SEGMENT_INDEX_NAMES[kind]

    @property
    def every_row(self) -> str:
        """A filter that every row matches, for calls that need one."""
        return f"{self.id_field} >= 0 or {self.id_field} < 0"

    @property
    def row_bytes(self) -> int:
        """Bytes of an id and its vector, as ``data_size`` counts them."""
        return 8 + (self.dimension // 8 if self.is_binary else self.dimension * 4)


def _number(value: Any) -> Any:
    """A number from an index description: servers give strings."""
    return int(value) if isinstance(value, str) and value.lstrip("-").isdecimal() else value
