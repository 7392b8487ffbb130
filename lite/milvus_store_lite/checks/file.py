"""One check of a file, from its pages to its rows.

It reads one state of the file in one transaction, while other processes may use the file, and writes nothing. It
checks the invariants that docs/internals/format.md names.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from typing import Final

from ..errors import DatabaseLockedError, DatabaseWriteError
from ..process.progress import OnProgress, Reports, heard
from ..storage.faults import FAULTS, message_of, translate
from ..storage.file.open_files import OPENING
from ..storage.file.opening import connect_read_only, require_database
from ..storage.file.place import Place
from ..storage.migrations import FORMATS
from . import catalog, checksums, definitions, history, indexes, scalars, vectors
from .definitions import Definition
from .pages import pages_and_indexes
from .report import Problem, Report

_BUSY_TIMEOUT: Final = 30.0

FileCheck = Callable[[sqlite3.Connection], Iterable[Problem]]
CollectionCheck = Callable[[sqlite3.Connection, Definition], Iterable[Problem]]

CATALOG_CHECKS: Final[tuple[FileCheck, ...]] = (
    catalog.catalog_values,
    catalog.references,
    catalog.orphan_tables,
    definitions.databases,
    definitions.snapshots,
    checksums.databases,
    checksums.users,
)
"""The checks of the catalog, once ``catalog.catalog_tables`` has found its tables."""

COLLECTION_CHECKS: Final[dict[str, tuple[CollectionCheck, ...]]] = {
    "definition": (definitions.definition, definitions.indexes, checksums.definition),
    "rows": (scalars.scalars, scalars.texts, scalars.documents, scalars.arrays, checksums.scalars),
    "vectors": (
        vectors.pairing,
        vectors.lengths,
        vectors.contents,
        vectors.structs,
        vectors.terms,
        checksums.terms,
    ),
    "stored indexes": (indexes.stored_indexes,),
    "removals": (history.position, history.times, history.tenants, history.removals),
}
"""By what they read: what is checked of a collection once its tables were found, with their columns."""


def check_file(path: str | os.PathLike[str], progress: OnProgress | None = None) -> Report:
    """Check the database at ``path``, in a process that does not use it: this one loses its locks on the file.

    Args:
        progress: is told how much is checked. If it raises, the check ends.

    Returns:
        What the file holds and every problem found; damage in one table does not end the check of others.

    Raises:
        NotADatabaseError, DatabaseFormatError, DatabaseCorruptError: there is no database of ours to look
            into: nothing or something else, another format, or a file that has lost its end.
        DatabaseReplacedError: the log that lies beside it is another file's.
        DatabaseLockedError, DatabaseWriteError: the file cannot be read now.
    """
    path = os.fspath(path)
    require_database(path)
    return heard(lambda reports: _check(path, reports), progress)


def _check(path: str, reports: Reports) -> Report:
    try:
        with _admitted(path), closing(connect_read_only(path, _BUSY_TIMEOUT)) as connection:
            connection.execute("PRAGMA cell_size_check = ON")
            connection.execute("BEGIN")
            with reports.interrupting(connection):
                return _Examination(path, connection, reports).report()
    except FAULTS as error:
        raise translate(error, path, _BUSY_TIMEOUT) from error


@contextmanager
def _admitted(path: str) -> Iterator[None]:
    """The file may be opened during the block: its log is its own."""
    place, check = Place(path, read_only=True), object()
    with OPENING.own:
        place.enter(check)
    try:
        yield
    finally:
        with OPENING.own:
            place.leave(check)


class _Examination:
    """A check under way, and its results so far."""

    def __init__(self, path: str, connection: sqlite3.Connection, reports: Reports) -> None:
        self._path = path
        self._connection = connection
        self._reports = reports
        self._problems: list[Problem] = []
        self._rows = 0

    def report(self) -> Report:
        collections: list[int] = []
        if self._can_be_read():
            FORMATS.refuse_older(self._connection, self._path)
            self._check_pages()
            if self._take("catalog", catalog.catalog_tables):
                for check in CATALOG_CHECKS:
                    self._take("catalog", check)
            with self._damage_at("table collections"):
                found = self._connection.execute("SELECT id FROM collections ORDER BY id")
                collections = [collection for (collection,) in found]
            self._check_rows(collections)
        problems = tuple(dict.fromkeys(self._problems))
        return Report(self._path, len(collections), self._rows, problems)

    def _check_pages(self) -> None:
        pages = 0
        with suppress(*FAULTS):
            (pages,) = self._connection.execute("PRAGMA page_count").fetchone()
        self._reports.tell("checking pages", 0, pages, "pages")
        self._take("file", pages_and_indexes)
        self._reports.tell("checking pages", pages, pages, "pages")

    def _check_rows(self, collections: Sequence[int]) -> None:
        """Examine the collections. Each check of one counts for an equal part of its rows."""
        sizes = {collection: self._expected_rows(collection) for collection in collections}
        before, total = 0, sum(sizes.values())
        for collection, size in sizes.items():
            for share in self._examine(collection):
                self._reports.tell("checking rows", before + int(share * size), total, "rows")
            before += size
            self._reports.tell("checking rows", before, total, "rows")

    def _expected_rows(self, collection: int) -> int:
        """How many rows a collection has, if its position is not damaged."""
        with suppress(*FAULTS):
            found = self._connection.execute(
                "SELECT max(0, last_seq - last_change) FROM collections WHERE id = ?", (collection,)
            ).fetchone()
            if found is not None and isinstance(found[0], int):
                return found[0]
        return 0

    def _can_be_read(self) -> bool:
        """Whether SQLite can read its own list of tables, without which every look would say the same."""
        with self._damage_at("file"):
            self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return not self._problems

    def _examine(self, collection: int) -> Iterator[float]:
        """Check one collection; gives which share of the checks is done, after each."""
        found: Definition | Problem | None = None
        with self._damage_at(f"collection id {collection}"):
            found = definitions.read_definition(self._connection, collection)
        if isinstance(found, Problem):
            self._problems.append(found)
        elif found is not None and self._take(found.place, definitions.tables_and_columns, found):
            with self._damage_at(f"{found.place}, rows"):
                (rows,) = self._connection.execute(f"SELECT count(*) FROM {found.layout.rows}").fetchone()
                self._rows += rows
            checks = [(part, check) for part, checks in COLLECTION_CHECKS.items() for check in checks]
            for number, (part, check) in enumerate(checks):
                yield number / len(checks)
                self._take(f"{found.place}, {part}", check, found)

    def _take(self, place: str, check: Callable[..., Iterable[Problem]], *of: Definition) -> bool:
        """Keep the problems that ``check`` finds; returns whether it finds none."""
        known = len(self._problems)
        with self._damage_at(place):
            for problem in check(self._connection, *of):
                self._problems.append(problem)
        return len(self._problems) == known

    @contextmanager
    def _damage_at(self, place: str) -> Iterator[None]:
        """Inside the block, SQLite's errors are problems at ``place``, unless they are temporary."""
        try:
            yield
        except FAULTS as error:
            fault = translate(error, self._path, _BUSY_TIMEOUT)
            if isinstance(fault, (DatabaseLockedError, DatabaseWriteError)):
                raise fault from error
            self._problems.append(Problem(place, f"SQLite: {message_of(error)}"))
