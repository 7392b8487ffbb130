"""A file of an older format is brought to the newest one in one transaction, or stays as it was.

No format but the first one was released, so that these tests make up the ones that follow it.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from milvus_store import MilvusClient
from milvus_store.errors import DatabaseCorruptError, DatabaseFormatError, MilvusException
from milvus_store_lite.checks import check_file
from milvus_store_lite.storage.connections import Connections
from milvus_store_lite.storage.migrations import FORMAT_VERSION, FORMATS, Formats
from tests.processes.children import command


def add_labels(connection: sqlite3.Connection) -> None:
    """From format 1 to a format 2."""
    connection.execute("ALTER TABLE partitions ADD COLUMN label TEXT NOT NULL DEFAULT ''")


def fill_labels(connection: sqlite3.Connection) -> None:
    """From that format 2 to a format 3."""
    connection.execute("UPDATE partitions SET label = upper(name)")


def fail(connection: sqlite3.Connection) -> None:
    raise MilvusException(message="this migration does not work")


def write_much_and_die(connection: sqlite3.Connection) -> None:
    """More than SQLite keeps in memory, so that it is in the log before the transaction ends."""
    connection.execute("PRAGMA cache_size = 10")
    connection.execute("CREATE TABLE much (value BLOB)")
    connection.executemany("INSERT INTO much VALUES (randomblob(20000))", [()] * 200)
    os._exit(9)


MADE_UP = Formats((add_labels, fill_labels))


@pytest.fixture
def file(path: Path) -> Path:
    shutil.copyfile(Path(__file__).parent / "formats" / "format-1.db", path)
    return path


def asked(file: Path, statement: str) -> object:
    """The value that ``statement`` finds in the file."""
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(statement).fetchone()[0]


def content_of(file: Path) -> list[str]:
    """All tables and rows of the file, without the row that each session writes anew."""
    with closing(sqlite3.connect(file)) as connection:
        return [line for line in connection.iterdump() if '"lineage"' not in line]


def format_of(file: Path) -> object:
    return asked(file, "PRAGMA user_version")


def open_and_close(file: Path, formats: Formats, *, read_only: bool = False) -> None:
    Connections(str(file), read_only=read_only, formats=formats).close()


def test_the_first_format_that_was_released_is_format_1() -> None:
    assert FORMATS.migrations == ()
    assert FORMAT_VERSION == 1


def test_a_file_is_brought_through_all_formats(file: Path) -> None:
    open_and_close(file, MADE_UP)
    assert format_of(file) == 3
    assert asked(file, "SELECT group_concat(label) FROM partitions") == "_DEFAULT,_DEFAULT,EXTRA"
    open_and_close(file, MADE_UP)  # there is nothing to do any more
    assert format_of(file) == 3


def test_a_file_is_brought_on_from_the_format_it_has(file: Path) -> None:
    open_and_close(file, Formats((add_labels,)))
    assert (format_of(file), asked(file, "SELECT max(label) FROM partitions")) == (2, "")
    open_and_close(file, MADE_UP)
    assert (format_of(file), asked(file, "SELECT max(label) FROM partitions")) == (3, "_DEFAULT")


def test_a_new_file_has_the_newest_format_at_once(path: Path) -> None:
    open_and_close(path, Formats((fail, fail)))
    assert format_of(path) == 3


def test_a_migration_that_fails_leaves_the_file_as_it_was(file: Path) -> None:
    before = content_of(file)
    with pytest.raises(MilvusException, match="does not work"):
        open_and_close(file, Formats((add_labels, fill_labels, fail)))
    assert format_of(file) == 1
    assert content_of(file) == before
    with MilvusClient(file) as client:
        assert client.get_collection_stats("quick") == {"row_count": 3}


def test_an_older_file_is_not_migrated_by_a_reader(file: Path) -> None:
    before = file.read_bytes()
    with pytest.raises(DatabaseFormatError, match="format 1.* reads 3: open it once without read_only"):
        open_and_close(file, MADE_UP, read_only=True)
    assert file.read_bytes() == before
    open_and_close(file, MADE_UP)
    open_and_close(file, MADE_UP, read_only=True)


@pytest.mark.parametrize("read_only", [True, False])
def test_a_newer_file_is_refused_and_left_alone(file: Path, read_only: bool) -> None:
    open_and_close(file, MADE_UP)
    before = file.read_bytes()
    with pytest.raises(DatabaseFormatError, match="format 3.* reads up to 1: upgrade milvus-store"):
        MilvusClient(file, read_only=read_only)
    assert file.read_bytes() == before


def test_no_file_has_format_0(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA user_version = 0")
    with pytest.raises(DatabaseCorruptError, match="header"):
        MilvusClient(file)


def die_while_migrating(file: str) -> None:
    Connections(file, formats=Formats((add_labels, write_much_and_die)))


def test_a_process_that_is_killed_while_it_migrates_leaves_a_whole_file(file: Path) -> None:
    done = subprocess.run(command(die_while_migrating, file), check=False, timeout=60)
    assert done.returncode == 9
    assert Path(f"{file}-wal").stat().st_size > 1_000_000
    with MilvusClient(file) as client:
        assert client.get_collection_stats("quick") == {"row_count": 3}
        client.insert("quick", {"vector": [7, 8]})
    assert format_of(file) == 1
    assert check_file(file).problems == ()


def die_after_migrating(file: str) -> None:
    connections = Connections(file, formats=MADE_UP)
    with connections.writing() as connection:
        connection.execute("UPDATE partitions SET label = 'written after it'")
    os._exit(9)


def test_what_was_written_after_a_migration_survives_a_kill(file: Path) -> None:
    """The log that the migration begins is the file's own."""
    assert subprocess.run(command(die_after_migrating, file), check=False, timeout=60).returncode == 9
    assert Path(f"{file}-wal").stat().st_size > 0
    open_and_close(file, MADE_UP)
    assert (format_of(file), asked(file, "SELECT max(label) FROM partitions")) == (3, "written after it")
