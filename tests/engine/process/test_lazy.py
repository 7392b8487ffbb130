"""Properties that are computed once, while other threads compute theirs."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from milvus_store_lite.process.lazy import lazy


class Slow:
    """Its property takes until ``may_end``."""

    def __init__(self) -> None:
        self.has_begun, self.may_end = threading.Event(), threading.Event()
        self.computed = 0

    @lazy
    def value(self) -> object:
        """What it is."""
        self.computed += 1
        self.has_begun.set()
        assert self.may_end.wait(10)
        return object()


def test_a_value_is_computed_once_and_kept() -> None:
    one, other = Slow(), Slow()
    one.may_end.set()
    other.may_end.set()
    assert one.value is one.value
    assert one.computed == 1
    assert other.value is not one.value
    assert isinstance(Slow.value, lazy)
    assert Slow.value.__doc__ == "What it is."


def test_no_instance_waits_for_another() -> None:
    """Nor does a forked child for a thread of its parent."""
    slow, quick = Slow(), Slow()
    quick.may_end.set()
    thread = threading.Thread(target=lambda: slow.value)
    thread.start()
    assert slow.has_begun.wait(10)
    asking = threading.Thread(target=lambda: quick.value, daemon=True)
    asking.start()
    asking.join(5)
    is_waiting = asking.is_alive()
    slow.may_end.set()
    thread.join()
    assert not is_waiting


class Twice:
    """Its property is computed by two threads at once."""

    def __init__(self) -> None:
        self.both = threading.Barrier(2)

    @lazy
    def value(self) -> object:
        self.both.wait(10)
        return object()


def test_threads_that_compute_it_at_once_get_the_same() -> None:
    one = Twice()
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(lambda _: one.value, range(2))
    assert first is second is one.value
