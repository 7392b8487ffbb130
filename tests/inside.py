"""What tests look at behind a client: the engine's file, and what this process keeps of a collection."""

from __future__ import annotations

from milvus_store import MilvusClient
from milvus_store_lite.collection.session import CollectionState
from milvus_store_lite.database_file import DatabaseFile


def file_of(client: MilvusClient) -> DatabaseFile:
    """The file that ``client`` has open."""
    return client._file


def state_of(client: MilvusClient) -> CollectionState:
    """What is kept of the one collection that was used."""
    (state,) = file_of(client).opener.states.values()
    return state
