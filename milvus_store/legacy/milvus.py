"""``Milvus``: all legacy calls in one class."""

from __future__ import annotations

from .collections import CollectionCalls
from .connection import CLIENT_VERSION
from .entities import EntityCalls
from .indexes import IndexCalls
from .maintenance import MaintenanceCalls
from .search import SearchCalls

__all__ = ["CLIENT_VERSION", "Milvus"]


class Milvus(CollectionCalls, SearchCalls, IndexCalls, EntityCalls, MaintenanceCalls):
    """pymilvus 0.2.12's client on a file, or on a current server."""
