"""Positions: where a collection stands in its own history, and how each call finds it by name.

A position has a checksum of its own, over the row's numbers and names, its database's name included. So no call
takes another collection, or one of another database, for its own.
"""

from __future__ import annotations

import sqlite3
from typing import Any, Final, NamedTuple

from .integrity import names
from .integrity.catalog_checksums import damage, digest, matches

DATABASE: Final = "(SELECT id FROM databases NOT INDEXED WHERE name = ?)"
"""A database is looked up by its name in every statement: its number may be another one's after a drop. They are
few, and rows have checksums where indexes have none."""

POSITION_COLUMNS: Final = (
    "id, database_id, name, version, last_seq, last_change, key_sum, seq_sum, inserted_at"
)
_OF_DATABASE: Final = "(SELECT name FROM databases WHERE databases.id = database_id)"
_SELECT: Final = f"SELECT {POSITION_COLUMNS}, position_checksum FROM collections"


class Position(NamedTuple):
    """Where a collection stands in its own history: the last row added and the last removal.

    Two equal positions mean the same rows; a reader catches up from the one it knows to the current one.
    ``key_sum``: the sum of the checksums of all primary keys there are. ``seq_sum``: that of the seqs.
    ``inserted_at``: the second of the last insertion, 0 before the first (``insert_times.py``).
    """

    last_seq: int
    last_change: int
    key_sum: int
    seq_sum: int
    inserted_at: int = 0

    @property
    def live(self) -> int:
        """The number of rows: every seq was given to one row, every change to one removal."""
        return self.last_seq - self.last_change

    def is_beyond(self, other: Position) -> bool:
        """Whether this position includes a write that ``other`` does not."""
        return self.last_seq > other.last_seq or self.last_change > other.last_change

    def added(self, count: int, key_sum: int) -> Position:
        """The position after adding ``count`` rows, whose keys have ``key_sum``."""
        last_seq = self.last_seq + count
        seq_sum = self.seq_sum + sum_of_seqs(self.last_seq, last_seq)
        return self._replace(last_seq=last_seq, key_sum=self.key_sum + key_sum, seq_sum=seq_sum)

    def removed(self, count: int, key_sum: int, seq_sum: int) -> Position:
        """The position after removing ``count`` rows."""
        return self._replace(
            last_change=self.last_change + count,
            key_sum=self.key_sum - key_sum,
            seq_sum=self.seq_sum - seq_sum,
        )


def sum_of_seqs(after: int, through: int) -> int:
    """The sum of the numbers beyond ``after``, up to ``through``."""
    return (through * (through + 1) - after * (after + 1)) // 2


def find(connection: sqlite3.Connection, database: str, name: str) -> tuple[int, int, Position] | None:
    """(id, version, position) of the collection that has ``name`` as its name or alias.

    Raises:
        DatabaseCorruptError: the collection's row is not what was written, or damage hides it.
    """
    row = _by_name(connection, database, name)
    if row is None:
        row = connection.execute(
            f"{_SELECT} WHERE id ="
            f" (SELECT collection_id FROM aliases WHERE database_id = {DATABASE} AND alias = ?)",
            (database, name),
        ).fetchone()
        if row is None:
            _refuse_hidden(connection, database, name)
            return None
    collection, _, _, version, *position, _ = _verified(row, database)
    return collection, version, Position(*position)


def exists(connection: sqlite3.Connection, database: str, name: str) -> bool:
    """Whether a collection has ``name`` as its name or alias."""
    row = _by_name(connection, database, name)
    if row is not None:
        _verified(row, database)
        return True
    found = names.read(connection).target(database, name)
    if found is not None and found.name == name:
        raise _hidden(name)
    return found is not None


def position_of(connection: sqlite3.Connection, collection: int) -> Position | None:
    """The position of the collection with this id; None if it was dropped."""
    row = connection.execute(f"{_SELECT} WHERE id = ?", (collection,)).fetchone()
    if row is None:
        return None
    (database,) = connection.execute(
        f"SELECT {_OF_DATABASE} FROM collections WHERE id = ?", (collection,)
    ).fetchone()
    return Position(*_verified(row, database)[4:-1])


def is_sealed(connection: sqlite3.Connection, collection: int) -> bool:
    """Whether the position of a collection that exists has its checksum."""
    *row, checksum = connection.execute(
        f"SELECT {POSITION_COLUMNS}, {_OF_DATABASE}, position_checksum FROM collections WHERE id = ?",
        (collection,),
    ).fetchone()
    return matches(row, checksum)


def seal(connection: sqlite3.Connection, collection: int) -> None:
    """Write the checksum that fits the position, names and version."""
    row = connection.execute(
        f"SELECT {POSITION_COLUMNS}, {_OF_DATABASE} FROM collections WHERE id = ?", (collection,)
    ).fetchone()
    connection.execute("UPDATE collections SET position_checksum = ? WHERE id = ?", (digest(row), collection))


def set_position(connection: sqlite3.Connection, collection: int, position: Position) -> None:
    connection.execute(
        "UPDATE collections SET last_seq = ?, last_change = ?, key_sum = ?, seq_sum = ?, inserted_at = ?"
        " WHERE id = ?",
        (*position, collection),
    )
    seal(connection, collection)


def _by_name(connection: sqlite3.Connection, database: str, name: str) -> Any:
    found = connection.execute(f"{_SELECT} WHERE database_id = {DATABASE} AND name = ?", (database, name))
    return found.fetchone()


def _verified(row: tuple[Any, ...], database: str | None) -> tuple[Any, ...]:
    """``row``, of POSITION_COLUMNS and their checksum, as it was written for a collection in ``database``."""
    if not matches((*row[:-1], database), row[-1]):
        raise damage(f"the position of collection {row[2]!r:.80} (id {row[0]})")
    return row


def _refuse_hidden(connection: sqlite3.Connection, database: str, name: str) -> None:
    """Raise DatabaseCorruptError where ``name`` is not found because of damage."""
    if names.read(connection).target(database, name) is not None:
        raise _hidden(name)


def _hidden(name: str) -> Exception:
    return damage(f"the index of collections by name, which lacks {name!r}")
