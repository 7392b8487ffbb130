"""Vectors read many at a time: the same however they are read, and none that was not written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest

from milvus_store import DataType, MilvusClient
from milvus_store.errors import DatabaseCorruptError
from milvus_store_lite.storage.vector_reader import VectorReader
from tests.inside import file_of

COUNT = 30
VECTORS = np.random.default_rng(5).standard_normal((COUNT, 4)).astype(np.float32)
NULLS = {11, 12, COUNT - 1}


@pytest.fixture
def filled(path: Path) -> Path:
    with MilvusClient(path) as client:
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("all", DataType.FLOAT_VECTOR, dim=4)
        schema.add_field("some", DataType.FLOAT_VECTOR, dim=4, nullable=True)
        schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
        client.create_collection("c", schema=schema)
        rows = [
            {
                "id": n,
                "all": vector,
                "some": None if n in NULLS else vector,
                "sparse": dict.fromkeys(range(1 + n % 3), 1.0),
            }
            for n, vector in enumerate(VECTORS)
        ]
        client.insert("c", rows)
        client.delete("c", ids=[5, 6])
    return path


@contextmanager
def reading(path: Path) -> Iterator[VectorReader]:
    with MilvusClient(path) as client, file_of(client).opener.reading("default", "c") as session:
        yield session.reader.vectors


@pytest.mark.parametrize("field", ["all", "some", "sparse"])
@pytest.mark.parametrize("after", [0, 9])
@pytest.mark.parametrize("size", [1, 4, 100])
def test_blocks_hold_what_chunks_hold(filled: Path, field: str, after: int, size: int) -> None:
    with reading(filled) as vectors:
        chunks = [pair for chunk in vectors.chunks(field, after, size) for pair in zip(*chunk, strict=True)]
        blocks = [pair for block in vectors.blocks(field, after, size) for pair in zip(*block, strict=True)]
    assert blocks == chunks
    assert len(blocks) == COUNT - after - (2 if after < 6 else 0)


@pytest.mark.parametrize(
    "change",
    [
        "value = zeroblob(16)",
        "value = substr(value, 1, 12)",
        "value = 'text'",
        "checksum = zeroblob(8)",
        "checksum = x''",
    ],
)
def test_a_damaged_vector_is_named_by_its_row(filled: Path, change: str) -> None:
    with closing(sqlite3.connect(filled)) as connection, connection:
        connection.execute(f"UPDATE vectors_1_all SET {change} WHERE seq = 20")
    with reading(filled) as vectors, pytest.raises(DatabaseCorruptError, match="field 'all'.*seq 20"):
        list(vectors.blocks("all", 0, 8))


def test_every_chunk_ends_at_a_row_whatever_came_after_it(filled: Path) -> None:
    with reading(filled) as vectors:
        for after, through in [(0, 10), (3, 6), (4, 5), (0, COUNT), (COUNT, COUNT)]:
            chunks = vectors.every_chunk("all", after, through, 4)
            seqs = [seq for chunk, _ in chunks for seq in chunk]
            assert seqs == [seq for seq in range(after + 1, through + 1) if seq not in (6, 7)]


@pytest.mark.parametrize("table", ["rows_1", "vectors_1_all"])
@pytest.mark.parametrize("seq", [1, 11, COUNT])
def test_every_chunk_finds_a_row_without_a_vector_and_a_vector_without_a_row(
    filled: Path, table: str, seq: int
) -> None:
    with closing(sqlite3.connect(filled)) as connection, connection:
        connection.execute(f"DELETE FROM {table} WHERE seq = ?", (seq,))
    with reading(filled) as vectors, pytest.raises(DatabaseCorruptError, match="has no vector"):
        list(vectors.every_chunk("all", 0, COUNT, 4))
