"""Table ``access``: one row, which holds users, roles and grants as JSON, since they are read together.

Each change raises its ``version``, by which a server sees that what it keeps is stale.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from ..schema.access import Access
from .integrity.catalog_checksums import damage, digest, matches

_WHAT: Final = "the list of users, roles and grants"
_NONE: Final = Access().to_json()

ACCESS_TABLE: Final = (
    """CREATE TABLE access (
        id INTEGER PRIMARY KEY,
        version INTEGER NOT NULL,
        document TEXT NOT NULL,
        checksum BLOB NOT NULL
    )""",
    f"INSERT INTO access VALUES (1, 1, '{_NONE}', x'{digest((1, 1, _NONE)).hex()}')",
)


def version_of(connection: sqlite3.Connection) -> int | None:
    """A number that rises with each change; None where damage hides it, which ``read`` reports."""
    row = connection.execute("SELECT version FROM access").fetchone()
    return None if row is None else row[0]


def read(connection: sqlite3.Connection) -> Access:
    """
    Raises:
        DatabaseCorruptError: the row is not what was written.
    """
    rows = connection.execute("SELECT id, version, document, checksum FROM access").fetchall()
    if len(rows) != 1 or not matches(rows[0][:3], rows[0][3]):
        raise damage(_WHAT)
    try:
        return Access.from_json(rows[0][2])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise damage(_WHAT) from error


def write(connection: sqlite3.Connection, access: Access) -> None:
    """Replace what ``read`` has just verified."""
    (version,) = connection.execute("SELECT version FROM access").fetchone()
    row = (1, version + 1, access.to_json())
    connection.execute("UPDATE access SET version = ?, document = ?, checksum = ?", (*row[1:], digest(row)))
