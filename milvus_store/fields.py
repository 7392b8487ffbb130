"""The builder of one field of a collection, with pymilvus's names and arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from milvus_store_lite import DataType, ParamError, SchemaNotReadyException

from .options import check_options, options

_TYPE_PARAMS = (
    "max_length",
    "dim",
    "max_capacity",
    "enable_analyzer",
    "enable_match",
    "analyzer_params",
    "multi_analyzer_params",
)
"""The attributes that a field's ``params`` hold, as in pymilvus."""

FIELD_OPTIONS = options(
    *_TYPE_PARAMS, "element_type", "nullable", "default_value", "is_partition_key", "params", "struct_schema"
)

_TOLD = ("is_primary", "auto_id", "is_partition_key", "nullable", "default_value", "element_type", "params")
"""The attributes beside name, type and description that ``to_dict`` shows and ``FieldSchema`` takes."""


class FieldSchema:
    """One field of a collection.

    Args:
        name: letters, digits and underscores.
        dtype: a ``DataType``.
        is_primary, auto_id: the primary key, and whether it is numbered automatically.
        max_length: of a VARCHAR or of the VARCHAR elements of an ARRAY, in bytes of UTF-8.
        dim: of a vector.
        element_type, max_capacity: of an ARRAY: the type of its elements, and how many it may have.
        enable_analyzer, enable_match, analyzer_params: how a VARCHAR is tokenized, and whether filters
            may look for its tokens.
        multi_analyzer_params: several analyzers by name, and the VARCHAR field that names that of a row:
            ``{"analyzers": {"english": {...}, "default": {...}}, "by_field": "language", "alias": {...}}``.
        nullable, default_value: whether a row may leave the field out, and its value then.
        is_partition_key: whether this field's values are the tenants of rows.
    """

    def __init__(
        self,
        name: str,
        dtype: DataType,
        description: str = "",
        is_primary: bool = False,
        auto_id: bool = False,
        **kwargs: Any,
    ) -> None:
        if kwargs.get("struct_schema") is not None or kwargs.get("element_type") == DataType.STRUCT:
            raise SchemaNotReadyException(
                message=f"field {name!r}: an array of structs is added to a schema: "
                "add_field(name, DataType.ARRAY, element_type=DataType.STRUCT, struct_schema=…, max_capacity=…)"
            )
        check_options(FieldSchema, kwargs, FIELD_OPTIONS)
        self.name = name
        self.dtype = data_type(name, dtype)
        self.description = description
        self.is_primary = is_primary
        self.auto_id = auto_id
        self.is_partition_key = bool(kwargs.get("is_partition_key", False))
        self.nullable = bool(kwargs.get("nullable", False))
        self.default_value = kwargs.get("default_value")
        self.is_function_output = False
        self.params: dict[str, Any] = dict(kwargs.get("params") or {})
        self.params |= {key: kwargs[key] for key in _TYPE_PARAMS if kwargs.get(key) is not None}
        element_type = kwargs.get("element_type")
        self.element_type = None if element_type is None else data_type(name, element_type)

    @classmethod
    def construct_from_dict(cls, raw: Mapping[str, Any]) -> FieldSchema:
        """The field that ``to_dict`` or ``describe_collection`` shows as ``raw``.

        >>> FieldSchema.construct_from_dict({"name": "n", "type": DataType.INT64, "nullable": True})
        {'name': 'n', 'description': '', 'type': <DataType.INT64: 5>, 'params': {}, 'nullable': True}
        """
        options = {key: raw[key] for key in _TOLD if raw.get(key) is not None}
        return cls(raw["name"], raw["type"], raw.get("description", ""), **options)

    def to_dict(self) -> dict[str, Any]:
        """The field as ``describe_collection`` shows it; attributes at their default are left out."""
        shown: dict[str, Any] = {
            "name": self.name,
            "description": self.description,
            "type": self.dtype,
            "params": self.params,
        }
        for attribute in ("is_primary", "auto_id", "nullable", "is_partition_key", "is_function_output"):
            if getattr(self, attribute):
                shown[attribute] = True
        if self.default_value is not None:
            shown["default_value"] = self.default_value
        if self.element_type is not None:
            shown["element_type"] = self.element_type
        return shown

    def __repr__(self) -> str:
        return str(self.to_dict())


def data_type(name: str, given: Any) -> DataType:
    try:
        return DataType(given)
    except ValueError:
        raise ParamError(message=f"field {name!r}: dtype must be a DataType, got {given!r}") from None
