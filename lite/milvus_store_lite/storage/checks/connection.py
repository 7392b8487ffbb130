"""A connection for a look at a file, open elsewhere or not, that leaves it byte for byte as it is.

It knows nothing of what is read.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

BUSY_TIMEOUT: Final = 30.0


@contextmanager
def looking(path: str) -> Iterator[sqlite3.Connection]:
    """A connection inside a read transaction, which sees one state of the file for the whole block."""
    with closing(_connect(path)) as connection:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA cell_size_check = ON")
        connection.execute("BEGIN")
        yield connection


def _connect(path: str) -> sqlite3.Connection:
    uri = f"{Path(path).absolute().as_uri()}?{_mode(path)}"
    return sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT, isolation_level=None)


def _mode(path: str) -> str:
    """How to open the file so that closing it again leaves no trace.

    The last connection to close folds a write-ahead log into the file, unless it may only read. One that may
    only read makes an empty log where there is none, and leaves it behind; so it is for logs that hold
    something. Where nobody can make a log, nobody can write.
    """
    wal = path + "-wal"
    if os.path.exists(wal):
        return "mode=ro" if os.path.getsize(wal) > 0 else "mode=rw"
    return "mode=rw" if os.access(os.path.dirname(os.path.abspath(path)), os.W_OK) else "immutable=1"
