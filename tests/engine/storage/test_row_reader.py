"""Scalars read by the column: the same values however they are read, and none that was not written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from milvus_store import DataType, MilvusClient
from milvus_store.errors import DatabaseCorruptError
from milvus_store_lite.storage import row_reader
from milvus_store_lite.storage.integrity.row_checksums import PARTITION_COLUMN
from milvus_store_lite.storage.store import CollectionReader
from tests.inside import file_of

COUNT = 50
FIELDS = {"small": DataType.INT8, "large": DataType.INT64, "flag": DataType.BOOL, "some": DataType.INT32}
VALUES = {
    "small": [n % 256 - 128 for n in range(COUNT)],
    "large": [(-1) ** n * (2**63 - 1 - n) for n in range(COUNT)],
    "flag": [n % 3 == 0 for n in range(COUNT)],
    "some": [None if n in (20, 21, COUNT - 1) else n for n in range(COUNT)],
}


@pytest.fixture
def filled(path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(row_reader, "ROWS_AT_ONCE", 7)
    with MilvusClient(path) as client:
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
        for name, dtype in FIELDS.items():
            schema.add_field(name, dtype, nullable=name == "some")
        client.create_collection("c", schema=schema)
        client.insert(
            "c",
            [
                {"id": n, "vector": [n, 1], **{name: values[n] for name, values in VALUES.items()}}
                for n in range(COUNT)
            ],
        )
    return path


@contextmanager
def reading(path: Path) -> Iterator[CollectionReader]:
    with MilvusClient(path) as client, file_of(client).opener.reading("default", "c") as session:
        yield session.reader


def damage(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


@pytest.mark.parametrize("field", VALUES)
def test_a_column_of_integers_is_read_as_it_was_written(filled: Path, field: str) -> None:
    with reading(filled) as reader:
        seqs = reader.seqs.live()
        assert reader.rows.values(field, seqs) == VALUES[field]
        assert reader.rows.values(field, seqs[10:], int(seqs[9])) == VALUES[field][10:]
        assert len(set(reader.rows.values(PARTITION_COLUMN, seqs))) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE rows_1 SET large = large - 1 WHERE seq = 30",
        "UPDATE rows_1 SET large = '7,8' WHERE seq = 30",
        "UPDATE rows_1 SET large = x'00' WHERE seq = 30",
        """UPDATE rows_1 SET "$checksums" = x'' WHERE seq = 30""",
        """UPDATE rows_1 SET "$checksums" = (SELECT "$checksums" FROM rows_1 WHERE seq = 31) WHERE seq = 30""",
    ],
)
def test_a_damaged_integer_is_named_by_its_row(filled: Path, statement: str) -> None:
    damage(filled, statement)
    with reading(filled) as reader, pytest.raises(DatabaseCorruptError, match="field 'large'.*seq 30"):
        reader.rows.values("large", reader.seqs.live())


@pytest.mark.parametrize("end", [COUNT, 12])
def test_a_missing_row_is_missed(filled: Path, end: int) -> None:
    with reading(filled) as reader:
        seqs = reader.seqs.live()
    damage(filled, f"DELETE FROM rows_1 WHERE seq = {end}")
    with reading(filled) as reader, pytest.raises((DatabaseCorruptError, ValueError)):
        reader.rows.values("large", seqs)
