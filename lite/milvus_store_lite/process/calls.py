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

from ..errors import DatabaseLockedError

Function = TypeVar("Function", bound=Callable[..., Any])
Class = TypeVar("Class", bound=type)


class Taken(Protocol):
    """Something that a call has taken, or was about to take."""

    def abandon(self) -> None:
        """Give it back, however far it was taken; raises nothing, and may be called again."""
        ...


class ThreadCalls:
    """The calls of one thread that are under way.

    ``inside``: how often they have entered the gate of ``forks``. ``resting``: how often those had which let the
    program make calls of its own. ``long``: how many take long, as it says. ``taken``: what they have taken,
    the latest last. Only that thread changes them.
    """

    __slots__ = ("__weakref__", "inside", "long", "resting", "taken")

    def __init__(self) -> None:
        self.inside = 0
        self.resting = 0
        self.long = 0
        self.taken: list[Taken] = []

    def refuse_another(self) -> None:
        """Raise DatabaseLockedError if this thread is in the middle of a call, which may have changed half of
        something: what calls now is a handler of signals, a finalizer, or whatever else Python runs between two
        steps."""
        if self.inside > self.resting:
            raise DatabaseLockedError(
                message="this call was made in the middle of another one of the same thread, as by a handler of "
                "signals: make it once that one has returned, or in another thread"
            )

    def go_back(self, inside: int, resting: int, long: int, taken: int) -> None:
        """Give back what was taken beyond the first ``taken``, and count as at the time when there was no more."""
        while len(self.taken) > taken:
            last = self.taken[-1]
            try:
                last.abandon()
            except BaseException:  # a second interruption; the first one is under way already
                last.abandon()
            del self.taken[-1]
        self.inside, self.resting, self.long = inside, resting, long


class Resting:
    """A block in which the program may make calls: the call under way has left everything whole."""

    def __enter__(self) -> None:
        calls = THIS_THREAD.calls
        self._before, calls.resting = calls.resting, calls.inside

    def __exit__(self, *_: object) -> None:
        THIS_THREAD.calls.resting = self._before


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
        inside, resting, long, taken = calls.inside, calls.resting, calls.long, len(calls.taken)
        try:
            return call(*args, **kwargs)
        except BaseException:
            calls.go_back(inside, resting, long, taken)
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
