"""A batch of rows: from the dictionaries a user gives to columns ready for the file."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from operator import itemgetter
from typing import Any

from ..errors import DataNotMatchException
from ..schema.model import Field, Schema
from ..schema.times import UTC
from ..text.documents import Documents, count_terms
from ..text.fields import tokens_of_rows
from .json_text import encode_dynamic
from .scalars import encode_pks, encode_scalar
from .vectors import Blob, encode_vectors

_MISSING = object()


@dataclass(frozen=True, slots=True)
class Batch:
    """Checked rows, column by column, ready for the file.

    ``pks`` is None when the engine is to number the rows. ``scalars`` holds a list of stored values per
    scalar field but the primary key; ``vectors`` a list of stored vectors per vector field, None for a null;
    ``documents`` the terms of each row per full text field; ``dynamic`` a list of JSON texts, or None without a
    dynamic field. ``partitions``: the id of each row's partition, None where all go to one that the call names.
    """

    count: int
    pks: list[Any] | None
    scalars: dict[str, list[Any]]
    vectors: dict[str, list[Blob]]
    documents: dict[str, Documents]
    dynamic: list[str] | None
    partitions: list[int] | None = None

    def keep(self, places: Sequence[int]) -> Batch:
        """The batch of the rows at ``places``, in that order."""

        def pick(values: list[Any]) -> list[Any]:
            return [values[place] for place in places]

        return Batch(
            count=len(places),
            pks=None if self.pks is None else pick(self.pks),
            scalars={name: pick(values) for name, values in self.scalars.items()},
            vectors={name: pick(blobs) for name, blobs in self.vectors.items()},
            documents={name: documents.keep(places) for name, documents in self.documents.items()},
            dynamic=None if self.dynamic is None else pick(self.dynamic),
            partitions=None if self.partitions is None else pick(self.partitions),
        )


def encode_rows(
    schema: Schema, rows: Sequence[Mapping[str, Any]], *, pk_given: bool, zone: tzinfo = UTC
) -> Batch:
    """Check ``rows`` against ``schema`` and turn them into a batch.

    Args:
        rows: dictionaries from field name to value; with a dynamic field, other keys are kept as JSON.
        pk_given: whether rows must carry the primary key; False for inserts with ``auto_id``.
        zone: where times without an offset are.

    Raises:
        DataNotMatchException: names the row, the field, what was expected and what was given.
    """
    refuse_no_dicts(rows)
    primary = schema.primary
    if not pk_given:
        _refuse_given_pk(primary, rows)
    dynamic = encode_dynamic(schema, rows)
    pks = primary_keys(schema, rows) if pk_given else None
    scalars = {one.name: encode_scalar(one, _column(one, rows), zone) for one in schema.scalars[1:]}
    refuse_filled(schema, rows)
    given_vectors = [one for one in schema.vectors if not one.is_function_output]
    return Batch(
        count=len(rows),
        pks=pks,
        scalars=scalars,
        vectors={one.name: encode_vectors(one, _column(one, rows)) for one in given_vectors},
        documents=documents_of(schema, {primary.name: pks or [], **scalars}),
        dynamic=dynamic,
    )


def refuse_no_dicts(rows: Sequence[object]) -> None:
    for place, row in enumerate(rows):
        if not isinstance(row, dict):
            raise DataNotMatchException(
                message=f"row {place}: expected a dict of field values, got {type(row).__name__}: {row!r:.80}"
            )


def refuse_filled(schema: Schema, rows: Sequence[Mapping[str, Any]]) -> None:
    """Raise for a row that has a value for a field which a function fills."""
    for name, function in schema.filled_by.items():
        for place, row in enumerate(rows):
            if name in row:
                raise DataNotMatchException(
                    message=f"row {place}: field '{name}' is filled by function '{function.name}' from field "
                    f"'{function.input}': expected no value, got {row[name]!r:.80}"
                )


def primary_keys(schema: Schema, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    """The primary keys of ``rows``, which must have one each."""
    return encode_pks(schema.primary, _column(schema.primary, rows))


def documents_of(
    schema: Schema, scalars: Mapping[str, list[Any]], kept: Container[str] = ()
) -> dict[str, Documents]:
    """The terms of the texts that functions read; a null is a text without terms.

    Args:
        kept: fields filled by functions whose values are known.
    """
    found = {}
    for name, function in schema.filled_by.items():
        if name not in kept:
            texts = ["" if text is None else text for text in scalars[function.input]]
            found[name] = count_terms(tokens_of_rows(schema.by_name[function.input], texts, scalars))
    return found


def _column(one: Field, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    try:
        return list(map(itemgetter(one.name), rows))
    except KeyError:
        values = [row.get(one.name, _MISSING) for row in rows]
    if not one.may_be_missing:
        place = values.index(_MISSING)
        raise DataNotMatchException(
            message=f"row {place}: field '{one.name}' ({one.describe()}) is missing: expected a value, since "
            f"the field is neither nullable nor has a default; given were {sorted(map(str, rows[place]))}"
        )
    return [None if value is _MISSING else value for value in values]


def _refuse_given_pk(primary: Field, rows: Sequence[Mapping[str, Any]]) -> None:
    for place, row in enumerate(rows):
        if primary.name in row:
            raise DataNotMatchException(
                message=f"row {place}: field '{primary.name}' is numbered by auto_id: expected no value, "
                f"got {row[primary.name]!r}"
            )
