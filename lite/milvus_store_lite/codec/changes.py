"""Rows with only some fields given: given values are checked, the others come from the stored rows.

Checking needs only the schema and happens before the file is locked. Stored values are taken over in their stored
form, so no value changes by being read and written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial
from typing import Any, Final, NamedTuple

from ..errors import DataNotMatchException
from ..schema.fields import DYNAMIC_FIELD, Field
from ..schema.model import Schema
from ..schema.times import UTC
from ..text.fields import deciding_fields
from .array_ops import ArrayOp, applied, check_array_ops
from .batch import Batch, documents_of, primary_keys, refuse_filled
from .columns import Columns
from .encoding import Encode
from .json_text import encode_dynamic, merged_objects
from .scalars import encode_scalar
from .text_vectors import stored_text_vectors
from .vectors import encode_vectors

_ABSENT: Final = object()


class Given(NamedTuple):
    """The stored values of one field; ``rows``: the index of each value's row."""

    rows: Sequence[int]
    values: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Changes:
    """Checked rows with only some fields given.

    ``given``: for each field, but the primary key and full text, which rows have it; rows that have a text have
    the vector that a function makes of it. ``dynamic``: the dynamic keys of each row as JSON text, None without a
    dynamic field. ``array_ops``: the fields whose given elements are appended to the stored arrays or removed from
    them.
    """

    schema: Schema
    pks: list[Any]
    given: dict[str, Given]
    dynamic: list[str] | None
    array_ops: Mapping[str, ArrayOp]


@dataclass(frozen=True, slots=True)
class Stored:
    """Stored rows, by primary key: for each field their values by key, and the partitions they are in.

    ``vectors``: those of full text fields among them.
    """

    scalars: Mapping[str, Mapping[Any, Any]]
    vectors: Mapping[str, Mapping[Any, Any]]
    partitions: Mapping[Any, int]


def encode_changes(
    schema: Schema, columns: Columns, *, zone: tzinfo = UTC, array_ops: Mapping[str, ArrayOp]
) -> Changes:
    """Check the fields that rows have, the primary key among them.

    Args:
        zone: where times without an offset are.
        array_ops: the fields whose elements are appended or removed.

    Raises:
        ParamError: one of ``array_ops`` is not for an array that rows have.
        DataNotMatchException: names the row, the field, what was expected and what was given.
    """
    check_array_ops(schema, columns, array_ops)
    refuse_filled(schema, columns)
    pks = primary_keys(schema, columns)
    given = {}
    for field in schema.fields:
        if not field.is_primary and not field.is_function_output:
            encode: Encode = encode_vectors if field.dtype.is_vector else partial(encode_scalar, zone=zone)
            given[field.name] = _given(field.name, columns, encode, field)
    for name, field in schema.lists.items():
        assert field.within is not None
        given[name] = _given(field.within, columns, encode_vectors, field)
    dynamic = encode_dynamic(schema, columns)
    own_texts = {schema.primary.name: Given(range(len(pks)), pks), **given}
    for name, function in schema.embedded.items():
        texts = own_texts[function.input]
        given[name] = Given(texts.rows, stored_text_vectors(schema, function, texts.values))
    return Changes(schema, pks, given, dynamic, array_ops)


def missing_columns(changes: Changes, existing: Mapping[Any, Any]) -> tuple[list[str], list[str]]:
    """What ``merged`` needs of the ``existing`` rows: names of scalars, ``$meta`` among them, and of vectors."""
    schema = changes.schema
    whole = {
        name
        for name, values in changes.given.items()
        if len(values.rows) == len(changes.pks) and name not in changes.array_ops
    }
    scalars = [field.name for field in schema.scalars[1:] if field.name not in whole]
    if changes.dynamic is not None:
        scalars.append(DYNAMIC_FIELD)
    vectors = [field.name for field in schema.vectors if not field.is_full_text and field.name not in whole]
    return scalars, vectors + _kept_outputs(changes, existing)


def merged(changes: Changes, stored: Stored, *, default_partition: int | None) -> Batch:
    """Whole rows: ``changes`` over the ``stored`` rows. Rows with the same key are made one after the other.

    Args:
        stored: the columns that ``missing_columns`` names, of the stored rows.
        default_partition: where new rows go, while the others stay where they are; None if the call names one.

    Raises:
        DataNotMatchException: a row is new and lacks a field that has no default.
    """
    pks, schema = changes.pks, changes.schema
    columns: dict[str, list[Any]] = {}
    for name, given in changes.given.items():
        field = _field(schema, name)
        known = stored.vectors if field.dtype.is_vector else stored.scalars
        columns[name] = _column(field, pks, given, known.get(name, {}), changes.array_ops.get(name))
    scalars = {field.name: columns[field.name] for field in schema.scalars[1:]}
    vectors = {name: columns[name] for name in columns if _field(schema, name).dtype.is_vector}
    outputs = {name: _all_of(pks, stored.vectors[name]) for name in _kept_outputs(changes, stored.partitions)}
    return Batch(
        count=len(pks),
        pks=pks,
        scalars=scalars,
        vectors={**vectors, **outputs},
        documents=documents_of(schema, {schema.primary.name: pks, **scalars}, outputs),
        dynamic=_dynamic(changes, stored),
        partitions=None
        if default_partition is None
        else [stored.partitions.get(pk, default_partition) for pk in pks],
    )


def _field(schema: Schema, name: str) -> Field:
    found = schema.find(name)
    assert found is not None, name
    return found


def _given(name: str, columns: Columns, encode: Encode, field: Field) -> Given:
    """The values of ``field``, which stand in the column ``name``."""
    column = columns.by_name.get(name)
    if column is None:
        return Given((), ())
    if column.rows is None:
        return Given(range(columns.count), encode(field, column.values))
    try:
        return Given(column.rows, encode(field, column.values))
    except DataNotMatchException as error:
        raise error.in_rows(column.rows) from None


def _kept_outputs(changes: Changes, existing: Mapping[Any, Any]) -> list[str]:
    """The full text fields whose texts do not change, in any row: their values stay as they are."""
    if not all(pk in existing for pk in changes.pks):
        return []
    unchanged = {name for name, values in changes.given.items() if not values.rows}
    return [
        name
        for name, function in changes.schema.full_text.items()
        if deciding_fields(changes.schema.by_name[function.input]) <= unchanged
    ]


def _column(
    field: Field, pks: Sequence[Any], given: Given, known: Mapping[Any, Any], op: ArrayOp | None
) -> list[Any]:
    """The value of each of the rows ``pks``: the last that is given, else the known one, else the default.

    Args:
        op: what to do with the given elements of an array, None to take them as the value.
    """
    if op is None and len(given.rows) == len(pks) and len(set(pks)) == len(pks):
        return list(given.values)
    values = {pk: known.get(pk, _ABSENT) for pk in pks}
    changes = zip(given.rows, given.values, strict=True)
    if op is None:
        for row, value in changes:
            values[pks[row]] = value
    else:
        values |= applied(field, op, pks, changes, known)
    absent = [pk for pk, value in values.items() if value is _ABSENT]
    if absent:
        if not field.may_be_missing:
            row = pks.index(absent[0])
            raise DataNotMatchException(
                message=f"row {row}: field '{field.name}' ({field.describe()}) is missing, and no row has the "
                f"primary key {absent[0]!r:.80}: expected a value, since the field is neither nullable nor has a "
                "default"
            )
        default = None if field.dtype.is_vector else encode_scalar(field, [None])[0]
        values.update(dict.fromkeys(absent, default))
    return _all_of(pks, values)


def _dynamic(changes: Changes, stored: Stored) -> list[str] | None:
    """The dynamic keys of each row, as JSON texts: the ones given beside those that are there."""
    if changes.dynamic is None:
        return None
    known = stored.scalars.get(DYNAMIC_FIELD, {})
    texts = {pk: known.get(pk) or "{}" for pk in changes.pks}
    for pk, text in zip(changes.pks, changes.dynamic, strict=True):
        texts[pk] = merged_objects(texts[pk], text)
    return _all_of(changes.pks, texts)


def _all_of(pks: Sequence[Any], values: Mapping[Any, Any]) -> list[Any]:
    return list(map(values.__getitem__, pks))
