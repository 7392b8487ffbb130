"""A plain dump of PostgreSQL with vectors of pgvector as records: the text that ``pg_dump`` writes by default. It
is read once for the tables' columns, keys and indexes, which stand behind the rows, and again for the rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import IO, Any, Final

from milvus_store_lite import DataType

from ...errors import DataNotMatchException
from .postgres_values import NULL, VECTORS, kind_of, unescaped
from .store_records import Record, StoreRecords, Unreadable, chosen

_END: Final = b"\\."
_NAME: Final = r'(?:"(?:[^"]|"")+"|\w+)'
_TABLE: Final = rf"(?P<table>(?:{_NAME}\.)?{_NAME})"
_CREATE: Final = re.compile(rf"CREATE (?:UNLOGGED )?TABLE {_TABLE} \(")
_COLUMN: Final = re.compile(
    rf"    (?P<name>{_NAME}) (?P<type>.+?)(?: (?:NOT NULL|DEFAULT|COLLATE|GENERATED|CONSTRAINT)\b.*)?,?"
)
_COPY: Final = re.compile(rf"COPY {_TABLE} \((?P<columns>.+)\) FROM stdin;")
_INSERT: Final = re.compile(rf"INSERT INTO {_TABLE} ")
_ALTER: Final = re.compile(rf"ALTER TABLE (?:ONLY )?{_TABLE}")
_PRIMARY: Final = re.compile(rf"    ADD CONSTRAINT {_NAME} PRIMARY KEY \((?P<name>{_NAME})\);")
_INDEX: Final = re.compile(
    rf"CREATE INDEX {_NAME} ON (?:ONLY )?{_TABLE} USING (?:hnsw|ivfflat) "
    rf"\((?P<name>{_NAME}) (?:{_NAME}\.)?\w+?_(?P<metric>l2|ip|cosine|l1|hamming|jaccard)_ops\)"
)
_ENCODING: Final = re.compile(r"SET client_encoding = '(?P<name>\w+)';")
_METRICS: Final = {"l2": "L2", "ip": "IP", "cosine": "COSINE", "hamming": "HAMMING", "jaccard": "JACCARD"}
_USUAL: Final = "L2"
"""Of vectors without an index: that of pgvector's first operator, ``<->``."""


@dataclass(slots=True)
class _Table:
    """``starts``: where its rows begin in the file, None where it has no COPY block."""

    types: dict[str, str] = field(default_factory=dict)
    columns: list[str] = field(default_factory=list)
    metrics: dict[str, str] = field(default_factory=dict)
    primary_key: str | None = None
    starts: int | None = None
    rows: int = 0
    has_inserts: bool = False

    @property
    def has_vectors(self) -> bool:
        return any(re.match(rf"(?:.+\.)?(?:{'|'.join(VECTORS)})\b", kind) for kind in self.types.values())


class PgvectorRecords(StoreRecords):
    """
    Args:
        wanted: the name of a table, with or without that of its schema; needed where several have vectors.
    """

    def __init__(self, path: str, wanted: str | None = None) -> None:
        super().__init__(path)
        tables, self._encoding = _scanned(path)
        name = _chosen(path, tables, wanted)
        self._table = tables[name]
        if self._table.starts is None and self._table.has_inserts:
            raise DataNotMatchException(
                message=f"{path} has the rows of {name!r} in INSERT statements: make the dump without --inserts"
            )
        self.primary_key = self._table.primary_key
        self._kinds = {one: kind_of(self._table.types.get(one, "text")) for one in self._table.columns}
        self.metrics = {
            one: self._table.metrics.get(one, _USUAL)
            for one, kind in self._kinds.items()
            if kind.dtype in (DataType.FLOAT_VECTOR, DataType.FLOAT16_VECTOR) or one in self._table.metrics
        }

    @property
    def count(self) -> int:
        return self._table.rows

    def types(self) -> Mapping[str, DataType]:
        return {name: kind.dtype for name, kind in self._kinds.items() if kind.dtype is not None}

    def close(self) -> None:
        """The file is open only while it is read."""

    def _chunks(self, after: int, rows: int) -> Iterator[Sequence[Record]]:
        with open(self.label, "rb") as file:
            file.seek(self._table.starts or 0)
            lines = islice(_block(file), after, self._table.rows)
            while chunk := list(islice(lines, rows)):
                yield [self._record(line) for line in chunk]

    def _record(self, line: bytes) -> Record:
        cells = line.split(b"\t")
        if len(cells) != len(self._kinds):
            shown = line.decode(self._encoding, "replace")
            return Unreadable(f"expected {len(self._kinds)} values, got {len(cells)}", shown)
        record: dict[str, Any] = {}
        name = ""
        try:
            for (name, kind), cell in zip(self._kinds.items(), cells, strict=True):
                text = None if cell == NULL else unescaped(cell).decode(self._encoding)
                record[name] = None if text is None else kind.parse(text)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            return Unreadable(f"column {name!r}: {error}", line.decode(self._encoding, "replace"))
        return record


def _chosen(path: str, tables: Mapping[str, _Table], wanted: str | None) -> str:
    """The table to read: one with vectors if it is not said which."""
    if wanted is None:
        candidates = [name for name, table in tables.items() if table.has_vectors]
        return chosen(path, candidates, None)
    full = [name for name in tables if wanted in (name, name.rpartition(".")[2])]
    return full[0] if len(full) == 1 else chosen(path, list(tables), wanted)


def _scanned(path: str) -> tuple[dict[str, _Table], str]:
    """The tables, and the encoding of texts as Python names it."""
    tables: dict[str, _Table] = {}
    encoding = "utf-8"
    creating = altering = None
    with open(path, "rb") as file:
        while raw := file.readline():
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            if creating is not None:
                column = _COLUMN.fullmatch(line)
                if column:
                    creating.types[_unquoted(column["name"])] = column["type"]
                creating = None if line.startswith(")") else creating
            elif match := _COPY.fullmatch(line):
                table = tables.setdefault(_unquoted(match["table"]), _Table())
                table.columns = [_unquoted(one) for one in re.findall(_NAME, match["columns"])]
                table.starts = file.tell()
                table.rows = sum(1 for _ in _block(file))
            elif match := _CREATE.fullmatch(line):
                creating = tables.setdefault(_unquoted(match["table"]), _Table())
            elif match := _INDEX.match(line):
                metric = match["metric"]
                indexed = tables.setdefault(_unquoted(match["table"]), _Table())
                indexed.metrics[_unquoted(match["name"])] = _METRICS.get(metric, metric.upper())
            elif match := _ALTER.fullmatch(line):
                altering = tables.setdefault(_unquoted(match["table"]), _Table())
            elif altering is not None and (match := _PRIMARY.fullmatch(line)):
                altering.primary_key = _unquoted(match["name"])
            elif match := _INSERT.match(line):
                tables.setdefault(_unquoted(match["table"]), _Table()).has_inserts = True
            elif match := _ENCODING.fullmatch(line):
                encoding = _codec(path, match["name"])
    return {name: one for name, one in tables.items() if one.starts is not None or one.has_inserts}, encoding


def _block(file: IO[bytes]) -> Iterator[bytes]:
    """The lines of a COPY block, from where the file is."""
    for line in iter(file.readline, b""):
        line = line.rstrip(b"\r\n")  # those of values are escaped
        if line == _END:
            return
        yield line


def _unquoted(name: str) -> str:
    """A name, or several joined by dots, without quotes."""
    parts = re.findall(_NAME, name)
    return ".".join(part[1:-1].replace('""', '"') if part.startswith('"') else part for part in parts)


def _codec(path: str, name: str) -> str:
    known = {"UTF8": "utf-8", "SQL_ASCII": "utf-8", "LATIN1": "latin-1", "WIN1252": "cp1252"}
    if name not in known:
        raise DataNotMatchException(
            message=f"{path} has its texts in {name}: make the dump with --encoding=UTF8"
        )
    return known[name]
