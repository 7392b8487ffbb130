"""SQLite files that other stores made, opened to be read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ..errors import DataNotMatchException

Connection = sqlite3.Connection


def opened(path: Path, *, replaces_damage: bool = False) -> Connection:
    """A connection that cannot write.

    Args:
        replaces_damage: whether a text that is no UTF-8 is read all the same.

    Raises:
        DataNotMatchException: there is no such file.
    """
    try:
        uri = f"{path.absolute().as_uri()}?mode=ro"
        connection = sqlite3.connect(uri, uri=True, check_same_thread=False)  # one reads ahead, at a time
    except sqlite3.Error as error:
        raise DataNotMatchException(message=f"{path} cannot be opened: {error}") from None
    connection.execute(
        "PRAGMA trusted_schema = OFF"
    )  # who made the file may have put functions into its views
    if replaces_damage:
        connection.text_factory = lambda text: text.decode("utf-8", "replace")
    return connection


@contextmanager
def damage_told(path: Path, store: str) -> Iterator[None]:
    """Tell an error of SQLite, or values of other types than expected, as damage to the file of a ``store``."""
    try:
        yield
    except (sqlite3.Error, TypeError, ValueError, KeyError, AttributeError) as error:
        raise DataNotMatchException(message=f"{path} cannot be read as a file of {store}: {error}") from None


def columns_of(connection: Connection, table: str) -> set[str]:
    with closing(connection.execute("SELECT name FROM pragma_table_info(?)", (table,))) as cursor:
        return {name for (name,) in cursor}
