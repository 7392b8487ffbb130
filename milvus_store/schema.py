"""Schema builders with pymilvus's names and arguments, and their translation to the engine's schema.

pymilvus's own ``CollectionSchema`` works as well: only attributes that both classes have are read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from milvus_store_lite import NO_DEFAULT, DataType, Field, ParamError, Schema, SchemaNotReadyException
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
        for field in self.fields:
            self._mark(field)
        for function in kwargs.get("functions") or []:
            self.add_function(function)

    def add_function(self, function: Function) -> CollectionSchema:
        """Let ``function`` fill fields of the schema from others. Returns the schema itself."""
        self.functions.append(function)
        for field in self.fields:
            self._mark(field)
        return self

    def add_field(self, field_name: str, datatype: DataType, **kwargs: Any) -> CollectionSchema:
        """Add a field, with the arguments of ``FieldSchema``. Returns the schema itself."""
        if datatype == DataType.ARRAY and kwargs.get("element_type") == DataType.STRUCT:
            return self.add_struct_field(named_struct(field_name, kwargs))
        field = FieldSchema(field_name, datatype, **kwargs)
        self._mark(field)
        self.fields.append(field)
        return self

    def add_struct_field(self, struct_field_schema: StructFieldSchema) -> CollectionSchema:
        """Add an array of structs that has a name and a capacity. Returns the schema itself."""
        self.struct_fields.append(struct_field_schema)
        return self

    def _mark(self, field: FieldSchema) -> None:
        """Apply the schema's own settings to this field."""
        if field.name == self._primary_field:
            field.is_primary = True
        if field.name == self._partition_key_field:
            field.is_partition_key = True
        if field.is_primary and self._auto_id:
            field.auto_id = True
        if any(field.name in function.output_field_names for function in self.functions):
            field.is_function_output = True

    @property
    def primary_field(self) -> FieldSchema | None:
        return next((field for field in self.fields if field.is_primary), None)

    @property
    def partition_key_field(self) -> FieldSchema | None:
        return next((field for field in self.fields if field.is_partition_key), None)

    @property
    def auto_id(self) -> bool:
        primary = self.primary_field
        return self._auto_id if primary is None else primary.auto_id

    @classmethod
    def construct_from_dict(cls, raw: Mapping[str, Any]) -> CollectionSchema:
        """The schema that ``to_dict`` or ``describe_collection`` shows as ``raw``.

        >>> schema = CollectionSchema().add_field("id", DataType.INT64, is_primary=True)
        >>> CollectionSchema.construct_from_dict(schema.to_dict()).to_dict() == schema.to_dict()
        True
        """
        structs = [one for one in raw["fields"] if one.get("element_type") == DataType.STRUCT]
        return cls(
            [FieldSchema.construct_from_dict(one) for one in raw["fields"] if one not in structs],
            raw.get("description", ""),
            enable_dynamic_field=raw.get("enable_dynamic_field", False),
            functions=[Function.construct_from_dict(one) for one in raw.get("functions", ())],
            struct_fields=[
                StructFieldSchema.construct_from_dict(one)
                for one in (*structs, *raw.get("struct_fields", ()))
            ],
        )

    def verify(self) -> None:
        """Raise ``SchemaNotReadyException`` or a subclass if no collection could have this schema."""
        to_engine(self)

    def to_dict(self) -> dict[str, Any]:
        shown = {
            "auto_id": self.auto_id,
            "description": self.description,
            "fields": [field.to_dict() for field in self.fields],
            "enable_dynamic_field": self.enable_dynamic_field,
        }
        if self.functions:
            shown["functions"] = [function.to_dict() for function in self.functions]
        if self.struct_fields:
            shown["struct_fields"] = [field.to_dict() for field in self.struct_fields]
        return shown

    def __repr__(self) -> str:
        return str(self.to_dict())


def to_engine(schema: Any, num_partitions: int | None = None) -> Schema:
    """The engine's schema of ``schema``, which is this package's or pymilvus's."""
    if not hasattr(schema, "fields") or not hasattr(schema, "enable_dynamic_field"):
        raise SchemaNotReadyException(
            message=f"schema must be a CollectionSchema, got {type(schema).__name__}: {schema!r:.80}"
        )
    auto_id = bool(getattr(schema, "auto_id", False))
    return Schema(
        fields=(
            *(field_to_engine(field, auto_id) for field in schema.fields),
            *map(struct_to_engine, getattr(schema, "struct_fields", None) or ()),
        ),
        description=schema.description,
        enable_dynamic_field=bool(schema.enable_dynamic_field),
        num_partitions=num_partitions or getattr(schema, "num_partitions", None),
        functions=tuple(
            function_to_engine(function) for function in getattr(schema, "functions", None) or ()
        ),
    )


def from_engine(field: Field) -> FieldSchema:
    """A field of the engine's schema as users know it."""
    shown = FieldSchema(
        field.name,
        field.dtype,
        field.description,
        field.is_primary,
        field.auto_id,
        max_length=field.max_length,
        dim=field.dim,
        max_capacity=field.max_capacity,
        element_type=field.element_type,
        enable_analyzer=field.enable_analyzer or None,
        enable_match=field.enable_match or None,
        **_shown_analyzers(field.analyzer_params),
        nullable=field.nullable,
        default_value=field.default if field.has_default else None,
        is_partition_key=field.is_partition_key,
    )
    shown.is_function_output = field.is_function_output
    return shown


def described(field: Field) -> dict[str, Any]:
    """A field of the engine's schema as ``describe_collection`` shows it."""
    if not field.members:
        return {"field_id": field.field_id, **from_engine(field).to_dict()}
    members = [from_engine(member).to_dict() for member in field.members]
    shown = {
        "field_id": field.field_id,
        "name": field.name,
        "description": field.description,
        "type": field.dtype,
        "element_type": DataType.STRUCT,
        "params": {"max_capacity": field.max_capacity},
        "struct_fields": members,
    }
    return {**shown, "nullable": True} if field.nullable else shown


def function_from_engine(function: EngineFunction) -> Function:
    """A function of the engine's schema as users know it."""
    return Function(
        function.name,
        function.kind,
        list(function.inputs),
        list(function.outputs),
        function.description,
        dict(function.params),
    )


def field_to_engine(field: Any, auto_id: bool = False) -> Field:
    """The engine's form of a field, this package's or pymilvus's; ``auto_id``: that of the schema."""
    params = dict(field.params)
    default: Any = getattr(field, "default_value", None)
    if hasattr(default, "WhichOneof"):  # pymilvus keeps some defaults as protobuf messages
        default = getattr(default, default.WhichOneof("data"))
    element_type = getattr(field, "element_type", None)

    def number(parameter: str) -> int | None:
        given = params.get(parameter)
        return None if given is None else _integer(field.name, parameter, given)

    return Field(
        name=field.name,
        dtype=data_type(field.name, field.dtype),
        is_primary=field.is_primary,
        auto_id=field.auto_id or (auto_id and field.is_primary),
        is_partition_key=bool(getattr(field, "is_partition_key", False)),
        nullable=bool(getattr(field, "nullable", False)),
        default=NO_DEFAULT if default is None else default,
        max_length=number("max_length"),
        dim=number("dim"),
        element_type=None if element_type is None else data_type(field.name, element_type),
        max_capacity=number("max_capacity"),
        enable_analyzer=_flag(field.name, "enable_analyzer", params),
        enable_match=_flag(field.name, "enable_match", params),
        analyzer_params=_analyzers(field.name, params),
        description=field.description,
    )


def struct_to_engine(struct: Any) -> Field:
    """The engine's form of an array of structs, this package's or pymilvus's."""
    capacity = struct.max_capacity
    return Field(
        name=struct.name,
        dtype=DataType.ARRAY,
        nullable=bool(struct.nullable),
        element_type=DataType.STRUCT,
        max_capacity=None if capacity is None else _integer(struct.name, "max_capacity", capacity),
        members=tuple(field_to_engine(member) for member in struct.fields),
        description=struct.description,
    )


def function_to_engine(function: Any) -> EngineFunction:
    """The engine's form of a function, this package's or pymilvus's."""
    if not hasattr(function, "input_field_names"):
        raise ParamError(
            message=f"function: expected a Function, got {type(function).__name__} {function!r:.80}"
        )
    return EngineFunction(
        name=function.name,
        kind=FunctionType(int(function.type)),
        inputs=tuple(function.input_field_names),
        outputs=tuple(function.output_field_names),
        description=function.description,
        params=dict(function.params),
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
    """A field's parameters of one analyzer or of several, as the engine keeps them."""
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
    """An int; pymilvus gives some numbers as text."""
    try:
        return int(given)  # type: ignore[call-overload, no-any-return]  # whatever int() takes
    except (TypeError, ValueError):
        raise SchemaNotReadyException(
            message=f"field {name!r}: {parameter} must be an int, got {given!r}"
        ) from None
