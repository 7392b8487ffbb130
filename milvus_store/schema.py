"""Schema builders with pymilvus's names and arguments, and their translation to the engine's schema.

pymilvus's own ``CollectionSchema`` is taken wherever ours is: only attributes that both have are read.
"""

from __future__ import annotations

import json
from typing import Any, Final

from milvus_store_lite import NO_DEFAULT, DataType, Field, Schema, SchemaNotReadyException
from milvus_store_lite import Function as EngineFunction

from .fields import FieldSchema, data_type
from .functions import Function, FunctionType
from .options import check_options, options
from .structs import StructFieldSchema, named_struct

_SCHEMA_OPTIONS = options(
    "auto_id",
    "enable_dynamic_field",
    "primary_field",
    "partition_key_field",
    "num_partitions",
    "functions",
    "struct_fields",
)


class CollectionSchema:
    """The fields of a collection, built at once or by ``add_field``.

    >>> schema = CollectionSchema(auto_id=True, enable_dynamic_field=True)
    >>> schema = schema.add_field("id", DataType.INT64, is_primary=True)
    >>> schema = schema.add_field("vector", DataType.FLOAT_VECTOR, dim=8)
    >>> [field.name for field in schema.fields]
    ['id', 'vector']
    """

    def __init__(self, fields: list[FieldSchema] | None = None, description: str = "", **kwargs: Any) -> None:
        check_options(CollectionSchema, kwargs, _SCHEMA_OPTIONS)
        self.fields: list[FieldSchema] = list(fields or [])
        self.description = description
        self.enable_dynamic_field = bool(kwargs.get("enable_dynamic_field", False))
        self.num_partitions: int | None = kwargs.get("num_partitions")
        self._auto_id = bool(kwargs.get("auto_id", False))
        self._primary_field: str | None = kwargs.get("primary_field")
        self._partition_key_field: str | None = kwargs.get("partition_key_field")
        self.functions: list[Function] = []
        self.struct_fields: list[StructFieldSchema] = list(kwargs.get("struct_fields") or [])
        for one in self.fields:
            self._mark(one)
        for function in kwargs.get("functions") or []:
            self.add_function(function)

    def add_function(self, function: Function) -> CollectionSchema:
        """Let ``function`` fill fields of the schema from others. Returns the schema itself."""
        self.functions.append(function)
        for one in self.fields:
            self._mark(one)
        return self

    def add_field(self, field_name: str, datatype: DataType, **kwargs: Any) -> CollectionSchema:
        """Add a field; takes what ``FieldSchema`` takes. Returns the schema itself."""
        if datatype == DataType.ARRAY and kwargs.get("element_type") == DataType.STRUCT:
            return self.add_struct_field(named_struct(field_name, kwargs))
        one = FieldSchema(field_name, datatype, **kwargs)
        self._mark(one)
        self.fields.append(one)
        return self

    def add_struct_field(self, struct_field_schema: StructFieldSchema) -> CollectionSchema:
        """Add an array of structs that has its name and capacity already. Returns the schema itself."""
        self.struct_fields.append(struct_field_schema)
        return self

    def _mark(self, one: FieldSchema) -> None:
        """Apply what the schema as a whole says of this field."""
        if one.name == self._primary_field:
            one.is_primary = True
        if one.name == self._partition_key_field:
            one.is_partition_key = True
        if one.is_primary and self._auto_id:
            one.auto_id = True
        if any(one.name in function.output_field_names for function in self.functions):
            one.is_function_output = True

    @property
    def primary_field(self) -> FieldSchema | None:
        return next((one for one in self.fields if one.is_primary), None)

    @property
    def partition_key_field(self) -> FieldSchema | None:
        return next((one for one in self.fields if one.is_partition_key), None)

    @property
    def auto_id(self) -> bool:
        primary = self.primary_field
        return self._auto_id if primary is None else primary.auto_id

    def verify(self) -> None:
        """Raise ``SchemaNotReadyException`` or a subclass if no collection could have this schema."""
        to_engine(self)

    def to_dict(self) -> dict[str, Any]:
        shown = {
            "auto_id": self.auto_id,
            "description": self.description,
            "fields": [one.to_dict() for one in self.fields],
            "enable_dynamic_field": self.enable_dynamic_field,
        }
        if self.functions:
            shown["functions"] = [one.to_dict() for one in self.functions]
        if self.struct_fields:
            shown["struct_fields"] = [one.to_dict() for one in self.struct_fields]
        return shown

    def __repr__(self) -> str:
        return str(self.to_dict())


def to_engine(schema: Any, num_partitions: int | None = None) -> Schema:
    """The engine's schema of ``schema``, which is ours or pymilvus's."""
    if not hasattr(schema, "fields") or not hasattr(schema, "enable_dynamic_field"):
        raise SchemaNotReadyException(
            message=f"schema must be a CollectionSchema, got {type(schema).__name__}: {schema!r:.80}"
        )
    auto_id = bool(getattr(schema, "auto_id", False))
    return Schema(
        fields=(
            *(field_to_engine(one, auto_id) for one in schema.fields),
            *map(struct_to_engine, getattr(schema, "struct_fields", None) or ()),
        ),
        description=schema.description,
        enable_dynamic_field=bool(schema.enable_dynamic_field),
        num_partitions=num_partitions or getattr(schema, "num_partitions", None),
        functions=tuple(_function_to_engine(one) for one in getattr(schema, "functions", None) or ()),
    )


def from_engine(one: Field) -> FieldSchema:
    """A field of the engine's schema as users know it."""
    shown = FieldSchema(
        one.name,
        one.dtype,
        one.description,
        one.is_primary,
        one.auto_id,
        max_length=one.max_length,
        dim=one.dim,
        max_capacity=one.max_capacity,
        element_type=one.element_type,
        enable_analyzer=one.enable_analyzer or None,
        enable_match=one.enable_match or None,
        **_shown_analyzers(one.analyzer_params),
        nullable=one.nullable,
        default_value=one.default if one.has_default else None,
        is_partition_key=one.is_partition_key,
    )
    shown.is_function_output = one.is_function_output
    return shown


def described(one: Field) -> dict[str, Any]:
    """A field of the engine's schema as ``describe_collection`` shows it."""
    if not one.members:
        return {"field_id": one.field_id, **from_engine(one).to_dict()}
    members = [from_engine(member).to_dict() for member in one.members]
    shown = {
        "field_id": one.field_id,
        "name": one.name,
        "description": one.description,
        "type": one.dtype,
        "element_type": DataType.STRUCT,
        "params": {"max_capacity": one.max_capacity},
        "struct_fields": members,
    }
    return {**shown, "nullable": True} if one.nullable else shown


def function_from_engine(one: EngineFunction) -> Function:
    """A function of the engine's schema as users know it."""
    return Function(
        one.name,
        one.kind,
        list(one.inputs),
        list(one.outputs),
        one.description,
        dict(one.params),
    )


def field_to_engine(one: Any, auto_id: bool = False) -> Field:
    """A field of ours or pymilvus's for the engine; ``auto_id`` is what the schema says of its primary key."""
    params = dict(one.params)
    default: Any = getattr(one, "default_value", None)
    if hasattr(default, "WhichOneof"):  # pymilvus keeps some defaults as protobuf messages
        default = getattr(default, default.WhichOneof("data"))
    element_type = getattr(one, "element_type", None)

    def number(parameter: str) -> int | None:
        given = params.get(parameter)
        return None if given is None else _integer(one.name, parameter, given)

    return Field(
        name=one.name,
        dtype=data_type(one.name, one.dtype),
        is_primary=one.is_primary,
        auto_id=one.auto_id or (auto_id and one.is_primary),
        is_partition_key=bool(getattr(one, "is_partition_key", False)),
        nullable=bool(getattr(one, "nullable", False)),
        default=NO_DEFAULT if default is None else default,
        max_length=number("max_length"),
        dim=number("dim"),
        element_type=None if element_type is None else data_type(one.name, element_type),
        max_capacity=number("max_capacity"),
        enable_analyzer=_flag(one.name, "enable_analyzer", params),
        enable_match=_flag(one.name, "enable_match", params),
        analyzer_params=_analyzers(one.name, params),
        description=one.description,
    )


def struct_to_engine(one: Any) -> Field:
    """An array of structs, ours or pymilvus's, for the engine."""
    capacity = one.max_capacity
    return Field(
        name=one.name,
        dtype=DataType.ARRAY,
        nullable=bool(one.nullable),
        element_type=DataType.STRUCT,
        max_capacity=None if capacity is None else _integer(one.name, "max_capacity", capacity),
        members=tuple(field_to_engine(member) for member in one.fields),
        description=one.description,
    )


def _function_to_engine(one: Any) -> EngineFunction:
    """A function of ours or pymilvus's for the engine."""
    return EngineFunction(
        name=one.name,
        kind=FunctionType(int(one.type)),
        inputs=tuple(one.input_field_names),
        outputs=tuple(one.output_field_names),
        description=one.description,
        params=dict(one.params),
    )


def _flag(name: str, parameter: str, params: dict[str, Any]) -> bool:
    given = params.get(parameter, False)
    if isinstance(given, str) and given.lower() in ("true", "false"):
        return given.lower() == "true"
    if not isinstance(given, bool):
        raise SchemaNotReadyException(message=f"field {name!r}: {parameter} must be a bool, got {given!r}")
    return given


_SEVERAL: Final = "multi_analyzer_params"


def _shown_analyzers(text: str | None) -> dict[str, Any]:
    """The engine's parameters of one analyzer, or of several, under the name that users know."""
    if text is None:
        return {}
    params = json.loads(text)
    return {_SEVERAL if "by_field" in params else "analyzer_params": params}


def _analyzers(name: str, params: dict[str, Any]) -> str | None:
    """What a field says of one analyzer or of several, as the engine keeps it."""
    several = _analyzer_params(name, params.get(_SEVERAL), _SEVERAL)
    if several is None:
        only = _analyzer_params(name, params.get("analyzer_params"))
        if only is not None and "by_field" in json.loads(only):
            raise SchemaNotReadyException(
                message=f"field {name!r}: by_field belongs to {_SEVERAL}, got it in analyzer_params"
            )
        return only
    if params.get("analyzer_params") is not None:
        raise SchemaNotReadyException(
            message=f"field {name!r}: expected analyzer_params or {_SEVERAL}, got both"
        )
    if not _flag(name, "enable_analyzer", params):
        raise SchemaNotReadyException(message=f"field {name!r}: {_SEVERAL} needs enable_analyzer=True")
    if "by_field" not in json.loads(several):
        raise SchemaNotReadyException(
            message=f"field {name!r}: {_SEVERAL} needs by_field, the VARCHAR field that names a row's analyzer"
        )
    return several


def _analyzer_params(name: str, given: object, parameter: str = "analyzer_params") -> str | None:
    """The parameters as the engine keeps them, a JSON text with sorted keys; pymilvus gives a JSON text."""
    try:
        loaded = json.loads(given) if isinstance(given, str) else given
        if loaded is None or isinstance(loaded, dict):
            return None if loaded is None else json.dumps(loaded, sort_keys=True)
    except (TypeError, ValueError):
        pass
    raise SchemaNotReadyException(message=f"field {name!r}: {parameter} must be a dict, got {given!r:.80}")


def _integer(name: str, parameter: str, given: object) -> int:
    """pymilvus gives numbers as text in places."""
    try:
        return int(given)  # type: ignore[call-overload, no-any-return]  # whatever int() takes
    except (TypeError, ValueError):
        raise SchemaNotReadyException(
            message=f"field {name!r}: {parameter} must be an int, got {given!r}"
        ) from None
