"""Where the bytes of a file are, and the memory of a process that searches it."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass

from ..errors import DatabaseCorruptError, ParamError
from ..indexes.registry import check_index
from ..schema.fields import DYNAMIC_FIELD
from ..storage.catalog import CollectionRecord
from ..storage.connections import Connections
from ..storage.file.open_files import OPENING
from ..storage.file.opening import require_database
from ..storage.file.place import Place
from ..storage.file_sizes import StoredSizes
from ..storage.integrity.row_checksums import PARTITION_COLUMN
from ..storage.layout import CHECKSUMS, TableLayout
from .memory import OPEN_BYTES, Memory, memory_of


@dataclass(frozen=True, slots=True)
class TableSizes:
    """``size`` bytes of a table, or of some: ``holds`` says of what. ``field``: the field that they are of, if
    it is one."""

    holds: str
    field: str | None
    size: int


@dataclass(frozen=True, slots=True)
class CollectionSizes:
    """The sizes of a collection, all tables together in ``size``. ``database``: None for what a snapshot keeps,
    whose ``name`` is the collection's.

    ``fields``: scalar field, and ``$checksums``, ``$partition`` and ``$meta``, → bytes of its values in the
    table of rows. ``memory``: vector field → a process that searches it.
    """

    database: str | None
    name: str
    rows: int
    size: int
    tables: tuple[TableSizes, ...]
    fields: dict[str, int]
    memory: dict[str, Memory]


@dataclass(frozen=True, slots=True)
class FileSizes:
    """The sizes of the file at ``path``: of its ``pages``, of those that are ``free``, and of its write-ahead
    ``log``.

    ``catalog``: what belongs to no collection. ``searching``: the memory of a process that searches all vector
    fields. ``is_exact``: whether they are sizes of pages; else they are lengths of values, and ``catalog`` has
    the rest.
    """

    path: str
    pages: int
    free: int
    log: int
    catalog: int
    collections: tuple[CollectionSizes, ...]
    searching: int
    is_exact: bool


def file_sizes(path: str | os.PathLike[str]) -> FileSizes:
    """The sizes of the file at ``path``, which others may use meanwhile. It is read once, from end to end.

    Raises:
        NotADatabaseError, DatabaseFormatError: it is no database of ours, or a newer one.
        DatabaseCorruptError: its pages, its catalog or a definition are damaged.
    """
    path = os.fspath(path)
    with OPENING.own:
        if not Place(path, read_only=True).is_open_here():  # which would lose its locks by being looked into
            require_database(path)
    log = _size_of(os.path.realpath(path) + "-wal")
    with closing(Connections(path, read_only=True)) as connections, connections.reading() as connection:
        stored = StoredSizes(connection)
        collections = tuple(
            _sizes(stored, database, record, position.live)
            for database, record, position in stored.collections()
        )
        used = sum(collection.size for collection in collections)
        return FileSizes(
            path,
            stored.pages,
            stored.free,
            log,
            stored.pages - stored.free - used,
            collections,
            _searching(collections),
            stored.is_exact,
        )


def _sizes(stored: StoredSizes, database: str | None, record: CollectionRecord, rows: int) -> CollectionSizes:
    layout = TableLayout(record.id, record.schema)
    vectors = {field: stored.table(table) for field, table in layout.vectors.items()}
    tables = [
        TableSizes("rows", None, stored.table(layout.rows)),
        TableSizes("SQL indexes on rows", None, stored.value_indexes(layout)),
        *(TableSizes("vectors", field, size) for field, size in vectors.items()),
        *(TableSizes("terms", field, stored.table(table)) for field, table in layout.vocabularies.items()),
        *(
            TableSizes(f"index {index.name}", index.field, stored.index(record.id, index.name))
            for index in record.indexes
            if index.field in vectors
        ),
        TableSizes("removals", None, stored.table(layout.removed)),
        TableSizes("times of insertion", None, stored.table(layout.times)),
    ]
    if layout.tenants is not None:
        tables.append(TableSizes("tenants", None, stored.table(layout.tenants)))
    columns = {"$checksums": CHECKSUMS, **layout.columns}
    fields = stored.columns(layout.rows, columns)
    memory = {} if database is None else _memory(stored, layout, record, rows)
    return CollectionSizes(
        database,
        record.name,
        rows,
        sum(table.size for table in tables),
        tuple(table for table in tables if table.size),
        {
            name: size
            for name, size in fields.items()
            if size or name not in (DYNAMIC_FIELD, PARTITION_COLUMN)
        },
        memory,
    )


def _memory(
    stored: StoredSizes, layout: TableLayout, record: CollectionRecord, rows: int
) -> dict[str, Memory]:
    """For each vector field with an index, the memory of a process that searches by it."""
    found = {}
    for field in record.schema.vectors:
        index = record.index_of(field.name)
        if index is None:
            continue  # no search finds by it
        try:  # its checksum is no proof that we wrote it, and an index of any size would be made of it
            kind, metric, parameters = check_index(field, index.type, index.metric, index.parameters)
        except ParamError as error:
            raise DatabaseCorruptError(
                message=f"index {index.name!r} of collection {record.name!r} is damaged: {error.message}"
            ) from error
        (size,) = stored.columns(layout.vectors[field.name], {"value": "value"}).values()
        found[field.name] = memory_of(field, rows, size, kind, metric, parameters)
    return found


def _searching(collections: tuple[CollectionSizes, ...]) -> int:
    """The memory of a process that searches everything: code is in memory once."""
    each = [memory for collection in collections for memory in collection.memory.values()]
    own = sum(memory.searching - memory.open - memory.libraries for memory in each)
    return OPEN_BYTES + max((memory.libraries for memory in each), default=0) + own


def _size_of(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return 0
