"""Arrays of structs: the members of the elements of such an ARRAY field, with pymilvus's names."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

from milvus_store_lite import DataType, ParamError, SchemaNotReadyException

from .fields import FIELD_OPTIONS, FieldSchema
from .options import COMMON, check_options, judge_options


class StructFieldSchema:
    """The members of a struct; ``add_field`` of a collection's schema makes an ARRAY field of it.

    >>> chunk = StructFieldSchema().add_field("text", DataType.VARCHAR, max_length=999)
    >>> chunk = chunk.add_field("page", DataType.INT64)
    >>> [member.name for member in chunk.fields]
    ['text', 'page']
    """

    dtype = DataType.STRUCT

    def __init__(self, nullable: bool = False, description: str = "", **kwargs: Any) -> None:
        check_options(StructFieldSchema, kwargs)
        self.name = ""
        self.fields: list[FieldSchema] = []
        self.nullable = nullable
        self.description = description
        self.max_capacity: int | None = None

    def add_field(self, field_name: str, datatype: DataType, **kwargs: Any) -> StructFieldSchema:
        """Add a member, with the arguments of ``FieldSchema``. Returns the struct itself."""
        self.fields.append(FieldSchema(field_name, datatype, **kwargs))
        return self

    @classmethod
    def construct_from_dict(cls, raw: Mapping[str, Any]) -> StructFieldSchema:
        """The struct that ``to_dict`` or, as an ARRAY field, ``describe_collection`` shows as ``raw``."""
        struct = cls(bool(raw.get("nullable", False)), raw.get("description", ""))
        struct.name = raw.get("name", "")
        struct.max_capacity = raw.get("max_capacity", raw.get("params", {}).get("max_capacity"))
        members = raw.get("struct_fields", raw.get("fields", ()))
        struct.fields = [FieldSchema.construct_from_dict(member) for member in members]
        return struct

    def to_dict(self) -> dict[str, Any]:
        """The struct as a dictionary, as in pymilvus."""
        shown: dict[str, Any] = {
            "name": self.name,
            "description": self.description,
            "fields": [member.to_dict() for member in self.fields],
        }
        if self.nullable:
            shown["nullable"] = True
        if self.max_capacity is not None:
            shown["max_capacity"] = self.max_capacity
        return shown

    def __repr__(self) -> str:
        return str(self.to_dict())


_KNOWN: Final = frozenset({"struct_schema", "element_type", "max_capacity", "nullable", "description"})


def named_struct(name: str, options: dict[str, Any]) -> Any:
    """The struct array field ``name``, from what ``add_field`` was given: a copy of ``struct_schema``, of
    whichever library it is, with its name and capacity.

    Raises:
        SchemaNotReadyException: ``struct_schema`` is missing, or is not a struct schema.
        ParamError: an array of structs has no such option, or it is misspelt.
    """
    given: Any = options.get("struct_schema")
    if getattr(given, "dtype", None) != DataType.STRUCT:
        raise SchemaNotReadyException(
            message=f"field {name!r}: expected struct_schema=, made by create_struct_field_schema(), got {given!r}"
        )
    for option in options.keys() & (FIELD_OPTIONS - _KNOWN - COMMON):
        raise ParamError(
            message=f"field {name!r}: unknown parameter {option!r}, an array of structs takes {sorted(_KNOWN)}"
        )
    judge_options("add_field", options, _KNOWN)
    found = StructFieldSchema(
        nullable=bool(options.get("nullable", getattr(given, "nullable", False))),
        description=options.get("description") or given.description,
    )
    found.name, found.fields = name, deepcopy(given.fields)
    found.max_capacity = options.get("max_capacity", given.max_capacity)
    return found
