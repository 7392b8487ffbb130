"""Rows as columns, for copies and exports: whole batches in the order of writing, whose rows are never made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..codec import Column, Columns, Values, dense
from ..process.stack import with_room
from ..schema.data_types import DataType
from ..schema.fields import Field
from ..storage.store import CollectionReader
from .found import documents
from .output import Projection


def read_columns(reader: CollectionReader, projection: Projection, seqs: Sequence[int]) -> Columns:
    """What ``projection`` shows of the ascending rows ``seqs``, which all exist.

    Vectors of float32 that may not be null come as one matrix.
    """
    stored = reader.rows.columns(seqs, projection.columns)
    try:
        return with_room(lambda: _decoded(reader, projection, seqs, stored))
    except (KeyError, ValueError, TypeError) as error:
        raise reader.layout.corrupt("values of a found row", error) from error


def _decoded(
    reader: CollectionReader, projection: Projection, seqs: Sequence[int], stored: Sequence[list[Any]]
) -> Columns:
    """``stored``: the primary keys, and each of the projection's columns."""
    columns: dict[str, Values] = {}
    fields = projection.schema.by_name
    for name, offset, decode in projection.plan:
        if offset < 0:
            assert decode is not None, "no user sees a stored vector"
            matrix = _matrix(reader, fields[name], seqs)
            columns[name] = _shown(reader, name, seqs, decode) if matrix is None else matrix
        else:
            values = stored[offset - 1]
            columns[name] = values if decode is None else list(map(decode, values))
    for name, vectors in projection.lists.items():
        found = {field: reader.vectors.fetch(seqs, field) for field in vectors.fields}
        columns[name] = [
            vectors.added(structs, seq, found) for structs, seq in zip(columns[name], seqs, strict=True)
        ]
    extra = None if projection.dynamic is None else list(documents(projection, stored[-1]))
    return Columns(len(seqs), {name: Column(values) for name, values in columns.items()}, extra)


def _matrix(reader: CollectionReader, field: Field, seqs: Sequence[int]) -> Values | None:
    """(n, dim) float32; None where a vector is null or damaged, or users do not see it as floats."""
    if field.dtype is not DataType.FLOAT_VECTOR or field.nullable:
        return None
    packed = reader.vectors.packed(seqs, field.name)
    return None if packed is None else dense.from_bytes(field, packed)


def _shown(
    reader: CollectionReader, name: str, seqs: Sequence[int], decode: Callable[[bytes | None], Any]
) -> list[Any]:
    found = reader.vectors.fetch(seqs, name)
    return [decode(found[seq]) for seq in seqs]
