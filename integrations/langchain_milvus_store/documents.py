"""Documents to rows and back, and ids to primary keys. Builds a row in one step, since there may be many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any
from uuid import uuid4

from langchain_core.documents import Document

from .layout import Layout


def to_rows(
    layout: Layout,
    texts: Sequence[str],
    embeddings: Mapping[str, Iterable[Any]],
    metadatas: Sequence[Mapping[str, Any]] | None,
    keys: Sequence[Any] | None,
) -> list[dict[str, Any]]:
    """One row for each text; without ``keys`` the rows have no primary key.

    Args:
        embeddings: by vector field, one for each text.

    Raises:
        ValueError: a metadata key cannot be stored in this collection; the message names it.
    """
    text = layout.text
    rows = [
        {**metadata, text: content}
        for metadata, content in zip(_metadata_columns(layout, metadatas), texts, strict=False)
    ]
    for vector, column in embeddings.items():
        for row, embedding in zip(rows, column, strict=True):
            row[vector] = embedding
    if keys is not None:
        for row, key in zip(rows, keys, strict=True):
            row[layout.primary] = key
    return rows


def _metadata_columns(
    layout: Layout, metadatas: Sequence[Mapping[str, Any]] | None
) -> Iterable[Mapping[str, Any]]:
    """The metadata columns of each row."""
    if metadatas is None:
        return repeat({}) if layout.metadata is None else repeat({layout.metadata: {}})
    _refuse_mark(layout, metadatas)
    if layout.metadata is not None:
        columns = ({layout.metadata: metadata} for metadata in metadatas)
        key = layout.partition_key
        if key is None:
            return columns
        return (
            {**column, key: metadata.get(key)} for column, metadata in zip(columns, metadatas, strict=True)
        )
    if not all(map(layout.reserved.isdisjoint, metadatas)):
        index, taken = next(
            (index, key)
            for index, metadata in enumerate(metadatas)
            for key in metadata
            if key in layout.reserved
        )
        raise ValueError(
            f"metadata key {taken!r} is the name of a field of collection {layout.collection!r} (document "
            f"{index}): rename the key, or give the store another primary_field, text_field or vector_field"
        )
    if not layout.is_dynamic and not all(map(frozenset(layout.absent).issuperset, metadatas)):
        index, unknown = next(
            (index, key)
            for index, metadata in enumerate(metadatas)
            for key in metadata
            if key not in layout.absent
        )
        raise ValueError(
            f"metadata key {unknown!r} has no field in collection {layout.collection!r} (document {index}), "
            f"which has {', '.join(layout.absent) or 'none for metadata'}: create the collection with "
            f"enable_dynamic_field=True to keep any key, or name it in metadata_schema"
        )
    return metadatas


def _refuse_mark(layout: Layout, metadatas: Sequence[Mapping[str, Any]]) -> None:
    """Raise ``ValueError`` for the value that means "no tenant"; in collections of earlier versions it is
    ``""``."""
    key = layout.partition_key
    if key is None or not layout.absent.get(key):
        return
    mark = layout.absent[key]
    for index, metadata in enumerate(metadatas):
        if metadata.get(key) == mark:
            raise ValueError(
                f"metadata key {key!r} (document {index}): {mark!r} means a document without a tenant, leave "
                f"the key out"
            )


def to_document(layout: Layout, entity: Mapping[str, Any]) -> Document:
    """The document of a row, which has at least ``layout.output_fields``."""
    if layout.metadata is not None:
        metadata = entity[layout.metadata] or {}
    else:
        absent, hidden = layout.absent, layout.reserved
        metadata = {
            key: value
            for key, value in entity.items()
            if key not in hidden and not (key in absent and value == absent[key])
        }
    return Document(id=str(entity[layout.primary]), page_content=entity[layout.text], metadata=metadata)


def new_keys(layout: Layout, ids: Sequence[Any] | None, count: int) -> list[Any]:
    """The primary keys of ``count`` documents: their ids, and a new one for each that has None.

    Raises:
        ValueError: an id is not of the primary key's type, or given twice.
    """
    if ids is None and not layout.has_int_keys:
        return [str(uuid4()) for _ in range(count)]
    keys = [_as_key(layout, key) for key in (repeat(None, count) if ids is None else ids)]
    if len(set(keys)) < len(keys):
        doubled = next(key for key, times in Counter(keys).items() if times > 1)
        raise ValueError(f"ids must be different from each other, got {doubled!r} twice")
    return keys


def _as_key(layout: Layout, given: Any) -> Any:
    if given is None and not layout.has_int_keys:
        return str(uuid4())
    key = as_known_key(layout, given)
    if key is None:
        expected = "an int, or a str of one" if layout.has_int_keys else "a str"
        raise ValueError(
            f"an id in collection {layout.collection!r} must be {expected}, "
            f"got {type(given).__name__}: {given!r}"
        )
    return key


def as_known_key(layout: Layout, given: Any) -> Any:
    """The primary key that the id ``given`` stands for, None if no row can have it."""
    if not layout.has_int_keys:
        return given if isinstance(given, str) else None
    try:
        key = int(given)
    except (TypeError, ValueError):
        return None
    return key if str(key) == str(given) and abs(key) < 2**63 else None


def check_lengths(count: int, **given: Sequence[Any] | None) -> None:
    """Raise ``ValueError`` for a list that lacks an item for a text."""
    for name, values in given.items():
        if values is not None and len(values) != count:
            raise ValueError(f"{name} must have one item for each of the {count} texts, got {len(values)}")
