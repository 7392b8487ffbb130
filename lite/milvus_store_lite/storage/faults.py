"""SQLite's errors as errors of this package. Only this module reads SQLite's messages."""

from __future__ import annotations

import sqlite3

from ..errors import (
    DatabaseCorruptError,
    DatabaseLockedError,
    DatabaseWriteError,
    MilvusException,
    NotADatabaseError,
)

# Python 3.10 does not give SQLite's result code, so the fixed English texts of sqlite3_errstr decide.
_BY_MESSAGE: tuple[tuple[str, type[MilvusException], str], ...] = (
    (
        "locked",
        DatabaseLockedError,
        "{holder} holds the write lock; the call waited {timeout:g} s",
    ),
    ("not a database", NotADatabaseError, "the file is not an SQLite database"),
    ("unsupported file format", DatabaseCorruptError, "the header of the file is damaged"),
    ("malformed", DatabaseCorruptError, "the file is damaged; 'milvus-store check' lists where"),
    (
        "constraint failed",
        DatabaseCorruptError,
        "rows contradict each other; 'milvus-store check' lists where",
    ),
    ("no such table", DatabaseCorruptError, "a table is missing; 'milvus-store check' lists where"),
    ("no such column", DatabaseCorruptError, "a column is missing; 'milvus-store check' lists where"),
    ("no such index", DatabaseCorruptError, "an index is missing; 'milvus-store check' lists where"),
    ("has no column", DatabaseCorruptError, "a column is missing; 'milvus-store check' lists where"),
    ("already exists", DatabaseCorruptError, "a table is there twice; 'milvus-store check' lists where"),
    ("Could not decode", DatabaseCorruptError, "a text is damaged; 'milvus-store check' lists where"),
    (
        "integer overflow",
        DatabaseCorruptError,
        "numbers of rows are damaged; 'milvus-store check' lists where",
    ),
    ("readonly", DatabaseWriteError, "the file or its directory is read-only"),
    ("disk is full", DatabaseWriteError, "the disk is full"),
    ("disk I/O", DatabaseWriteError, "reading or writing the file failed"),
    ("unable to open", DatabaseWriteError, "the file cannot be opened"),
)


FAULTS = (sqlite3.Error, UnicodeDecodeError)
"""The exceptions of module sqlite3, and of Python when it cannot decode a damaged name in SQLite's message."""


def message_of(error: sqlite3.Error | UnicodeDecodeError) -> str:
    """SQLite's own message."""
    return error.object.decode(errors="replace") if isinstance(error, UnicodeDecodeError) else str(error)


def is_damage(error: sqlite3.Error | UnicodeDecodeError) -> bool:
    """Whether ``error`` concerns the contents of the file, not a temporary state."""
    return isinstance(translate(error, "", 0), DatabaseCorruptError)


def translate(
    error: sqlite3.Error | UnicodeDecodeError, path: str, timeout: float, holder: str = "another process"
) -> MilvusException:
    """The error of this package for ``error`` of SQLite about the database at ``path``.

    Args:
        timeout: how many seconds the call waited for the lock.
        holder: who has the lock, if the call waited for it in vain.
    """
    text = message_of(error)
    for fragment, kind, meaning in _BY_MESSAGE:
        if fragment in text:
            return kind(message=f"{path}: {meaning.format(timeout=timeout, holder=holder)} (SQLite: {text})")
    if type(error) is sqlite3.DatabaseError:  # before Python 3.12 some come without a text
        return DatabaseCorruptError(message=f"{path}: the file is damaged; 'milvus-store check' lists where")
    return MilvusException(message=f"{path}: {type(error).__name__}: {text}")
