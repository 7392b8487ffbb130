"""Work that a process does beside its calls: one thread for each kind of it, while there is any."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Final, Generic, TypeVar

from .children import PerProcess
from .threads import started

Task = TypeVar("Task")

_IDLE: Final = 2.0
"""Seconds without work after which the thread ends."""


class _Tasks(Generic[Task]):
    """What is to be done, and the thread that does it: none in a forked child, which has no other threads."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.due: OrderedDict[Task, float] = OrderedDict()
        self.wakeups: SimpleQueue[None] = SimpleQueue()  # one for each change
        self.thread: threading.Thread | None = None


def _at_once(scheduled: float) -> float:
    return scheduled


class Background(Generic[Task]):
    """Tasks that take turns in a thread called ``name``. A forked child begins with none.

    Args:
        work: does one turn of a task, and says whether it wants another. It raises nothing.
        begins: the time (``time.monotonic``) at which a task may begin that was scheduled at the given one.
    """

    def __init__(
        self, name: str, work: Callable[[Task], bool], begins: Callable[[float], float] = _at_once
    ) -> None:
        self._name = name
        self._work = work
        self._begins = begins
        self._tasks: PerProcess[_Tasks[Task]] = PerProcess(_Tasks)
        self.is_closed = False

    def schedule(self, task: Task) -> None:
        """Work on ``task`` soon."""
        tasks = self._tasks.own
        with tasks.lock:
            if self.is_closed:
                return
            if task not in tasks.due:
                tasks.due[task] = time.monotonic()
                tasks.wakeups.put(None)
            if tasks.thread is None or not tasks.thread.is_alive():
                tasks.thread = threading.Thread(target=self._run, args=(tasks,), name=self._name, daemon=True)
                started(tasks.thread)  # without memory for a thread, whoever schedules next tries again

    def close(self, *, waiting: bool = True) -> None:
        """Begin no more turns.

        Args:
            waiting: whether to wait until the thread has ended. Otherwise it ends after its turn.
        """
        self.is_closed = True
        tasks = self._tasks.own
        tasks.wakeups.put(None)
        thread = tasks.thread
        # The thread itself may close, where it drops the last reference to a client.
        if waiting and thread is not None and thread is not threading.current_thread() and thread.is_alive():
            thread.join()

    def _run(self, tasks: _Tasks[Task]) -> None:
        while (task := self._next(tasks)) is not None:
            if self._work(task):
                with tasks.lock:
                    tasks.due.setdefault(task, time.monotonic())

    def _next(self, tasks: _Tasks[Task]) -> Task | None:
        """The task to work on, once it may begin; None when no work is left."""
        while not self.is_closed:
            wait = _IDLE
            with tasks.lock:
                if tasks.due:
                    task, scheduled = next(iter(tasks.due.items()))
                    wait = self._begins(scheduled) - time.monotonic()
                    if wait <= 0:
                        del tasks.due[task]
                        return task
            try:
                tasks.wakeups.get(timeout=wait)
            except Empty:
                with tasks.lock:
                    if not tasks.due:
                        tasks.thread = None
                        return None
        return None
