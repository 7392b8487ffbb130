"""Whether every row has its vectors: one in each vector field, of the right length, of good numbers."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from ..codec import codec_of, sparse
from ..schema.fields import Field
from ..storage.integrity.checksums import damaged
from .definitions import Definition
from .offenders import named, shown
from .report import Problem

BoolArray = npt.NDArray[np.bool_]

_BYTES_AT_ONCE: Final = 8_000_000


def pairing(connection: sqlite3.Connection, collection: Definition) -> Iterator[Problem]:
    """Each field has exactly one vector for each row; a null counts as one."""
    rows = collection.layout.rows
    for field in collection.schema.vectors:
        place, table = collection.field_place(field.name), collection.layout.vectors[field.name]
        missing = named(connection, rows, f"seq NOT IN (SELECT seq FROM {table})")
        if missing:
            yield Problem(place, f"no vector for {missing}")
        orphans = named(connection, table, f"seq NOT IN (SELECT seq FROM {rows})")
        if orphans:
            yield Problem(place, f"vectors without a row: {orphans}")


def lengths(connection: sqlite3.Connection, collection: Definition) -> Iterator[Problem]:
    """A vector is a blob of the length that its type and dimension make, or null where that is allowed."""
    for field in collection.schema.vectors:
        kinds = "('blob', 'null')" if field.nullable else "('blob')"
        broken = named(
            connection,
            collection.layout.vectors[field.name],
            f"typeof(value) NOT IN {kinds} OR NOT ({_has_right_length(field)})",
        )
        if broken:
            of_each = " for each value" if codec_of(field).width(field) is None else ""
            expected = f"{_width(field)} bytes{of_each}"
            yield Problem(
                collection.field_place(field.name), f"expected {expected} ({field.describe()}): {broken}"
            )


def structs(connection: sqlite3.Connection, collection: Definition) -> Iterator[Problem]:
    """There is a vector for each struct that has one as its member."""
    layout = collection.layout
    for field in collection.schema.lists.values():
        assert field.within is not None
        array = layout.columns[field.within]
        found = connection.execute(
            f"SELECT seq FROM {layout.rows} JOIN {layout.vectors[field.name]} USING (seq)"
            f" WHERE CASE WHEN {array} IS NULL OR json_valid({array})"
            f" THEN json_array_length({array}) IS NOT length(value) / {_width(field)} END ORDER BY seq"
        )
        broken = [seq for (seq,) in found]
        if broken:
            yield Problem(
                collection.field_place(field.name),
                f"expected a vector for each struct: {shown(len(broken), broken)}",
            )


def terms(connection: sqlite3.Connection, collection: Definition) -> Iterator[Problem]:
    """The terms of a full text field's documents are in its vocabulary."""
    for name, table in collection.layout.vocabularies.items():
        known = np.array([number for (number,) in connection.execute(f"SELECT id FROM {table} ORDER BY id")])
        rows = connection.execute(
            f"SELECT seq, value FROM {collection.layout.vectors[name]}"
            f" WHERE typeof(value) = 'blob' AND length(value) % {sparse.PAIR.itemsize} = 0"
        )
        broken: list[int] = []
        while chunk := rows.fetchmany(_BYTES_AT_ONCE // 1000):
            documents = sparse.from_blobs([value for _, value in chunk])
            owners = np.repeat(np.arange(len(chunk)), np.diff(documents.starts))
            unknown = np.unique(owners[~np.isin(documents.indices, known)])
            broken += [chunk[index][0] for index in unknown.tolist()]
        if broken:
            yield Problem(
                collection.field_place(name), f"terms that are not in {table}: {shown(len(broken), broken)}"
            )


def contents(connection: sqlite3.Connection, collection: Definition) -> Iterator[Problem]:
    """Vectors have the checksums they were written with, and valid numbers.

    Vectors of the wrong length are skipped: ``lengths`` reports them.
    """
    for field in collection.schema.vectors:
        rows = connection.execute(
            f"SELECT seq, checksum, value FROM {collection.layout.vectors[field.name]}"
            f" WHERE value IS NULL OR typeof(value) = 'blob' AND {_has_right_length(field)}"
        )
        codec = codec_of(field)
        changed: list[int] = []
        broken: list[int] = []
        while chunk := rows.fetchmany(max(1, _BYTES_AT_ONCE // _width(field))):
            seqs, sums, values = zip(*chunk, strict=True)
            damage = damaged(seqs, values, list(sums), collection.layout.salts[field.name])
            changed += [chunk[index][0] for index in damage]
            wrong = set(damage)
            # A vector that differs from its checksum has been reported already.
            written = [row for index, row in enumerate(chunk) if row[2] is not None and index not in wrong]
            good = codec.are_good(field, [value for _, _, value in written])
            broken += [written[index][0] for index in np.flatnonzero(~good).tolist()]
        place = collection.field_place(field.name)
        if changed:
            yield Problem(place, f"not what was written, by the checksum: {shown(len(changed), changed)}")
        if broken:
            yield Problem(place, f"expected {codec.expected}: {shown(len(broken), broken)}")


def _width(field: Field) -> int:
    """Bytes of a stored vector of the field, or of each of its parts where lengths differ."""
    codec = codec_of(field)
    return codec.width(field) or codec.unit(field)


def _has_right_length(field: Field) -> str:
    """The SQL condition of a stored vector with the right length."""
    remainder = f"length(value) % {_width(field)} = 0"
    return remainder if codec_of(field).width(field) is None else f"length(value) = {_width(field)}"
