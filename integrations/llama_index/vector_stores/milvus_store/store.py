"""``MilvusVectorStore``: what LlamaIndex asks of a vector store.

Each call is prepared and answered by functions of the modules beside this one; the synchronous and the
asynchronous form differ in where they wait, and in nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from enum import Enum
from typing import Any

from llama_index.core.bridge.pydantic import BaseModel, Field, PrivateAttr
from llama_index.core.schema import BaseNode
from llama_index.core.vector_stores.types import (
    BasePydanticVectorStore,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryResult,
)
from typing_extensions import Self

from milvus_store import AsyncMilvusClient, DataType, LoadState, MilvusClient, MilvusException
from milvus_store.client.address import is_server

from . import calls, creation, plain, queries
from .calls import Call
from .existing import check_existing, check_metric
from .filters import one_of
from .rows import Fields, to_nodes, to_rows
from .sparse import DEFAULT_SPARSE_FIELD, BM25BuiltInFunction, is_built_in

_METRICS = {"ip": "IP", "l2": "L2", "euclidean": "L2", "cosine": "COSINE"}


class IndexManagement(Enum):
    """Whether a collection that exists without an index gets one."""

    NO_VALIDATION = "no_validation"
    CREATE_IF_NOT_EXISTS = "create_if_not_exists"


class MilvusVectorStore(BasePydanticVectorStore):
    """Nodes, their embeddings and metadata in a collection of a milvus-store database, or of a Milvus server.

    Arguments and methods are those of ``llama_index.vector_stores.milvus.MilvusVectorStore``. What is particular:

    * Filters become trees, so no value can change them; every ``FilterOperator`` and nested AND, OR, NOT work.
    * ``dim`` may be left out: the first nodes tell it.
    * A node that is added again replaces the older one, with ``upsert_mode`` and without.
    * After ``clear()`` the store is empty and goes on working.
    * ``string_expr`` is and-ed with the filters, and does not give way to them.

    Args:
        uri, token: the file, or the server and how to be let in.
        collection_name: made if there is none.
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
        batch_size: nodes sent to a server together. A file takes all nodes of a call together, or none.
        use_async_client: whether asynchronous calls run in threads of a client, or each in one of asyncio's.

    A store can be pickled and deep-copied, and be written down by ``to_dict`` and made anew by ``from_dict``: what
    comes of it opens the same collection, and overwrites nothing. A database in memory cannot.
    """

    stores_text: bool = True
    stores_node: bool = True

    uri: str = "./milvus_llamaindex.db"
    token: str = ""
    collection_name: str = "llamacollection"
    dim: int | None = None
    embedding_field: str = "embedding"
    doc_id_field: str = "doc_id"
    similarity_metric: str = "IP"
    consistency_level: str = "Session"
    overwrite: bool = False
    upsert_mode: bool = False
    text_key: str = "text"
    output_fields: list[str] = Field(default_factory=list)
    index_config: dict[str, Any] = Field(default_factory=dict)
    sparse_index_config: dict[str, Any] = Field(default_factory=dict)
    search_config: dict[str, Any] = Field(default_factory=dict)
    collection_properties: dict[str, Any] | None = None
    batch_size: int = 100
    enable_dense: bool = True
    enable_sparse: bool = False
    sparse_embedding_field: str = DEFAULT_SPARSE_FIELD
    sparse_embedding_function: Any = None
    hybrid_ranker: str = "RRFRanker"
    hybrid_ranker_params: dict[str, Any] = Field(default_factory=dict)
    index_management: IndexManagement = IndexManagement.CREATE_IF_NOT_EXISTS
    scalar_field_names: list[str] | None = None
    scalar_field_types: list[Any] | None = None
    use_async_client: bool = True

    _client: MilvusClient = PrivateAttr()
    _aclient: AsyncMilvusClient | None = PrivateAttr(default=None)
    _fields: Fields = PrivateAttr()
    _options: dict[str, Any] = PrivateAttr(default_factory=dict)
    _place: str = PrivateAttr(default="")
    _asked_metric: str | None = PrivateAttr(default=None)
    _is_checked: bool = PrivateAttr(default=False)

    def __init__(
        self,
        uri: str = "./milvus_llamaindex.db",
        token: str = "",
        collection_name: str = "llamacollection",
        overwrite: bool = False,
        upsert_mode: bool = False,
        collection_properties: dict[str, Any] | None = None,
        doc_id_field: str = "doc_id",
        text_key: str = "text",
        scalar_field_names: list[str] | None = None,
        scalar_field_types: list[DataType] | None = None,
        enable_dense: bool = True,
        dim: int | None = None,
        embedding_field: str | None = "embedding",
        enable_sparse: bool = False,
        sparse_embedding_field: str | None = DEFAULT_SPARSE_FIELD,
        sparse_embedding_function: Any = None,
        index_management: IndexManagement = IndexManagement.CREATE_IF_NOT_EXISTS,
        batch_size: int = 100,
        index_config: dict[str, Any] | None = None,
        sparse_index_config: dict[str, Any] | None = None,
        search_config: dict[str, Any] | None = None,
        similarity_metric: str | None = None,
        consistency_level: str = "Session",
        output_fields: list[str] | None = None,
        hybrid_ranker: str = "RRFRanker",
        hybrid_ranker_params: dict[str, Any] | None = None,
        use_async_client: bool = True,
        **kwargs: Any,
    ) -> None:
        """Open the collection, or make it; further arguments are those of ``MilvusClient``.

        Raises:
            ValueError: the arguments contradict each other or the collection that exists.
        """
        metric = _METRICS.get((similarity_metric or "IP").lower())
        if metric is None:
            raise ValueError(
                f"similarity_metric must be one of {', '.join(_METRICS)}, got {similarity_metric!r}"
            )
        if not enable_dense and not enable_sparse:
            raise ValueError(
                "enable_dense and enable_sparse are False: a store keeps vectors of one kind at least"
            )
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, got {batch_size}")
        creation.new_ranker(hybrid_ranker, hybrid_ranker_params or {})
        text_key, sparse_field = text_key or "text", sparse_embedding_field or DEFAULT_SPARSE_FIELD
        if isinstance(sparse_embedding_function, dict):
            sparse_embedding_function = BM25BuiltInFunction(**sparse_embedding_function)
        if enable_sparse and sparse_embedding_function is None:
            sparse_embedding_function = BM25BuiltInFunction(text_key, sparse_field)
        settings: dict[str, Any] = {
            "uri": str(uri),
            "token": token,
            "collection_name": collection_name,
            "overwrite": overwrite,
            "upsert_mode": upsert_mode,
            "collection_properties": collection_properties,
            "doc_id_field": doc_id_field,
            "text_key": text_key,
            "scalar_field_names": scalar_field_names,
            "scalar_field_types": scalar_field_types,
            "enable_dense": enable_dense,
            "dim": dim,
            "embedding_field": embedding_field or "embedding",
            "enable_sparse": enable_sparse,
            "sparse_embedding_field": sparse_field,
            "sparse_embedding_function": sparse_embedding_function,
            "index_management": index_management,
            "batch_size": batch_size,
            "index_config": index_config or {},
            "sparse_index_config": sparse_index_config or {},
            "search_config": search_config or {},
            "similarity_metric": metric,
            "consistency_level": consistency_level,
            "output_fields": output_fields or [],
            "hybrid_ranker": hybrid_ranker,
            "hybrid_ranker_params": hybrid_ranker_params or {},
            "use_async_client": use_async_client,
        }
        super().__init__(**settings)
        self._fields = Fields(
            text=self.text_key,
            doc_id=self.doc_id_field,
            dense=self.embedding_field if enable_dense else None,
            sparse=self.sparse_embedding_field if enable_sparse else None,
            scalars=creation.typed(self.scalar_field_names or [], self.scalar_field_types or []),
            shown=tuple(self.output_fields),
        )
        self._options, self._place = kwargs, plain.place_of(self.uri)
        self._asked_metric = self.index_config.get("metric_type", metric if similarity_metric else None)
        self._client = MilvusClient(uri, token=token, **kwargs)
        try:
            self._open(dim)
        except BaseException:
            self._client.close()
            raise
        if use_async_client:
            self._aclient = AsyncMilvusClient.over(self._client)

    @classmethod
    def class_name(cls) -> str:
        return "MilvusVectorStore"

    @property
    def client(self) -> MilvusClient:
        """The client behind the store; ``close()`` on it closes the store."""
        return self._client

    @property
    def aclient(self) -> AsyncMilvusClient | None:
        """The client of asynchronous calls, None without ``use_async_client``; closing it closes the store too."""
        return self._aclient

    def close(self) -> None:
        """Release the file, for asynchronous calls too; calls raise from here on."""
        self._client.close()

    async def aclose(self) -> None:
        """``close``, awaited: once every call that was awaited before has ended."""
        if self._aclient is not None:
            await self._aclient.close()
        self._client.close()

    # Written down and read back -----------------------------------------------------------------------

    def to_dict(self, **kwargs: Any) -> dict[str, Any]:
        """The arguments that open the same collection, for ``from_dict``; they hold the token.

        Raises:
            ValueError: the database is in memory, and nobody else can open it.
        """
        return plain.to_dict(super().to_dict(**kwargs), self._place, self._options)

    def to_json(self, **kwargs: Any) -> str:
        """``to_dict`` as JSON.

        Raises:
            ValueError: also if the sparse_embedding_function is one of the caller's, which JSON cannot hold.
        """
        return plain.to_json(self.to_dict(**kwargs))

    @classmethod
    def from_dict(cls, data: dict[str, Any], **kwargs: Any) -> Self:
        """A store by what ``to_dict`` gave, and by arguments that go before it."""
        return super().from_dict(plain.arguments(data), **kwargs)

    def __getstate__(self) -> dict[Any, Any]:
        # LlamaIndex would leave out in silence what cannot be pickled, and call the constructor again.
        return BaseModel.__getstate__(self)

    def __setstate__(self, state: dict[Any, Any]) -> None:
        BaseModel.__setstate__(self, state)

    # Writing ------------------------------------------------------------------------------------------

    def add(self, nodes: Sequence[BaseNode], **add_kwargs: Any) -> list[str]:
        """Store nodes with their embeddings; the first ones make the collection if there is none.

        Args:
            milvus_partition_name: the partition they go to.
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
            except MilvusException:
                # What this call has made is gone again, so a collection that is there is another's.
                if not self._exists():
                    raise
                self._run_all(self._writes(rows, add_kwargs))
        else:
            self._run_all(self._writes(rows, add_kwargs))
        self._run_all(calls.flushing(self.collection_name, rows, add_kwargs))
        return [node.node_id for node in nodes]

    async def async_add(self, nodes: Sequence[BaseNode], **add_kwargs: Any) -> list[str]:
        """``add``, awaited."""
        sparse = None
        if self._encodes_sparse() and nodes:
            sparse = await self.sparse_embedding_function.async_encode_documents(_texts(nodes))
        rows = to_rows(self._fields, nodes, sparse)
        if rows and not await self._aexists():
            try:
                await self._arun(self._creation(rows, add_kwargs))
            except MilvusException:
                if not await self._aexists():
                    raise
                await self._arun_all(self._writes(rows, add_kwargs))
        else:
            await self._arun_all(self._writes(rows, add_kwargs))
        await self._arun_all(calls.flushing(self.collection_name, rows, add_kwargs))
        return [node.node_id for node in nodes]

    def delete(self, ref_doc_id: str, **delete_kwargs: Any) -> None:
        """Delete the nodes of a document; ``milvus_partition_name`` confines it to a partition."""
        if self._exists():
            self._run(self._deletion(one_of(self.doc_id_field, [ref_doc_id]), delete_kwargs))

    async def adelete(self, ref_doc_id: str, **delete_kwargs: Any) -> None:
        """``delete``, awaited."""
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
        """``delete_nodes``, awaited."""
        call = self._deletion(calls.nodes_condition(self._fields, node_ids, filters), delete_kwargs)
        if await self._aexists():
            await self._arun(call)

    def clear(self) -> None:
        """Remove the collection and all nodes; those added next make it anew."""
        self._run(Call("drop_collection", {"collection_name": self.collection_name}))

    async def aclear(self) -> None:
        """``clear``, awaited."""
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
        """``get_nodes``, awaited."""
        call = self._listing(node_ids, filters, kwargs)
        return to_nodes(self._fields, await self._arun(call) if await self._aexists() else [])

    def query(self, query: VectorStoreQuery, **kwargs: Any) -> VectorStoreQueryResult:
        """The nodes nearest to a query, in mode default, hybrid, sparse, text_search or mmr.

        Args:
            milvus_partition_names: the partitions that are read.
            milvus_search_config: parameters of this search instead of ``search_config``.
            string_expr: a filter in Milvus's language, and-ed with the query's own.
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
        """``query``, awaited."""
        queries.check(query, self._fields, kwargs)
        sparse_query: Any = query.query_str
        if queries.needs_sparse(query) and self._encodes_sparse():
            (sparse_query,) = await self.sparse_embedding_function.async_encode_queries([query.query_str])
        call = self._search(query, sparse_query, kwargs)
        hits = (await self._arun(call))[0] if await self._aexists() else []
        return queries.to_result(query, self._fields, hits, kwargs)

    # The collection -----------------------------------------------------------------------------------

    def _open(self, dim: int | None) -> None:
        """Take the collection that is there, replace it, or make it if its schema is known already."""
        exists, is_known = self._client.has_collection(self.collection_name), dim is not None
        if not is_known and self.enable_dense:
            if exists and self.overwrite:
                self._client.drop_collection(self.collection_name)
            elif exists:
                self._take_existing()
        elif exists and not self.overwrite:
            self._take_existing()
        else:
            try:
                self._run(self._creation([], {}, dim, replace=exists))
            except MilvusException:
                if exists or not self._exists():
                    raise
        self.overwrite = (
            False  # it has been done: whoever is made of this store's settings must not do it again
        )

    def _creation(
        self,
        rows: list[dict[str, Any]],
        options: dict[str, Any],
        dim: int | None = None,
        *,
        replace: bool = False,
    ) -> Call:
        """What makes the collection, with ``rows`` from the start."""
        if dim is None and self._fields.dense is not None:
            dim = len(rows[0][self._fields.dense])
        is_indexed = self.index_management is IndexManagement.CREATE_IF_NOT_EXISTS
        settings = {
            "schema": creation.new_schema(self._fields, dim, self.sparse_embedding_function),
            "index_params": self._indexes(self._fields.vectors) if is_indexed else None,
            "consistency_level": self.consistency_level,
            "properties": self.collection_properties,
        }
        return calls.creation(self.collection_name, rows, settings, self.batch_size, options, replace=replace)

    def _take_existing(self) -> None:
        """Give a collection that is there the indexes that queries need, and the properties asked for.

        Raises:
            ValueError: it is not as the store's arguments say.
        """
        name, client = self.collection_name, self._client
        check_existing(client, name, self._fields, self.sparse_embedding_function, self.dim)
        bare = self._without_index()
        is_indexed = not bare
        if bare and self.index_management is IndexManagement.CREATE_IF_NOT_EXISTS:
            client.create_index(name, self._indexes(bare))
            is_indexed = True
        try:
            if self.collection_properties:
                client.alter_collection_properties(name, self.collection_properties)
        except BaseException:
            for field in bare if is_indexed else ():
                for index in client.list_indexes(name, field_name=field):
                    client.drop_index(name, index)
            raise
        if is_indexed and client.get_load_state(name)["state"] != LoadState.Loaded:
            client.load_collection(name)
        self._is_checked = True

    def _without_index(self) -> list[str]:
        """The vector fields that have no index; the others have the metrics that were asked for."""
        bare, name = [], self.collection_name
        for field in self._fields.vectors:
            is_dense = field == self._fields.dense
            asked = self._asked_metric if is_dense else self.sparse_index_config.get("metric_type")
            argument = "similarity_metric" if is_dense else "sparse_index_config"
            metric = check_metric(self._client, name, field, asked, argument)
            if metric is None:
                bare.append(field)
            elif is_dense:
                self.similarity_metric = metric
        return bare

    def _indexes(self, wanted: Sequence[str]) -> Any:
        return creation.new_indexes(
            self._fields,
            self.similarity_metric,
            self.index_config,
            self.sparse_index_config,
            self.sparse_embedding_function,
            wanted,
        )

    def _exists(self) -> bool:
        exists = self._client.has_collection(self.collection_name)
        if exists and not self._is_checked:
            self._take_existing()
        self._is_checked = exists
        return exists

    async def _aexists(self) -> bool:
        exists: bool = await self._arun(Call("has_collection", {"collection_name": self.collection_name}))
        if exists and not self._is_checked:
            await asyncio.to_thread(self._take_existing)
        self._is_checked = exists
        return exists

    # Calls --------------------------------------------------------------------------------------------

    def _run(self, call: Call) -> Any:
        return getattr(self._client, call.name)(**call.arguments)

    async def _arun(self, call: Call) -> Any:
        if self._aclient is None:
            return await asyncio.to_thread(self._run, call)
        return await getattr(self._aclient, call.name)(**call.arguments)

    def _run_all(self, wanted: Sequence[Call]) -> None:
        for call in wanted:
            try:
                self._run(call)
            except MilvusException as error:
                call.note(error)
                raise

    async def _arun_all(self, wanted: Sequence[Call]) -> None:
        for call in wanted:
            try:
                await self._arun(call)
            except MilvusException as error:
                call.note(error)
                raise

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
