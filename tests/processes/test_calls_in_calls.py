"""A call in the middle of another one of the same thread, as a handler of signals makes it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from milvus_store import MilvusClient
from milvus_store.errors import ConnectionNotExistException, DatabaseLockedError

from .steps import at_step

_COLLECTION = ("/collection/reading.py", "/collection/collection.py", "/collection/opener.py")
_COLUMNS = ("/columns/snapshot_cache.py", "/columns/filling.py", "/columns/growable.py")
_CALLS = ("/storage/leases.py", "/storage/reading.py", "/process/calls.py")
_ENGINE = (*_COLLECTION, *_COLUMNS, *_CALLS)


def rows(first: int, number: int) -> list[dict[str, Any]]:
    return [{"id": key, "vector": [key, 1.0], "tag": key % 3} for key in range(first, first + number)]


def opened(path: Path) -> MilvusClient:
    return MilvusClient(path, durability="normal")


@pytest.fixture
def client(path: Path) -> MilvusClient:
    client = opened(path)
    client.create_collection("c", dimension=2, metric_type="L2")
    client.insert("c", rows(0, 40))
    return client


def search(client: MilvusClient, numbers: count[int]) -> None:
    (hits,) = client.search("c", [[7.0, 1.0]], limit=1)
    assert [hit["id"] for hit in hits] == [7]


def query(client: MilvusClient, numbers: count[int]) -> None:
    assert [row["id"] for row in client.query("c", "tag == 0 and id < 6")] == [0, 3]


def describe(client: MilvusClient, numbers: count[int]) -> None:
    assert client.describe_collection("c")["collection_name"] == "c"


def insert(client: MilvusClient, numbers: count[int]) -> None:
    assert client.insert("c", rows(next(numbers), 1))["insert_count"] == 1


CALLS = [search, query, describe, insert]


@pytest.mark.parametrize("inner", CALLS)
@pytest.mark.parametrize("outer", [search, query, insert])
def test_a_call_in_the_middle_of_another_one_is_whole_or_refused(
    client: MilvusClient, outer: Callable[..., None], inner: Callable[..., None]
) -> None:
    numbers, late = count(1_000), count(1_000_000)
    inserted = refused = 0

    def call() -> None:
        nonlocal inserted, refused
        try:
            inner(client, late)
            inserted += inner is insert
        except DatabaseLockedError:
            refused += 1

    step, where = 1, [""]
    while where:
        client.insert("c", rows(next(numbers), 1))  # so that the next call has something to catch up with
        inserted += 1
        with at_step(step, _ENGINE, call) as where:
            outer(client, numbers)
        inserted += outer is insert
        search(client, numbers)
        assert client.query("c", output_fields=["count(*)"]) == [{"count(*)": 40 + inserted}], where
        step += 1
    assert refused > 20
    found = client.query("c", "id >= 0", output_fields=["id", "tag"])
    assert all(row["tag"] == row["id"] % 3 for row in found)
    client.close()


def test_the_refusal_says_what_to_do(client: MilvusClient) -> None:
    def call() -> None:
        with pytest.raises(DatabaseLockedError, match="in the middle of another one of the same thread"):
            search(client, count())

    with at_step(30, _ENGINE, call) as where:
        search(client, count())
    assert where
    client.close()


@pytest.mark.parametrize("outer", [search, query, insert])
def test_a_client_may_be_closed_in_the_middle_of_a_call(
    client: MilvusClient, path: Path, outer: Callable[..., None]
) -> None:
    client.close()
    numbers = count(1_000)
    step, where, acknowledged = 1, [""], 0
    while where:
        client = opened(path)
        with suppress(ConnectionNotExistException), at_step(step, _ENGINE, client.close) as where:
            outer(client, numbers)
            acknowledged += outer is insert
        client.close()
        with opened(path) as later:
            (counted,) = later.query("c", output_fields=["count(*)"])
            assert counted["count(*)"] - 40 in range(acknowledged, step + 1), where
        step += 3  # each opens the file twice
    assert step > 50


def test_a_listener_to_progress_may_make_calls(client: MilvusClient, tmp_path: Path) -> None:
    found: list[int] = []

    def listen(_: object) -> None:
        search(client, count())
        found.append(client.insert("c", rows(500 + len(found), 1))["insert_count"])

    client.backup(tmp_path / "copy.db", progress=listen)
    assert found
    client.close()


def test_a_thread_of_its_own_may_make_calls_meanwhile(client: MilvusClient) -> None:
    done: list[str] = []

    def beside() -> None:
        search(client, count())
        done.append("search")

    def call() -> None:
        thread = threading.Thread(target=beside)
        thread.start()
        thread.join(60)

    with at_step(30, _ENGINE, call) as where:
        search(client, count())
    assert where
    assert done == ["search"]
    client.close()
