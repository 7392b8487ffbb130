"""Forks: a process that forks has no connection open at that moment.

SQLite keeps, for each process, one account of the locks it holds on a file. A forked child would inherit that
account without the locks: it would write unguarded while its parent does, or wait for a thread that it does
not have, even through connections of its own (https://www.sqlite.org/howtocorrupt.html, "Carrying an open
database connection across a fork"). So a fork waits for the calls that are under way and closes what they
used; parent and child open anew at their next call. Calls that only compute are waited for as well: a fork ends
the threads of OpenBLAS, for which a product under way would then wait forever.
"""

from __future__ import annotations

import concurrent.futures.thread  # noqa: F401  # with it comes logging, see ForkGate
import os
import sys
import threading
import time
from contextlib import AbstractContextManager
from typing import Final, Protocol
from weakref import WeakSet

from ..errors import DatabaseLockedError
from .calls import THIS_THREAD, ThreadCalls, calls_under_way, of_every_thread
from .children import PerProcess, begin_anew

_PATIENCE: Final = 60.0
"""Seconds that a fork waits for calls under way. Past it, the child is told that it cannot use the file."""

_IMPORTED_LATE: Final = {
    *(
        "milvus_store",
        "milvus_store_lite",
        "faiss",
        "tantivy",
        "rjieba",
        "lindera",
        "icu4py",
        "shapely",
        "re2",
    )
}
"""Packages with modules that are imported when a call first needs them."""

_PATIENCE_WITH_IMPORTS: Final = 5.0
"""Seconds that a fork waits for them. A thread that forks while it imports one itself waits in vain."""

_PAUSE: Final = 0.001


class Forkable(Protocol):
    """An owner of open connections."""

    @property
    def is_open(self) -> bool:
        """Whether a connection is open."""
        ...

    def close_idle(self) -> None:
        """Close the connections that no call uses now."""
        ...

    def close(self, *, waiting: bool) -> None:
        """Close all connections; without ``waiting``, ``hand_over`` this where a fork is in the way."""
        ...


class ForkGate:
    """Every call that uses a connection, or many threads, passes it; a fork holds it shut.

    Who waits at the gate must hold no lock that a call inside may want: the fork waits for that call. Python's own
    logging and thread pools each take a lock before a fork. What registered last is asked first, so they are
    imported before the gate registers: else they had their locks while the gate waits for a call that logs.

    Each thread counts its own calls, so that it can put right what one that is broken off has left (see
    ``calls``). A call counts itself first and looks for a fork then; a fork says so first and looks at the counts
    then: one of them sees the other. Both wait by looking again.
    """

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._members: WeakSet[Forkable] = WeakSet()
        self._handed_over: list[Forkable] = []
        self._forking: int | None = None  # the thread that forks, or waits to
        self._is_shut = False
        self._has_stragglers = False  # calls of other threads that a fork did not wait for any longer
        # In a child, to its end: what has its parent's connections. SQLite allows it not even to close them.
        self._kept: set[Forkable] = set()
        # The garbage collection may come in while its thread has the lock.
        self._lock = PerProcess(threading.RLock)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(before=self._shut, after_in_parent=self._open, after_in_child=self._inherit)
            os.register_at_fork(after_in_parent=self._open)  # once more: an exception may break off the other

    def add(self, member: Forkable) -> None:
        with self._lock.own:
            self._members.add(member)

    @property
    def members(self) -> list[Forkable]:
        with self._lock.own:
            return list(self._members)

    def hand_over(self, member: Forkable) -> None:
        """Keep ``member``, which nobody else has any more, until the fork under way has closed its connections."""
        self._handed_over.append(member)

    def begin(self) -> None:
        """A call begins that is not part of another one.

        Raises:
            DatabaseLockedError: this thread is in the middle of another one, or ``enter`` raises it.
        """
        THIS_THREAD.calls.refuse_another()
        self.enter()

    def enter(self, *, waiting: bool = True) -> bool:
        """A call begins.

        Args:
            waiting: for the end of a fork; False in the garbage collection, which may run at any moment.

        Returns:
            Whether it may begin; if it waits, it always may.

        Raises:
            DatabaseLockedError: this process was forked while its parent had connections open.
        """
        if self._pid != os.getpid() and not self.is_usable:
            raise DatabaseLockedError(
                message="this process was forked while its parent was using a database, or had an iterator "
                "that was not at its end: open the client after the fork (uWSGI: lazy-apps), or start "
                "processes by 'spawn'"
            )
        calls = THIS_THREAD.calls
        calls.inside += 1
        if self._is_shut and calls.inside == 1 and self._forking != threading.get_ident():
            # In the thread that forks, a forgotten client may be closed just then.
            calls.inside = 0
            return waiting and self._enter_later(calls)
        return True

    def _enter_later(self, calls: ThreadCalls) -> bool:
        """Begin a call once no fork is under way."""
        while True:
            while self._is_shut:
                time.sleep(_PAUSE)
            calls.inside = 1
            if not self._is_shut:
                return True
            calls.inside = 0

    def leave(self) -> None:
        """A call ends."""
        THIS_THREAD.calls.inside -= 1

    def long(self) -> AbstractContextManager[None]:
        """Something that takes seconds, for the length of the block: a fork waits for it while calls go on."""
        return _Long(self)

    def begin_long(self) -> None:
        calls, me = THIS_THREAD.calls, threading.get_ident()
        calls.long += 1
        while self._forking not in (None, me):
            calls.long -= 1
            time.sleep(_PAUSE)
            calls.long += 1

    @property
    def is_usable(self) -> bool:
        """Whether connections of this process are its own, to use or to close."""
        if self._pid != os.getpid():
            self._inherit()  # once more: a program in C may have forked without Python's knowledge
        return self._pid == os.getpid()

    def _shut(self) -> None:
        """Before a fork: wait until no other thread is inside, and keep all out until it is over."""
        deadline = time.monotonic() + _PATIENCE
        own = THIS_THREAD.calls
        while not self._may_fork():
            time.sleep(_PAUSE)
        self._has_stragglers = True  # unless it turns out that there are none
        while any(calls.long for calls in _others(own)) and not own.inside and time.monotonic() < deadline:
            time.sleep(_PAUSE)
        self._is_shut = True
        while (is_waiting := any(calls.inside for calls in _others(own))) and time.monotonic() < deadline:
            time.sleep(_PAUSE)
        members = [] if is_waiting or own.inside else self.members
        self._has_stragglers = is_waiting
        _finish_imports()
        # Not with the gate's own lock: the garbage collection may take it in a thread that has one of theirs.
        for member in members:
            member.close_idle()

    def _may_fork(self) -> bool:
        """Whether it is this thread's turn to fork."""
        with self._lock.own:
            if self._forking is None:
                self._forking = threading.get_ident()
            return self._forking == threading.get_ident()

    def _open(self) -> None:
        self._has_stragglers, self._is_shut, self._forking = False, False, None
        handed_over, self._handed_over = self._handed_over, []
        for member in handed_over:
            member.close(waiting=False)

    def _inherit(self) -> None:
        """In a child: go on from nothing, if nothing was open."""
        begin_anew()
        self._is_shut, self._forking, self._handed_over = False, None, []
        members = list(self._members)
        not_closed = [member for member in members if member.is_open]
        is_used = self._has_stragglers or calls_under_way() > 0
        if not is_used and not not_closed:
            self._pid = os.getpid()
        self._kept.update(not_closed)


class _Long:
    """What ``long`` gives. No generator: one that is broken off runs on when it is collected, and counts twice."""

    def __init__(self, gate: ForkGate) -> None:
        self._gate = gate

    def __enter__(self) -> None:
        self._gate.begin_long()

    def __exit__(self, *_: object) -> None:
        THIS_THREAD.calls.long -= 1


def _others(own: ThreadCalls) -> list[ThreadCalls]:
    return [calls for calls in of_every_thread() if calls is not own]


def _finish_imports() -> None:
    """Wait for other threads that are importing a module: a child would wait forever for what they began."""
    deadline = time.monotonic() + _PATIENCE_WITH_IMPORTS
    while time.monotonic() < deadline and any(
        getattr(getattr(module, "__spec__", None), "_initializing", False)
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] in _IMPORTED_LATE
    ):
        time.sleep(_PAUSE)


GATE: Final = ForkGate()
"""The one of this process."""
