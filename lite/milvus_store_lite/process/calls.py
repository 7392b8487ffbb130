"""What the calls of each thread have taken, so that a call which is broken off gives all of it back.

An exception may come between any two steps of a call: Ctrl-C raises one in the main thread, a cancelled worker
gets one from ``PyThreadState_SetAsyncExc``, and memory or the stack may run out. It may come as an ``__exit__`` or
the body of a ``finally`` is about to begin, which then never runs. So whatever outlives the step that takes it is
noted before it is taken, and the method at which a call enters the package, marked ``whole``, gives back what is
noted there and was not there when it began. Locks that guard a few steps need no note: Python acquires and
releases those of ``threading`` in a ``with`` statement without looking for exceptions in between.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from types import FunctionType
from typing import Any, Final, Protocol, TypeVar
from weakref import ref

Function = TypeVar("Function", bound=Callable[..., Any])
Class = TypeVar("Class", bound=type)


class Taken(Protocol):
    """Something that a call has taken, or was about to take."""

    def abandon(self) -> None:
        """Give it back, however far it was taken; raises nothing, and may be called again."""
        ...


class ThreadCalls:
    """The calls of one thread that are under way.

    ``inside``: how often they have entered the gate of ``forks``. ``long``: how many of them take long, as it
    says. ``taken``: what they have taken, the latest last. Only that thread changes them.
    """

    __slots__ = ("__weakref__", "inside", "long", "taken")

    def __init__(self) -> None:
        self.inside = 0
        self.long = 0
        self.taken: list[Taken] = []

    def go_back(self, inside: int, long: int, taken: int) -> None:
        """Give back what was taken beyond the first ``taken``, and be as often inside as then."""
        while len(self.taken) > taken:
            last = self.taken[-1]
            try:
                last.abandon()
            except BaseException:  # a second interruption; the first one is under way already
                last.abandon()
            del self.taken[-1]
        self.inside, self.long = inside, long


class _Local(threading.local):
    """``calls``: those of the thread that asks."""

    def __init__(self) -> None:
        self.calls = ThreadCalls()
        _every_thread[threading.get_ident()] = ref(self.calls)


_every_thread: dict[int, ref[ThreadCalls]] = {}


def of_every_thread() -> list[ThreadCalls]:
    """The calls of the threads that have made any, and live."""
    return [calls for known in list(_every_thread.values()) if (calls := known()) is not None]


def calls_under_way() -> int:
    """Calls that are inside the gate, of whatever thread."""
    return sum(calls.inside for calls in of_every_thread())


THIS_THREAD = _Local()

_TAKE_NOTHING: Final[set[object]] = set()


def whole(call: Function) -> Function:
    """``call``, which leaves nothing behind that it has taken when it raises, whatever and whenever that is."""

    @wraps(call)
    def run(*args: Any, **kwargs: Any) -> Any:
        calls = THIS_THREAD.calls
        inside, long, taken = calls.inside, calls.long, len(calls.taken)
        try:
            return call(*args, **kwargs)
        except BaseException:
            calls.go_back(inside, long, taken)
            raise

    return run  # type: ignore[return-value]


def takes_nothing(call: Function) -> Function:
    """``call``, a method that takes nothing, which ``whole_calls`` therefore leaves as it is."""
    _TAKE_NOTHING.add(call)
    return call


def whole_calls(of: Class) -> Class:
    """The class ``of``, whose public methods are ``whole``."""
    for name, member in list(vars(of).items()):
        if isinstance(member, FunctionType) and not name.startswith("_") and member not in _TAKE_NOTHING:
            setattr(of, name, whole(member))
    return of
