"""The views of a connection: each collection as a table that people can read.

They are temporary: SQLite keeps them in the connection's memory, so that no other connection, and no engine, meets
them. Names come from the file, which may be anybody's: they are quoted.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from milvus_store_lite import (
    DEFAULT_DATABASE,
    DYNAMIC_FIELD,
    FORMAT_VERSION,
    DataType,
    Field,
    StoredTables,
    stored_tables,
)

from .made_views import MARK, quoted

_COLLECTIONS: Final = "milvus_collections"
_PARTITIONS: Final = "milvus_partitions"

_IS_NAMED: Final = "c.database_id IS NOT NULL"
"""What is in no database is the content of a snapshot."""


def create_views(connection: sqlite3.Connection) -> None:
    """Make the views; there are none yet. What is damaged gets none, and neither does a file of another format.

    Raises:
        sqlite3.DatabaseError: SQLite cannot read the catalog.
    """
    (version,) = connection.execute("PRAGMA main.user_version").fetchone()
    if version != FORMAT_VERSION:
        return
    collections = stored_tables(connection)
    names = _names(collections)
    views = {tables.collection: name for tables, name in zip(collections, names, strict=True)}
    _create(connection, _COLLECTIONS, _listing(views))
    _create(connection, _PARTITIONS, _LISTED_PARTITIONS)
    for tables, name in zip(collections, names, strict=True):
        _create(connection, name, _rows(tables, _decoded))
    stored = _distinct([f"{name}_stored" for name in names], taken=(_COLLECTIONS, _PARTITIONS, *names))
    for tables, name in zip(collections, stored, strict=True):
        _create(connection, name, _rows(tables, lambda _: "value"))


def _create(connection: sqlite3.Connection, name: str, select: str) -> None:
    # A name that SQLite takes for none, one with a NUL in it for example, is not one that a client gave.
    with contextlib.suppress(sqlite3.OperationalError, sqlite3.ProgrammingError, ValueError):
        connection.execute(f"CREATE TEMP VIEW {quoted(name)} AS {MARK} {select}")


def _names(collections: Iterable[StoredTables]) -> list[str]:
    """The name of each view: that of the collection, after that of its database if this is not the default one."""
    wanted = [
        tables.name if tables.database == DEFAULT_DATABASE else f"{tables.database}.{tables.name}"
        for tables in collections
    ]
    return _distinct(wanted, taken=(_COLLECTIONS, _PARTITIONS))


def _distinct(names: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """The names, with underscores after those that SQLite, which ignores case, would confuse."""
    used = {name.lower() for name in taken}
    found = []
    for name in names:
        # SQLite keeps names that begin like this to itself.
        distinct = f"_{name}" if name.lower().startswith("sqlite_") else name
        while distinct.lower() in used:
            distinct += "_"
        used.add(distinct.lower())
        found.append(distinct)
    return found


def _listing(views: dict[int, str]) -> str:
    """All collections of the catalog, also those that have no view because they are damaged."""
    names = _text(json.dumps(views))
    return (
        f"SELECT (SELECT value FROM json_each({names}) WHERE key = c.id) AS view, d.name AS database,"
        ' c.name AS collection, c.last_seq - c.last_change AS "rows", c.id'
        f" FROM main.collections c LEFT JOIN main.databases d ON d.id = c.database_id WHERE {_IS_NAMED}"
    )


_LISTED_PARTITIONS: Final = (
    "SELECT d.name AS database, c.name AS collection, p.name AS partition, p.id FROM main.partitions p"
    " JOIN main.collections c ON c.id = p.collection_id LEFT JOIN main.databases d ON d.id = c.database_id"
    f" WHERE {_IS_NAMED}"
)


def _rows(tables: StoredTables, shown: Callable[[Field], str]) -> str:
    """The select of a view: the fields in the order of the schema, then the dynamic ones and the partition."""
    columns = list(_columns(tables, shown))
    names = _distinct(name for name, _ in columns)
    listed = ", ".join(
        f"{column} AS {quoted(name)}" for (_, column), name in zip(columns, names, strict=True)
    )
    return f"SELECT {listed} FROM main.{tables.rows} r"


def _columns(tables: StoredTables, shown: Callable[[Field], str]) -> Iterator[tuple[str, str]]:
    """Name and expression of each column. ``shown`` makes the expression of a stored vector's ``value``."""
    schema = tables.schema
    for field in (*schema.fields, *schema.lists.values()):
        if field.name in tables.vectors:
            value = f"SELECT {shown(field)} FROM main.{tables.vectors[field.name]} v WHERE v.seq = r.seq"
            yield field.name, f"({value})"
        elif field.dtype is DataType.TIMESTAMPTZ:
            yield field.name, f"milvus_time(r.{tables.columns[field.name]})"
        else:
            yield field.name, f"r.{tables.columns[field.name]}"
    if DYNAMIC_FIELD in tables.columns:
        yield "dynamic", f"r.{tables.columns[DYNAMIC_FIELD]}"
    yield "partition", "(SELECT name FROM main.partitions p WHERE p.id = r.partition)"


def _decoded(field: Field) -> str:
    function = "milvus_vector" if field.within is None else "milvus_vector_list"
    return f"{function}(value, {_text(field.dtype.name)}, {'NULL' if field.dim is None else field.dim})"


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
