"""How one collection stores documents in its fields, read from the collection's description.

The same code reads an existing collection and the schema of a new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from milvus_store import DataType

from .settings import Settings

NO_TENANT: Final = {DataType.VARCHAR: "__no_tenant__", DataType.INT64: -(2**63)}
"""The partition key of a document without a tenant: Milvus forbids null there, and ``""`` is a tenant."""

_NO_TENANT_BEFORE: Final = ""
"""The same in collections of earlier versions, which could not tell it from a tenant ``""``."""


@dataclass(frozen=True)
class VectorColumn:
    """A vector field; ``dim`` is None for sparse vectors, ``is_computed`` says that the database makes them."""

    name: str
    dim: int | None
    is_computed: bool


@dataclass(frozen=True)
class Layout:
    """The fields of a collection and their roles.

    ``vectors`` have the order of the store's settings. ``absent`` maps each field that holds one metadata key to
    its value for a document without the key. ``metadata`` is the field that holds the whole metadata, if there is
    one.
    """

    collection: str
    primary: str
    text: str
    vectors: tuple[VectorColumn, ...]
    has_int_keys: bool
    auto_id: bool
    is_dynamic: bool
    metadata: str | None
    partition_key: str | None
    absent: dict[str, Any]

    @property
    def reserved(self) -> frozenset[str]:
        """Keys that metadata cannot have."""
        return frozenset({self.primary, self.text, *(field.name for field in self.vectors)})

    @property
    def output_fields(self) -> list[str]:
        """The fields that make up a document: all but the vectors."""
        if self.metadata is not None:
            return [self.primary, self.text, self.metadata]
        return [self.primary, self.text, *self.absent, *(["$meta"] if self.is_dynamic else [])]

    @property
    def embedded(self) -> tuple[VectorColumn, ...]:
        """The vector fields that embeddings fill, not the database."""
        return tuple(field for field in self.vectors if not field.is_computed)

    def by_vector(self) -> VectorColumn:
        """The field to search by a given vector, which is not one of full text.

        Raises:
            ValueError: there are several, or none.
        """
        fields = [field for field in self.vectors if not (field.is_computed and field.dim is None)]
        if len(fields) != 1:
            names = ", ".join(field.name for field in fields) or "none"
            raise ValueError(
                f"collection {self.collection!r} has the embedded vector fields {names}: a search by one vector "
                f"needs exactly one of them, search by text instead"
            )
        return fields[0]

    def check_embedding(self, column: VectorColumn, embedding: Any) -> None:
        """Raise ``ValueError`` unless the vector field takes ``embedding``."""
        if column.dim is None:
            if not isinstance(embedding, Mapping):
                raise ValueError(
                    f"field {column.name!r} of collection {self.collection!r} holds sparse embeddings, got "
                    f"{type(embedding).__name__}: use a sparse embedding, another collection_name, or "
                    f"drop_old=True"
                )
        elif dimension_of(embedding) != column.dim:
            raise ValueError(
                f"collection {self.collection!r} holds embeddings of dimension {column.dim}, got one of "
                f"dimension {len(embedding)}: use the embedding model the collection was made with, another "
                f"collection_name, or drop_old=True"
            )

    @classmethod
    def of(cls, description: Mapping[str, Any], settings: Settings) -> Layout:
        """Read ``describe_collection``'s answer, or a schema's ``to_dict``.

        Raises:
            ValueError: the collection is not one that a store with these ``settings`` can use.
        """
        fields = {field["name"]: field for field in description["fields"]}
        primary = _field(
            settings, fields, "primary_field", settings.primary, DataType.INT64, DataType.VARCHAR
        )
        _field(settings, fields, "text_field", settings.text, DataType.VARCHAR)
        vectors = tuple(_vector_column(settings, fields, field.name) for field in settings.vectors)
        if not primary.get("is_primary"):
            raise _unusable(settings, f"primary_field={settings.primary!r} is not its primary key")
        others = {name for name, field in fields.items() if DataType(field["type"]).is_vector}
        others -= {field.name for field in vectors}
        if others:
            raise _unusable(
                settings, f"the store has nothing to fill its vector field {sorted(others)[0]!r} with"
            )
        if settings.metadata is not None:
            _field(settings, fields, "metadata_field", settings.metadata, DataType.JSON)
        key = next((name for name, field in fields.items() if field.get("is_partition_key")), None)
        if settings.partition_key not in (None, key):
            raise _unusable(
                settings,
                f"its partition key is {key!r}, expected partition_key_field={settings.partition_key!r}",
            )
        auto_id = bool(primary.get("auto_id"))
        if settings.auto_id and not auto_id:
            raise _unusable(settings, "its primary keys come from the documents, expected auto_id")
        own = {settings.primary, settings.text, settings.metadata, *(field.name for field in vectors)}
        return cls(
            collection=settings.collection_name,
            primary=settings.primary,
            text=settings.text,
            vectors=vectors,
            has_int_keys=primary["type"] == DataType.INT64,
            auto_id=auto_id,
            is_dynamic=bool(description["enable_dynamic_field"]),
            metadata=settings.metadata,
            partition_key=key,
            absent={name: _absent(field) for name, field in fields.items() if name not in own},
        )


def dimension_of(embedding: Any) -> int:
    """The dimension of a dense embedding; raises ``ValueError`` for a sparse one."""
    if isinstance(embedding, Mapping):
        raise ValueError("expected a dense embedding, a list of numbers, got a sparse one, a dict")
    return len(embedding)


def _vector_column(settings: Settings, fields: Mapping[str, Any], name: str) -> VectorColumn:
    source = next(vector for vector in settings.vectors if vector.name == name)
    is_computed = source.function is not None
    found = _field(settings, fields, "vector_field", name, *source.dtypes)
    if bool(found.get("is_function_output")) != is_computed:
        made = "the database" if found.get("is_function_output") else "an embedding"
        raise _unusable(settings, f"the vectors of {name!r} are made by {made} there")
    dim = found["params"].get("dim")
    if source.dim is not None and (dim is None or int(dim) != source.dim):
        raise _unusable(settings, f"{name!r} has the dimension {dim}, the store asks for {source.dim}")
    if source.dtype is not None and found["type"] != source.dtype:
        kind = DataType(found["type"]).name
        raise _unusable(settings, f"{name!r} is {kind} there, vector_schema asks for {source.dtype.name}")
    return VectorColumn(name, None if dim is None else int(dim), is_computed)


def _absent(field: Mapping[str, Any]) -> Any:
    """Null, or for a partition key the default that means "no tenant"."""
    default = field.get("default_value")
    is_mark = default in (NO_TENANT.get(field["type"]), _NO_TENANT_BEFORE)
    return default if field.get("is_partition_key") and is_mark else None


def _field(
    settings: Settings, fields: Mapping[str, Any], argument: str, name: str, *types: DataType
) -> Mapping[str, Any]:
    found: Mapping[str, Any] | None = fields.get(name)
    expected = " or ".join(dtype.name for dtype in types)
    if found is None:
        raise _unusable(
            settings, f"{argument}={name!r} ({expected}) is not among its fields {', '.join(fields)}"
        )
    if found["type"] not in types:
        actual = DataType(found["type"]).name
        raise _unusable(settings, f"{argument}={name!r} is {actual} there, expected {expected}")
    return found


def _unusable(settings: Settings, reason: str) -> ValueError:
    return ValueError(
        f"collection {settings.collection_name!r} exists and does not fit this store: {reason}. Give the "
        f"matching arguments, another collection_name, or drop_old=True"
    )
