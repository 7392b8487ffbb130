"""Opens a store: its settings, its clients, and the collection that it uses, creates or replaces."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from functools import partial
from typing import Any

from llama_index.core.bridge.pydantic import Field, PrivateAttr
from llama_index.core.vector_stores.types import BasePydanticVectorStore

from milvus_store import AsyncMilvusClient, DataType, LoadState, MilvusClient, MilvusException
from milvus_store.client.answers import in_thread
from milvus_store.errors import CollectionExistsError, CollectionNotExistException

from . import calls, creation, plain
from .calls import Call
from .existing import check_existing, check_metric
from .rows import Fields
from .sparse import DEFAULT_SPARSE_FIELD, BM25BuiltInFunction

_METRICS = {"ip": "IP", "l2": "L2", "euclidean": "L2", "cosine": "COSINE"}


class IndexManagement(Enum):
    """Whether an existing collection without an index gets one."""

    NO_VALIDATION = "no_validation"
    CREATE_IF_NOT_EXISTS = "create_if_not_exists"


class OpenStore(BasePydanticVectorStore):
    """A collection in a database, and the settings of the store. Base of the calls on nodes."""

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
    _checked: object = PrivateAttr(default=None)
    """The id of the collection that fitted last."""

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
        """Open the collection, or create it; further arguments are those of ``MilvusClient``.

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
        """The asynchronous ``close``: waits for the end of all calls before it."""
        if self._aclient is not None:
            await self._aclient.close()
        self._client.close()

    # The collection -----------------------------------------------------------------------------------

    def _open(self, dim: int | None) -> None:
        """Use the existing collection, replace it, or create it if its schema is already known."""
        is_known = dim is not None or not self.enable_dense
        if self.overwrite and not is_known:
            self._client.drop_collection(self.collection_name)
        elif self.overwrite:
            self._run(self._creation([], {}, dim, replace=True))
        elif not self._exists() and is_known:
            try:
                self._run(self._creation([], {}, dim))
            except CollectionExistsError:  # another thread or process has created one meanwhile
                if not self._exists():
                    raise
        self.overwrite = False  # a copy made from this store's settings must not remove the collection again

    def _creation(
        self,
        rows: list[dict[str, Any]],
        options: dict[str, Any],
        dim: int | None = None,
        *,
        replace: bool = False,
    ) -> Call:
        """The call that creates the collection with its first ``rows``."""
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
        """Give an existing collection the indexes that queries need, and the given properties.

        Raises:
            ValueError: it does not fit the store's arguments.
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

    def _without_index(self) -> list[str]:
        """The vector fields without an index; checks the metrics of the others."""
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
        """Whether the collection exists; one that this store has not seen before must fit."""
        try:
            found = self._run(self._description())["collection_id"]
        except CollectionNotExistException:
            return False
        if found != self._checked:
            self._take_existing()
            self._checked = found
        return True

    async def _aexists(self) -> bool:
        try:
            found = (await self._arun(self._description()))["collection_id"]
        except CollectionNotExistException:
            return False
        if found != self._checked:
            await in_thread(self._take_existing)
            self._checked = found
        return True

    def _description(self) -> Call:
        return Call("describe_collection", {"collection_name": self.collection_name})

    # Calls --------------------------------------------------------------------------------------------

    def _run(self, call: Call) -> Any:
        return getattr(self._client, call.name)(**call.arguments)

    async def _arun(self, call: Call) -> Any:
        if self._aclient is None:
            return await in_thread(partial(self._run, call))
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
