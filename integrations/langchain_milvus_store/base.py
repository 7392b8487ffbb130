"""A store's connection and collection: opening, creating and dropping it, and what it looks like now."""

from __future__ import annotations

from copy import copy
from typing import Any, Final

from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore
from typing_extensions import Self

from milvus_store import CollectionSchema, LoadState, MilvusClient, MilvusException
from milvus_store.client.tenants import TenantClient
from milvus_store.errors import CollectionNotExistException

from .layout import Layout
from .settings import DEFAULT_INDEX, Settings, checked_index_params, only_one, refuse_unserved

DEFAULT_URI: Final = "./milvus_demo.db"


class OpenStore(VectorStore):
    """A collection in a database, and the embedding of its texts. Base of the groups of calls."""

    def __init__(
        self,
        embedding_function: Embeddings | list[Embeddings],
        collection_name: str = "LangChainCollection",
        collection_description: str = "",
        collection_properties: dict[str, Any] | None = None,
        connection_args: dict[str, Any] | None = None,
        consistency_level: str = "Session",
        index_params: dict[str, Any] | list[dict[str, Any]] | None = None,
        search_params: dict[str, Any] | list[dict[str, Any]] | None = None,
        drop_old: bool | None = False,
        auto_id: bool = False,
        *,
        primary_field: str = "pk",
        text_field: str = "text",
        vector_field: str | list[str] = "vector",
        enable_dynamic_field: bool = True,
        metadata_field: str | None = None,
        partition_key_field: str | None = None,
        num_partitions: int | None = None,
        partition_names: list[str] | None = None,
        replica_number: int = 1,
        timeout: float | None = None,
        num_shards: int | None = None,
        vector_schema: dict[str, Any] | list[dict[str, Any]] | None = None,
        metadata_schema: dict[str, Any] | None = None,
        builtin_function: Any = None,
    ) -> None:
        """Open the collection, or remember how to create it with the first documents.

        Args:
            embedding_function: what turns texts into vectors.
            connection_args: what ``MilvusClient`` takes; ``{"uri": "./milvus_demo.db"}`` when left out.
            index_params: of the vector's index, over ``{"index_type": "AUTOINDEX", "metric_type": "L2"}``.
            search_params: of every search that is not given its own ``param``.
            drop_old: remove a collection of this name first.
            auto_id: let the database number the documents.
            primary_field, text_field, vector_field: names of the fields.
            enable_dynamic_field: keep metadata of any shape. When False, each key of the first document's
                metadata becomes a field with a type, and other keys are refused.
            metadata_field: keep the whole metadata in this one JSON field instead.
            metadata_schema: fields for metadata keys: ``{"year": {"dtype": DataType.INT64}}``.
            partition_key_field: the metadata key that tells tenants apart.
            partition_names: the partitions that are read.
            collection_description, collection_properties, consistency_level, num_partitions, num_shards: of
                a new collection.
            replica_number, num_shards, timeout: without meaning for a file.

        Raises:
            ValueError: an argument asks for what this version does not serve, or the collection exists and
                is not as the arguments say.
        """
        refuse_unserved(vector_schema, builtin_function)
        embedding = only_one("embedding_function", embedding_function)
        if not (hasattr(embedding, "embed_documents") and hasattr(embedding, "embed_query")):
            raise ValueError(f"embedding_function must be an Embeddings object, got {embedding!r}")
        index = checked_index_params(index_params)
        self.embedding_func: Embeddings = embedding
        self.collection_name = collection_name
        self.search_params: dict[str, Any] | None = only_one("search_params", search_params)
        self.partition_names = partition_names
        self.replica_number = replica_number
        self.timeout = timeout
        self._settings = Settings(
            collection_name=collection_name,
            description=collection_description,
            properties=collection_properties,
            consistency_level=consistency_level,
            index={**DEFAULT_INDEX, **index},
            metric=index.get("metric_type"),
            auto_id=auto_id,
            primary=primary_field,
            text=text_field,
            vector=only_one("vector_field", vector_field),
            dynamic=enable_dynamic_field,
            metadata=metadata_field,
            metadata_schema=dict(metadata_schema or {}),
            partition_key=partition_key_field,
            num_partitions=num_partitions,
            num_shards=num_shards,
        )
        self._tenant: str | int | None = None
        self._client = MilvusClient(**{"uri": DEFAULT_URI, **(connection_args or {})})
        if drop_old:
            self.drop()
        if self._layout() is not None:
            self._make_searchable()

    @property
    def client(self) -> MilvusClient:
        """The client behind the store; ``store.client.close()`` releases the file."""
        return self._client

    @property
    def tenant(self) -> str | int | None:
        """The tenant that the store is bound to, None if it is to none."""
        return self._tenant

    def for_tenant(self, tenant: str | int) -> Self:
        """This store, bound to the documents of one value of its partition key.

        Searches, retrievers, deletions and ids reach documents of this tenant only, whatever filter they are
        given; documents added get the tenant.

        Raises:
            ValueError: the store is bound to another tenant already.
        """
        if tenant is None or self._tenant not in (None, tenant):
            raise ValueError(f"the store is bound to the tenant {self._tenant!r}, got {tenant!r}")
        bound = copy(self)
        bound._tenant = tenant
        return bound

    @property
    def _rows(self) -> MilvusClient | TenantClient:
        """The client for calls on rows, inside the tenant if there is one."""
        if self._tenant is None:
            return self._client
        return self._client.for_tenant(self.collection_name, self._tenant)

    @property
    def embeddings(self) -> Embeddings:
        return self.embedding_func

    def drop(self) -> None:
        """Remove the collection and its documents. The next documents added create it anew."""
        if self._tenant is not None:
            raise ValueError(
                f"the store is bound to the tenant {self._tenant!r}: drop() removes the documents of all tenants"
            )
        self.client.drop_collection(self.collection_name)

    def _layout(self) -> Layout | None:
        """The collection as it is now, None when there is none.

        It is asked for at every call, because another store or process may have replaced it.
        """
        try:
            description = self.client.describe_collection(self.collection_name)
        except CollectionNotExistException:
            return None
        return Layout.of(description, self._settings)

    def _create(self, schema: CollectionSchema) -> None:
        """Create the collection, unless another thread or process has done so just now."""
        settings = self._settings
        try:
            self.client.create_collection(
                self.collection_name,
                schema=schema,
                index_params=self._index_params(),
                properties=settings.properties,
                consistency_level=settings.consistency_level,
                num_partitions=settings.num_partitions,
                num_shards=settings.num_shards,
            )
        except MilvusException:
            if self._layout() is None:
                raise

    def _make_searchable(self) -> None:
        """Give the existing collection the index that a search needs, and load it."""
        metric = self._metric()
        if metric is None:
            self.client.create_index(self.collection_name, self._index_params())
        elif self._settings.metric not in (None, metric):
            raise ValueError(
                f"collection {self.collection_name!r} has an index with metric {metric}, index_params ask "
                f"for {self._settings.metric}: leave metric_type out, or use drop_old=True"
            )
        if self.client.get_load_state(self.collection_name)["state"] != LoadState.Loaded:
            self.client.load_collection(self.collection_name, replica_number=self.replica_number)

    def _index_params(self) -> Any:
        return self.client.prepare_index_params(self._settings.vector, **self._settings.index)

    def _metric(self) -> str | None:
        """The metric of the existing collection's index, None when it has no index."""
        names = self.client.list_indexes(self.collection_name, field_name=self._settings.vector)
        if not names:
            return None
        metric: str = self.client.describe_index(self.collection_name, names[0])["metric_type"]
        return metric
