"""Which file a client has open, as several threads look at once."""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from milvus_store_lite.errors import DatabaseReplacedError
from milvus_store_lite.process.calls import Resting
from milvus_store_lite.storage.connections import Connections
from milvus_store_lite.storage.file import lineage, place
from milvus_store_lite.storage.file.identity import Identity
from milvus_store_lite.storage.file.lineage import Lineage
from milvus_store_lite.storage.file.open_files import OpenFile


def test_a_thread_that_read_before_a_new_session_does_not_take_the_file_for_an_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has read the row; another thread begins a session, and knows the later row before this one compares."""
    connections = Connections(str(tmp_path / "a.db"))
    with connections.reading():
        pass
    read = lineage.read

    def read_and_be_overtaken(connection: sqlite3.Connection) -> Lineage | None:
        found = read(connection)
        monkeypatch.setattr(lineage, "read", read)
        other = threading.Thread(target=begin_session)
        other.start()
        other.join()
        return found

    def begin_session() -> None:
        with connections.writing() as connection:
            lineage.begin_session(connection)
        with ExitStack() as readers:
            for _ in range(4):  # more than are free, so that one is new
                readers.enter_context(connections.reading())
                readers.enter_context(Resting())

    with connections.reading() as taken, Resting():
        monkeypatch.setattr(lineage, "read", read_and_be_overtaken)
        with connections.reading() as new:
            assert new is not taken
    with connections.writing() as connection:
        connection.execute("SELECT count(*) FROM collections").fetchone()
    connections.close()


@pytest.mark.skipif(sys.platform == "win32", reason="reads do not look there")
@pytest.mark.parametrize("part", ["st_dev", "st_ino"])
def test_a_file_is_known_by_its_device_and_its_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    connections = Connections(str(tmp_path / "a.db"))
    found = os.stat(tmp_path / "a.db")
    values = list(found)
    values[{"st_ino": 1, "st_dev": 2}[part]] += 1
    other = os.stat_result(values, {"st_mtime_ns": found.st_mtime_ns})
    with connections.reading():
        pass
    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", lambda path: other)
        with pytest.raises(DatabaseReplacedError, match="another file is there now"), connections.reading():
            pass
    connections.close()


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be replaced there")
def test_a_thread_that_finds_the_file_replaced_while_another_closes_it_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.db"
    connections = Connections(str(path))
    with connections.reading():
        pass
    path.rename(tmp_path / "former.db")
    path.touch()
    find = place.find
    closing = threading.Thread(target=connections.close)

    def find_and_be_overtaken(identity: Identity | None) -> OpenFile | None:
        opened = find(identity)
        monkeypatch.setattr(place, "find", find)
        closing.start()
        closing.join(0.3)  # it waits for whoever looks at the file
        return opened

    monkeypatch.setattr(place, "find", find_and_be_overtaken)
    with pytest.raises(DatabaseReplacedError, match="open a new client"):
        connections._place.look()
    closing.join()
