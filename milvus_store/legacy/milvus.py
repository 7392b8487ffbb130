"""``Milvus``: all legacy calls in one class."""

from __future__ import annotations

from .collections import CollectionCalls
from .connection import CLIENT_VERSION
from .entities import EntityCalls
from .indexes import IndexCalls
from .searching import SearchCalls
from .upkeep import UpkeepCalls

__all__ = ["CLIENT_VERSION", "Milvus"]


class Milvus(CollectionCalls, SearchCalls, IndexCalls, EntityCalls, UpkeepCalls):
    """pymilvus 0.2.12's client on a file, or on a server of today."""
