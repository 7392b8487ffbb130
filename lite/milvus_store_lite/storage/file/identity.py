"""Which file a path names: its identity, whatever the names that lead to it.

Device and file number together are one file's alone as long as it exists (on Windows ``os.stat`` gives the number
of the volume and the file id). Nothing here opens a file.
"""

from __future__ import annotations

import os
import stat
from typing import Final, NamedTuple

from ...errors import DatabaseWriteError, NotADatabaseError, ParamError

_KINDS: Final = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class Identity(NamedTuple):
    """The identity of a file; no two files have the same at the same time."""

    device: int
    number: int

    @classmethod
    def of(cls, found: os.stat_result) -> Identity:
        return cls(found.st_dev, found.st_ino)


def path_of(given: object, expected: str) -> str:
    """The path that a user gave.

    Args:
        expected: the error for what is none: ``"target must be the path of a new file"``.
    """
    try:
        path = os.fsdecode(os.fspath(given))  # type: ignore[call-overload]
    except (TypeError, UnicodeError) as error:
        raise ParamError(message=f"{expected}, got {given!r}") from error
    if not path:
        raise ParamError(message=f"{expected}, got ''")
    return path


def located(path: str) -> str:
    """The absolute path without symbolic links: it stays the same when the process or a link goes elsewhere.

    Raises:
        ParamError: no file can have this name.
        NotADatabaseError: it is that of a directory.
        DatabaseWriteError: the links lead nowhere.
    """
    if path.endswith(tuple(filter(None, (os.sep, os.altsep)))):
        raise NotADatabaseError(message=f"{path} names a directory; expected the path of a database file")
    try:
        return os.path.realpath(os.fsdecode(os.fsencode(path)))
    except (ValueError, UnicodeError) as error:
        raise ParamError(
            message=f"the path of a database must name a file, got {path!r} ({error})"
        ) from error
    except OSError as error:
        raise _unreadable(path, error) from error


def status(path: str) -> os.stat_result | None:
    """The file system's ``stat`` of the file at ``path``; None if no file is there.

    Raises:
        NotADatabaseError: it is not a file but a directory, a pipe or the like, which could block a call.
        DatabaseWriteError: the system refuses to read its status.
        ParamError: no file can have this name.
    """
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, UnicodeError) as error:
        raise ParamError(
            message=f"the path of a database must name a file, got {path!r} ({error})"
        ) from error
    except OSError as error:
        raise _unreadable(path, error) from error
    if not stat.S_ISREG(found.st_mode):
        kind = next((name for is_it, name in _KINDS if is_it(found.st_mode)), "no file")
        raise NotADatabaseError(message=f"{path} is {kind}; expected the path of a database file")
    return found


def identity_of(path: str) -> Identity | None:
    """The identity of the file at ``path``; None if no file is there. Raises what ``status`` raises."""
    found = status(path)
    return None if found is None else Identity.of(found)


def identity_at(path: str) -> Identity | None:
    """The identity of whatever is at ``path``; None if it is missing or not accessible."""
    try:
        return Identity.of(os.stat(path))
    except OSError:
        return None


def _unreadable(path: str, error: OSError) -> DatabaseWriteError:
    return DatabaseWriteError(message=f"{path!r:.300}: the file cannot be looked at ({error.strerror})")
