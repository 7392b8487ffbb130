"""Calls that read: by similarity, by id, by filter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from langchain_core.documents import Document
from langchain_core.vectorstores.utils import maximal_marginal_relevance

from milvus_store import AnnSearchRequest

from .base import OpenStore
from .documents import as_known_key, to_document
from .layout import Layout, VectorColumn
from .options import (
    HYBRID_OPTIONS,
    QUERY_OPTIONS,
    RANKER_OPTIONS,
    RERANKING_OPTIONS,
    SEARCH_OPTIONS,
    check_options,
)
from .ranking import DEFAULT_FETCH, new_ranker
from .relevance import relevance_of
from .threads import in_thread
from .vectors import VectorSource, one_for_each

Params = dict[str, Any] | list[dict[str, Any]] | None


@dataclass(frozen=True, slots=True)
class _Search:
    """The arguments that all searches take; ``options``: the further keywords, checked by the call."""

    k: int
    param: Params
    expr: str | None
    timeout: float | None
    options: dict[str, Any]


class SearchCalls(OpenStore):
    """Searches share their arguments.

    ``k``: how many documents; ``expr``: a filter, ``topic == "a" and year > 2020``; ``param``: search
    parameters of the index; ``timeout``: a file ignores it. ``filter_params`` (values of the
    filter's ``{name}`` templates), ``partition_names``, ``offset``, ``round_decimal`` and
    ``consistency_level`` go to ``MilvusClient.search``, and so do ``ranker`` and ``function_chains``, by which
    the documents found get other scores; any other keyword raises ``ValueError``. A store without a collection
    finds nothing.

    A store of several vector fields searches all of them by text and fuses the rankings: ``ranker_type`` is
    ``"weighted"`` (the default, with equal weights) or ``"rrf"``, ``ranker_params`` its
    ``{"weights": [...]}`` or ``{"k": 60}``, ``reranker`` a RERANK ``Function`` instead of both, and ``fetch_k``
    how many documents of each field take part. ``param`` is a list then, with the parameters of each field.
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
        (smaller is nearer), for IP and COSINE the similarity (larger is nearer), for several vector fields the
        ranker's score (larger is better)."""
        layout = self._layout()
        several = len(self._settings.vectors) > 1
        options = HYBRID_OPTIONS if several else SEARCH_OPTIONS
        check_options("search", kwargs, options)
        if layout is None:
            return []
        search = _Search(k, param, expr, timeout, kwargs)
        if several:
            hits = self._fused_hits(layout, query, search)
        else:
            (source,) = self._settings.vectors
            hits = self._hits(layout, layout.vectors[0], self._query_of(source, query), search)
        return [(to_document(layout, hit["entity"]), hit["distance"]) for hit in hits]

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
        hits = self._hits(layout, layout.by_vector(), embedding, _Search(k, param, expr, timeout, kwargs))
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
        layout = self._layout()
        if layout is None:
            check_options("search", kwargs, SEARCH_OPTIONS)
            return []
        source = self._source(layout.by_vector())
        if source.embedding is None:
            raise ValueError(
                f"MMR compares the vector of the query, and the database makes those of {source.name!r}: use "
                f"max_marginal_relevance_search_by_vector()"
            )
        embedding = source.embedding.embed_query(query)
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
        """``max_marginal_relevance_search`` by a given embedding."""
        layout = self._layout()
        if layout is None:
            check_options("search", kwargs, SEARCH_OPTIONS)
            return []
        column = layout.by_vector()
        if column.dim is None:
            raise ValueError(f"MMR compares dense vectors, and field {column.name!r} holds sparse ones")
        search = _Search(fetch_k, param, expr, timeout, kwargs)
        hits = self._hits(layout, column, embedding, search, with_vectors=True)
        vectors = [hit["entity"][column.name] for hit in hits]
        chosen = maximal_marginal_relevance(np.asarray(embedding), vectors, lambda_mult, k)
        return [to_document(layout, hits[index]["entity"]) for index in chosen]

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """The documents with these ids that exist, in the order of ``ids``."""
        layout = self._layout()
        keys = [] if layout is None else [as_known_key(layout, key) for key in ids]
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

        ``delete`` and ``upsert`` take them as ids.
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
            for document in documents:
                document.metadata = {
                    key: document.metadata[key] for key in fields if key in document.metadata
                }
        return documents

    asimilarity_search_with_score_by_vector = in_thread(similarity_search_with_score_by_vector)
    aget_pks = in_thread(get_pks)
    asearch_by_metadata = in_thread(search_by_metadata)

    def _similarity_search_with_relevance_scores(
        self, query: str, k: int = 4, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        for name in RERANKING_OPTIONS:
            if kwargs.get(name):
                raise ValueError(
                    f"relevance between 0 and 1 is known for the scores of a metric, not for those of a {name}: "
                    f"use similarity_search_with_score()"
                )
        return super()._similarity_search_with_relevance_scores(query, k, **kwargs)

    def _select_relevance_score_fn(self) -> Callable[[float], float]:
        layout = self._layout()
        sources = self._settings.vectors
        is_sparse = layout is not None and any(field.dim is None for field in layout.vectors)
        if len(sources) > 1 or sources[0].is_full_text or is_sparse:
            raise ValueError(
                "relevance between 0 and 1 is known for a single dense vector field: scores of sparse vectors, of "
                "BM25 and of several fields have no bound, use similarity_search_with_score()"
            )
        existing = self._metric(sources[0].name) if layout is not None else None
        return relevance_of(existing or sources[0].index_params(is_sparse=False)["metric_type"])

    @staticmethod
    def _query_of(source: VectorSource, query: str) -> Any:
        """The query for a vector field: the embedding of ``query``, or its text for the database to embed."""
        return query if source.embedding is None else source.embedding.embed_query(query)

    def _source(self, column: VectorColumn) -> VectorSource:
        return next(vector for vector in self._settings.vectors if vector.name == column.name)

    def _hits(
        self,
        layout: Layout,
        column: VectorColumn,
        query: Any,
        search: _Search,
        *,
        with_vectors: bool = False,
    ) -> Sequence[Any]:
        """The hits nearest to ``query`` in one vector field; ``with_vectors``: with their values of that field."""
        check_options("search", search.options, SEARCH_OPTIONS)
        if not (column.is_computed and isinstance(query, str)):
            layout.check_embedding(column, query)
        return self._rows.search(
            self.collection_name,
            [query],
            filter="" if search.expr is None else search.expr,
            limit=search.k,
            output_fields=[*layout.output_fields, *([column.name] if with_vectors else [])],
            search_params=self._params(search.param)[column.name],
            timeout=search.timeout or self.timeout,
            anns_field=column.name,
            **{"partition_names": self.partition_names, **search.options},
        )[0]

    def _fused_hits(self, layout: Layout, text: str, search: _Search) -> Sequence[Any]:
        """The hits of all vector fields in one ranking."""
        own = {name: search.options.get(name) for name in RANKER_OPTIONS}
        rest = {name: value for name, value in search.options.items() if name not in RANKER_OPTIONS}
        params, values = self._params(search.param), rest.pop("filter_params", None)
        limit = own["fetch_k"] or max(search.k, DEFAULT_FETCH)
        requests = []
        for source, column in zip(self._settings.vectors, layout.vectors, strict=True):
            query = self._query_of(source, text)
            if not column.is_computed:
                layout.check_embedding(column, query)
            requests.append(
                AnnSearchRequest([query], source.name, params[source.name], limit, search.expr, values)
            )
        ranker = own["reranker"] or new_ranker(own["ranker_type"], own["ranker_params"], len(requests))
        return self._rows.hybrid_search(
            self.collection_name,
            requests,
            ranker,
            limit=search.k,
            output_fields=layout.output_fields,
            timeout=search.timeout or self.timeout,
            **{"partition_names": self.partition_names, **rest},
        )[0]

    def _params(self, param: Params) -> dict[str, dict[str, Any]]:
        """Search parameters by vector field; a single dictionary applies to all."""
        given, names = param or self._search_params, self.vector_fields
        if isinstance(given, dict):
            return dict.fromkeys(names, given)
        return one_for_each("param", given, names)

    def _matching(self, expr: str, fields: list[str], **options: Any) -> Sequence[dict[str, Any]]:
        defaults = {"partition_names": self.partition_names, "timeout": self.timeout}
        return self._rows.query(
            self.collection_name, filter=expr, output_fields=fields, **{**defaults, **options}
        )
