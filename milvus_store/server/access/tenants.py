"""What a role that is bound to a tenant may do: calls on its rows, and those that tell of no rows."""

from __future__ import annotations

from typing import Final

from milvus_store_lite import Collection, TenantBinding, TenantCollection

from ...client.milvus_client import MilvusClient
from ..protocol import Message

ROW_CALLS: Final = frozenset({"Insert", "Upsert", "Delete", "Query", "Search", "HybridSearch"})
"""They go through a client that has no rows but the tenant's."""

OTHER_CALLS: Final = frozenset(
    {
        *("HasCollection", "DescribeCollection", "BatchDescribeCollection", "DescribeAlias", "RunAnalyzer"),
        *("HasPartition", "ShowPartitions", "DescribeIndex"),
        *("LoadCollection", "LoadPartitions", "GetLoadState", "GetLoadingProgress"),
        *("Flush", "GetFlushState"),
    }
)
"""They tell what the collection is like, and change nothing that another tenant could miss."""


class BoundClient(MilvusClient):
    """The database that ``client`` has open, with the rows of one tenant."""

    _tenant: str | int

    @classmethod
    def of(cls, client: MilvusClient, binding: TenantBinding) -> BoundClient:
        bound = object.__new__(cls)
        bound.__dict__.update(client.__dict__, _tenant=binding.tenant)
        return bound

    def _collection(self, collection_name: str) -> Collection:
        return TenantCollection(super()._collection(collection_name), self._tenant)


def without_counts(response: Message) -> Message:
    """The description of an index, which would tell how many rows all tenants have."""
    for index in getattr(response, "index_descriptions", ()):
        index.indexed_rows = index.total_rows = index.pending_index_rows = 0
    return response
