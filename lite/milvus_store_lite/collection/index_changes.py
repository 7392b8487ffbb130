"""The indexes in a collection's definition: checking, adding and dropping them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..errors import AmbiguousIndexName, IndexNotExistException, ParamError
from ..indexes.registry import check_index, check_index_properties
from ..indexes.scalar_types import has_sql_index
from ..schema.data_types import DataType
from ..schema.fields import DYNAMIC_FIELD, Field
from ..schema.model import Schema
from ..storage.catalog import Catalog, CollectionRecord, IndexRecord
from ..suggestions import did_you_mean


def indexed_field(schema: Schema, name: str, parameters: Mapping[str, Any]) -> Field | None:
    """What an index on ``name`` with ``parameters`` is on: a field, a member of structs, or a key of the dynamic
    field as JSON."""
    field = schema.find(name) or schema.scalar_members.get(name)
    if field is None and schema.enable_dynamic_field and "json_cast_type" in parameters:
        return Field(name="dynamic_field" if name == DYNAMIC_FIELD else name, dtype=DataType.JSON)
    return field


def checked_index(record: CollectionRecord, index: IndexRecord) -> IndexRecord | None:
    """``index`` with its defaults filled in, or None when the collection has it already.

    Raises:
        ParamError: the field does not exist or cannot have such an index.
        AmbiguousIndexName: the field, or the path in its documents, or the name has another index.
    """
    field = indexed_field(record.schema, index.field, index.parameters)
    if field is None:
        raise ParamError(
            code=1700,
            message=f"cannot index field {index.field!r}: collection '{record.name}' has "
            f"{', '.join(record.schema.by_name)}" + did_you_mean(index.field, record.schema.by_name),
        )
    kind, metric, parameters = check_index(field, index.type, index.metric, index.parameters)
    index = replace(index, type=kind, metric=metric, parameters=parameters)
    target = _target(record.schema, index)
    index = replace(index, name=index.name or target)
    if index in record.indexes:
        return None
    for existing in record.indexes:
        if index.name == existing.name or target == _target(record.schema, existing):
            raise AmbiguousIndexName(
                message=f"field '{existing.field}' has index {existing.name!r} ({_kind(existing)}) already: drop "
                f"it before creating {index.name!r} ({_kind(index)}) on '{index.field}'"
            )
    return index


def add_indexes(catalog: Catalog, collection_id: int, indexes: Sequence[IndexRecord]) -> None:
    """Add ``indexes`` to the definition of a collection, with the SQL indexes that serve them.

    An index that the collection has already stays as it is. Raises what ``checked_index`` raises.
    """
    for index in indexes:
        record = catalog.load(collection_id)
        checked = checked_index(record, index)
        if checked is None:
            continue
        catalog.add_index(collection_id, checked)
        field = record.schema.by_name.get(checked.field)
        if field is not None and has_sql_index(field, checked.type):
            catalog.tables(record.id, record.schema).create_value_index(field)


def alter_index(
    catalog: Catalog, record: CollectionRecord, name: str, properties: Mapping[str, Any], drop: Iterable[str]
) -> None:
    """Set ``properties`` of the index called ``name`` and remove those called ``drop``.

    Raises:
        IndexNotExistException: there is no such index.
        ParamError: a property is not one that an index may be given later, or the collection is loaded.
    """
    index = next((index for index in record.indexes if index.name == name), None)
    if index is None:
        known = ", ".join(index.name for index in record.indexes) or "none"
        raise IndexNotExistException(
            message=f"index {name!r} does not exist in collection '{record.name}', it has: {known}"
        )
    gone = check_index_properties(dict.fromkeys(drop, False))
    checked = check_index_properties(properties)
    if record.is_loaded:
        raise ParamError(
            code=104,
            message=f"index {name!r} cannot be altered while collection '{record.name}' is loaded: call "
            "release_collection first",
        )
    kept = {key: value for key, value in index.parameters.items() if key not in gone}
    catalog.set_index_parameters(record.id, name, {**kept, **checked})


def drop_index(catalog: Catalog, record: CollectionRecord, name: str) -> None:
    """Remove an index, if it exists, from the definition, and the SQL index that serves it.

    Raises:
        ParamError: it is on a vector field of a loaded collection, which needs it.
    """
    index = next((index for index in record.indexes if index.name == name), None)
    if index is None:
        return
    if index.metric is not None and record.is_loaded:
        raise ParamError(
            code=1,
            message=f"vector index {name!r} cannot be dropped while collection '{record.name}' is "
            f"loaded: call release_collection first",
        )
    catalog.remove_index(record.id, name)
    field = record.schema.by_name.get(index.field)
    if field is not None and has_sql_index(field, index.type):
        catalog.tables(record.id, record.schema).drop_value_index(field)


def _target(schema: Schema, index: IndexRecord) -> str:
    """The target of an index in its canonical spelling: the field, or the path in its documents."""
    field = indexed_field(schema, index.field, index.parameters)
    assert field is not None, "an index goes before its field does"
    if field.dtype is not DataType.JSON:
        return index.field
    from ..filters.paths import resolve_path

    path = index.parameters.get("json_path") or index.field
    try:
        whole, found = resolve_path(index.field, schema), resolve_path(path, schema)
    except ValueError as error:
        raise ParamError(
            message=f"parameter 'json_path' of an index on field {index.field!r}: {error}, got {path!r}"
        ) from None
    if found.field_name != whole.field_name or found.path[: len(whole.path)] != whole.path:
        raise ParamError(
            message=f"parameter 'json_path' of an index on field {index.field!r} must be a path in that field, "
            f'such as {index.field}["key"], got {path!r}'
        )
    return str(found)


def _kind(index: IndexRecord) -> str:
    return ", ".join(filter(None, (index.type, index.metric)))
