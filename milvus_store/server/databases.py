"""The databases in the file that is served, each through a client of its own."""

from __future__ import annotations

import copy
from typing import Final

from milvus_store_lite import Collection

from ..client.milvus_client import MilvusClient

_KEPT: Final = 64
"""Databases whose clients are kept; a file has at most as many."""


class Databases:
    """Clients of the databases in the file that ``client`` has open. Threads share them.

    A client asks the file at each call whether its database still exists.
    """

    def __init__(self, client: MilvusClient) -> None:
        self.default = client
        self._clients: dict[str, MilvusClient] = {"": client, "default": client}

    def client(self, name: str) -> MilvusClient:
        """The client of the database called ``name``.

        Raises:
            DatabaseNotExistException: the file has no such database.
        """
        known = self._clients.get(name)
        if known is None:
            known = copy.copy(self.default)
            known.use_database(name)
            if len(self._clients) > _KEPT:
                self._clients = {"": self.default, "default": self.default}
            self._clients[name] = known
        return known


def collection_of(client: MilvusClient, name: str) -> Collection:
    """The engine's collection called ``name``: what the server sends, it takes from there column by column."""
    return client._collection(name)
