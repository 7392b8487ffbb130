"""The consistency check of a database file: is everything in it as the rest of this package relies on?

Reads one state of the file in one transaction, whoever else has it open, and never changes it. It knows
nothing of clients or caches; what it checks are the invariants that ARCHITECTURE.md names.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from ..errors import DatabaseLockedError, DatabaseWriteError, NotADatabaseError
from .checks import catalog, definitions, history, scalars, vectors
from .checks.connection import BUSY_TIMEOUT, looking
from .checks.definitions import Definition
from .checks.pages import pages_and_indexes
from .checks.report import Problem, Report
from .faults import translate
from .file import recognise

__all__ = ["Problem", "Report", "check_file"]

FileCheck = Callable[[sqlite3.Connection], Iterable[Problem]]
CollectionCheck = Callable[[sqlite3.Connection, Definition], Iterable[Problem]]

CATALOG_CHECKS: Final[tuple[FileCheck, ...]] = (
    catalog.catalog_values,
    catalog.references,
    catalog.orphan_tables,
)
"""What is checked of the catalog once ``catalog.catalog_tables`` has found its tables."""

COLLECTION_CHECKS: Final[dict[str, tuple[CollectionCheck, ...]]] = {
    "definition": (definitions.definition, definitions.indexes),
    "rows": (scalars.scalars, scalars.texts, scalars.documents),
    "vectors": (vectors.pairing, vectors.lengths, vectors.numbers),
    "removals": (history.position, history.removals),
}
"""By what they read: what is checked of a collection once ``definitions.tables`` has found its tables."""


def check_file(path: str | os.PathLike[str]) -> Report:
    """Check the database at ``path``.

    Returns:
        What the file holds and every problem found; damage in one table does not end the check of others.

    Raises:
        NotADatabaseError, DatabaseFormatError, DatabaseCorruptError: there is no database of ours to look
            into: nothing or something else, a newer format, or a file that has lost its end.
        DatabaseLockedError, DatabaseWriteError: the file cannot be read now.
    """
    path = os.fspath(path)
    if not recognise(path):
        what = "is empty" if os.path.exists(path) else "does not exist"
        raise NotADatabaseError(message=f"{path} {what}; expected a database file")
    with looking(path) as connection:
        return _Examination(path, connection).report()


class _Examination:
    """One check under way: what was found so far."""

    def __init__(self, path: str, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection
        self._problems: list[Problem] = []
        self._rows = 0

    def report(self) -> Report:
        collections: list[int] = []
        if self._can_be_read():
            self._take("file", pages_and_indexes)
            if self._take("catalog", catalog.catalog_tables):
                for check in CATALOG_CHECKS:
                    self._take("catalog", check)
            with self._damage_at("table collections"):
                found = self._connection.execute("SELECT id FROM collections ORDER BY id")
                collections = [collection for (collection,) in found]
            for collection in collections:
                self._examine(collection)
        problems = tuple(dict.fromkeys(self._problems))
        return Report(self._path, len(collections), self._rows, problems)

    def _can_be_read(self) -> bool:
        """Whether SQLite can read its own list of tables, without which every look would say the same."""
        with self._damage_at("file"):
            self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return not self._problems

    def _examine(self, collection: int) -> None:
        found: Definition | Problem | None = None
        with self._damage_at(f"collection id {collection}"):
            found = definitions.read_definition(self._connection, collection)
        if isinstance(found, Problem):
            self._problems.append(found)
        elif found is not None and self._take(found.place, definitions.tables, found):
            with self._damage_at(f"{found.place}, rows"):
                (rows,) = self._connection.execute(f"SELECT count(*) FROM {found.rows}").fetchone()
                self._rows += rows
            for part, checks in COLLECTION_CHECKS.items():
                for check in checks:
                    self._take(f"{found.place}, {part}", check, found)

    def _take(self, place: str, check: Callable[..., Iterable[Problem]], *of: Definition) -> bool:
        """Keep what ``check`` finds; returns whether that is nothing."""
        known = len(self._problems)
        with self._damage_at(place):
            for problem in check(self._connection, *of):
                self._problems.append(problem)
        return len(self._problems) == known

    @contextmanager
    def _damage_at(self, place: str) -> Iterator[None]:
        """SQLite's errors inside the block are problems at ``place``, unless they speak of this moment."""
        try:
            yield
        except sqlite3.Error as error:
            fault = translate(error, self._path, BUSY_TIMEOUT)
            if isinstance(fault, (DatabaseLockedError, DatabaseWriteError)):
                raise fault from error
            self._problems.append(Problem(place, f"SQLite: {error}"))
        except UnicodeDecodeError as error:
            # SQLite quotes damaged names in its messages, and Python refuses to decode those.
            self._problems.append(Problem(place, f"SQLite: {error.object.decode(errors='replace')}"))
