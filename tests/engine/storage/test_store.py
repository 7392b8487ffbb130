"""A collection's tables by name, and who reads and writes them in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from milvus_store_lite.codec import Columns, encode_columns
from milvus_store_lite.errors import DatabaseCorruptError
from milvus_store_lite.schema.data_types import DataType
from milvus_store_lite.schema.fields import Field
from milvus_store_lite.schema.model import Schema
from milvus_store_lite.storage.catalog import DEFAULT_PARTITION, Catalog
from milvus_store_lite.storage.catalog_tables import CATALOG_TABLES, DEFAULT_DATABASE
from milvus_store_lite.storage.integrity.checksums import damaged
from milvus_store_lite.storage.layout import TableLayout
from milvus_store_lite.storage.lookups import has_value_index
from milvus_store_lite.storage.positions import Position
from milvus_store_lite.storage.reading import LazyTransaction, OpenTransaction
from milvus_store_lite.storage.store import CollectionReader, CollectionStore
from milvus_store_lite.storage.writer import CollectionWriter

SCHEMA = Schema(
    fields=(
        Field(name="id", dtype=DataType.INT64, is_primary=True, field_id=100),
        Field(name="v", dtype=DataType.FLOAT_VECTOR, dim=2, field_id=101),
        Field(name="n", dtype=DataType.INT64, field_id=102),
    )
)


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as made:
        for statement in CATALOG_TABLES:
            made.execute(statement)
        yield made


@pytest.fixture
def store(connection: sqlite3.Connection) -> CollectionStore:
    catalog = Catalog(connection)
    number = catalog.add_collection(DEFAULT_DATABASE, "c", SCHEMA, {}, "Bounded")
    catalog.tables(number, SCHEMA).create()
    return CollectionStore(number, SCHEMA)


def filled(store: CollectionStore, connection: sqlite3.Connection, count: int) -> CollectionWriter:
    """A writer that has added ``count`` rows."""
    numbers = range(count)
    columns = {"id": list(numbers), "v": [[n, 1.0] for n in numbers], "n": [10 * n for n in numbers]}
    partition = Catalog(connection).load(store.layout.collection_id).partitions[DEFAULT_PARTITION]
    writer = store.writer(connection, Position(0, 0, 0, 0))
    writer.insert(encode_columns(SCHEMA, Columns.of(columns), pk_given=True), partition)
    return writer


def test_a_reader_reads_what_a_writer_wrote(store: CollectionStore, connection: sqlite3.Connection) -> None:
    writer = filled(store, connection, 5)
    writer.remove([2])
    writer.save_position()
    assert Catalog(connection).position(store.layout.collection_id) == writer.position
    reader = CollectionReader(store, OpenTransaction(connection), writer.position)
    assert reader.seqs.live().tolist() == [1, 3, 4, 5]
    assert reader.lookups.seqs_of_pks([0, 1, 4]) == {0: 1, 4: 5}
    assert {seq: row[:3] for seq, row in reader.rows.fetch([3, 5], ["n"]).items()} == {
        3: (3, 2, 20),
        5: (5, 4, 40),
    }
    assert set(reader.vectors.fetch([1, 3], "v")) == {1, 3}


def test_vectors_are_stored_alike_however_many_come_at_once(connection: sqlite3.Connection) -> None:
    vectors = np.random.default_rng(1).random((200, 2), dtype=np.float32)
    stored = []
    for at_once in (1, 7, 200):
        number = Catalog(connection).add_collection(DEFAULT_DATABASE, f"c{at_once}", SCHEMA, {}, "Bounded")
        Catalog(connection).tables(number, SCHEMA).create()
        store = CollectionStore(number, SCHEMA)
        writer = store.writer(connection, Position(0, 0, 0, 0))
        for start in range(0, 200, at_once):
            numbers = list(range(start, min(start + at_once, 200)))
            columns = Columns.of({"id": numbers, "v": vectors[numbers], "n": numbers})
            writer.insert(encode_columns(SCHEMA, columns, pk_given=True), 1)
        rows = connection.execute(f"SELECT seq, checksum, value FROM {store.layout.vectors['v']}").fetchall()
        assert [value for _, _, value in rows] == [vector.tobytes() for vector in vectors]
        seqs, blobs = [seq for seq, _, _ in rows], [value for _, _, value in rows]
        assert damaged(seqs, blobs, [checksum for _, checksum, _ in rows], store.layout.salts["v"]) == []
        stored.append([(seq, value) for seq, _, value in rows])
    assert stored[0] == stored[1] == stored[2]


def test_a_writer_refuses_a_table_that_loses_what_it_takes(
    store: CollectionStore, connection: sqlite3.Connection
) -> None:
    rows = store.layout.rows
    connection.execute(
        f"CREATE TRIGGER lose AFTER INSERT ON {rows} WHEN new.seq = 9 BEGIN DELETE FROM {rows} WHERE seq = 9; END"
    )
    with pytest.raises(DatabaseCorruptError, match="expected 20 rows, found 19"):
        filled(store, connection, 20)


def test_a_reader_refuses_rows_that_its_position_does_not_know(
    store: CollectionStore, connection: sqlite3.Connection
) -> None:
    position = filled(store, connection, 3).position
    connection.execute(f"DELETE FROM {store.layout.rows} WHERE seq = 2")
    reader = CollectionReader(store, OpenTransaction(connection), position)
    with pytest.raises(DatabaseCorruptError, match="3 rows were written, 2 or others were found"):
        reader.seqs.live()


def test_a_reader_begins_no_transaction_before_it_reads(
    store: CollectionStore, connection: sqlite3.Connection
) -> None:
    position = filled(store, connection, 1).position
    begun: list[bool] = []

    def begin() -> closing[sqlite3.Connection]:
        begun.append(True)
        return closing(connection)

    reader = CollectionReader(store, LazyTransaction(begin, lambda _: True), position)  # type: ignore[arg-type]
    rows, lookups = reader.rows, reader.lookups
    assert begun == []
    assert lookups.seqs_of_pks([0]) == {0: 1}
    assert len(rows.fetch([1], [])) == 1
    assert begun == [True]


def test_columns_have_names_that_sqlite_tells_apart() -> None:
    names = ["id", "v", "seq", "Text", "text", "TEXT_"]
    kinds = [DataType.INT64, DataType.FLOAT_VECTOR, *[DataType.INT64] * 4]
    fields = tuple(
        Field(name=name, dtype=kind, is_primary=name == "id", dim=2 if name == "v" else None)
        for name, kind in zip(names, kinds, strict=True)
    )
    columns = TableLayout(7, Schema(fields=fields)).columns
    assert len({column.lower() for column in columns.values()}) == len(columns)
    assert columns["id"] == '"pk"'
    assert columns["Text"] == '"Text"'


def test_whether_an_index_exists_is_known_without_a_look_at_other_collections(
    store: CollectionStore, connection: sqlite3.Connection
) -> None:
    steps = []
    catalog, field = Catalog(connection), SCHEMA.by_name["n"]
    catalog.tables(store.layout.collection_id, SCHEMA).create_value_index(field)
    for count in (0, 200):
        for other in range(count):
            number = catalog.add_collection(DEFAULT_DATABASE, f"other{other}", SCHEMA, {}, "Bounded")
            catalog.tables(number, SCHEMA).create()
        connection.execute("SELECT count(*) FROM names")  # reads the schema
        seen: list[None] = []
        connection.set_progress_handler(lambda seen=seen: seen.append(None), 1)
        assert has_value_index(connection, store.layout, field)
        connection.set_progress_handler(None, 1)
        steps.append(len(seen))
    assert steps[1] <= steps[0] + 10


def test_whether_an_index_exists_is_known_after_another_connection_changed_it(tmp_path: Path) -> None:
    path, field = tmp_path / "a.db", SCHEMA.by_name["n"]
    with closing(sqlite3.connect(path)) as one, closing(sqlite3.connect(path)) as other:
        for statement in CATALOG_TABLES:
            one.execute(statement)
        catalog = Catalog(one)
        number = catalog.add_collection(DEFAULT_DATABASE, "c", SCHEMA, {}, "Bounded")
        tables, layout = catalog.tables(number, SCHEMA), TableLayout(number, SCHEMA)
        tables.create()
        one.commit()
        for change, expected in ((tables.create_value_index, True), (tables.drop_value_index, False)):
            assert has_value_index(other, layout, field) is not expected
            change(field)
            one.commit()
            assert has_value_index(other, layout, field) is expected
