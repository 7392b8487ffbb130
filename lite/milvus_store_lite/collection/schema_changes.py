"""How a collection's schema may change while it holds rows: each change as the next schema, or an error.

Nothing here touches the file: ``Collection`` writes what these functions decide.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..errors import ParamError, SchemaNotReadyException
from ..schema.fields import Field, lists_of, scalars_within
from ..schema.functions import Function, FunctionType
from ..schema.lifetime import TTL_FIELD
from ..schema.model import Schema
from ..storage.catalog import CollectionRecord
from ..suggestions import did_you_mean


def with_field(schema: Schema, added: Field) -> Schema:
    """``schema`` with the field ``added`` at its end.

    Raises:
        SchemaNotReadyException: stored rows could not have such a field.
    """
    if added.is_primary or added.is_partition_key:
        raise SchemaNotReadyException(
            message=f"field '{added.name}': a primary key or partition key cannot be added to a collection"
        )
    if not added.nullable:
        raise SchemaNotReadyException(
            message=f"field '{added.name}': expected nullable=True, since the rows that are there have no value"
        )
    if added.name in schema.by_name:
        raise SchemaNotReadyException(message=f"duplicated field name: {added.name}")
    number = max(field.field_id for field in schema.fields) + 1
    return replace(schema, fields=(*schema.fields, replace(added, field_id=number)))


def with_function(schema: Schema, added: Field, function: Function) -> Schema:
    """``schema`` with the field ``added`` at its end, and the ``function`` that fills it.

    Raises:
        SchemaNotReadyException: the function cannot fill this field from the fields there are.
    """
    if function.kind is FunctionType.TEXTEMBEDDING:
        raise SchemaNotReadyException(
            message=f"function '{function.name}' ({function.kind.name}): a collection has it from the start, "
            "for a model may take long over the rows that are there: create a collection with it, and insert them"
        )
    if function.output != added.name:
        raise SchemaNotReadyException(
            message=f"function '{function.name}' fills field '{function.output}': expected a new field of this "
            f"name, got '{added.name}'"
        )
    if added.name in schema.by_name:
        raise SchemaNotReadyException(message=f"duplicated field name: {added.name}")
    number = max(field.field_id for field in schema.fields) + 1
    return replace(
        schema,
        fields=(*schema.fields, replace(added, field_id=number)),
        functions=(*schema.functions, function),
    )


def without_function(schema: Schema, name: str) -> tuple[Schema, str]:
    """``schema`` without the function ``name`` and the field that it fills; and the name of this field.

    Raises:
        ParamError: there is no such function, or its field is the only vector field.
    """
    function = _function(schema, name)
    if len(schema.vectors) == 1:
        raise ParamError(
            message=f"function {name!r} fills the only vector field '{function.output}' and cannot be dropped: "
            "create a collection without it"
        )
    fields = tuple(field for field in schema.fields if field.name != function.output)
    functions = tuple(known for known in schema.functions if known is not function)
    return replace(schema, fields=fields, functions=functions), function.output


def with_altered_function(schema: Schema, name: str, altered: Function) -> Schema:
    """``schema`` with ``altered`` in place of the function ``name``. Vectors that it has made stay as they are.

    Raises:
        ParamError: there is no such function, or it differs in more than description and params.
        SchemaNotReadyException: the params do not fit the field that it fills.
    """
    function = _function(schema, name)
    where = f"function '{name}' ({function.kind.name})"
    if function.kind is not FunctionType.TEXTEMBEDDING:
        raise ParamError(
            message=f"{where} cannot be altered, as in Milvus: drop_function_field() takes it away with its "
            "field, and add_function_field() makes another one"
        )
    for what in ("name", "kind", "inputs", "outputs"):
        before, after = getattr(function, what), getattr(altered, what)
        if before != after:
            raise ParamError(
                message=f"{where}: description and params can be altered, and its {what} must stay "
                f"{_told(before)}, got {_told(after)}"
            )
    functions = tuple(altered if known is function else known for known in schema.functions)
    return replace(schema, functions=functions)


def _function(schema: Schema, name: str) -> Function:
    for function in schema.functions:
        if function.name == name:
            return function
    names = [function.name for function in schema.functions]
    raise ParamError(
        message=f"no function {name!r}, the collection has {', '.join(names) or 'none'}"
        + did_you_mean(name, names)
    )


def _told(value: Any) -> str:
    return value.name if isinstance(value, FunctionType) else repr(value)


def without_field(record: CollectionRecord, name: str) -> Schema:
    """The schema of ``record`` without the field ``name``.

    Raises:
        ParamError: the field does not exist, or the collection needs it.
    """
    schema = record.schema
    field = _field(schema, name)
    role = (
        "the primary key"
        if field.is_primary
        else "the partition key"
        if field.is_partition_key
        else "the only vector field"
        if set(schema.vectors) <= {field, *lists_of(field)}
        else f"the {TTL_FIELD} of the collection"
        if record.properties.get(TTL_FIELD) == name
        else _role_in_functions(schema, name)
    )
    if role is not None:
        raise ParamError(
            message=f"field '{name}' is {role} and cannot be dropped: create a collection without it"
        )
    on = [record.index_of(each.name) for each in (field, *lists_of(field), *scalars_within(field))]
    index = next((found for found in on if found is not None), None)
    if index is not None:
        raise ParamError(
            message=f"field '{name}' cannot be dropped while it has an index: drop_index({index.name!r}) first"
        )
    return replace(schema, fields=tuple(kept for kept in schema.fields if kept.name != name))


def with_field_params(schema: Schema, name: str, params: Mapping[str, Any], longest: int) -> Schema:
    """``schema`` with other parameters of the field ``name``, whose longest value has ``longest`` bytes.

    Raises:
        ParamError: a parameter is unknown, or stored values would not fit.
    """
    field = _field(schema, name)
    known = {"max_length"} if field.max_length is not None else set()
    for parameter in params:
        if parameter not in known:
            raise ParamError(
                message=f"field '{name}' ({field.describe()}): parameter {parameter!r} cannot be altered, "
                f"expected {', '.join(known) or 'none'}"
            )
    if "max_length" in params:
        changed = replace(field, max_length=params["max_length"])
        assert changed.max_length is not None
        if changed.max_length < longest:
            raise ParamError(
                message=f"field '{name}': max_length must be at least {longest}, the length of a value that is "
                f"there, got {changed.max_length}"
            )
        field = changed
    return replace(schema, fields=tuple(field if kept.name == name else kept for kept in schema.fields))


def _role_in_functions(schema: Schema, name: str) -> str | None:
    for function in schema.functions:
        if name in (function.input, function.output):
            return f"the {'input' if name == function.input else 'output'} of function '{function.name}'"
    for field in schema.fields:
        if field.analyzer_params is not None and json.loads(field.analyzer_params).get("by_field") == name:
            return f"what names the analyzer of field '{field.name}'"
    return None


def _field(schema: Schema, name: str) -> Field:
    field = schema.by_name.get(name)
    if field is None:
        raise ParamError(
            message=f"no field {name!r}, the collection has {', '.join(schema.by_name)}"
            + did_you_mean(name, schema.by_name)
        )
    return field
