"""A file is replaced in the middle of what this process, or another one, does with it."""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
import time
from pathlib import Path

import pytest

from milvus_store import MilvusClient
from milvus_store.errors import DatabaseReplacedError
from milvus_store_lite.storage.file.open_files import OPENING
from tests.inside import file_of

from .files import make, rows, tags

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="open files cannot be replaced there")


@pytest.fixture
def client(path: Path) -> MilvusClient:
    """A client whose file has another one of 7 rows ready beside it."""
    make(path.with_name("next.db"), 7, "next")
    make(path, 3, "old")
    client = MilvusClient(path)
    client.insert("docs", rows(3, 5, "old"))
    return client


def test_a_newcomer_and_a_call_on_the_former_file_do_not_wait_for_each_other(
    client: MilvusClient, path: Path
) -> None:
    """The newcomer has the other fold its log; the other may be opening or closing a connection meanwhile."""
    found: list[dict[str, int]] = []
    has_lock = threading.Event()

    def look() -> None:
        with file_of(client).connections._watch_lock.own:
            has_lock.set()
            time.sleep(0.3)  # until the newcomer waits for that
            with OPENING.own:
                pass

    def come() -> None:
        with MilvusClient(path) as newcomer:
            found.append(tags(newcomer))

    os.replace(path.with_name("next.db"), path)
    threads = [threading.Thread(target=target, daemon=True) for target in (look, come)]
    threads[0].start()
    has_lock.wait()
    threads[1].start()
    for thread in threads:
        thread.join(timeout=30)
    assert found == [{"next": 7}]
    client.close()


def test_what_sqlite_says_of_a_file_that_was_just_replaced_is_told_as_that(
    client: MilvusClient, path: Path
) -> None:
    """It says "disk I/O error", for one, when the file goes as it opens the log."""
    error = sqlite3.OperationalError("disk I/O error")
    connections = file_of(client).connections
    assert "reading or writing the file failed" in connections.translated(error).message
    os.replace(path.with_name("next.db"), path)
    assert isinstance(connections.translated(error), DatabaseReplacedError)
    client.close()


def test_another_process_may_remove_the_log_of_a_removed_file_first(
    client: MilvusClient, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove = os.remove

    def faster(name: str) -> None:
        remove(name)
        remove(name)

    path.unlink()
    with pytest.raises(DatabaseReplacedError):
        tags(client)
    with monkeypatch.context() as patched:
        patched.setattr(os, "remove", faster)
        client.close()
    assert not path.with_name("test.db-wal").exists()
