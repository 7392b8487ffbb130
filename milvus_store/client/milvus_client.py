"""``MilvusClient``: every group of calls in one class."""

from __future__ import annotations

from .aliases import AliasCalls
from .alterations import AlterationCalls
from .collections import CollectionCalls
from .databases import DatabaseCalls
from .indexes import IndexCalls
from .maintenance import MaintenanceCalls
from .partitions import PartitionCalls
from .rows import RowCalls
from .search import SearchCalls
from .unserved import UnservedCalls


class MilvusClient(
    DatabaseCalls,
    CollectionCalls,
    AlterationCalls,
    PartitionCalls,
    AliasCalls,
    IndexCalls,
    RowCalls,
    SearchCalls,
    MaintenanceCalls,
    UnservedCalls,
):
    """pymilvus's ``MilvusClient`` on a file.

    >>> import tempfile
    >>> with MilvusClient(tempfile.mkdtemp() + "/demo.db") as client:
    ...     client.create_collection("docs", dimension=2)
    ...     _ = client.insert("docs", [{"id": 1, "vector": [0.0, 1.0], "color": "red"}])
    ...     client.search("docs", [[0.0, 2.0]], output_fields=["color"])
    data: [[{'id': 1, 'distance': 1.0, 'entity': {'color': 'red'}}]]
    """
