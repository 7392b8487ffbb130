"""The files that this process has open, by their identity.

Each has a descriptor beside SQLite's own, by which it can be looked at whatever its name is by now, and so has the
index of its log. To close one drops all locks that SQLite has on that file
(https://www.sqlite.org/howtocorrupt.html), so that both are closed after the last connection. Files come and go
with ``OPENING``.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from ...process.children import PerProcess
from .admission import INDEX, LOG, Predecessor, empty_log
from .file_locks import alone
from .identity import Identity, identity_at
from .wal_index import IS_READABLE, WalIndex

_FLAGS: Final = (
    getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOINHERIT", 0)
    | getattr(os, "O_NONBLOCK", 0)
)
_MODE: Final = 0o644  # as SQLite makes files

OPENING: Final = PerProcess(threading.RLock)
"""Held while this process examines a file that it may not have open.

Reentrant: the garbage collection may close a client while this thread opens another. So a file without users may
be closed at any step, with ``OPENING`` as well: it keeps out other threads only.
"""

_files: dict[Identity, OpenFile] = {}


@dataclass(eq=False)
class OpenFile:
    """A file that this process has open at ``path``."""

    path: str
    identity: Identity
    descriptor: int
    users: set[object] = field(default_factory=set)
    """The owners of connections that are open, or about to be."""
    confirmed: set[object] = field(default_factory=set)
    """Those of them that certainly have the log open, so that no other process removes it."""
    logs: tuple[Identity, Identity] | None = None
    """The log and its index, once they are there."""
    indexes: dict[Identity, int] = field(default_factory=dict)
    """Descriptors of the index of the log: of the one that is there now, and of those that were removed."""
    is_overwritten: bool = False
    """Whether it has another's content. Then its log must not be folded into it, even on closing."""
    is_folded: bool = False
    """Whether it was moved, and has everything that was in its log."""

    @property
    def links(self) -> int:
        """How many names it has."""
        return os.fstat(self.descriptor).st_nlink

    def remember_logs(self) -> None:
        """A connection has opened the log: from now on it is that one, as long as a confirmed one is open."""
        if not self.confirmed or self.logs is None:
            log, index = identity_at(self.path + LOG), identity_at(self.path + INDEX)
            self.logs = None if log is None or index is None else (log, index)

    def index(self) -> WalIndex | None:
        """The index of the log, where it can be read. The caller has ``OPENING``, and a connection that is
        confirmed."""
        if not IS_READABLE or self.logs is None:
            return None
        _, identity = self.logs
        if identity not in self.indexes and identity_at(self.path + INDEX) == identity:
            with suppress(OSError):
                descriptor = os.open(self.path + INDEX, os.O_RDONLY | _FLAGS)
                self.indexes[Identity.of(os.fstat(descriptor))] = descriptor
        if identity not in self.indexes:
            return None
        index = WalIndex(self.indexes[identity])
        return index if index.is_known else None

    def end(self, connection: sqlite3.Connection) -> None:
        """Close ``connection``, without folding the log into a file that was overwritten.

        SQLite takes the last connection for the one to do that, and to remove the log. Where a file was replaced
        or removed it sees so by itself (``databaseIsUnmoved`` in its pager.c), but not that the same file has
        other content. So its log is emptied, and SQLite finds nothing to fold; a copy is kept. Python 3.12 can
        also keep it from trying.
        """
        if self.is_overwritten:
            if sys.version_info >= (3, 12):
                connection.setconfig(sqlite3.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, True)
            if self.logs is not None and identity_at(self.path + LOG) == self.logs[0]:
                empty_log(self.path)
        connection.close()

    def fold_when_moved(self, connection: sqlite3.Connection) -> None:
        """Fold the log, which does not go with a file that is moved, into it, if no other process uses it."""
        if self.is_overwritten or self.is_folded or self.links == 0:
            return
        with alone(self.descriptor, is_open_here=True) as is_alone:
            if is_alone:
                connection.execute("PRAGMA busy_timeout = 0")
                (is_kept, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                self.is_folded = not is_kept

    def remove_logs(self) -> None:
        """Remove the log of a file that has no name any more, or of one that was moved and has it all.

        Other processes that had the file, or take its place, do the same.
        """
        names = self.path + LOG, self.path + INDEX
        if self.logs is None or self.logs != tuple(identity_at(name) for name in names):
            return
        with suppress(FileNotFoundError):
            if self.links == 0 or os.stat(names[0]).st_size == 0:
                for name in names:
                    os.remove(name)

    def close_unused(self) -> None:
        """Close the file's descriptors if no connection to it is open, and they are not closed yet."""
        if self.users or _files.pop(self.identity, None) is None:
            return
        for descriptor in (self.descriptor, *self.indexes.values()):
            os.close(descriptor)


def find(identity: Identity | None) -> OpenFile | None:
    """The file, if this process has it open."""
    return None if identity is None else _files.get(identity)


def join(identity: Identity | None, user: object) -> OpenFile | None:
    """The same, which has one more user from here on."""
    opened = find(identity)
    if opened is not None:
        opened.users.add(user)
    return opened if find(identity) is opened else None  # or its last user went before this one came


def open_at(path: str, *, makes: bool, read_only: bool) -> OpenFile | None:
    """The file at ``path``, to which no connection is open yet; None if one is: the file was just moved there.

    Raises:
        OSError: it cannot be opened.
    """
    descriptor = _descriptor(path, makes=makes, read_only=read_only)
    identity = Identity.of(os.fstat(descriptor))
    if identity in _files:
        return None  # Not closed: SQLite would lose its locks.
    return _files.setdefault(identity, OpenFile(path, identity, descriptor))


def predecessor(path: str, identity: Identity) -> Predecessor | None:
    """The other file that this process has opened at ``path``, if any."""
    before = [one for one in list(_files.values()) if one.path == path and one.identity != identity]
    return Predecessor(is_gone=all(opened.links == 0 for opened in before)) if before else None


def _descriptor(path: str, *, makes: bool, read_only: bool) -> int:
    if read_only and not os.access(path, os.W_OK):
        return os.open(path, os.O_RDONLY | _FLAGS)
    try:
        return os.open(path, os.O_RDWR | (os.O_CREAT if makes else 0) | _FLAGS, _MODE)
    except PermissionError:
        return os.open(path, os.O_RDONLY | _FLAGS)
