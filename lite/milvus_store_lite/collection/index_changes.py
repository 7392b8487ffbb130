"""Whether an index may join those that a collection has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..errors import AmbiguousIndexName, ParamError
from ..indexes.registry import check_index
from ..schema.data_types import DataType
from ..schema.model import DYNAMIC_FIELD, Field, Schema
from ..storage.catalog import CollectionRecord, IndexRecord
from ..suggestions import did_you_mean


def indexed_field(schema: Schema, name: str, parameters: Mapping[str, Any]) -> Field | None:
    """What an index on ``name`` with ``parameters`` is on: a field, or a key of the dynamic field as JSON."""
    one = schema.by_name.get(name)
    if one is None and schema.enable_dynamic_field and "json_cast_type" in parameters:
        return Field(name="dynamic_field" if name == DYNAMIC_FIELD else name, dtype=DataType.JSON)
    return one


def checked_index(record: CollectionRecord, index: IndexRecord) -> IndexRecord | None:
    """``index`` with its defaults filled in, or None when the collection has it already.

    Raises:
        ParamError: the field does not exist or cannot have such an index.
        AmbiguousIndexName: the field, or the path in its documents, or the name has another index.
    """
    one = indexed_field(record.schema, index.field, index.parameters)
    if one is None:
        raise ParamError(
            code=1700,
            message=f"cannot index field {index.field!r}: collection '{record.name}' has "
            f"{', '.join(record.schema.by_name)}" + did_you_mean(index.field, record.schema.by_name),
        )
    kind, metric, parameters = check_index(one, index.type, index.metric, index.parameters)
    index = replace(index, type=kind, metric=metric, parameters=parameters)
    place = _place(record.schema, index)
    index = replace(index, name=index.name or place)
    if index in record.indexes:
        return None
    for existing in record.indexes:
        if index.name == existing.name or place == _place(record.schema, existing):
            raise AmbiguousIndexName(
                message=f"field '{existing.field}' has index {existing.name!r} ({_kind(existing)}) already: drop "
                f"it before creating {index.name!r} ({_kind(index)}) on '{index.field}'"
            )
    return index


def _place(schema: Schema, index: IndexRecord) -> str:
    """What is indexed, in one spelling: the field, or the path in its documents."""
    one = indexed_field(schema, index.field, index.parameters)
    assert one is not None, "an index goes before its field does"
    if one.dtype is not DataType.JSON:
        return index.field
    from ..filters.paths import resolve_path

    path = index.parameters.get("json_path") or index.field
    try:
        home, found = resolve_path(index.field, schema), resolve_path(path, schema)
    except ValueError as error:
        raise ParamError(
            message=f"parameter 'json_path' of an index on field {index.field!r}: {error}, got {path!r}"
        ) from None
    if found.field_name != home.field_name or found.path[: len(home.path)] != home.path:
        raise ParamError(
            message=f"parameter 'json_path' of an index on field {index.field!r} must be a path in that field, "
            f'such as {index.field}["key"], got {path!r}'
        )
    return str(found)


def _kind(index: IndexRecord) -> str:
    return ", ".join(filter(None, (index.type, index.metric)))
