"""A file of Milvus Lite 2 as a source: an SQLite file whose tables hold messages of Milvus's protocol.

``collection_meta`` has a schema for each collection and a message for each index. A collection's own table has a
row for each row: its key as a text, and a message with a field for each field. The messages of segcore, which
wrote them, are not in pymilvus, but two of the protocol's own have the same fields at the same numbers.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from pymilvus.grpc_gen import milvus_pb2, schema_pb2

from milvus_store_lite import DYNAMIC_FIELD, Columns, DataType

from ..errors import CollectionNotExistException, ParamError
from ..index_params import IndexParams
from ..server.messages.columns import columns_of
from ..server.messages.pairs import texts_of
from ..server.messages.schemas import schema_of
from ..server.messages.slots import BITS, VECTORS
from ..server.protocol import Message
from .definitions import CollectionDefinition
from .server_indexes import add_described
from .sqlite_files import opened
from .stores import Batch, Position, Wanted

_ROW: Final = schema_pb2.StructArrayField
"""Like segcore's InsertRecord: fields at number 1."""

_INDEX: Final = milvus_pb2.CreateIndexRequest
"""Like segcore's FieldIndexMeta: the name at number 3, ``collection_name`` here, and parameters at 5."""

_FIRST_USER_FIELD: Final = 100


class LiteFile:
    def __init__(self, path: str) -> None:
        self.label = path
        self._connection = opened(Path(path))
        self._connection.text_factory = bytes  # messages stand in columns of text

    def names(self) -> list[str]:
        return [name.decode() for name, _ in self._meta("schema")]

    def definition(self, name: str) -> CollectionDefinition:
        given = schema_pb2.CollectionSchema.FromString(self._packed_schema(name))
        # Row number and timestamp are fields of segcore.
        fields = [field for field in given.fields if field.fieldID >= _FIRST_USER_FIELD]
        del given.fields[:]
        given.fields.extend(fields)
        schema = schema_of(given.SerializeToString())
        return CollectionDefinition(name, schema, self._indexes(name), consistency_level="Strong")

    def count(self, name: str) -> int:
        (found,) = self._connection.execute(f"SELECT count(*) FROM {_quoted(name)}").fetchone()
        return int(found)

    def count_of(self, definition: CollectionDefinition, wanted: Wanted) -> int:
        return self.count(definition.name)

    def snapshots(self, name: str) -> list[str]:
        return []

    def state(self, name: str) -> list[int]:
        """A file that is written to has another state, as far as SQLite tells."""
        last, count = self._connection.execute(f"SELECT max(id), count(*) FROM {_quoted(name)}").fetchone()
        return [last or 0, count]

    def require_readable(self, definition: CollectionDefinition) -> None:
        """All rows can be read."""

    def batches(
        self, definition: CollectionDefinition, wanted: Wanted, after: Position, rows: int
    ) -> Iterator[Batch]:
        """A position is the number of a table's row.

        Raises:
            ParamError: only rows that match a filter are wanted.
        """
        if wanted.filter is not None:
            raise ParamError(
                message=f"only Milvus Lite filters the rows of {self.label}: copy it to a file of milvus-store, "
                "and export from that"
            )
        last: int = after or 0
        names = {field.name for field in definition.engine_schema.fields if not field.is_function_output}
        statement = f"SELECT id, data FROM {_quoted(definition.name)} WHERE id > ? ORDER BY id LIMIT ?"
        while found := self._connection.execute(statement, (last, rows)).fetchall():
            last = found[-1][0]
            yield Batch(_columns([data for _, data in found], names), last)

    def nearest(self, definition: CollectionDefinition, field: str, vector: Any) -> None:
        """Only Milvus Lite searches its files."""

    def close(self) -> None:
        self._connection.close()

    def _packed_schema(self, name: str) -> bytes:
        for found, packed in self._meta("schema"):
            if found.decode() == name:
                return packed
        raise CollectionNotExistException(message=f"{self.label} has no collection {name!r}")

    def _indexes(self, name: str) -> IndexParams:
        indexes = IndexParams()
        statement = (
            "SELECT string_field, blob_field FROM collection_meta"
            " WHERE meta_type = 'index' AND collection_name = ? ORDER BY id"
        )
        for field, packed in self._connection.execute(statement, (name,)):
            told = _INDEX.FromString(packed)
            add_described(indexes, field.decode(), told.collection_name, texts_of(told.extra_params))
        return indexes

    def _meta(self, kind: str) -> Sequence[tuple[bytes, bytes]]:
        statement = "SELECT collection_name, blob_field FROM collection_meta WHERE meta_type = ? ORDER BY id"
        return self._connection.execute(statement, (kind,)).fetchall()


def _columns(packed: Sequence[bytes], names: Container[str]) -> Columns:
    """The fields ``names`` and the dynamic keys of rows, each a message of its own, as columns."""
    merged: dict[str, Message] = {}
    vectors: dict[str, list[bytes]] = {}
    for row in packed:
        for field in _ROW.FromString(row).fields:
            name = field.field_name
            if name not in names and name != DYNAMIC_FIELD:
                continue
            if name not in merged:
                merged[name] = schema_pb2.FieldData()
            merged[name].MergeFrom(field)  # lists grow by that, and bytes are replaced
            if field.type in BITS:
                vectors.setdefault(name, []).append(getattr(field.vectors, VECTORS[DataType(field.type)]))
    for name, rows in vectors.items():
        setattr(merged[name].vectors, VECTORS[DataType(merged[name].type)], b"".join(rows))
    if DYNAMIC_FIELD in merged:
        merged[DYNAMIC_FIELD].is_dynamic = True
    return columns_of(merged.values(), len(packed))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
