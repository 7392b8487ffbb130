"""The servers of this process: one for each file that pymilvus has opened, at an address that only it can use.

A server ends with the process and not with its clients, for pymilvus keeps connections beyond them. The file may
be removed meanwhile and made anew: whoever opens the path then gets a server of the new file, and clients of the
old one hear from the engine that it is gone.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from multiprocessing import parent_process, util
from typing import Final

from milvus_store_lite import PerProcess, identity_of

from ..errors import NotADatabaseError
from ..server.endpoint import MilvusServer
from ..server.service import OpenDoor
from .addresses import Addresses, private_addresses
from .lite_data import refuse_lite_data

_GRACE: Final = 5.0
"""Seconds for calls under way when a file is closed while the process goes on."""


@dataclass(frozen=True, slots=True)
class _Served:
    """A file that is served. ``identity``: which one it is, whatever comes to be at its path."""

    server: MilvusServer
    uri: str
    identity: object


class Servers:
    """The servers of one process. A forked child has its own, for it inherits no thread that could answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._addresses: Addresses | None = None
        self._served: dict[str, _Served] = {}
        self._replaced: list[_Served] = []
        self._ended: list[_Served] = []

    def address(self, path: str) -> str:
        """Where pymilvus reaches the file at ``path``, which is opened if need be, and made if there is none.

        Raises:
            MilvusException: the file cannot be opened or is not a database of ours.
        """
        name = os.path.realpath(path)
        with self._lock:
            served = self._served.get(name)
            if served is None or served.identity != identity_of(name):
                started = self._started(name)
                if served is not None:
                    self._replaced.append(served)
                served = self._served[name] = started
            return served.uri

    def _started(self, path: str) -> _Served:
        if self._addresses is None:
            self._addresses = private_addresses()
            if parent_process() is not None:  # such a child runs no handlers of ``atexit``
                util.Finalize(None, self.close_at_exit, exitpriority=0)
        try:
            server = MilvusServer(path, self._addresses.free(), guard=self._addresses.guard or OpenDoor())
        except NotADatabaseError as error:
            refuse_lite_data(path, error)
            raise
        server.start()
        return _Served(server, self._addresses.dialled(server.uri), identity_of(path))

    def release(self, path: str) -> None:
        """Close the file at ``path`` after the calls under way."""
        with self._lock:
            served = self._served.pop(os.path.realpath(path), None)
        if served is not None:
            served.server.stop(_GRACE)

    def close(self) -> None:
        """Close every file after the calls under way, and give the addresses up."""
        for served in self._leave():
            served.server.stop(_GRACE)

    def close_at_exit(self) -> None:
        """The same as the process ends; what it calls all the same is refused."""
        self._ended = self._leave()  # gRPC stops a server that is collected
        for served in self._ended:
            served.server.close()

    def _leave(self) -> list[_Served]:
        """All that was served, which this forgets together with the addresses."""
        with self._lock:
            served = [*self._served.values(), *self._replaced]
            addresses, self._addresses = self._addresses, None
            self._served, self._replaced = {}, []
        if addresses is not None:
            addresses.close()
        return served


def _begin() -> Servers:
    servers = Servers()
    _kept.append(servers)
    return servers


_kept: Final[list[Servers]] = []
"""In a forked child also those of its parent: gRPC would wait for the parent's threads if they were collected."""

SERVERS: Final = PerProcess(_begin)
"""The ones of this process."""
