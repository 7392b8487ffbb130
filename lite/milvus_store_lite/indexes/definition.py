"""Whether an index may join those that a collection has."""

from __future__ import annotations

from dataclasses import replace

from ..errors import AmbiguousIndexName, ParamError
from ..storage.catalog import CollectionRecord, IndexRecord
from .registry import check_index


def checked_index(record: CollectionRecord, index: IndexRecord) -> IndexRecord | None:
    """``index`` with its defaults filled in, or None when the collection has it already.

    Raises:
        ParamError: the field does not exist or cannot have such an index.
        AmbiguousIndexName: the field, or the name, has another index.
    """
    one = record.schema.by_name.get(index.field)
    if one is None:
        raise ParamError(
            code=1700,
            message=f"cannot index field {index.field!r}: collection '{record.name}' has "
            f"{', '.join(record.schema.by_name)}",
        )
    kind, metric, parameters = check_index(one, index.type, index.metric, index.parameters)
    index = replace(index, name=index.name or index.field, type=kind, metric=metric, parameters=parameters)
    if index in record.indexes:
        return None
    for existing in record.indexes:
        if index.name == existing.name or index.field == existing.field:
            raise AmbiguousIndexName(
                message=f"field '{existing.field}' has index {existing.name!r} ({existing.type}, "
                f"{existing.metric}) already: drop it before creating {index.name!r} ({index.type}, "
                f"{index.metric}) on '{index.field}'"
            )
    return index
