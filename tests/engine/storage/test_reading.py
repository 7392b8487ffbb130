"""Transactions that begin when they are needed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from milvus_store_lite.errors import ConnectionNotExistException
from milvus_store_lite.storage.connections import Connections
from milvus_store_lite.storage.reading import LazyTransaction, SnapshotMoved


class Beginnings:
    """Counts transactions that were begun and ended."""

    def __init__(self) -> None:
        self.begun = self.ended = 0

    @contextmanager
    def __call__(self) -> Iterator[sqlite3.Connection]:
        self.begun += 1
        try:
            with closing(sqlite3.connect(":memory:")) as connection:
                yield connection
        finally:
            self.ended += 1


def test_one_begins_with_the_first_need_and_ends_with_the_block() -> None:
    begin = Beginnings()
    with LazyTransaction(begin, lambda connection: True):
        pass
    assert begin.begun == 0
    with LazyTransaction(begin, lambda connection: True) as late:
        assert late.connection is late.connection
        assert (begin.begun, begin.ended) == (1, 0)
    assert (begin.begun, begin.ended) == (1, 1)


def test_one_that_sees_something_newer_ends_too() -> None:
    begin = Beginnings()
    with pytest.raises(SnapshotMoved), LazyTransaction(begin, lambda connection: False) as late:
        late.connection  # noqa: B018
    assert (begin.begun, begin.ended) == (1, 1)


def test_what_keeps_one_from_beginning_is_told(path: Path) -> None:
    connections = Connections(str(path))
    connections.close()
    with (
        pytest.raises(ConnectionNotExistException),
        LazyTransaction(connections.reading, lambda connection: True) as late,
    ):
        late.connection  # noqa: B018
