"""A store's connection and collection: how to open, create, drop and inspect it."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any, Final

from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore
from typing_extensions import Self

from milvus_store import (
    AsyncMilvusClient,
    CollectionSchema,
    DataType,
    LoadState,
    MilvusClient,
)
from milvus_store.client.tenants import TenantClient
from milvus_store.errors import CollectionExistsError, CollectionNotExistException, ParamError

from .connecting import connected
from .layout import NO_TENANT, Layout, VectorColumn
from .settings import Settings
from .utils.sparse import BaseSparseEmbedding
from .vectors import one_for_each, vector_sources

DROP_WITH_FIRST_ADD: Final = "with the first documents added"
"""A ``drop_old`` that keeps the old collection until the new one is there with its documents."""


class OpenStore(VectorStore):
    """A collection in a database, and the embedding of its texts. Base of the groups of calls."""

    def __init__(
        self,
        embedding_function: Embeddings | BaseSparseEmbedding | list[Any] | None,
        collection_name: str = "LangChainCollection",
        collection_description: str = "",
        collection_properties: dict[str, Any] | None = None,
        connection_args: dict[str, Any] | None = None,
        consistency_level: str = "Session",
        index_params: dict[str, Any] | list[dict[str, Any]] | None = None,
        search_params: dict[str, Any] | list[dict[str, Any]] | None = None,
        drop_old: bool | str | None = False,
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
            embedding_function: turns texts into vectors, dense or sparse; several in a list.
            builtin_function: the database's function that makes vectors, ``BM25BuiltInFunction()`` or a
                ``TextEmbeddingBuiltInFunction``; several in a list.
            vector_field: a name for each embedding; for a function, the name of its output field.
            vector_schema: ``{"dtype": DataType.FLOAT16_VECTOR}``, to keep vectors in another type, and if wanted
                ``"dim"``, which the embeddings must have.
            connection_args: the arguments of ``MilvusClient``; ``{"uri": "./milvus_demo.db"}`` when left out. A
                server may also be named by ``host`` and ``port`` or by ``address``, and ``secure``.
            index_params: of the vector's index, over ``{"index_type": "AUTOINDEX", "metric_type": "L2"}``; with
                several vector fields a list, as for vector_schema and search_params.
            search_params: the default of ``param`` of searches.
            drop_old: remove a collection of this name first.
            auto_id: let the database number the documents.
            primary_field, text_field: names of the fields.
            enable_dynamic_field: keep metadata of any shape. When False, each key of the first document's
                metadata becomes a field with a type, that of its values in the documents first added, and other
                keys are refused.
            metadata_field: keep the whole metadata in this one JSON field instead.
            metadata_schema: fields for metadata keys: ``{"year": {"dtype": DataType.INT64}}``.
            partition_key_field: the metadata key that tells tenants apart.
            partition_names: the partitions to read.
            collection_description, collection_properties, consistency_level, num_partitions, num_shards: of
                a new collection.
            replica_number, num_shards, timeout: a file ignores them.

        Raises:
            ValueError: this version does not support an argument, or the collection exists and does not fit the
                arguments.
        """
        sources = vector_sources(
            embedding_function, builtin_function, vector_field, vector_schema, index_params
        )
        one_for_each("search_params", search_params, [source.name for source in sources])
        models = [source.embedding for source in sources if source.embedding is not None]
        self.embedding_func: Any = models[0] if len(models) == 1 else models or None
        self.builtin_func = builtin_function
        self.collection_name = collection_name
        self._search_params = search_params
        self._vector_schema = vector_schema
        self.partition_names = partition_names
        self.replica_number = replica_number
        self.timeout = timeout
        self._settings = Settings(
            collection_name=collection_name,
            description=collection_description,
            properties=collection_properties,
            consistency_level=consistency_level,
            auto_id=auto_id,
            primary=primary_field,
            text=text_field,
            vectors=sources,
            dynamic=enable_dynamic_field,
            metadata=metadata_field,
            metadata_schema=dict(metadata_schema or {}),
            partition_key=partition_key_field,
            num_partitions=num_partitions,
            num_shards=num_shards,
        )
        self._tenant: str | int | None = None
        self._client = connected(connection_args)
        self._aclient: AsyncMilvusClient | None = None
        self._replaces = drop_old == DROP_WITH_FIRST_ADD
        try:
            if drop_old and not self._replaces:
                self.drop()
            layout = self._layout()
            if layout is not None:
                self._make_searchable(layout)
        except BaseException:
            self._client.close()
            raise

    @property
    def client(self) -> MilvusClient:
        """The client behind the store; ``store.client.close()`` releases the file.

        It reaches all tenants, even if the store is bound to one.
        """
        return self._client

    @property
    def tenant(self) -> str | int | None:
        """The tenant that the store is bound to, None without one."""
        return self._tenant

    def for_tenant(self, tenant: str | int) -> Self:
        """This store, bound to the documents of one value of its partition key.

        Searches, retrievers, deletions and ids reach documents of this tenant only, whatever filter they are
        given; documents added get the tenant.

        Raises:
            ValueError: the store is bound to another tenant already; or ``tenant`` is not a value of the partition
                key, such as None, or the one that documents without a tenant have there.
        """
        chosen = self._checked_tenant(tenant)
        if self._tenant not in (None, chosen):
            raise ValueError(f"the store is bound to the tenant {self._tenant!r}, got {chosen!r}")
        bound = copy(self)
        bound._tenant = chosen
        return bound

    def _checked_tenant(self, tenant: object) -> str | int:
        """``tenant`` as a plain str or int that the collection's partition key, if it exists, may have."""
        layout = self._layout()
        if layout is not None:
            try:
                checked = self._client.for_tenant(self.collection_name, tenant).tenant  # type: ignore[arg-type]
            except ParamError as error:
                raise ValueError(error.message) from None
            no_tenant = layout.absent.get(layout.partition_key or "")
        else:
            if self._settings.partition_key is None:
                raise ValueError(without_key(self.collection_name))
            # The first documents decide its type: here only str or int is checked.
            if type(tenant) not in (str, int):
                raise ValueError(
                    f"a tenant must be a str or an int, a value of the partition key "
                    f"{self._settings.partition_key!r}, got {type(tenant).__name__}: {tenant!r:.80}"
                )
            checked = tenant  # type: ignore[assignment]  # just checked
            no_tenant = NO_TENANT[DataType.VARCHAR if isinstance(checked, str) else DataType.INT64]
        if checked == no_tenant:
            raise ValueError(
                f"a tenant cannot be {checked!r}: documents without a tenant have this value in the partition key"
            )
        return checked

    @property
    def _rows(self) -> MilvusClient | TenantClient:
        """The client for calls on rows, bound to the tenant if the store is."""
        if self._tenant is None:
            return self._client
        return self._client.for_tenant(self.collection_name, self._tenant)

    @property
    def embeddings(self) -> Any:
        """The embedding, a list of them if there are several, None if the database makes all vectors."""
        return self.embedding_func

    @property
    def vector_fields(self) -> list[str]:
        """Names of the vector fields, in the order of their search parameters and weights."""
        return [vector.name for vector in self._settings.vectors]

    def drop(self) -> None:
        """Remove the collection and its documents. The next documents added create it anew."""
        if self._tenant is not None:
            raise ValueError(
                f"the store is bound to the tenant {self._tenant!r}: drop() removes the documents of all tenants"
            )
        self.client.drop_collection(self.collection_name)
        self._replaces = False

    def _layout(self) -> Layout | None:
        """The current collection, None without one.

        Every call asks for it, because another store or process may have replaced it.
        """
        if self._replaces:
            return None
        try:
            description = self.client.describe_collection(self.collection_name)
        except CollectionNotExistException:
            return None
        return Layout.of(description, self._settings)

    def _create(
        self,
        schema: CollectionSchema,
        layout: Layout,
        rows: list[dict[str, Any]],
        batch_size: int,
        options: dict[str, Any],
    ) -> list[Any] | None:
        """Create the collection with its first rows, all of it or nothing; returns their primary keys.

        None: another thread or process has created it meanwhile.
        """
        settings = self._settings
        try:
            result = self.client.create_and_insert(
                self.collection_name,
                rows,
                schema=schema,
                index_params=self._index_params(layout.vectors),
                replace=self._replaces,
                batch_size=batch_size,
                properties=settings.properties,
                consistency_level=settings.consistency_level,
                num_partitions=settings.num_partitions,
                num_shards=settings.num_shards,
                **options,
            )
        except CollectionExistsError:
            existing = self._layout()
            if existing is None:
                raise
            self._make_searchable(existing)
            return None
        self._replaces = False
        ids: list[Any] = result["ids"]
        return ids

    def _make_searchable(self, layout: Layout) -> None:
        """Give the existing collection the indexes that searches need, and load it."""
        bare = []
        for source, column in zip(self._settings.vectors, layout.vectors, strict=True):
            metric = self._metric(source.name)
            if metric is None:
                bare.append(column)
            elif source.metric not in (None, metric):
                raise ValueError(
                    f"collection {self.collection_name!r} has an index with metric {metric} on {source.name!r}, "
                    f"index_params ask for {source.metric}: leave metric_type out, or use drop_old=True"
                )
        if bare:
            self.client.create_index(self.collection_name, self._index_params(bare))
        if self.client.get_load_state(self.collection_name)["state"] != LoadState.Loaded:
            self.client.load_collection(self.collection_name, replica_number=self.replica_number)

    def _index_params(self, columns: Sequence[VectorColumn]) -> Any:
        """Parameters of the indexes on ``columns``."""
        params = self.client.prepare_index_params()
        for source in self._settings.vectors:
            for column in columns:
                if column.name == source.name:
                    params.add_index(source.name, **source.index_params(is_sparse=column.dim is None))
        return params

    def _metric(self, field: str) -> str | None:
        """The metric of the existing collection's index on a vector field, None when it has no index."""
        names = self.client.list_indexes(self.collection_name, field_name=field)
        if not names:
            return None
        metric: str = self.client.describe_index(self.collection_name, names[0])["metric_type"]
        return metric


def without_key(collection: str) -> str:
    """The error for a tenant where no field tells tenants apart."""
    return (
        f"collection {collection!r} has no partition key, so it has no tenants: open the store with "
        "partition_key_field"
    )
