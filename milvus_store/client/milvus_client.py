"""``MilvusClient``: every group of calls in one class."""

from __future__ import annotations

from typing import Any

from .address import is_server
from .aliases import AliasCalls
from .alterations import AlterationCalls
from .analysis import AnalysisCalls
from .collections import CollectionCalls
from .creation import CreationCalls
from .databases import DatabaseCalls
from .hybrid import HybridCalls
from .indexes import IndexCalls
from .iteration import IterationCalls
from .maintenance import MaintenanceCalls
from .partitions import PartitionCalls
from .rows import RowCalls
from .search import SearchCalls
from .tenants import TenantCalls
from .unserved import UnservedCalls


class MilvusClient(
    DatabaseCalls,
    CollectionCalls,
    CreationCalls,
    AlterationCalls,
    PartitionCalls,
    AliasCalls,
    IndexCalls,
    RowCalls,
    SearchCalls,
    HybridCalls,
    IterationCalls,
    TenantCalls,
    AnalysisCalls,
    MaintenanceCalls,
    UnservedCalls,
):
    """pymilvus's ``MilvusClient`` on a file, or through pymilvus on a server.

    >>> import tempfile
    >>> with MilvusClient(tempfile.mkdtemp() + "/demo.db") as client:
    ...     client.create_collection("docs", dimension=2)
    ...     _ = client.insert("docs", [{"id": 1, "vector": [0.0, 1.0], "color": "red"}])
    ...     client.search("docs", [[0.0, 2.0]], output_fields=["color"])
    data: [[{'id': 1, 'distance': 1.0, 'entity': {'color': 'red'}}]]
    """

    def __new__(cls, uri: Any = "", *args: Any, **kwargs: Any) -> MilvusClient:
        """An instance for a file, or for a server if ``uri`` is the address of one."""
        if not is_server(uri):
            return super().__new__(cls)
        from ..remote import RemoteMilvusClient  # whoever works on files needs none of it

        if issubclass(cls, RemoteMilvusClient):
            return super().__new__(cls)
        # A subclass keeps its own methods; below them, calls go to the server and not to a file.
        kind = (
            RemoteMilvusClient if cls is MilvusClient else type(cls.__name__, (cls, RemoteMilvusClient), {})
        )
        return super().__new__(kind)
