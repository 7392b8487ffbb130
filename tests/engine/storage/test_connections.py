"""Connections, which are counted: what is open when, and who closes it."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from milvus_store import MilvusClient
from milvus_store.errors import DatabaseWriteError
from milvus_store_lite.process.calls import THIS_THREAD, Resting
from milvus_store_lite.storage import connections
from milvus_store_lite.storage.connections import Connections
from tests.inside import file_of


def test_a_watch_that_cannot_begin_leaves_no_connection(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    with MilvusClient(path) as client:
        client.create_collection("c", dimension=2)
        opened = file_of(client).connections
        opened.close_idle()  # and the watch that the write began
        monkeypatch.setattr(connections, "Watch", fail)
        with pytest.raises(DatabaseWriteError, match="disk I/O error"):
            client.search("c", [[1, 2]])
        monkeypatch.undo()
        assert client.search("c", [[1, 2]]) == [[]]
        assert opened.is_open
    assert not opened.is_open


def test_a_connection_that_cannot_be_made_is_not_waited_for(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fork waits for each call that is inside the gate."""

    def fail(*_: object) -> None:
        raise sqlite3.OperationalError("unable to open database file")

    opened = Connections(str(path))
    with opened.reading(), Resting():
        inside = THIS_THREAD.calls.inside
        monkeypatch.setattr(connections, "connect", fail)
        with pytest.raises(DatabaseWriteError, match="unable to open"), opened.reading():
            pass
        assert THIS_THREAD.calls.inside == inside
    opened.close()
    assert not opened.is_open


@pytest.mark.parametrize("waiting", [True, False])
def test_a_call_that_is_under_way_when_its_client_closes_closes_its_connection(
    path: Path, waiting: bool
) -> None:
    opened = Connections(str(path))
    is_reading, is_closed = threading.Event(), threading.Event()

    def read() -> None:
        with opened.reading() as connection:
            connection.execute("SELECT count(*) FROM collections").fetchone()
            is_reading.set()
            is_closed.wait()

    reader = threading.Thread(target=read)
    reader.start()
    is_reading.wait()
    opened.close(waiting=waiting)
    assert opened.is_open
    is_closed.set()
    reader.join()
    assert not opened.is_open
    assert [one.name for one in path.parent.iterdir()] == [path.name]
