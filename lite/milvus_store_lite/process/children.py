"""What a forked child begins anew, since threads that only its parent has may be in the middle of using it.

A lock that such a thread holds would never be released in the child, and what the lock guards may be half changed.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar
from weakref import WeakSet

Value = TypeVar("Value")


class PerProcess(Generic[Value]):
    """Something that each process has its own of: what ``make`` makes, in each forked child once more.

    What a lock guards must be whole whenever a thread that holds it waits for a fork to end, or for another lock.
    ``with lock.own:`` takes and releases the lock of ``threading`` itself, which no exception can come between
    (see ``calls``), and releases it in a child that was forked by who held it.
    """

    __slots__ = ("__weakref__", "_make", "own")

    def __init__(self, make: Callable[[], Value]) -> None:
        self._make = make
        self.own: Value = make()
        _everything.add(self)

    def begin_anew(self) -> None:
        """In a forked child: forget what the parent had."""
        self.own = self._make()


class _Thread(threading.local):
    """What is known of each thread."""

    came_through = False


_everything: WeakSet[PerProcess[Any]] = WeakSet()
_thread = _Thread()
_process = os.getpid()


def came_through_fork() -> bool:
    """Whether the calling thread is the one of a child that forked it, or one of a child of that."""
    return _thread.came_through


def begin_anew() -> None:
    """In a forked child: begin anew whatever is a ``PerProcess``, once. A program in C may have forked without
    Python's knowledge, so that the first who notices calls this."""
    global _process
    if _process != os.getpid():
        _process = os.getpid()
        _thread.came_through = True
        for value in list(_everything):
            value.begin_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=begin_anew)
