"""The place of an open file: whether its path still names the same file.

Each call looks at the path, which costs one ``stat``. So no call reads from, or writes to, a file that has left
its path. Before each write and each new connection, a closer look includes the log.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing, suppress
from typing import Final

from ...errors import DatabaseReplacedError, DatabaseWriteError
from ..faults import FAULTS
from . import lineage
from .admission import INDEX, LOG, admit, row_in
from .identity import Identity, located, status
from .lineage import Lineage
from .open_files import OPENING, OpenFile, find, join, open_at, predecessor
from .wal_index import WalIndex

_LOOKS_WHEN_READING: Final = sys.platform != "win32"
"""On Windows no process can rename or remove an open file, and a look costs more than a search."""


class Place:
    """The file that a client has opened, at its path.

    Args:
        path: of the file; symbolic links are followed now, and not again.

    Raises:
        ParamError, NotADatabaseError, DatabaseWriteError: the path cannot hold a database.
    """

    def __init__(self, path: str, *, read_only: bool) -> None:
        self.given = path
        self.path = located(path)
        self.identity: Identity | None = None
        self._read_only = read_only
        self._fault: str | None = None
        self._device = self._number = self._changed = -1
        self._page: int | None = None
        self._in_file: Lineage | None = None
        self._lineage: Lineage | None = None

    def is_open_here(self) -> bool:
        """Whether this process has the file that is at the path open: then only SQLite may open it.

        The caller has ``OPENING``.
        """
        found = status(self.path)
        return found is not None and find(Identity.of(found)) is not None

    # Looks ------------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Check that the path still names the file, and that no other program has overwritten it.

        Raises:
            DatabaseReplacedError: the check failed. Every later call raises the same.
        """
        if self.identity is None or not (_LOOKS_WHEN_READING or self._fault):
            return
        try:
            found = os.stat(self.path)
        except OSError as error:
            raise self._gone(error) from error
        if (
            found.st_ino != self._number
            or found.st_mtime_ns != self._changed
            or found.st_dev != self._device
            or self._fault is not None
        ):
            self._look_at(found)

    def look_closely(self, *, writing: bool = False) -> int:
        """The same before a write or a new connection; returns the size of the log.

        Raises:
            DatabaseReplacedError: as ``look`` says, or the log was removed or replaced.
            DatabaseWriteError: the file has more than one name, each of which would have a log of its own.
        """
        try:
            found = os.stat(self.path)
        except OSError as error:
            raise self._gone(error) from error
        self._look_at(found)
        if writing:
            self._refuse_links(found.st_nlink)
        opened = find(self.identity)
        return 0 if opened is None else self._look_at_log(opened)

    def _look_at(self, found: os.stat_result) -> None:
        if self._fault is not None:
            raise DatabaseReplacedError(message=self._fault)
        if (found.st_dev, found.st_ino) != self.identity:
            raise self._refused("another file is there now")
        if found.st_mtime_ns == self._changed:
            return
        with OPENING.own:
            self._look_into()
        self._changed = found.st_mtime_ns

    def _look_into(self) -> None:
        """Check a file that was written: a checkpoint leaves our lineage in it, a stranger's write does not."""
        opened = find(self.identity)
        if opened is None or not opened.confirmed or self._lineage is None or self._page is None:
            return  # the check happens when it is opened
        known = self._in_file
        found = row_in(opened.descriptor, self._page)
        if not self._follows(found, known):
            with suppress(*FAULTS), closing(sqlite3.connect(opened.path)) as connection:
                self._page = lineage.place_of(connection)  # another tool's VACUUM may move it
            found = None if self._page is None else row_in(opened.descriptor, self._page)
            if not self._follows(found, known):
                opened.is_overwritten = True
                raise self._refused("its content was overwritten")
        self._in_file = found or self._in_file

    def _follows(self, found: Lineage | None, known: Lineage | None) -> bool:
        """Whether the row ``found`` in the file may come after what was ``known`` of it."""
        if known is None:  # its page was damaged, or not read yet
            return found is None or (self._lineage is not None and found.identity == self._lineage.identity)
        return found is not None and found.identity == known.identity and found.order >= known.order

    def _look_at_log(self, opened: OpenFile) -> int:
        try:
            log, index = os.stat(opened.path + LOG), os.stat(opened.path + INDEX)
        except FileNotFoundError as error:
            if not opened.confirmed or opened.logs is None:
                return 0
            raise self._without_log() from error
        except OSError as error:
            raise DatabaseWriteError(
                message=f"{self.given}: its log cannot be looked at ({error.strerror})"
            ) from error
        found = (log.st_dev, log.st_ino), (index.st_dev, index.st_ino)
        if opened.confirmed and opened.logs is not None and opened.logs != found:
            raise self._without_log()
        return log.st_size

    def _without_log(self) -> DatabaseReplacedError:
        return DatabaseReplacedError(
            message=f"{self.given}: {self.path}{LOG} or {self.path}{INDEX} was removed or replaced while the file "
            f"was open: close all its clients, which puts what they wrote into the file, and open a new one"
        )

    def _gone(self, error: OSError) -> DatabaseReplacedError | DatabaseWriteError:
        if self._fault is not None:
            return DatabaseReplacedError(message=self._fault)
        if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
            return DatabaseWriteError(
                message=f"{self.given}: the file cannot be looked at ({error.strerror})"
            )
        return self._refused("no file is there now")

    def _refused(self, found: str) -> DatabaseReplacedError:
        """The error of this and all later calls. The opened file shows what has happened to it."""
        with OPENING.own:  # or another thread may close the descriptor
            opened = find(self.identity)
            if opened is not None and opened.is_overwritten:
                what = "was overwritten"
            elif opened is not None and opened.links > 0:
                what = "was moved to another name" if "no file" in found else "was replaced"
            else:
                what = "was removed" if "no file" in found else "was replaced"
        self._fault = (
            f"{self.given} {what} while it was open: {found}, and this client works with the one that it opened "
            f"or none: open a new client"
        )
        return DatabaseReplacedError(message=self._fault)

    # Opening and closing ----------------------------------------------------------------------------------

    def enter(self, user: object) -> None:
        """``user`` is about to open a connection. The caller has ``OPENING``.

        Raises:
            DatabaseReplacedError: the path names another file than before, or another file's log is beside it.
            DatabaseWriteError: it cannot be opened, or has several names.
        """
        found = status(self.path)
        identity = None if found is None else Identity.of(found)
        if self._fault is not None or (self.identity is not None and identity != self.identity):
            self.look_closely()
        opened = join(identity, user)
        if opened is None:
            self._open(found, user)
            return
        try:
            self._join(opened)
            if len(opened.users) > 1:
                self.look_closely()
        except BaseException:
            opened.users.discard(user)
            opened.close_unused()
            raise

    def confirm(self, connection: sqlite3.Connection, user: object = None) -> None:
        """``connection`` was opened: read through it, which opens the log, and check that it has this file.

        Raises:
            DatabaseReplacedError: it is another file, or an earlier state of this one.
        """
        known = self._lineage  # before reading: another thread may read a later session in between
        found = lineage.read(connection)
        if found is not None:
            if known is not None and (found.identity != known.identity or found.order < known.order):
                raise self._refused("another database, or an earlier state of this one, is there now")
            with OPENING.own:
                if self._lineage is None or found.order >= self._lineage.order:
                    self._lineage = found
            if self._page is None:
                self._page = lineage.place_of(connection)
        self.look_closely()
        opened = find(self.identity)
        if opened is None or found is None:
            return
        opened.remember_logs()
        if self._in_file is None and self._page is not None:
            in_file = row_in(opened.descriptor, self._page)
            if in_file is not None and in_file.identity != found.identity:
                opened.is_overwritten = True
                raise self._refused("its content was overwritten")
            self._in_file = in_file
        if user is not None:
            opened.confirmed.add(user)

    def log_index(self) -> WalIndex | None:
        """The index of the log, where it can be read as long as the caller has a connection that is confirmed."""
        with OPENING.own:
            opened = find(self.identity)
            return None if opened is None else opened.index()

    def release(self, connection: sqlite3.Connection, user: object) -> None:
        """Close the connection of ``user``."""
        opened = find(self.identity)
        if opened is None:
            connection.close()
        else:
            opened.confirmed.discard(user)
            opened.end(connection)

    def leave(self, user: object) -> None:
        """The connection of ``user`` was closed, or could not be opened. The caller has ``OPENING``."""
        opened = find(self.identity)
        if opened is None:
            return
        opened.confirmed.discard(user)
        opened.users.discard(user)
        if not opened.users and self._fault is not None and not opened.is_overwritten:
            opened.remove_logs()
        opened.close_unused()

    def _open(self, found: os.stat_result | None, user: object) -> None:
        """The file is not open in this process: open it for ``user``, and tie this place to it from here on."""
        try:
            opened = open_at(self.path, makes=found is None, read_only=self._read_only)
        except OSError as error:
            raise DatabaseWriteError(
                message=f"{self.given}: the file cannot be opened ({error.strerror})"
            ) from error
        if opened is None:
            raise DatabaseReplacedError(message=f"{self.given} is being replaced: open it anew")
        try:
            if self.identity not in (None, opened.identity):
                raise self._refused("another file is there now")
            self._refuse_links(opened.links)
            before = predecessor(self.path, opened.identity)
            admit(self.path, opened.descriptor, may_write=not self._read_only, predecessor=before)
            opened.users.add(user)
        except BaseException:
            opened.users.discard(user)
            opened.close_unused()
            raise
        self.identity, (self._device, self._number) = opened.identity, opened.identity

    def _join(self, opened: OpenFile) -> None:
        """The file is open here already. If under another path, that one must still name it."""
        found = status(opened.path)
        identity = None if found is None else Identity.of(found)
        if found is None or identity is None or find(identity) is not opened:
            raise DatabaseReplacedError(
                message=f"{self.given} is open in this process under its former name {opened.path}: close the "
                f"client that has it, so that what was written is in the file"
            )
        if opened.is_overwritten:
            raise DatabaseReplacedError(
                message=f"{self.given} was overwritten while this process had it open: close the clients that "
                f"have it, and then open a new one"
            )
        if found.st_nlink > 1 and opened.path != self.path:
            raise DatabaseWriteError(
                message=f"{self.given} and {opened.path} are names (hard links) of one file, which is open in "
                f"this process by the latter: use that one"
            )
        self.path = opened.path
        self.identity, (self._device, self._number) = identity, identity

    def _refuse_links(self, links: int) -> None:
        if links > 1 and not self._read_only:
            raise DatabaseWriteError(
                message=f"{self.given} has {links} names (hard links), and so could get as many logs, each with a "
                f"part of what is written: remove the others, or copy the file"
            )

    def fold_when_moved(self, connection: sqlite3.Connection) -> None:
        """The file has another name: fold its log into it, so that it has everything that was written."""
        opened = find(self.identity)
        if opened is not None:
            opened.fold_when_moved(connection)
