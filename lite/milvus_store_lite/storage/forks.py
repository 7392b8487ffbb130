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
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol
from weakref import WeakSet

from ..errors import DatabaseLockedError
from ..process.cores import available_cores

_PATIENCE: Final = 60.0
"""Seconds that a fork waits for calls under way. Past it, the child is told that it cannot use the file."""

_IMPORTED_LATE: Final = {"milvus_store", "milvus_store_lite", "faiss", "tantivy", "rjieba", "shapely", "re2"}
"""Packages with modules that are imported when a call first needs them."""

_PATIENCE_WITH_IMPORTS: Final = 5.0
"""Seconds that a fork waits for them. A thread that forks while it imports one itself waits in vain."""

_PAUSE: Final = 0.001


class Locking(Protocol):
    """Who has locks that a thread may hold outside the gate, while it waits to come in or needs not to."""

    def renew_locks(self) -> None:
        """In a forked child: forget locks that threads of the parent may hold."""
        ...


class Forkable(Locking, Protocol):
    """Who has connections open."""

    @property
    def is_open(self) -> bool:
        """Whether a connection is open."""
        ...

    def close_idle(self) -> None:
        """Close the connections that no call uses now."""
        ...


class _Thread(threading.local):
    """What the gate knows of each thread."""

    inside = 0
    """Its calls inside."""
    came_through = False
    """Whether it is the one of a child that forked."""


class ForkGate:
    """Every call that uses a connection, or many threads, passes it; a fork holds it shut.

    Who waits at the gate must hold no lock that a call inside may want: the fork waits for that call. Python's own
    logging and thread pools each take a lock before a fork. What registered last is asked first, so they are
    imported before the gate registers: else they had their locks while the gate waits for a call that logs.
    """

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._members: WeakSet[Forkable] = WeakSet()
        self._locking: WeakSet[Locking] = WeakSet()
        self._inside = 0
        self._laid_down = 0
        self._long = 0
        self._forking: int | None = None  # the thread that forks, or waits to
        self._is_shut = False
        self._kept: set[object] = set()
        self._renew_locks()
        self._thread = _Thread()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(before=self._shut, after_in_parent=self._open, after_in_child=self._inherit)

    def add(self, member: Forkable) -> None:
        with self._lock:
            self._members.add(member)

    @property
    def members(self) -> list[Forkable]:
        with self._lock:
            return list(self._members)

    def add_locks(self, one: Locking) -> None:
        """Give ``one`` its locks, now and in each child. What they guard must be whole whenever one waits for
        the gate or for another lock."""
        one.renew_locks()
        with self._lock:
            self._locking.add(one)

    def enter(self, *, waiting: bool = True) -> bool:
        """A call begins.

        Args:
            waiting: for the end of a fork; False for who may be called at any moment, the garbage collection.

        Returns:
            Whether it may begin; if it waits, it always may.

        Raises:
            DatabaseLockedError: this process was forked while its parent had connections open.
        """
        if not self.is_usable:
            raise DatabaseLockedError(
                message="this process was forked while its parent was using a database, or had an iterator "
                "that was not at its end: open the client after the fork (uWSGI: lazy-apps), or start "
                "processes by 'spawn'"
            )
        with self._lock:
            # In the thread that forks, a forgotten client may be closed just then.
            while self._is_shut and not self._thread.inside and self._forking != threading.get_ident():
                if not waiting:
                    return False
                self._changed.wait()
            self._inside += 1
            self._thread.inside += 1
        return True

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            self._thread.inside -= 1
            if self._forking is not None:
                self._changed.notify_all()

    @contextmanager
    def long(self) -> Iterator[None]:
        """Something that takes seconds, for the length of the block: a fork waits for it while calls go on."""
        with self._lock:
            while self._forking is not None and self._forking != threading.get_ident():
                self._changed.wait()
            self._long += 1
        try:
            yield
        finally:
            with self._lock:
                self._long -= 1
                self._changed.notify_all()

    def lay_down(self) -> None:
        """A call ends that keeps its connection, for a later call of any thread. No fork waits for that one."""
        with self._lock:
            self._laid_down += 1
        self.leave()

    def take_up(self, *, waiting: bool = True) -> None:
        """A call begins with the connection that an earlier one has laid down.

        Args:
            waiting: as for ``enter``, but the call begins in any case.
        """
        with self._lock:
            while waiting and self._is_shut and not self._thread.inside:
                self._changed.wait()
            self._inside += 1  # first: to a child that is forked in between, it is open
            self._laid_down -= 1
            self._thread.inside += 1

    @property
    def cores(self) -> int:
        """Threads that OpenMP may use for the calling one.

        One that came through a fork works alone: it has a pool whose other threads are in the parent, and GNU's
        OpenMP would wait for them forever.
        """
        return 1 if self._thread.came_through else available_cores()

    @property
    def calls(self) -> int:
        """Calls inside, of whatever thread."""
        return self._inside

    @property
    def is_usable(self) -> bool:
        """Whether connections of this process are its own, to use or to close."""
        if self._pid != os.getpid():
            self._inherit()  # once more: a program in C may have forked without Python's knowledge
        return self._pid == os.getpid()

    def keep(self, *inherited: object) -> None:
        """In a child, to its end: what has its parent's connections. SQLite allows it not even to close them."""
        self._kept.update(inherited)

    def _renew_locks(self) -> None:
        self._lock = threading.RLock()  # the garbage collection may come in while its thread does
        self._changed = threading.Condition(self._lock)
        self.opening = threading.RLock()
        """Held while a file is looked at that may not be open in this process."""

    def _shut(self) -> None:
        """Before a fork: wait until no other thread is inside, and keep all out until it is over."""
        deadline = time.monotonic() + _PATIENCE
        with self._lock:
            while self._forking is not None:
                self._changed.wait()
            self._forking = threading.get_ident()
            own = self._thread.inside
            self._changed.wait_for(lambda: self._long == 0 or own, deadline - time.monotonic())
            self._is_shut = True
            self._changed.wait_for(lambda: self._inside == own, deadline - time.monotonic())
            members = list(self._members) if self._inside == 0 else []
        _finish_imports()
        # Not with the gate's own lock: the garbage collection may take it in a thread that has one of theirs.
        for member in members:
            member.close_idle()

    def _open(self) -> None:
        with self._lock:
            self._is_shut, self._forking = False, None
            self._changed.notify_all()

    def _inherit(self) -> None:
        """In a child: go on from nothing, if nothing was open."""
        self._thread.came_through = True
        self._renew_locks()
        self._is_shut, self._forking, self._long = False, None, 0
        members = list(self._members)
        not_closed = [member for member in members if member.is_open]
        if self._inside + self._laid_down + len(not_closed) == 0:
            self._pid = os.getpid()
        self.keep(*not_closed)
        for one in (*members, *self._locking):
            one.renew_locks()


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
