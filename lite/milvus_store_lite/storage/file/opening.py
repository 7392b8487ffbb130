"""The database file itself: which files are ours, how a new one is made, how a connection is set up.

A file is recognised by its header bytes before SQLite opens it, so that a foreign file is never touched.
The header layout is that of https://www.sqlite.org/fileformat.html.
"""

from __future__ import annotations

import os
import sqlite3
import struct
import time
from pathlib import Path
from typing import Final, Literal

from ...errors import DatabaseCorruptError, DatabaseWriteError, NotADatabaseError
from ..catalog_tables import CATALOG_TABLES
from ..migrations import FORMATS, Formats
from ..transactions import transaction
from .admission import remove_remains
from .identity import status
from .lineage import add_row
from .log import BOUND

SQLITE_VERSION: Final = sqlite3.sqlite_version_info
APPLICATION_ID: Final = 0x6D767374  # "mvst"
PAGE_SIZE: Final = 16_384

Durability = Literal["full", "normal"]

_HEADER_LENGTH: Final = 100
_MAGIC: Final = b"SQLite format 3\x00"
_SWITCH_PAUSE: Final = 0.01
_KNOWN_BYTES: Final = {18: (1, 2), 19: (1, 2), 20: (0,), 21: (64,), 22: (32,), 23: (32,), 59: (1,)}
"""Bytes of the header that SQLite believes: who may read and write, what is reserved, and that texts are UTF-8."""


def recognise(path: str, formats: Formats = FORMATS) -> bool:
    """True if ``path`` has the marks of a database of ours, False if there is nothing yet.

    Another process may be making the file, or may have died while it did so: ``is_made`` tells.

    Raises:
        NotADatabaseError: the file is something else. It has not been changed.
        DatabaseFormatError: a newer version of milvus-store wrote it.
        DatabaseCorruptError: the file is ours but its end is missing.
        DatabaseWriteError: it cannot be read, or made.
    """
    if status(path) is None:
        folder = os.path.dirname(os.path.abspath(path))
        if not os.path.isdir(folder):
            raise DatabaseWriteError(message=f"cannot create {path}: the directory {folder} does not exist")
        return False
    header = _header(path)
    if not header:
        return False
    if header[: len(_MAGIC)] != _MAGIC[: len(header)]:
        raise NotADatabaseError(message=f"{path} is not a milvus-store database: it is not a SQLite file")
    if len(header) == _HEADER_LENGTH:
        (found_id,) = struct.unpack_from(">I", header, 68)
        (version,) = struct.unpack_from(">I", header, 60)
        if found_id != APPLICATION_ID:
            raise _foreign(path, found_id)
        formats.refuse_newer(version, path)
        (pages,) = struct.unpack_from(">I", header, 28)
        (largest_root,) = struct.unpack_from(">I", header, 52)
        is_known = all(header[offset] in values for offset, values in _KNOWN_BYTES.items())
        if not is_known or largest_root > pages or version == 0:
            raise DatabaseCorruptError(message=f"{path}: the header of the file is damaged")
    _refuse_truncated(path, header)
    return True


def require_database(path: str) -> None:
    """Raise unless ``path`` holds a database: as ``recognise`` does, and NotADatabaseError for nothing."""
    if status(path) is None:
        raise NotADatabaseError(message=f"{path} does not exist; expected a database file")
    if not recognise(path):
        raise NotADatabaseError(message=f"{path} is empty; expected a database file")


def _header(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(_HEADER_LENGTH)
    except OSError as error:
        raise DatabaseWriteError(message=f"{path}: the file cannot be read ({error.strerror})") from error


def _foreign(path: str, found_id: int) -> NotADatabaseError:
    return NotADatabaseError(
        message=f"{path} is an SQLite file of another application "
        f"(application_id {found_id:#x}, expected {APPLICATION_ID:#x})"
    )


def _refuse_truncated(path: str, header: bytes) -> None:
    """A file at rest that is shorter than its header says has lost its end."""
    if any(os.path.exists(path + log) for log in ("-wal", "-journal")):
        return  # The rest may be there: SQLite decides.
    expected = _HEADER_LENGTH
    if len(header) == _HEADER_LENGTH:
        (page_size,) = struct.unpack_from(">H", header, 16)
        (pages,) = struct.unpack_from(">I", header, 28)
        expected = pages * (65_536 if page_size == 1 else page_size)
    found = os.path.getsize(path)
    # Another process may have shrunk the file, or made it, between the two looks.
    if found < expected and _header(path) == header:
        raise DatabaseCorruptError(
            message=f"{path} is truncated: expected {expected} bytes, found {found}; restore it from a backup"
        )


def connect(path: str, durability: Durability, timeout: float) -> sqlite3.Connection:
    """A connection in autocommit mode: transactions are begun and ended by name, never implicitly."""
    return _connect(path, timeout, f"PRAGMA synchronous = {'FULL' if durability == 'full' else 'NORMAL'}")


def connect_read_only(path: str, timeout: float) -> sqlite3.Connection:
    """A connection that cannot change what the file holds.

    Sharing a file with writers takes SQLite two more files beside it, which only a connection that may write
    removes again; so where writing is allowed, such a connection is used and forbidden to write. Where the
    directory cannot be written and has no write-ahead log, the file is opened as one that never changes.
    """
    if os.access(path, os.W_OK) and os.access(os.path.dirname(os.path.abspath(path)), os.W_OK):
        return _connect(path, timeout, "PRAGMA query_only = ON")
    uri = Path(path).absolute().as_uri()
    connection = _connect(f"{uri}?mode=ro", timeout, uri=True)
    try:
        connection.execute("SELECT count(*) FROM collections").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        wal = path + "-wal"
        if os.path.exists(wal) and os.path.getsize(wal) > 0:
            raise
        connection = _connect(f"{uri}?immutable=1", timeout, uri=True)
    return connection


def _connect(target: str, timeout: float, *setup: str, uri: bool = False) -> sqlite3.Connection:
    connection = sqlite3.connect(
        target,
        timeout=timeout,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
        uri=uri,
    )
    try:
        for statement in ("PRAGMA temp_store = MEMORY", f"PRAGMA journal_size_limit = {BOUND}", *setup):
            connection.execute(statement)
    except BaseException:
        connection.close()
        raise
    return connection


def is_made(connection: sqlite3.Connection, path: str, formats: Formats = FORMATS) -> bool:
    """Whether the file is a database of ours, or an empty one.

    SQLite looks under its lock. So it waits for a process that is creating the file, and first undoes what a
    process left that died while it did so.

    Raises:
        NotADatabaseError, DatabaseFormatError: the log, or a faster process, has changed what the header said.
    """
    with transaction(connection):
        (found_id,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
    if found_id != APPLICATION_ID and pages > 0:
        raise _foreign(path, found_id)
    formats.refuse_newer(version, path)
    return bool(pages)


def initialise(connection: sqlite3.Connection, path: str, formats: Formats = FORMATS) -> bool:
    """Make an empty file a database of ours, unless another process was faster; returns whether it was made here.

    One transaction writes everything, before the switch to WAL, so that the file's own header carries our
    marks from its first byte on: ``recognise`` never meets a file that it would take for a foreign one.
    """
    connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
    with transaction(connection):
        # Not a mere setting: it writes the first page, and takes the lock to do so.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        (found_id,) = connection.execute("PRAGMA application_id").fetchone()
        if found_id != APPLICATION_ID:
            remove_remains(path)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {formats.newest}")
            for statement in CATALOG_TABLES:
                connection.execute(statement)
            add_row(connection)
    return bool(found_id != APPLICATION_ID)


def use_wal(connection: sqlite3.Connection, timeout: float) -> None:
    """Switch the file to a write-ahead log if that has not been done, waiting for others who do."""
    deadline = time.monotonic() + timeout
    while connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            # Of two that switch at once, SQLite refuses one without waiting.
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(_SWITCH_PAUSE)
