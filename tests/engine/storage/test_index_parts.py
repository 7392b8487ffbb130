"""A stored index is read within the bounds of what it says of itself, whatever its checksums say."""

from __future__ import annotations

import sqlite3
import tracemalloc
import zlib
from collections.abc import Iterator

import pytest

from milvus_store_lite.storage import index_parts
from milvus_store_lite.storage.index_parts import DamagedIndex, StoredIndex, part_checksum

from .index_files import KEY, ROWS, file_with_index


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with file_with_index() as made:
        yield made


def change_head(connection: sqlite3.Connection, *, rows: int = ROWS, seqs: bytes | None = None) -> None:
    """Another head, with the checksum that fits it."""
    ((reach, parts, tuned, packed),) = connection.execute(
        "SELECT through_seq, parts, tuned, seqs FROM built_indexes"
    )
    packed = packed if seqs is None else seqs
    checksum = index_parts._checksum(*KEY, [reach, rows, parts, tuned.encode()], packed)
    connection.execute("UPDATE built_indexes SET rows = ?, seqs = ?, checksum = ?", (rows, packed, checksum))


def test_what_was_saved_is_loaded(connection: sqlite3.Connection) -> None:
    stored = StoredIndex(connection, *KEY)
    change_head(connection)
    found = stored.load_head()
    assert found is not None
    head, parts = found
    assert head.seqs.tolist() == list(range(1, ROWS + 1))
    assert b"".join(stored.load_parts(parts)) == bytes(8 * ROWS)


def test_an_index_has_no_more_rows_than_its_parts_have_room_for(connection: sqlite3.Connection) -> None:
    for rows in (ROWS + 1, 2**40):
        change_head(connection, rows=rows)
        with pytest.raises(DamagedIndex, match=f"too few for {rows} rows"):
            StoredIndex(connection, *KEY).load_head()


def test_row_numbers_unpack_to_no_more_than_the_rows(connection: sqlite3.Connection) -> None:
    change_head(connection, seqs=zlib.compress(bytes(10_000_000)))
    tracemalloc.start()
    try:
        with pytest.raises(DamagedIndex, match=f"not those of {ROWS} rows"):
            StoredIndex(connection, *KEY).load_head()
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_longer_row_numbers_than_the_index_are_not_read(connection: sqlite3.Connection) -> None:
    change_head(connection, seqs=bytes(1_000_000))
    with pytest.raises(DamagedIndex, match="the checksum of its head differs"):
        StoredIndex(connection, *KEY).load_head()


def test_a_part_that_is_longer_than_any_is_not_read(connection: sqlite3.Connection) -> None:
    value = bytes(index_parts.PART_SIZE + 1)
    connection.execute(
        "UPDATE index_parts SET value = ?, checksum = ?", (value, part_checksum(*KEY, 0, value))
    )
    with pytest.raises(DamagedIndex, match="the checksum of part 0 differs"):
        list(StoredIndex(connection, *KEY).load_parts(1))


def test_a_part_whose_number_is_a_text_is_damage(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE index_parts SET part = 'text'")
    with pytest.raises(DamagedIndex, match="the number of a part is 'text'"):
        list(StoredIndex(connection, *KEY).load_parts(1))
