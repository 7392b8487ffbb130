"""A prepared connection writes nothing, leaves other files alone, and survives whatever a file holds."""

from __future__ import annotations

import contextlib
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from milvus_store.errors import NotADatabaseError
from milvus_store_lite.storage.file.opening import APPLICATION_ID
from milvus_store_lite.storage.integrity.catalog_checksums import seal_definition
from milvus_store_sqlite import connect, connections, prepare

FLIPS = 60


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM rows_1",
        "UPDATE collections SET name = 'other'",
        "DROP TABLE rows_1",
        "CREATE TABLE other (a)",
        "PRAGMA user_version = 7",
        "PRAGMA application_id = 7",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA Query_Only = OFF",
        "PRAGMA main.query_only(0)",
        "PRAGMA writable_schema = ON",
        "VACUUM",
        "REINDEX",
    ],
)
def test_nothing_can_be_written(made: Path, connection: sqlite3.Connection, statement: str) -> None:
    before = made.read_bytes()
    with pytest.raises(sqlite3.DatabaseError, match="readonly|not authorized"):
        connection.execute(statement)
    connection.close()
    assert made.read_bytes() == before


def test_the_mark_of_a_file_is_the_engines() -> None:
    assert connections.APPLICATION_ID == APPLICATION_ID


def test_another_file_is_left_alone_and_costs_no_import_of_the_engine() -> None:
    script = (
        "import sqlite3, sys\nfrom milvus_store_sqlite import prepare\n"
        "from milvus_store_sqlite import sqlite_utils_plugin\n"
        "connection = sqlite3.connect(':memory:')\nassert not prepare(connection)\n"
        "connection.execute('CREATE TABLE a (b)')\n"
        "print(sorted({'milvus_store_lite', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_connection_to_what_is_not_ours_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    for attempt in (other, tmp_path):
        with pytest.raises(NotADatabaseError):
            connect(attempt)
    assert not other.exists()
    other.write_bytes(b"no database" * 99)
    with closing(sqlite3.connect(other)) as connection:
        assert not prepare(connection)


def test_a_file_of_another_format_has_no_views(made: Path) -> None:
    _changed(made, lambda connection: connection.execute("PRAGMA user_version = 99"))
    with closing(sqlite3.connect(made)) as connection:
        assert prepare(connection)
        assert connection.execute("SELECT * FROM sqlite_temp_master").fetchall() == []


def test_a_damaged_definition_hides_its_collection_alone(made: Path) -> None:
    _changed(made, lambda connection: connection.execute("UPDATE collections SET schema = '{}'"))
    with closing(connect(made)) as connection:
        listed = connection.execute("SELECT collection, view FROM milvus_collections").fetchall()
        assert listed == [("docs", None)]
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            connection.execute("SELECT * FROM docs")


@pytest.mark.parametrize(
    "name", ['a"b', "a'b", 'x" AS SELECT 1; DROP VIEW milvus_partitions; --', "", "a\nb", "/a?b=c", "ü😀"]
)
def test_a_name_that_no_client_gave_is_quoted(made: Path, name: str) -> None:
    def rename(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE collections SET name = ?", (name,))
        seal_definition(connection, 1)

    _changed(made, rename)
    with closing(connect(made)) as connection:
        assert connection.execute("SELECT view, collection FROM milvus_collections").fetchall() == [
            (name, name)
        ]
        quoted = '"' + name.replace('"', '""') + '"'
        assert connection.execute(f"SELECT count(*) FROM {quoted}").fetchone() == (5,)


@pytest.mark.parametrize("name", ["a\0b", b"\xff", 7, 1.5])
def test_a_name_that_is_none_hides_no_other_view(made: Path, name: object) -> None:
    def rename(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE databases SET name = ?", (name,))

    _changed(made, rename)
    with closing(connect(made)) as connection:
        assert connection.execute("SELECT count(*) FROM milvus_partitions").fetchone() == (2,)


@pytest.mark.parametrize("table", ["rows_1", "vectors_1_vector", "partitions"])
def test_a_view_in_the_place_of_a_table_is_not_read(made: Path, table: str) -> None:
    def replace(connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA legacy_alter_table = ON")  # no other table is told of the new name
        connection.execute(f'ALTER TABLE "{table}" RENAME TO aside')
        connection.execute(f'CREATE VIEW "{table}" AS SELECT * FROM aside')

    _changed(made, replace)
    with closing(connect(made)) as connection, pytest.raises(sqlite3.OperationalError, match="no such table"):
        connection.execute("SELECT * FROM docs")


def test_what_a_file_brings_along_calls_no_functions(made: Path) -> None:
    _changed(made, lambda connection: connection.execute("CREATE VIEW theirs AS SELECT milvus_time(1)"))
    with closing(connect(made)) as connection, pytest.raises(sqlite3.OperationalError, match="unsafe use"):
        connection.execute("SELECT * FROM theirs")


@pytest.mark.parametrize("value", [None, 7, 1.5, "text", b"", b"\x00" * 15, b"\xff" * 16])
def test_a_damaged_vector_is_null_beside_those_that_are_sound(made: Path, value: object) -> None:
    def damage(connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA writable_schema = ON")  # the table takes a null as well
        connection.execute(
            "UPDATE sqlite_master SET sql = replace(sql, 'NOT NULL', '') WHERE name = 'vectors_1_vector'"
        )
        connection.execute("PRAGMA writable_schema = RESET")
        connection.execute("UPDATE vectors_1_vector SET value = ? WHERE seq = 2", (value,))

    _changed(made, damage)
    with closing(connect(made)) as connection:
        found = connection.execute("SELECT vector IS NULL FROM docs ORDER BY id").fetchall()
    assert found == [(0,), (1,), (0,), (0,), (0,)]


def test_flipped_bits_give_values_or_errors(made: Path) -> None:
    sound = made.read_bytes()
    draw = random.Random(5)
    for _ in range(FLIPS):
        damaged = bytearray(sound)
        for _ in range(20):
            damaged[draw.randrange(100, len(damaged))] ^= 1 << draw.randrange(8)
        made.write_bytes(damaged)
        with closing(sqlite3.connect(made)) as connection:
            prepare(connection)
            for view in ("milvus_collections", "milvus_partitions", "docs", "docs_stored"):
                with contextlib.suppress(sqlite3.DatabaseError):
                    connection.execute(f"SELECT * FROM {view}").fetchall()


def _changed(path: Path, change: Callable[[sqlite3.Connection], object]) -> None:
    """Change the file as no client of ours would."""
    with closing(sqlite3.connect(path)) as connection, connection:
        change(connection)
