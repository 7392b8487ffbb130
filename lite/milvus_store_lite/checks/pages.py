"""SQLite's own check of a file: its pages and its indexes.

It knows nothing of what the tables mean.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final

from .report import Problem

_MOST_MESSAGES: Final = 1000
"""A file damaged all over gives a message for each page; more messages than these would help no reader."""


def pages_and_indexes(connection: sqlite3.Connection) -> Iterator[Problem]:
    """Everything ``PRAGMA integrity_check`` finds."""
    for (text,) in connection.execute(f"PRAGMA integrity_check({_MOST_MESSAGES})"):
        for line in text.splitlines():
            if line != "ok" and not line.startswith("***"):
                yield Problem("file", line)
