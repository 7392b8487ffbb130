"""An index that is stored part by part is there as a whole or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from milvus_store_lite.storage import index_parts
from milvus_store_lite.storage.index_parts import DamagedIndex, StoredIndex
from milvus_store_lite.storage.index_writing import Superseded, store

from .index_files import KEY, ROWS, file_with_index, head_of


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with file_with_index() as made:
        yield made


def content(connection: sqlite3.Connection) -> bytes:
    stored = StoredIndex(connection, *KEY)
    found = stored.load_head()
    assert found is not None
    return b"".join(stored.load_parts(found[1]))


class Storing:
    """Stores ``value`` as an index, and calls ``between`` after each of its parts."""

    def __init__(self, connection: sqlite3.Connection, between: Callable[[], object]) -> None:
        self._connection = connection
        self._between = between
        self.transactions = 0

    @contextmanager
    def _writing(self) -> Iterator[StoredIndex]:
        yield StoredIndex(self._connection, *KEY)
        self.transactions += 1
        self._between()

    def store(self, value: bytes) -> None:
        store(head_of(len(value) // 8), lambda sink: sink(value), self._writing)


@pytest.fixture
def short_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_parts, "PART_SIZE", 1_000)


@pytest.mark.usefixtures("short_parts")
def test_each_part_is_a_transaction_of_its_own(connection: sqlite3.Connection) -> None:
    seen: list[bytes] = []
    old, new = content(connection), b"12345678" * ROWS
    storing = Storing(connection, lambda: seen.append(content(connection)))
    storing.store(new)
    assert storing.transactions == len(new) // 1_000 + 1
    assert seen == [old] * (len(seen) - 1) + [new]  # the last names the new parts


@pytest.mark.usefixtures("short_parts")
def test_parts_of_a_process_that_was_killed_go_with_the_next_index(connection: sqlite3.Connection) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Storing(connection, stop).store(b"killed.." * ROWS)
    assert content(connection) == bytes(8 * ROWS)
    Storing(connection, lambda: None).store(b"the next" * ROWS)
    assert content(connection) == b"the next" * ROWS
    assert connection.execute("SELECT sum(length(value)) FROM index_parts").fetchone() == (8 * ROWS,)


@pytest.mark.parametrize("part", range(1, 8))
@pytest.mark.usefixtures("short_parts")
def test_parts_of_an_index_that_is_being_stored_replace_none_that_is_missing(
    connection: sqlite3.Connection, part: int
) -> None:
    Storing(connection, lambda: None).store(b"complete" * ROWS)

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Storing(connection, stop).store(b"unfinish" * ROWS)
    assert content(connection) == b"complete" * ROWS
    (first,) = connection.execute("SELECT min(part) FROM index_parts").fetchone()
    connection.execute("DELETE FROM index_parts WHERE part = ?", (first + part - 1,))
    with pytest.raises(DamagedIndex, match=r"part \d+ is missing"):
        content(connection)


def drop(connection: sqlite3.Connection) -> None:
    StoredIndex(connection, *KEY).remove()


@pytest.mark.parametrize("is_first", [False, True], ids=["replaced", "new"])
@pytest.mark.parametrize("is_dropped", [False, True], ids=["there", "dropped"])
@pytest.mark.parametrize("when", range(1, 9))
@pytest.mark.usefixtures("short_parts")
def test_of_two_that_store_at_a_time_one_is_whole(
    connection: sqlite3.Connection, when: int, is_dropped: bool, is_first: bool
) -> None:
    def interfere() -> None:
        if first.transactions == when:
            if is_dropped:
                drop(connection)
            Storing(connection, lambda: None).store(b"the 2nd." * ROWS)

    if is_first:
        drop(connection)
    first = Storing(connection, interfere)
    with pytest.raises(Superseded):
        first.store(b"the 1st." * ROWS)
    assert content(connection) == b"the 2nd." * ROWS


@pytest.mark.parametrize("when", range(1, 9))
@pytest.mark.usefixtures("short_parts")
def test_an_index_that_is_dropped_meanwhile_is_not_stored(connection: sqlite3.Connection, when: int) -> None:
    storing = Storing(connection, lambda: drop(connection) if storing.transactions == when else None)
    with pytest.raises(Superseded):
        storing.store(b"dropped." * ROWS)
    assert connection.execute("SELECT count(*) FROM index_parts").fetchone() == (0,)
    assert StoredIndex(connection, *KEY).load_head() is None


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM index_parts",
        "UPDATE index_parts SET part = 9223372036854775807 WHERE part = (SELECT max(part) FROM index_parts)",
        "UPDATE index_parts SET part = 'text' WHERE part = (SELECT max(part) FROM index_parts)",
        "UPDATE index_parts SET checksum = x'00'",
    ],
)
@pytest.mark.usefixtures("short_parts")
def test_new_parts_are_not_taken_for_those_that_a_damaged_index_lacks(
    connection: sqlite3.Connection, damage: str
) -> None:
    connection.execute(damage)
    seen: list[bool] = []
    storing = Storing(connection, lambda: seen.append(StoredIndex(connection, *KEY).load_head() is None))
    storing.store(b"the next" * ROWS)
    assert seen == [True] * 8 + [False]
    assert content(connection) == b"the next" * ROWS
