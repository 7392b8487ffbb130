"""Calls that read: by similarity, by id, by filter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from langchain_core.documents import Document
from langchain_core.vectorstores.utils import maximal_marginal_relevance

from .base import OpenStore
from .documents import as_known_key, to_document
from .layout import Layout
from .options import QUERY_OPTIONS, SEARCH_OPTIONS, check_options
from .relevance import relevance_of
from .settings import only_one
from .threads import in_thread

Params = dict[str, Any] | list[dict[str, Any]] | None


class SearchCalls(OpenStore):
    """Searches share their arguments.

    ``k``: how many documents; ``expr``: a filter, ``topic == "a" and year > 2020``; ``param``: search
    parameters of the index; ``timeout``: without meaning for a file. ``filter_params`` (values of the
    filter's ``{name}`` templates), ``partition_names``, ``offset``, ``round_decimal`` and
    ``consistency_level`` go to ``MilvusClient.search``; any other keyword raises ``ValueError``. A store
    without a collection finds nothing.
    """

    def similarity_search(
        self,
        query: str,
        k: int = 4,
        param: Params = None,
        expr: str | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> list[Document]:
        """The documents nearest to ``query``, nearest first."""
        found = self.similarity_search_with_score(query, k, param, expr, timeout, **kwargs)
        return [document for document, _ in found]

    def similarity_search_by_vector(
        self,
        embedding: list[float],
        k: int = 4,
        param: Params = None,
        expr: str | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> list[Document]:
        """The documents nearest to ``embedding``, nearest first."""
        found = self.similarity_search_with_score_by_vector(embedding, k, param, expr, timeout, **kwargs)
        return [document for document, _ in found]

    def similarity_search_with_score(
        self,
        query: str,
        k: int = 4,
        param: Params = None,
        expr: str | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> list[tuple[Document, float]]:
        """The documents nearest to ``query``, each with the metric's value: for L2 the squared distance
        (smaller is nearer), for IP and COSINE the similarity (larger is nearer)."""
        embedding = self.embedding_func.embed_query(query)
        return self.similarity_search_with_score_by_vector(embedding, k, param, expr, timeout, **kwargs)

    def similarity_search_with_score_by_vector(
        self,
        embedding: list[float],
        k: int = 4,
        param: Params = None,
        expr: str | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> list[tuple[Document, float]]:
        """The documents nearest to ``embedding``, each with the metric's value."""
        layout = self._layout()
        if layout is None:
            check_options("search", kwargs, SEARCH_OPTIONS)
            return []
        hits = self._hits(layout, layout.output_fields, embedding, k, param, expr, timeout, kwargs)
        return [(to_document(layout, hit["entity"]), hit["distance"]) for hit in hits]

    def max_marginal_relevance_search(
        self,
        query: str,
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        param: Params = None,
        expr: str | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> list[Document]:
        """``k`` documents out of the ``fetch_k`` nearest to ``query`` that differ from each other.

        Args:
            lambda_mult: from 0, as different as possible, to 1, as near to the query as possible.
        """
        embedding = self.embedding_func.embed_query(query)
        return self.max_marginal_relevance_search_by_vector(
            embedding, k, fetch_k, lambda_mult, param, expr, timeout, **kwargs
        )

    def max_marginal_relevance_search_by_vector(
        self,
        embedding: list[float],
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        param: Params = None,
        expr: str | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> list[Document]:
        """``max_marginal_relevance_search`` with the embedding at hand."""
        layout = self._layout()
        if layout is None:
            check_options("search", kwargs, SEARCH_OPTIONS)
            return []
        fields = [*layout.output_fields, layout.vector]
        hits = self._hits(layout, fields, embedding, fetch_k, param, expr, timeout, kwargs)
        vectors = [hit["entity"][layout.vector] for hit in hits]
        chosen = maximal_marginal_relevance(np.asarray(embedding), vectors, lambda_mult, k)
        return [to_document(layout, hits[place]["entity"]) for place in chosen]

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """The documents with these ids that exist, in the order of ``ids``."""
        layout = self._layout()
        keys = [] if layout is None else [as_known_key(layout, one) for one in ids]
        keys = [key for key in keys if key is not None]
        if layout is None or not keys:
            return []
        found = self._rows.get(
            self.collection_name,
            keys,
            layout.output_fields,
            timeout=self.timeout,
            partition_names=self.partition_names,
        )
        return [to_document(layout, entity) for entity in found]

    def get_pks(self, expr: str, **kwargs: Any) -> list[Any]:
        """Primary keys of the documents that match ``expr``: str, or int where the database numbers them.

        They are what ``delete`` and ``upsert`` take as ids.
        """
        layout = self._layout()
        check_options("get_pks", kwargs, QUERY_OPTIONS)
        if layout is None:
            return []
        found = self._matching(expr, [layout.primary], **kwargs)
        return [entity[layout.primary] for entity in found]

    def search_by_metadata(
        self, expr: str, fields: list[str] | None = None, limit: int = 10
    ) -> list[Document]:
        """``limit`` documents that match ``expr``, unranked, with only ``fields`` of their metadata."""
        layout = self._layout()
        if layout is None:
            return []
        found = self._matching(expr, layout.output_fields, limit=limit)
        documents = [to_document(layout, entity) for entity in found]
        if fields is not None:
            for one in documents:
                one.metadata = {key: one.metadata[key] for key in fields if key in one.metadata}
        return documents

    asimilarity_search_with_score_by_vector = in_thread(similarity_search_with_score_by_vector)
    aget_pks = in_thread(get_pks)
    asearch_by_metadata = in_thread(search_by_metadata)

    def _select_relevance_score_fn(self) -> Callable[[float], float]:
        exists = self.client.has_collection(self.collection_name)
        return relevance_of((self._metric() if exists else None) or self._settings.index["metric_type"])

    def _hits(
        self,
        layout: Layout,
        fields: list[str],
        embedding: Any,
        k: int,
        param: Params,
        expr: str | None,
        timeout: float | None,
        options: dict[str, Any],
    ) -> Sequence[Any]:
        check_options("search", options, SEARCH_OPTIONS)
        layout.check_dim(embedding)
        return self._rows.search(
            self.collection_name,
            [embedding],
            filter=expr or "",
            limit=k,
            output_fields=fields,
            search_params=only_one("param", param) or self.search_params,
            timeout=timeout or self.timeout,
            anns_field=layout.vector,
            **{"partition_names": self.partition_names, **options},
        )[0]

    def _matching(self, expr: str, fields: list[str], **options: Any) -> Sequence[dict[str, Any]]:
        defaults = {"partition_names": self.partition_names, "timeout": self.timeout}
        return self._rows.query(
            self.collection_name, filter=expr, output_fields=fields, **{**defaults, **options}
        )
