"""The database file itself: which files are ours, how a new one is made, how a connection is set up.

A file is recognised by its header bytes before SQLite opens it, so that a foreign file is never touched.
The header layout is that of https://www.sqlite.org/fileformat.html.
"""

from __future__ import annotations

import os
import sqlite3
import struct
from pathlib import Path
from typing import Final, Literal

from ..errors import DatabaseCorruptError, DatabaseFormatError, DatabaseWriteError, NotADatabaseError
from .catalog import CATALOG_TABLES
from .migrations import FORMAT_VERSION

APPLICATION_ID: Final = 0x6D767374  # "mvst"
PAGE_SIZE: Final = 16_384

Durability = Literal["full", "normal"]

_HEADER_LENGTH: Final = 100
_MAGIC: Final = b"SQLite format 3\x00"


def recognise(path: str) -> bool:
    """True if ``path`` holds a database of ours, False if there is nothing yet.

    Raises:
        NotADatabaseError: the file is something else. It has not been changed.
        DatabaseFormatError: a newer version of milvus-store wrote it.
        DatabaseCorruptError: the file is ours but its end is missing.
    """
    if os.path.isdir(path):
        raise NotADatabaseError(message=f"{path} is a directory; expected the path of a database file")
    if not os.path.exists(path):
        folder = os.path.dirname(os.path.abspath(path))
        if not os.path.isdir(folder):
            raise DatabaseWriteError(message=f"cannot create {path}: the directory {folder} does not exist")
        return False
    with open(path, "rb") as file:
        header = file.read(_HEADER_LENGTH)
    if not header:
        return False
    if not header.startswith(_MAGIC):
        raise NotADatabaseError(message=f"{path} is not a milvus-store database: it is no SQLite file")
    if len(header) < _HEADER_LENGTH:
        raise DatabaseCorruptError(message=f"{path} is truncated: it ends inside the file header")
    (found_id,) = struct.unpack_from(">I", header, 68)
    (version,) = struct.unpack_from(">I", header, 60)
    if found_id != APPLICATION_ID:
        raise NotADatabaseError(
            message=f"{path} is an SQLite file of another application "
            f"(application_id {found_id:#x}, expected {APPLICATION_ID:#x})"
        )
    if version > FORMAT_VERSION:
        raise DatabaseFormatError(
            message=f"{path} has format {version}, this version of milvus-store reads up to {FORMAT_VERSION}: "
            f"upgrade milvus-store"
        )
    _refuse_truncated(path, header)
    return True


def _refuse_truncated(path: str, header: bytes) -> None:
    """A file shorter than its header says has lost its end, unless the rest still waits in the WAL."""
    wal = path + "-wal"
    if os.path.exists(wal) and os.path.getsize(wal) > 0:
        return
    (page_size,) = struct.unpack_from(">H", header, 16)
    (pages,) = struct.unpack_from(">I", header, 28)
    expected = pages * (65_536 if page_size == 1 else page_size)
    found = os.path.getsize(path)
    if found < expected:
        raise DatabaseCorruptError(
            message=f"{path} is truncated: expected {expected} bytes, found {found}; restore it from a backup"
        )


def connect(path: str, durability: Durability, timeout: float) -> sqlite3.Connection:
    """A connection in autocommit mode: transactions are begun and ended by name, never implicitly."""
    connection = _connect(path, timeout)
    connection.execute(f"PRAGMA synchronous = {'FULL' if durability == 'full' else 'NORMAL'}")
    return connection


def connect_read_only(path: str, timeout: float) -> sqlite3.Connection:
    """A connection that cannot change what the file holds.

    Sharing a file with writers takes SQLite two more files beside it, which only a connection that may write
    removes again; so where writing is allowed, such a connection is used and forbidden to write. Where the
    directory cannot be written and no write-ahead log waits in it, the file is one that nobody changes.
    """
    if os.access(path, os.W_OK) and os.access(os.path.dirname(os.path.abspath(path)), os.W_OK):
        connection = _connect(path, timeout)
        connection.execute("PRAGMA query_only = ON")
        return connection
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


def _connect(target: str, timeout: float, *, uri: bool = False) -> sqlite3.Connection:
    connection = sqlite3.connect(
        target,
        timeout=timeout,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
        uri=uri,
    )
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def initialise(connection: sqlite3.Connection) -> None:
    """Make an empty file a database of ours. Safe when several processes do it at once.

    The marks and the catalog are written before the switch to WAL, so that the file's own header carries
    them from the first moment and ``recognise`` never meets a half-made file.
    """
    connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("BEGIN EXCLUSIVE")
    try:
        (found_id,) = connection.execute("PRAGMA application_id").fetchone()
        if found_id != APPLICATION_ID:
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
            for statement in CATALOG_TABLES:
                connection.execute(statement)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("PRAGMA journal_mode = WAL")
