"""The copy of a damaged file that salvage works on: the file itself is only read.

The copy lies in a folder of its own beside the new file, with the write-ahead log if there is one. The fields of
the header that SQLite trusts are written anew in the copy: they are the same in every file of milvus-store, or
follow from the size. The header layout is that of https://www.sqlite.org/fileformat.html.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import struct
from collections.abc import Callable
from typing import Final

from ..errors import DatabaseFormatError, DatabaseWriteError, NotADatabaseError
from ..storage.file.admission import contradicts_file
from ..storage.file.opening import APPLICATION_ID, PAGE_SIZE
from ..storage.migrations import FORMATS
from ..storage.transactions import transaction
from .scan import UNREADABLE_ROWS

_MAGIC: Final = b"SQLite format 3\x00"
_HEADER_LENGTH: Final = 100
_MARKS: Final[dict[int, bytes]] = {
    0: _MAGIC,
    16: struct.pack(">H", PAGE_SIZE),
    20: bytes([0, 64, 32, 32]),
    56: struct.pack(">I", 1),  # texts are UTF-8
    68: struct.pack(">I", APPLICATION_ID),
}
"""Offset in the header → the bytes there in each file of milvus-store."""
_FEWEST_MARKS: Final = 20
"""A header is taken for one of milvus-store if it still has this many of those 30 bytes."""
_WAL: Final = bytes([2, 2])
_NEXT_FORMATS: Final = 32
"""Larger format numbers are damage; smaller ones may be those of a later version."""

_CATALOG: Final = frozenset({"databases", "collections", "partitions", "aliases", "indexes"})
_FEWEST_TABLES: Final = 2
"""The fewest of those five tables: other applications have a table of collections too."""


def copied(path: str, folder: str, note: Callable[[str], object]) -> str:
    """A copy of the file at ``path`` in ``folder``, with a correct header.

    Raises:
        NotADatabaseError: it is not a milvus-store database.
        DatabaseWriteError: it cannot be read, or the disk is full.
    """
    copy = os.path.join(folder, "damaged.db")
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise NotADatabaseError(message=f"{path} is not a regular file; expected a database file")
        real = os.path.realpath(path)  # the log lies beside the file, not beside a link to it
        for log in ("", "-wal", "-journal"):
            if os.path.exists(real + log):
                shutil.copyfile(real + log, copy + log)
                os.chmod(copy + log, stat.S_IRUSR | stat.S_IWUSR)
    except (FileNotFoundError, ValueError):  # a NUL in the path
        raise NotADatabaseError(message=f"{path!r} does not exist; expected a database file") from None
    except OSError as error:
        raise DatabaseWriteError(message=f"{path}: the file cannot be copied ({error})") from error
    with open(copy, "r+b") as file:
        header = file.read(_HEADER_LENGTH)
        file.seek(0)
        size = os.path.getsize(copy)
        file.write(_mended(path, header, size))
        # SQLite reads whole pages: fill a partial one with zeros.
        file.truncate(-(-size // PAGE_SIZE) * PAGE_SIZE)
    if any(header[index : index + len(value)] != value for index, value in _MARKS.items()):
        note("the header of the file was damaged")
    if os.path.exists(copy + "-wal"):
        with open(copy, "rb") as file:
            is_foreign = contradicts_file(copy + "-wal", file.fileno())
        if is_foreign:
            os.remove(copy + "-wal")
            note("the log beside the file belongs to another file, or to another state of it: it is ignored")
    (pages,) = struct.unpack_from(">I", header, 28)
    if size < pages * PAGE_SIZE and not os.path.exists(copy + "-wal"):
        note(
            f"the file has {size:,} bytes, and its header speaks of {pages * PAGE_SIZE:,}: its end is missing"
        )
    return copy


def _mended(path: str, header: bytes, size: int) -> bytes:
    """The header of a file of milvus-store of ``size`` bytes."""
    marks = sum(
        found == expected
        for offset, value in _MARKS.items()
        for found, expected in zip(header[offset : offset + len(value)], value, strict=False)
    )
    if len(header) < _HEADER_LENGTH or marks < _FEWEST_MARKS:
        raise NotADatabaseError(
            message=f"{path} is not a milvus-store database: nothing is recovered from it"
        )
    mended = bytearray(header)
    for offset, value in _MARKS.items():
        mended[offset : offset + len(value)] = value
    mended[18:20] = _WAL
    # Free pages are never read, and SQLite looks for them only to write.
    mended[28:40] = struct.pack(">III", -(-size // PAGE_SIZE), 0, 0)
    mended[44:48] = struct.pack(">I", 4)  # the format of the schema
    mended[92:96] = mended[24:28]  # the size is that of this change
    return bytes(mended)


def opened(copy: str, path: str) -> sqlite3.Connection:
    """A connection to the ``copy`` of ``path``, which is now of the newest format.

    Raises:
        NotADatabaseError: it lacks the tables of a milvus-store database.
        DatabaseFormatError: a newer version of milvus-store wrote it, or it is too damaged to be brought here.
    """
    connection = sqlite3.connect(copy, isolation_level=None)
    try:
        # A damaged table definition hides no sound one, and no code of a definition runs.
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        connection.execute("PRAGMA temp_store = MEMORY")
        _require_ours(connection, path)
        connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    # A text that is not UTF-8 is read as one that no caller can have written.
    connection.text_factory = lambda text: text.decode(errors="surrogateescape")
    return connection


def _require_ours(connection: sqlite3.Connection, path: str) -> None:
    try:
        found = {
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    except UNREADABLE_ROWS as error:
        raise NotADatabaseError(
            message=f"{path}: the list of its tables cannot be read ({error}): nothing can be recovered"
        ) from error
    if len(_CATALOG & found) < _FEWEST_TABLES:
        raise NotADatabaseError(
            message=f"{path} has none of the tables of a milvus-store database: nothing can be recovered"
        )
    if version < _NEXT_FORMATS:
        FORMATS.refuse_newer(version, path)
    if not 1 <= version < FORMATS.newest:
        return  # of the newest format, whatever a damaged number says
    try:
        with transaction(connection, "IMMEDIATE"):
            FORMATS.migrate(connection)
    except (*UNREADABLE_ROWS, ValueError, TypeError, KeyError, AttributeError) as error:
        raise DatabaseFormatError(
            message=f"{path} has format {version} and is too damaged to be brought to {FORMATS.newest}: {error}"
        ) from error
