"""A client restores the file that it has open, and goes on with what is restored."""

from __future__ import annotations

import copy
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from milvus_store import AsyncMilvusClient, MilvusClient, restore
from milvus_store.errors import (
    DatabaseCorruptError,
    DatabaseNotExistException,
    DatabaseReplacedError,
    DatabaseWriteError,
    NotADatabaseError,
    ParamError,
)
from tests.inside import file_of
from tests.processes.files import make, rows, tags

MANY = pytest.mark.skipif(sys.platform == "win32", reason="files open elsewhere cannot be replaced there")


@pytest.fixture
def backup(path: Path, tmp_path: Path) -> Path:
    """A backup of the 5 rows that are at ``path``."""
    make(path, 5, "kept")
    with MilvusClient(path) as client:
        client.backup(tmp_path / "backup.db")
    return tmp_path / "backup.db"


@pytest.fixture
def client(path: Path, backup: Path) -> Iterator[MilvusClient]:
    with MilvusClient(path) as client:
        client.insert("docs", rows(5, 9, "lost"))
        client.search("docs", [[1, 1]])
        yield client


def test_the_client_answers_from_the_restored_file(client: MilvusClient, path: Path, backup: Path) -> None:
    client.restore(backup)
    assert tags(client) == {"kept": 5}
    assert client.search("docs", [[1, 1]], limit=10, output_fields=["tag"])[0][0]["entity"]["tag"] == "kept"
    client.insert("docs", rows(5, 7, "new"))
    client.restore(str(backup))
    client.insert("docs", rows(5, 6, "newer"))
    client.close()
    assert sorted(one.name for one in path.parent.iterdir()) == ["backup.db", "test.db"]
    with MilvusClient(path) as again:
        assert tags(again) == {"kept": 5, "newer": 1}


def test_so_do_its_copies_and_its_databases(client: MilvusClient, backup: Path) -> None:
    other, elsewhere = copy.copy(client), copy.copy(client)
    client.create_database("more")
    elsewhere.use_database("more")
    client.restore(backup)
    assert tags(other) == tags(client) == {"kept": 5}
    with pytest.raises(DatabaseNotExistException, match="more"):
        elsewhere.list_collections()
    elsewhere.use_database("default")
    assert tags(elsewhere) == {"kept": 5}


@MANY
def test_other_clients_and_iterators_are_told(client: MilvusClient, path: Path, backup: Path) -> None:
    with MilvusClient(path) as same, MilvusClient(path, busy_timeout=3) as other:
        pages = client.query_iterator("docs", batch_size=2)
        pages.next()
        client.restore(backup)
        for one in (same, other):
            with pytest.raises(DatabaseReplacedError, match="open a new client"):
                one.query("docs", "id >= 0")
        with pytest.raises(DatabaseReplacedError):
            pages.next()
        assert tags(client) == {"kept": 5}


def test_settings_stay(path: Path, backup: Path) -> None:
    with MilvusClient(path, durability="normal", memory_limit=12_345) as client:
        client.restore(backup)
        assert file_of(client).memory.limit == 12_345
        assert tags(client) == {"kept": 5}


def test_what_cannot_be_restored_leaves_the_client_as_it_was(
    client: MilvusClient, path: Path, backup: Path
) -> None:
    before = file_of(client)
    with open(backup, "r+b") as file:
        file.truncate(16_384)
    for given, error in [
        (backup, DatabaseCorruptError),
        (path, ParamError),
        (path.with_name("none"), NotADatabaseError),
        (7, ParamError),
    ]:
        with pytest.raises(error):
            client.restore(given)  # type: ignore[arg-type]
    assert tags(client) == {"kept": 5, "lost": 4}
    assert file_of(client) is before


def test_a_failure_at_the_last_step_leaves_the_file_open(
    client: MilvusClient, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    def fail(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(DatabaseWriteError, match="Permission denied"):
        client.restore(backup)
    monkeypatch.undo()
    client.insert("docs", rows(9, 10, "after"))
    assert tags(client) == {"kept": 5, "lost": 4, "after": 1}


def test_only_a_file_that_may_be_written_is_restored(path: Path, backup: Path) -> None:
    with MilvusClient(path, read_only=True) as client, pytest.raises(DatabaseWriteError, match="read-only"):
        client.restore(backup)
    with MilvusClient(":memory:") as client, pytest.raises(ParamError, match="in memory"):
        client.restore(backup)


@MANY
def test_threads_that_read_meanwhile_get_an_answer_or_are_told(client: MilvusClient, backup: Path) -> None:
    told: list[BaseException] = []
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            try:
                assert tags(client) in ({"kept": 5}, {"kept": 5, "lost": 4})
            except Exception as error:
                told.append(error)

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(10):
        client.restore(backup)
    is_over.set()
    for thread in threads:
        thread.join()
    unclear = [error for error in told if "open a new" not in str(error) and "closed" not in str(error)]
    assert not unclear
    assert tags(client) == {"kept": 5}


async def test_an_asynchronous_client_goes_on_with_the_restored_file(path: Path, backup: Path) -> None:
    async with AsyncMilvusClient(path) as client:
        await client.insert("docs", rows(5, 9, "lost"))
        assert len(await client.query("docs", "id >= 0")) == 9
        await client.restore(backup)
        assert len(await client.query("docs", "id >= 0")) == 5
        found = await client.search("docs", [[1, 1]], limit=10)
        assert len(found[0]) == 5
        await client.insert("docs", rows(5, 6, "new"))
        assert len(await client.query("docs", "id >= 0")) == 6


@pytest.mark.parametrize("address", ["http://localhost:19530", ":memory:"])
def test_the_function_takes_files(path: Path, backup: Path, address: str) -> None:
    for given in ((address, path), (backup, address)):
        with pytest.raises(ParamError, match="no file"):
            restore(*given)
    restore(backup, path.with_name("made.db"))
    with MilvusClient(path.with_name("made.db")) as client:
        assert tags(client) == {"kept": 5}
