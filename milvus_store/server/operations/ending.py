"""The end of a process that serves: whoever asks for it, and the main thread, which waits for that."""

from __future__ import annotations

from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Final

_LOOK: Final = 1.0
"""Seconds between two looks: a signal wakes no thread on Windows, elsewhere only the one that it is given to."""


class Ending:
    """Told to come by any thread, and by a handler of signals at any step of ``wait``.

    ``threading.Event`` is not: a handler that sets it in the thread that waits for it may find its lock taken by
    the very step that it interrupts, and then both wait for ever. A ``SimpleQueue`` is made for this.

    >>> ending = Ending()
    >>> ending.ask()
    >>> ending.wait()
    """

    def __init__(self) -> None:
        self._asked: SimpleQueue[None] = SimpleQueue()

    def ask(self, *_: object) -> None:
        """Let ``wait`` return. This may be the handler of a signal."""
        self._asked.put(None)

    def wait(self) -> None:
        """Return once somebody has asked."""
        is_asked = False
        while not is_asked:
            with suppress(Empty):
                self._asked.get(timeout=_LOOK)
                is_asked = True
