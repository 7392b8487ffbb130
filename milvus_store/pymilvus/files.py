"""The files that pymilvus has opened in this process, and the uris by which it calls them.

A file stays open when its clients are closed, for pymilvus keeps connections beyond them. It may be removed
meanwhile and made anew: whoever opens the path then gets the new file, and clients of the old one hear from the
engine that it is gone.
"""

from __future__ import annotations

import itertools
import os
import threading
from dataclasses import dataclass
from typing import Final

from milvus_store_lite import PerProcess, identity_of

from ..errors import NotADatabaseError
from ..server.served_file import ServedFile
from ..server.service import OpenDoor
from .lite_data import refuse_lite_data


@dataclass(frozen=True, slots=True)
class _Opened:
    """A file that is open. ``identity``: which one it is, whatever comes to be at its path."""

    file: ServedFile
    uri: str
    identity: object


class Files:
    """The open files of a process and of its forked children, each of which goes on with them by itself."""

    def __init__(self) -> None:
        self._lock = PerProcess(threading.Lock)
        self._numbers = itertools.count(1)
        self._opened: dict[str, _Opened] = {}
        self._by_uri: dict[str, ServedFile] = {}

    def uri(self, path: str) -> str:
        """The uri of the file at ``path``, which is opened if need be, and made if there is none.

        Raises:
            MilvusException: the file cannot be opened or is not a database of ours.
        """
        name = os.path.realpath(path)
        with self._lock.own:
            opened = self._opened.get(name)
            if opened is None or opened.identity != identity_of(name):
                opened = self._opened[name] = self._open(name)
            return opened.uri

    def _open(self, path: str) -> _Opened:
        try:
            file = ServedFile(path, guard=OpenDoor())
        except NotADatabaseError as error:
            refuse_lite_data(path, error)
            raise
        # The scheme that pymilvus hands on as it is. A child may open files that its parent has not.
        uri = f"unix:milvus-store-{os.getpid()}-{next(self._numbers)}"
        self._by_uri[uri] = file
        return _Opened(file, uri, identity_of(path))

    def at(self, uri: str) -> ServedFile | None:
        """The open file with this uri; None if it is none of ours."""
        return self._by_uri.get(uri)

    def release(self, path: str) -> None:
        """Close the file at ``path``. Calls under way go on to their end."""
        with self._lock.own:
            opened = self._opened.pop(os.path.realpath(path), None)
        if opened is not None:
            self._by_uri.pop(opened.uri, None)
            opened.file.close()

    def close(self) -> None:
        """Close every file, also those that were replaced. Calls under way go on to their end."""
        with self._lock.own:
            self._opened.clear()
            files = list(self._by_uri.values())
            self._by_uri.clear()
        for file in files:
            file.close()


FILES: Final = Files()
"""The ones of this process."""
