"""Calls that change what is stored: add, upsert, delete."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from langchain_core.documents import Document

from milvus_store import CollectionSchema, MilvusException
from milvus_store.backends.address import is_server
from milvus_store.errors import DataNotMatchException

from .base import OpenStore, without_key
from .creation import new_schema
from .documents import as_known_key, check_lengths, new_keys, to_rows
from .layout import Layout
from .options import DELETE_OPTIONS, WRITE_OPTIONS, check_options
from .threads import in_thread

logger = logging.getLogger(__name__)


class WriteCalls(OpenStore):
    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict[str, Any]] | None = None,
        timeout: float | None = None,
        batch_size: int = 1000,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> list[str]:
        """Embed and store texts; the first ones create the collection.

        Args:
            metadatas: one dict for each text.
            batch_size: texts in one request to a server. A file takes all of them in one transaction.
            ids: one for each text. A text with an id that exists already replaces the older one; one
                without (None) gets a new id.
            partition_name: the partition they go to.

        Returns:
            The ids of the texts.

        Raises:
            ValueError: the lists differ in length, or an id or metadata key cannot be stored.
        """
        return self._put(list(texts), None, metadatas, ids, batch_size, timeout, kwargs)

    def add_embeddings(
        self,
        texts: list[str],
        embeddings: Sequence[Any],
        metadatas: list[dict[str, Any]] | None = None,
        timeout: float | None = None,
        batch_size: int = 1000,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> list[str]:
        """``add_texts`` with given embeddings: a list of vectors, or an (n, dim) array.

        A store of several embeddings takes a list for each text, with a vector of each embedding in their order.
        """
        return self._put(list(texts), embeddings, metadatas, ids, batch_size, timeout, kwargs)

    def upsert(
        self,
        ids: list[str] | None = None,
        documents: list[Document] | None = None,
        batch_size: int = 1000,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> list[str]:
        """Replace the documents with ``ids`` by ``documents``, in order.

        Documents beyond the last id are added, under their own id if they have one. On a file all of it is one
        transaction: a reader finds either the old documents or the new ones.

        Returns:
            The ids of the documents. Where the database numbers them (``auto_id``) these are new ones.

        Raises:
            ValueError: there are more ids than documents, or fewer where the database numbers them.
        """
        documents, ids = documents or [], list(ids or [])
        if len(ids) > len(documents):
            raise ValueError(
                f"upsert() got {len(ids)} ids for {len(documents)} documents: delete() the others"
            )
        texts, metadatas = (
            [document.page_content for document in documents],
            [document.metadata for document in documents],
        )
        all_ids = [*ids, *(document.id for document in documents[len(ids) :])]
        return self._put(texts, None, metadatas, all_ids, batch_size, timeout, kwargs, is_upsert=bool(ids))

    def delete(self, ids: list[str] | None = None, expr: str | None = None, **kwargs: Any) -> bool:
        """Delete documents by their ids, or all that match the filter ``expr``.

        Args:
            filter_params: values of the filter's ``{name}`` templates.
            partition_name, timeout: as in the client.

        Returns:
            True. Ids that do not exist are not an error.

        Raises:
            ValueError: neither ids nor a filter are given, or both.
        """
        check_options("delete", kwargs, DELETE_OPTIONS)
        if (ids is None) == (expr in (None, "")):
            raise ValueError(
                f"delete() takes ids or a filter expr, got ids={ids!r:.80} and expr={expr!r:.80}"
            )
        layout = self._layout()
        if layout is None:
            return True
        options = {"timeout": self.timeout, **kwargs}
        if ids is None:
            self._rows.delete(self.collection_name, filter=expr, **options)
        else:
            keys = [key for key in (as_known_key(layout, given) for given in ids) if key is not None]
            self._rows.delete(self.collection_name, ids=keys, **options)
        return True

    aadd_embeddings = in_thread(add_embeddings)
    aupsert = in_thread(upsert)

    def _put(
        self,
        texts: list[str],
        embeddings: Sequence[Any] | None,
        metadatas: list[dict[str, Any]] | None,
        ids: Sequence[str | None] | None,
        batch_size: int,
        timeout: float | None,
        options: dict[str, Any],
        *,
        is_upsert: bool = False,
    ) -> list[str]:
        """Store texts, embedding them if ``embeddings`` is None. Everything is checked before it writes."""
        check_options("upsert" if is_upsert else "add", options, WRITE_OPTIONS)
        check_lengths(len(texts), embeddings=embeddings, metadatas=metadatas, ids=ids)
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, got {batch_size}")
        if not texts:
            return []
        metadatas = self._with_tenant(metadatas, len(texts))
        vectors = self._embedded(texts) if embeddings is None else self._split(embeddings)
        samples = {name: column[0] for name, column in vectors.items()}
        layout, schema = self._layout(), None
        if layout is None:
            schema = new_schema(self.client, self._settings, samples, metadatas or [])
            layout = Layout.of(schema.to_dict(), self._settings)
        for column in layout.embedded:
            layout.check_embedding(column, samples[column.name])
        if layout.auto_id and not is_upsert:
            if ids is not None:
                logger.warning(
                    "collection %s numbers its documents: their ids are not used", layout.collection
                )
            keys = None
        else:
            keys = new_keys(layout, ids, len(texts))
        rows = to_rows(layout, texts, vectors, metadatas, keys)
        options = {"timeout": timeout or self.timeout, **options}
        if schema is not None:
            self._check_tenants(schema, rows)
            made = self._create(schema, layout, rows, batch_size, options)
            if made is not None:
                return list(map(str, made))
        # No document has the keys that were made here, so insert: a server's upsert may lose the partition key.
        replaces = [keys is not None and given is not None for given in ids or [None] * len(rows)]
        return list(map(str, self._written(rows, replaces, batch_size, options)))

    def _written(
        self,
        rows: list[dict[str, Any]],
        replaces: list[bool],
        batch_size: int,
        options: dict[str, Any],
    ) -> list[Any]:
        """Write ``rows``: to a file in one transaction, to a server a batch at a time.

        ``replaces``: which of them may exist already.
        """
        client = self._rows
        size = batch_size if is_server(self.client.uri) else len(rows)
        ids: list[Any] = []
        for start in range(0, len(rows), size):
            part = slice(start, start + size)
            write = client.upsert if any(replaces[part]) else client.insert
            try:
                ids += write(self.collection_name, rows[part], **options)["ids"]
            except MilvusException as error:
                if start:
                    error.args = (error.code, f"{error.message}; the documents 0 to {start - 1} are stored")
                    error.message = error.args[1]
                raise
        return ids

    def _check_tenants(self, schema: CollectionSchema, rows: Sequence[Mapping[str, Any]]) -> None:
        """Raise for a row of another tenant than that of a bound store, as the client does for an existing
        collection."""
        key = schema.partition_key_field
        if self._tenant is None or key is None:
            return
        for index, row in enumerate(rows):
            if row.get(key.name) != self._tenant:
                raise DataNotMatchException(
                    message=f"row {index}: field {key.name!r}: expected {self._tenant!r}, the tenant that this "
                    f"store is bound to, or nothing, got {row.get(key.name)!r:.80}"
                )

    def _with_tenant(self, metadatas: list[dict[str, Any]] | None, count: int) -> list[dict[str, Any]] | None:
        """``metadatas`` with the tenant of a bound store where they lack one."""
        if self._tenant is None:
            return metadatas
        layout = self._layout()
        key = self._settings.partition_key if layout is None else layout.partition_key
        if key is None:
            raise ValueError(without_key(self.collection_name))
        return [
            metadata if metadata.get(key) is not None else {**metadata, key: self._tenant}
            for metadata in metadatas or [{} for _ in range(count)]
        ]

    def _embedded(self, texts: list[str]) -> dict[str, Sequence[Any]]:
        """The embeddings of ``texts`` for each field that has an embedding."""
        return {
            vector.name: vector.embedding.embed_documents(texts)
            for vector in self._settings.vectors
            if vector.embedding is not None
        }

    def _split(self, embeddings: Sequence[Any]) -> dict[str, Sequence[Any]]:
        """Embeddings, given text by text, as a column for each field."""
        names = [vector.name for vector in self._settings.vectors if vector.embedding is not None]
        if len(names) == 1:
            return {names[0]: embeddings}
        for index, vectors in enumerate(embeddings):
            if len(vectors) != len(names):
                raise ValueError(
                    f"embeddings[{index}] must have a vector for each of {', '.join(names) or 'no field'}, "
                    f"got {len(vectors)}"
                )
        return {name: [vectors[index] for vectors in embeddings] for index, name in enumerate(names)}
