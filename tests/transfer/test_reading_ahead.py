"""A thread reads what follows while the caller is busy, and nothing else changes."""

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from milvus_store.transfer.reading_ahead import read_ahead


def test_items_come_in_their_order() -> None:
    assert list(read_ahead(iter(range(1000)))) == list(range(1000))
    assert list(read_ahead(iter(()))) == []


def test_the_next_item_is_made_while_the_caller_has_one() -> None:
    is_made = threading.Event()

    def items() -> Iterator[int]:
        yield 0
        is_made.set()
        yield 1

    found = read_ahead(items())
    assert next(found) == 0
    assert is_made.wait(timeout=30)
    assert list(found) == [1]


def test_an_error_is_raised_after_the_items_before_it() -> None:
    def items() -> Iterator[int]:
        yield 0
        raise OSError("gone")

    found = read_ahead(items())
    assert next(found) == 0
    with pytest.raises(OSError, match="gone"):
        next(found)


def test_a_caller_that_stops_ends_the_reading() -> None:
    made, is_closed = [], threading.Event()

    def items() -> Iterator[int]:
        try:
            for number in range(1000):
                made.append(number)
                yield number
        finally:
            is_closed.set()

    with closing(read_ahead(items())) as found:  # type: ignore[type-var]
        assert next(found) == 0
    assert is_closed.is_set()
    assert made == [0, 1]
    assert not any(one.name.startswith("milvus-store-reading") for one in threading.enumerate())
