"""Connections to our files, made readable and kept from writing.

Other files pass through the plugins as well. They cost no import of the engine.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from .made_views import drop_made_views

APPLICATION_ID: Final = 0x6D767374
"""The mark of our files, once more: importing the engine for it would take longer than most queries."""

_KEPT: Final = frozenset({"journal_mode", "query_only", "writable_schema"})
"""What no statement may set. ``query_only`` lets the first one through, which rewrites the header of the file."""


def connect(path: str | os.PathLike[str]) -> sqlite3.Connection:
    """A connection that reads the file at ``path`` by its views and functions.

    Raises:
        NotADatabaseError: there is no file of ours.
    """
    from milvus_store_lite import require_database

    require_database(os.fspath(path))
    # SQLite leaves two files beside one that it opened only to read; a connection that may write removes them.
    connection = sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=rw", uri=True)
    try:
        prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def prepare(connection: sqlite3.Connection) -> bool:
    """Make a connection to one of our files readable, and keep it from writing; leave any other as it is.

    Once more for the same connection, it makes the views of what the file holds by now.

    Returns:
        Whether the file is ours. Of a damaged file, there are views of what can be read.
    """
    if not _is_ours(connection):
        return False
    from .functions import add_functions
    from .views import create_views

    add_functions(connection)
    # What the file brings along, triggers or views, calls no functions that do more than compute.
    connection.execute("PRAGMA trusted_schema = OFF")
    # SQLite refuses every statement over a damaged schema: the program's own will tell it so.
    with _writing_views(connection), suppress(sqlite3.DatabaseError):
        drop_made_views(connection)
        create_views(connection)
    return True


def drop_views(connection: sqlite3.Connection) -> None:
    """Take the views away again. The functions stay, and the connection is kept from writing as before."""
    with _writing_views(connection):
        drop_made_views(connection)


def _is_ours(connection: sqlite3.Connection) -> bool:
    try:
        (found,) = connection.execute("PRAGMA main.application_id").fetchone()
    except sqlite3.Error:  # no database, or a locked one: the program will see for itself
        return False
    return bool(found == APPLICATION_ID)


@contextmanager
def _writing_views(connection: sqlite3.Connection) -> Iterator[None]:
    """Inside the block temporary views can be made; after it nothing can be written."""
    connection.set_authorizer(_allow)  # Python 3.10 cannot take one away
    connection.execute("PRAGMA query_only = OFF")
    try:
        yield
    finally:
        connection.execute("PRAGMA query_only = ON")
        connection.set_authorizer(_authorize)


def _authorize(action: int, name: str | None, argument: str | None, *_: str | None) -> int:
    is_kept = action == sqlite3.SQLITE_PRAGMA and argument is not None and (name or "").lower() in _KEPT
    return sqlite3.SQLITE_DENY if is_kept else sqlite3.SQLITE_OK


def _allow(*_: object) -> int:
    return sqlite3.SQLITE_OK
