"""Starting threads where that may not be possible."""

from __future__ import annotations

import threading


def started(thread: threading.Thread) -> bool:
    """Start ``thread``; False where it cannot be: there are too many, or the interpreter is ending.

    From Python 3.12 on an ``atexit`` handler can start none; what it calls then does without.
    """
    try:
        thread.start()
    except (RuntimeError, MemoryError):
        return False
    return True
