"""A batch of rows: given columns, checked and ready for the file."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from ..errors import DataNotMatchException
from ..schema.fields import Field
from ..schema.model import Schema
from ..schema.times import UTC
from ..text.documents import Documents, count_terms
from ..text.fields import tokens_of_rows
from .columns import Column, Columns, Values, as_list, of_rows
from .json_text import encode_dynamic
from .scalars import encode_scalar
from .text_vectors import stored_text_vectors
from .vectors import Blob, encode_vectors


@dataclass(frozen=True, slots=True)
class Batch:
    """Checked rows, column by column, ready for the file.

    ``pks`` is None until the collection numbers the rows. ``scalars`` holds a list of stored values per
    scalar field but the primary key; ``vectors`` the stored vectors per vector field, None for a null;
    ``documents`` the terms of each row per full text field; ``dynamic`` a list of JSON texts, or None without a
    dynamic field. ``partitions``: the id of each row's partition, None if all go to the call's.
    """

    count: int
    pks: list[Any] | None
    scalars: dict[str, list[Any]]
    vectors: dict[str, Sequence[Blob]]
    documents: dict[str, Documents]
    dynamic: list[str] | None
    partitions: list[int] | None = None

    def keep(self, rows: Sequence[int]) -> Batch:
        """The batch of the rows at ``rows``, in that order."""

        def pick(values: Sequence[Any]) -> list[Any]:
            return [values[row] for row in rows]

        return Batch(
            count=len(rows),
            pks=None if self.pks is None else pick(self.pks),
            scalars={name: pick(values) for name, values in self.scalars.items()},
            vectors={name: pick(blobs) for name, blobs in self.vectors.items()},
            documents={name: documents.keep(rows) for name, documents in self.documents.items()},
            dynamic=None if self.dynamic is None else pick(self.dynamic),
            partitions=None if self.partitions is None else pick(self.partitions),
        )

    def last_of_each_pk(self) -> Batch:
        """The batch without the rows that a later row of the same primary key replaces."""
        last = {pk: row for row, pk in enumerate(self.pks or ())}
        return self if self.pks is None or len(last) == self.count else self.keep(sorted(last.values()))


def encode_columns(schema: Schema, columns: Columns, *, pk_given: bool, zone: tzinfo = UTC) -> Batch:
    """Check rows against ``schema`` and turn them into a batch.

    Args:
        columns: by the names of fields; with a dynamic field, others are kept as JSON.
        pk_given: whether rows must have a primary key; else they may have none, and ``auto_id`` makes it.
        zone: where times without an offset are.

    Raises:
        DataNotMatchException: names the row, the field, what was expected and what was given.
    """
    primary = schema.primary
    if not pk_given:
        _refuse_given_pk(primary, columns)
    dynamic = encode_dynamic(schema, columns)
    pks = primary_keys(schema, columns) if pk_given else None
    scalars = {
        field.name: encode_scalar(field, _values(field, columns), zone) for field in schema.scalars[1:]
    }
    refuse_filled(schema, columns)
    given_vectors = [field for field in schema.vectors if not field.is_function_output]
    vectors: dict[str, Sequence[Blob]] = {
        field.name: encode_vectors(field, _values(_given_as(schema, field), columns))
        for field in given_vectors
    }
    texts = {primary.name: pks or [], **scalars}
    documents = documents_of(schema, texts)
    # Last of all: a model may be slow, and may cost money.
    for name, function in schema.embedded.items():
        vectors[name] = stored_text_vectors(schema, function, texts[function.input])
    return Batch(columns.count, pks, scalars, vectors, documents, dynamic)


def encode_inserted(schema: Schema, columns: Columns, *, takes_pks: bool, zone: tzinfo = UTC) -> Batch:
    """The same for rows that are inserted: with ``auto_id`` all of them or none have a primary key.

    Args:
        takes_pks: whether they may have one.
    """
    primary = schema.primary
    pk_given = not primary.auto_id or (takes_pks and primary.name in columns.by_name)
    return encode_columns(schema, columns, pk_given=pk_given, zone=zone)


def _given_as(schema: Schema, field: Field) -> Field:
    """The field under which rows have the values of ``field``: vectors within structs stand in these."""
    return field if field.within is None else schema.by_name[field.within]


def refuse_filled(schema: Schema, columns: Columns) -> None:
    """Raise if a row has a value for a field that a function fills."""
    for name, function in schema.filled_by.items():
        if columns.count and name in columns.by_name:
            row, value = _first(columns.by_name[name])
            raise DataNotMatchException(
                message=f"row {row}: field '{name}' is filled by function '{function.name}' from field "
                f"'{function.input}': expected no value, got {value!r:.80}"
            )


def primary_keys(schema: Schema, columns: Columns) -> list[Any]:
    """The primary keys of rows; each row must have one."""
    return encode_scalar(schema.primary, _values(schema.primary, columns))


def documents_of(
    schema: Schema, scalars: Mapping[str, list[Any]], kept: Container[str] = ()
) -> dict[str, Documents]:
    """The terms of the texts that functions read; a null is a text without terms.

    Args:
        kept: fields whose terms are known.
    """
    found = {}
    for name, function in schema.full_text.items():
        if name not in kept:
            texts = ["" if text is None else text for text in scalars[function.input]]
            found[name] = count_terms(tokens_of_rows(schema.by_name[function.input], texts, scalars))
    return found


def _values(field: Field, columns: Columns) -> Values:
    """The value of each row; null for rows without one, if the field may be missing."""
    column = columns.by_name.get(field.name)
    if column is not None and column.rows is None:
        return column.values
    rows = () if column is None else column.rows or ()
    if not field.may_be_missing:
        row = next((index for index, row in enumerate(rows) if index != row), len(rows))
        raise DataNotMatchException(
            message=f"row {row}: field '{field.name}' ({field.describe()}) is missing: expected a value, since "
            f"the field is neither nullable nor has a default; given were "
            f"{sorted(map(str, columns.names_in(row)))}"
        )
    return [None] * columns.count if column is None else of_rows(column, columns.count)


def _refuse_given_pk(primary: Field, columns: Columns) -> None:
    if columns.count and primary.name in columns.by_name:
        row, value = _first(columns.by_name[primary.name])
        raise DataNotMatchException(
            message=f"row {row}: field '{primary.name}' is numbered by auto_id: expected no value, got {value!r}"
        )


def _first(column: Column) -> tuple[int, Any]:
    """The first row that has a value, and this value."""
    return 0 if column.rows is None else column.rows[0], as_list(column.values)[0]
