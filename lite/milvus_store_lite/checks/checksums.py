"""Whether the file still holds what was written: the checksums of scalars, keys, terms and the catalog.

``vectors`` checks the checksums of vectors, ``indexes`` those of built indexes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ..errors import DatabaseCorruptError
from ..storage import access, positions
from ..storage.integrity import names
from ..storage.integrity.catalog_checksums import definition_rows, matches
from ..storage.layout import CHECKSUMS
from ..storage.vocabulary import term_checksum
from .definitions import Definition
from .offenders import shown
from .report import Problem

_ROWS_AT_ONCE: Final = 1_024
_WRONG_CHECKSUM: Final = "not what was written, by the checksum"


def scalars(connection: sqlite3.Connection, collection: Definition) -> Iterator[Problem]:
    """Every scalar has the checksum it was written with, and all keys have that of all keys."""
    columns, sums = collection.layout.columns, collection.layout.checksums
    listed = ", ".join(["seq", CHECKSUMS, *columns.values()])
    broken: dict[str, list[int]] = {}
    key_sum = 0
    with _any_text(connection):
        rows = connection.execute(f"SELECT {listed} FROM {collection.layout.rows} ORDER BY seq")
        while chunk := rows.fetchmany(_ROWS_AT_ONCE):
            seqs, blobs, *values = zip(*chunk, strict=True)
            for column, seq in sums.changed(seqs, blobs, dict(zip(columns, values, strict=True))):
                broken.setdefault(column, []).append(seq)
            key_sum += sums.keys_of([blob for blob in blobs if isinstance(blob, bytes)])
    for column, changed in broken.items():
        yield Problem(collection.field_place(column), f"{_WRONG_CHECKSUM}: {shown(len(changed), changed)}")
    if not broken and key_sum != collection.key_sum:
        place = collection.field_place(collection.schema.primary.name)
        yield Problem(place, f"all keys together are {_WRONG_CHECKSUM}")


def terms(connection: sqlite3.Connection, collection: Definition) -> Iterator[Problem]:
    """Every term of a vocabulary has the checksum it was written with."""
    for name, table in collection.layout.vocabularies.items():
        salt = collection.layout.salts[name]
        with _any_text(connection):
            rows = connection.execute(f"SELECT id, term, checksum FROM {table} ORDER BY id")
            broken = [number for number, term, stored in rows if term_checksum(number, term, salt) != stored]
        if broken:
            yield Problem(
                collection.field_place(name),
                f"terms that are {_WRONG_CHECKSUM}: {shown(len(broken), broken)}",
            )


def definition(connection: sqlite3.Connection, collection: Definition) -> Iterator[Problem]:
    """The definition and the position of a collection have their checksums."""
    (checksum,) = connection.execute(
        "SELECT checksum FROM collections WHERE id = ?", (collection.id,)
    ).fetchone()
    if not matches(definition_rows(connection, collection.id), checksum):
        yield Problem(collection.place, f"the definition is {_WRONG_CHECKSUM}")
    if not positions.is_sealed(connection, collection.id):
        yield Problem(collection.place, f"the position is {_WRONG_CHECKSUM}")


def databases(connection: sqlite3.Connection) -> Iterator[Problem]:
    """Every database has the checksum it was written with, and so have all names together."""
    if not names.are_sealed(connection):
        yield Problem(
            "catalog", f"the names of databases, collections and aliases together are {_WRONG_CHECKSUM}"
        )
    for *row, checksum in connection.execute("SELECT id, name, properties, checksum FROM databases"):
        if not matches(row, checksum):
            yield Problem(f"database {row[1]!r}", _WRONG_CHECKSUM)


def users(connection: sqlite3.Connection) -> Iterator[Problem]:
    """The list of users, roles and grants is what was written."""
    try:
        access.read(connection)
    except DatabaseCorruptError:
        yield Problem("table access", f"the list of users, roles and grants is {_WRONG_CHECKSUM}")


@contextmanager
def _any_text(connection: sqlite3.Connection) -> Iterator[None]:
    """Inside the block, invalid UTF-8 is read as text that cannot be written."""
    connection.text_factory = lambda text: text.decode(errors="surrogateescape")
    try:
        yield
    finally:
        connection.text_factory = str
