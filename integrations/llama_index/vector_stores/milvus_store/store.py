"""``MilvusVectorStore``: LlamaIndex's interface of a vector store.

Functions of the neighbouring modules prepare and answer each call. The synchronous and the asynchronous form
differ only in where they wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llama_index.core.bridge.pydantic import BaseModel
from llama_index.core.schema import BaseNode
from llama_index.core.vector_stores.types import (
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryResult,
)
from typing_extensions import Self

from milvus_store.backends.address import is_server
from milvus_store.errors import CollectionExistsError

from . import calls, creation, plain, queries
from .calls import Call
from .filters import one_of
from .opening import OpenStore
from .rows import to_nodes, to_rows
from .sparse import is_built_in


class MilvusVectorStore(OpenStore):
    """Nodes, their embeddings and metadata in a collection of a milvus-store database, or of a Milvus server.

    Arguments and methods are those of ``llama_index.vector_stores.milvus.MilvusVectorStore``. Differences:

    * Filters become trees, so no value can change them; every ``FilterOperator`` and nested AND, OR, NOT work.
    * ``dim`` may be left out: the first nodes decide it.
    * A node that is added again replaces the older one, with ``upsert_mode`` and without.
    * After ``clear()`` the store is empty and can still be used.
    * ``string_expr`` and the filters apply together: neither replaces the other.

    Args:
        uri, token: the file, or the server and its credentials.
        collection_name: created if it does not exist.
        overwrite: remove a collection of this name first.
        upsert_mode: write with ``upsert`` instead of ``insert``.
        collection_properties: set on the collection, new or not.
        doc_id_field, text_key, embedding_field, sparse_embedding_field: names of the fields.
        scalar_field_names, scalar_field_types: metadata keys that become fields with a type.
        enable_dense, dim, index_config, similarity_metric: of the embeddings; IP, COSINE or L2. Left out, dim and
            metric are those of the collection, or the first nodes' dimension and IP for a new one.
        search_config: parameters of every search, such as ``{"nprobe": 16}``.
        enable_sparse, sparse_embedding_function, sparse_index_config: of sparse vectors beside them; BM25 inside
            the database when no function is given.
        hybrid_ranker, hybrid_ranker_params: ``"RRFRanker"`` with ``{"k": 60}``, or ``"WeightedRanker"`` with
            ``{"weights": [dense, sparse]}``.
        output_fields: answer with these metadata keys instead of whole nodes.
        batch_size: nodes in one request to a server. A file takes all nodes of a call in one transaction.
        use_async_client: whether asynchronous calls run in the threads of a client, or in asyncio's.

    A store can be pickled, deep-copied, and serialized by ``to_dict`` and ``from_dict``: the copy opens the same
    collection, and overwrites nothing. A store in memory cannot.
    """

    @classmethod
    def class_name(cls) -> str:
        return "MilvusVectorStore"

    # Serialization ------------------------------------------------------------------------------------

    def to_dict(self, **kwargs: Any) -> dict[str, Any]:
        """The arguments that open the same collection, for ``from_dict``; they hold the token.

        Raises:
            ValueError: the database is in memory, where no other store can open it.
        """
        return plain.to_dict(super().to_dict(**kwargs), self._place, self._options)

    def to_json(self, **kwargs: Any) -> str:
        """``to_dict`` as JSON.

        Raises:
            ValueError: as for ``to_dict``, or JSON cannot hold the caller's sparse_embedding_function.
        """
        return plain.to_json(self.to_dict(**kwargs))

    @classmethod
    def from_dict(cls, data: dict[str, Any], **kwargs: Any) -> Self:
        """A store from the result of ``to_dict``; further arguments override it."""
        return super().from_dict(plain.arguments(data), **kwargs)

    def __getstate__(self) -> dict[Any, Any]:
        # LlamaIndex would silently leave out attributes that cannot be pickled, and call the constructor again.
        return BaseModel.__getstate__(self)

    def __setstate__(self, state: dict[Any, Any]) -> None:
        BaseModel.__setstate__(self, state)

    # Writing ------------------------------------------------------------------------------------------

    def add(self, nodes: Sequence[BaseNode], **add_kwargs: Any) -> list[str]:
        """Store nodes with their embeddings; the first ones create the collection if it does not exist.

        Args:
            milvus_partition_name: the partition to write to.
            force_flush: fold the write-ahead log into the file afterwards.

        Returns:
            The ids of the nodes.

        Raises:
            ValueError: a node has no embedding.
        """
        sparse = None
        if self._encodes_sparse() and nodes:
            sparse = self.sparse_embedding_function.encode_documents(_texts(nodes))
        rows = to_rows(self._fields, nodes, sparse)
        if rows and not self._exists():
            try:
                self._run(self._creation(rows, add_kwargs))
            except CollectionExistsError:  # another thread or process has created it meanwhile
                if not self._exists():
                    raise
                self._run_all(self._writes(rows, add_kwargs))
        else:
            self._run_all(self._writes(rows, add_kwargs))
        self._run_all(calls.flushing(self.collection_name, rows, add_kwargs))
        return [node.node_id for node in nodes]

    async def async_add(self, nodes: Sequence[BaseNode], **add_kwargs: Any) -> list[str]:
        """The asynchronous ``add``."""
        sparse = None
        if self._encodes_sparse() and nodes:
            sparse = await self.sparse_embedding_function.async_encode_documents(_texts(nodes))
        rows = to_rows(self._fields, nodes, sparse)
        if rows and not await self._aexists():
            try:
                await self._arun(self._creation(rows, add_kwargs))
            except CollectionExistsError:
                if not await self._aexists():
                    raise
                await self._arun_all(self._writes(rows, add_kwargs))
        else:
            await self._arun_all(self._writes(rows, add_kwargs))
        await self._arun_all(calls.flushing(self.collection_name, rows, add_kwargs))
        return [node.node_id for node in nodes]

    def delete(self, ref_doc_id: str, **delete_kwargs: Any) -> None:
        """Delete the nodes of a document; ``milvus_partition_name``: of one partition only."""
        if self._exists():
            self._run(self._deletion(one_of(self.doc_id_field, [ref_doc_id]), delete_kwargs))

    async def adelete(self, ref_doc_id: str, **delete_kwargs: Any) -> None:
        """The asynchronous ``delete``."""
        if await self._aexists():
            await self._arun(self._deletion(one_of(self.doc_id_field, [ref_doc_id]), delete_kwargs))

    def delete_nodes(
        self,
        node_ids: list[str] | None = None,
        filters: MetadataFilters | None = None,
        **delete_kwargs: Any,
    ) -> None:
        """Delete the nodes with these ids that match the filters.

        Raises:
            ValueError: neither is given.
        """
        call = self._deletion(calls.nodes_condition(self._fields, node_ids, filters), delete_kwargs)
        if self._exists():
            self._run(call)

    async def adelete_nodes(
        self,
        node_ids: list[str] | None = None,
        filters: MetadataFilters | None = None,
        **delete_kwargs: Any,
    ) -> None:
        """The asynchronous ``delete_nodes``."""
        call = self._deletion(calls.nodes_condition(self._fields, node_ids, filters), delete_kwargs)
        if await self._aexists():
            await self._arun(call)

    def clear(self) -> None:
        """Remove the collection and all nodes; the next nodes create it anew."""
        self._run(Call("drop_collection", {"collection_name": self.collection_name}))

    async def aclear(self) -> None:
        """The asynchronous ``clear``."""
        await self._arun(Call("drop_collection", {"collection_name": self.collection_name}))

    # Reading ------------------------------------------------------------------------------------------

    def get_nodes(
        self, node_ids: list[str] | None = None, filters: MetadataFilters | None = None, **kwargs: Any
    ) -> list[BaseNode]:
        """Nodes with their embeddings, by ids or by filters.

        Raises:
            ValueError: neither is given, or both.
        """
        call = self._listing(node_ids, filters, kwargs)
        return to_nodes(self._fields, self._run(call) if self._exists() else [])

    async def aget_nodes(
        self, node_ids: list[str] | None = None, filters: MetadataFilters | None = None, **kwargs: Any
    ) -> list[BaseNode]:
        """The asynchronous ``get_nodes``."""
        call = self._listing(node_ids, filters, kwargs)
        return to_nodes(self._fields, await self._arun(call) if await self._aexists() else [])

    def query(self, query: VectorStoreQuery, **kwargs: Any) -> VectorStoreQueryResult:
        """The nodes nearest to a query, in mode default, hybrid, sparse, text_search or mmr.

        Args:
            milvus_partition_names: the partitions to read.
            milvus_search_config: parameters of this search instead of ``search_config``.
            string_expr: a filter in Milvus's language, which applies beside the query's own.
            mmr_threshold: between 0, nodes unlike each other, and 1, nodes like the query.
            mmr_prefetch_factor, mmr_prefetch_k: how many nodes MMR chooses from.

        Raises:
            ValueError: the store cannot answer such a query.
        """
        queries.check(query, self._fields, kwargs)
        sparse_query: Any = query.query_str
        if queries.needs_sparse(query) and self._encodes_sparse():
            (sparse_query,) = self.sparse_embedding_function.encode_queries([query.query_str])
        call = self._search(query, sparse_query, kwargs)
        hits = self._run(call)[0] if self._exists() else []
        return queries.to_result(query, self._fields, hits, kwargs)

    async def aquery(self, query: VectorStoreQuery, **kwargs: Any) -> VectorStoreQueryResult:
        """The asynchronous ``query``."""
        queries.check(query, self._fields, kwargs)
        sparse_query: Any = query.query_str
        if queries.needs_sparse(query) and self._encodes_sparse():
            (sparse_query,) = await self.sparse_embedding_function.async_encode_queries([query.query_str])
        call = self._search(query, sparse_query, kwargs)
        hits = (await self._arun(call))[0] if await self._aexists() else []
        return queries.to_result(query, self._fields, hits, kwargs)

    # Calls --------------------------------------------------------------------------------------------

    def _writes(self, rows: list[dict[str, Any]], options: dict[str, Any]) -> list[Call]:
        # A file takes them all in one transaction, a server only so much in one message.
        size = self.batch_size if is_server(self.uri) else max(1, len(rows))
        return calls.writes(self.collection_name, rows, self.upsert_mode, size, options)

    def _deletion(self, condition: Any, options: dict[str, Any]) -> Call:
        return calls.deletion(self.collection_name, condition, options)

    def _listing(
        self, node_ids: list[str] | None, filters: MetadataFilters | None, options: dict[str, Any]
    ) -> Call:
        return calls.listing(self.collection_name, self._fields, node_ids, filters, options)

    def _search(self, query: VectorStoreQuery, sparse_query: Any, options: dict[str, Any]) -> Call:
        ranker = creation.new_ranker(self.hybrid_ranker, self.hybrid_ranker_params)
        return queries.to_call(
            query, self._fields, self.collection_name, sparse_query, ranker, self.search_config, options
        )

    def _encodes_sparse(self) -> bool:
        """Whether sparse vectors are made here, and not by the database."""
        return self.enable_sparse and not is_built_in(self.sparse_embedding_function)


def _texts(nodes: Sequence[BaseNode]) -> list[str]:
    return [node.get_content() for node in nodes]
