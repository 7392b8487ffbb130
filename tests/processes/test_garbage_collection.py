"""The garbage collection may take a client, or an iterator, at any step of any call.

What it takes is closed in the middle of that call then, in the same thread, whatever locks the call holds.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from milvus_store import MilvusClient, MilvusException
from milvus_store.backends import shared
from milvus_store_lite import DatabaseFile
from milvus_store_lite.storage.file import open_files

from .steps import at_step

_FILES = ("backends/shared.py", "open_files.py", "place.py", "pool.py", "connections.py", "_weakrefset.py")
_ROWS = [{"id": 1, "vector": [1, 2]}, {"id": 2, "vector": [3, 4]}]


@pytest.fixture(autouse=True)
def two_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gc.collect()  # what an earlier test left in a cycle, such as an error that it kept, has a file open
    assert not open_files._files
    monkeypatch.chdir(tmp_path)
    for name in ("first.db", "other.db"):
        with MilvusClient(name) as client:
            client.create_collection("c", dimension=2)
            client.insert("c", _ROWS)


def opened(name: str = "first.db", **settings: Any) -> MilvusClient:
    return MilvusClient(name, durability="normal", **settings)


def another_file() -> tuple[MilvusClient | None, object]:
    return opened(), opened("other.db")


def the_same_client(**settings: Any) -> tuple[MilvusClient | None, object]:
    return None, opened(**settings)


def a_client_with_other_settings() -> tuple[MilvusClient | None, object]:
    return the_same_client(busy_timeout=7)


def an_iterator() -> tuple[MilvusClient | None, object]:
    client = opened()
    return client, client.query_iterator("c", batch_size=1)


@pytest.mark.parametrize(
    "forgotten", [another_file, the_same_client, a_client_with_other_settings, an_iterator]
)
def test_what_is_forgotten_at_any_step_of_a_call_is_closed_and_disturbs_nothing(
    forgotten: Callable[[], tuple[MilvusClient | None, object]],
) -> None:
    step, where = 0, [""]
    while where:
        step += 1
        kept, *garbage = forgotten()
        with at_step(step, _FILES, garbage.clear) as where:
            client = opened()
            found = client.get("c", [1])
            known = [Path(one.path).name for one in open_files._files.values()]
            client.close()
        garbage.clear()
        if kept is not None:
            kept.close()
        assert [hit["id"] for hit in found] == [1], where
        # Else others here would open it beside SQLite, which loses its locks.
        assert "first.db" in known, where
        assert not open_files._files, where
        assert not shared._open, where
    assert step > 100


def test_an_iterator_that_begins_at_any_step_while_its_client_closes_is_closed_as_well() -> None:
    step, where = 0, [""]
    while where:
        step += 1
        client = opened()
        iterators = [client.query_iterator("c", batch_size=1) for _ in range(3)]
        late = iterators.pop()
        client._local._opened._iterators.discard(late)
        beginning = threading.Thread(target=client._local.closing, args=(late,))

        def begin_beside(thread: threading.Thread = beginning) -> None:
            thread.start()
            thread.join(0.05)  # it waits where a lock is held here

        with at_step(step, _FILES, begin_beside) as where:
            client.close()
        if where:
            beginning.join()
            for iterator in (*iterators, late):
                with pytest.raises(MilvusException, match="closed"):
                    iterator.next()
            assert not open_files._files, where
    late.close()  # in the last round nothing began to close it
    assert step > 50


def test_a_file_that_another_thread_opened_meanwhile_stays_known(monkeypatch: pytest.MonkeyPatch) -> None:
    client = opened()
    (key,) = shared._open
    later = shared._Entry(DatabaseFile("other.db"), key)

    def is_current(_: DatabaseFile) -> bool:
        shared._open[key] = later  # as another thread does that finds the file removed and made anew
        return False

    monkeypatch.setattr(DatabaseFile, "is_current", is_current)
    assert shared._joined(client, key) is None
    assert shared._open.pop(key) is later
    later.file.close()
    client.close()
