"""Whether every stored scalar fits the schema.

One scan of the rows table decides every rule of every field; only a broken rule costs a second one, which
names rows.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ..codec.scalars import encode_scalar
from ..errors import DataNotMatchException
from ..schema import times
from ..schema.data_types import INTEGER_RANGES, DataType
from ..schema.fields import DYNAMIC_FIELD, Field
from ..storage.integrity.row_checksums import PARTITION_COLUMN
from .definitions import Definition
from .offenders import named, shown
from .report import Problem

_TEXTS_AT_ONCE: Final = 512
_LARGEST_FLOAT32: Final = "3.4028235e38"
_INFINITY: Final = "9e999"


@dataclass(frozen=True, slots=True)
class _Rule:
    """``broken`` is the SQL condition of a row that breaks it, never null."""

    place: str
    expected: str
    broken: str


def scalars(connection: sqlite3.Connection, collection: Definition) -> Iterator[Problem]:
    """Types, nulls, ranges, lengths and partitions."""
    rules, table = list(_rules(collection)), collection.layout.rows
    counts = connection.execute(
        f"SELECT {', '.join(f'sum({rule.broken})' for rule in rules)} FROM {table}"
    ).fetchone()
    for rule, count in zip(rules, counts, strict=True):
        if count:
            yield Problem(rule.place, f"expected {rule.expected}: {named(connection, table, rule.broken)}")


def texts(connection: sqlite3.Connection, collection: Definition) -> Iterator[Problem]:
    """Every text is UTF-8."""
    for name, column in collection.layout.columns.items():
        if collection.stored_as(name) != "text":
            continue
        rows = connection.execute(
            f"SELECT seq, CAST({column} AS BLOB) FROM {collection.layout.rows} WHERE typeof({column}) = 'text'"
        )
        broken: list[int] = []
        while chunk := rows.fetchmany(_TEXTS_AT_ONCE):
            if not _is_utf8(b"\n".join([text for _, text in chunk])):
                broken += [seq for seq, text in chunk if not _is_utf8(text)]
        if broken:
            yield Problem(collection.field_place(name), f"expected UTF-8: {shown(len(broken), broken)}")


def documents(connection: sqlite3.Connection, collection: Definition) -> Iterator[Problem]:
    """JSON values are JSON, and the dynamic field's are objects."""
    for name, column in collection.layout.columns.items():
        field = collection.schema.by_name.get(name)
        if name == DYNAMIC_FIELD:
            expected, suspect = "a JSON object", f"NOT json_valid({column}) OR substr({column}, 1, 1) <> '{{'"
        elif field is not None and field.dtype is DataType.JSON:
            expected, suspect = "JSON", f"NOT json_valid({column})"
        else:
            continue
        # SQLite refuses documents nested deeper than it parses; Python, which wrote them, decides.
        rows = connection.execute(
            f"SELECT seq, CAST({column} AS BLOB) FROM {collection.layout.rows}"
            f" WHERE typeof({column}) = 'text' AND ({suspect})"
        )
        broken = [seq for seq, text in rows if not _is_document(text, name == DYNAMIC_FIELD)]
        if broken:
            yield Problem(collection.field_place(name), f"expected {expected}: {shown(len(broken), broken)}")


def arrays(connection: sqlite3.Connection, collection: Definition) -> Iterator[Problem]:
    """Arrays fit their fields."""
    for field in collection.schema.scalars:
        if field.dtype is not DataType.ARRAY:
            continue
        column = collection.layout.columns[field.name]
        rows = connection.execute(
            f"SELECT seq, CAST({column} AS BLOB) FROM {collection.layout.rows} WHERE typeof({column}) = 'text'"
        )
        broken = [seq for seq, text in rows if not _is_taken(field, text)]
        if broken:
            yield Problem(
                collection.field_place(field.name),
                f"expected {field.describe()} of at most {field.max_capacity}: {shown(len(broken), broken)}",
            )


def _rules(collection: Definition) -> Iterator[_Rule]:
    columns = collection.layout.columns
    partitions = f"SELECT id FROM partitions WHERE collection_id = {collection.id}"
    yield _Rule(
        collection.place,
        "a partition of this collection",
        f"coalesce({columns[PARTITION_COLUMN]} NOT IN ({partitions}), 1)",
    )
    if collection.schema.enable_dynamic_field:
        yield _Rule(
            collection.field_place(DYNAMIC_FIELD), "text", f"typeof({columns[DYNAMIC_FIELD]}) <> 'text'"
        )
    for field in collection.schema.scalars:
        place, column = collection.field_place(field.name), columns[field.name]
        kinds = [collection.stored_as(field.name), *(["null"] if field.nullable else [])]
        among = ", ".join(f"'{kind}'" for kind in kinds)
        yield _Rule(place, " or ".join(kinds), f"typeof({column}) NOT IN ({among})")
        limit = _limit(field, column)
        if limit is not None:
            expected, broken = limit
            yield _Rule(place, expected, f"(typeof({column}) = '{kinds[0]}' AND {broken})")


def _limit(field: Field, column: str) -> tuple[str, str] | None:
    """(what a value of the right type must be, the SQL condition of a value that is not)."""
    if field.dtype is DataType.BOOL:
        return "0 or 1", f"{column} NOT IN (0, 1)"
    if field.dtype is DataType.VARCHAR:
        return (
            f"at most {field.max_length} bytes of UTF-8",
            f"length(CAST({column} AS BLOB)) > {field.max_length}",
        )
    if field.dtype is DataType.FLOAT:
        return "a finite float32", f"abs({column}) > {_LARGEST_FLOAT32}"
    if field.dtype is DataType.DOUBLE:
        return "a finite number", f"abs({column}) >= {_INFINITY}"
    if field.dtype is DataType.TIMESTAMPTZ:
        return (
            "a time between the years 1 and 9999",
            f"{column} NOT BETWEEN {times.FIRST} AND {times.LAST}",
        )
    if field.dtype in INTEGER_RANGES and field.dtype is not DataType.INT64:
        low, high = INTEGER_RANGES[field.dtype]
        return f"an integer between {low} and {high}", f"{column} NOT BETWEEN {low} AND {high}"
    return None


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_taken(field: Field, text: bytes) -> bool:
    elsewhere = {member.name: None for member in field.members if member.dtype.is_vector}
    try:
        value = json.loads(text)
        if elsewhere:
            value = [{**struct, **elsewhere} for struct in value]
        encode_scalar(field, [value])
    except (ValueError, TypeError, RecursionError, DataNotMatchException):
        return False
    return True


def _is_document(text: bytes, must_be_object: bool) -> bool:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) or not must_be_object
