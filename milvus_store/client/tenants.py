"""A client bound to one tenant of one collection."""

from __future__ import annotations

from typing import Any, NoReturn

from milvus_store_lite import ParamError, TenantCollection

from .calls import Calls, call
from .hybrid import HybridCalls
from .iteration import IterationCalls
from .rows import RowCalls
from .search import SearchCalls


class TenantClient(RowCalls, SearchCalls, HybridCalls, IterationCalls):
    """The calls on rows of ``MilvusClient``, for the rows of one tenant; see ``MilvusClient.for_tenant``.

    It lives as long as the client it came from, which also closes it.
    """

    def __init__(self, client: Calls, collection_name: str, tenant: str | int) -> None:
        self.uri = client.uri
        self.collection_name = collection_name
        self.tenant = client._collection(collection_name).stored_tenant(tenant)
        self.strict = client.strict
        self._client = client
        self._local = client._local

    def _collection(self, collection_name: str) -> TenantCollection:
        if collection_name != self.collection_name:
            raise ParamError(
                message=f"these calls are bound to the tenant {self.tenant!r:.80} of collection "
                f"'{self.collection_name}', got collection {collection_name!r:.80}"
            )
        return TenantCollection(self._client._collection(self.collection_name), self.tenant)

    @property
    def _database(self) -> NoReturn:
        raise AssertionError("calls of a tenant go through its collection")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._client, self.collection_name, self.tenant)

    def close(self) -> None:
        """Nothing of its own is open: the client it came from holds the file."""


class TenantCalls(Calls):
    @call
    def for_tenant(self, collection_name: str, tenant: str | int) -> TenantClient:
        """The calls on rows, bound to the rows whose partition key is ``tenant``.

        Whatever filter, ids or iterator they are given, they see, count, find and delete rows of this tenant
        only, and search by no other row's vector; full text is ranked by the statistics of the tenant's rows.
        Rows they write get the tenant; a row of another tenant, or a primary key that another tenant's row has,
        is an error.

        >>> import tempfile
        >>> from milvus_store import DataType, MilvusClient
        >>> client = MilvusClient(tempfile.mkdtemp() + "/demo.db")
        >>> schema = client.create_schema()
        >>> schema = schema.add_field("id", DataType.INT64, is_primary=True)
        >>> schema = schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
        >>> schema = schema.add_field("tenant", DataType.VARCHAR, max_length=64, is_partition_key=True)
        >>> index = client.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
        >>> client.create_collection("docs", schema=schema, index_params=index)
        >>> rows = [{"id": n, "vector": [0.0, 1.0], "tenant": who} for n, who in enumerate(["ann", "bob"])]
        >>> _ = client.insert("docs", rows)
        >>> bound = client.for_tenant("docs", "ann")
        >>> bound.query("docs", 'tenant == "bob" or true', output_fields=["id"])
        data: ["{'id': 0}"]

        Raises:
            ParamError: the collection has no partition key, or ``tenant`` does not fit it: None, another type, a
                text that is too long.
        """
        return TenantClient(self, collection_name, tenant)
