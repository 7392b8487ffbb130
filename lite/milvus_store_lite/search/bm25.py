"""Full text search: documents ranked by BM25, over the statistics of the collection as it is now.

The score of document D for query Q is the sum over the terms t of Q of

    idf(t) · q(t) · f(t, D) · (k1 + 1) / (f(t, D) + k1 · (1 - b + b · |D| / avgdl)),
    idf(t) = ln(1 + (N - n(t) + 0.5) / (n(t) + 0.5))

with f and q how often D and Q have t, |D| the number of D's tokens, avgdl the mean of it, N the number of
documents and n(t) how many have t (Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009, with the
idf of Lucene; https://milvus.io/docs/full-text-search.md). It is positive, and 0 without a common term.
The documents are those of the whole collection, whatever the filter; for calls bound to a tenant, the tenant's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..codec.sparse_rows import SparseRows
from ..columns.column import BoolArray
from ..columns.terms import TermColumn
from ..indexes.field_index import FieldIndex
from ..indexes.registry import bm25_parameters
from ..schema.fields import Field
from .family import SearchFamily
from .metrics import Metric
from .rankings import NOTHING, Ranking, merge
from .selection import Selection
from .sparse import best
from .text_queries import text_queries

Part = tuple["npt.NDArray[np.int64] | None", TermColumn, "BoolArray | None"]
"""Slots, None for all of the view; their documents; which of them the statistics are of, None for all."""


@dataclass(frozen=True, slots=True)
class Weighing:
    """The two parameters of BM25: ``k1``, how soon more of a term counts no more; ``b``, how much length does."""

    k1: float
    b: float


@dataclass(frozen=True, slots=True)
class Corpus:
    """The statistics of all documents that a query needs.

    ``weights``: (t,) float64, idf(t) · q(t) · (k1 + 1) of the query's terms. ``mean_length``: avgdl.
    """

    weights: npt.NDArray[np.float64]
    mean_length: float


def nearest(
    metric: Metric,
    field: Field,
    selection: Selection,
    queries: SparseRows,
    limit: int,
    params: Mapping[str, Any],
    index: FieldIndex | None = None,
) -> list[Ranking]:
    """The ``limit`` best rows of ``selection`` for each of ``queries``, which are counts of terms by number.

    Args:
        selection: of a view of all documents that the statistics are of.
        params: ``bm25_k1`` and ``bm25_b``.
    """
    if selection.count == 0:
        return [NOTHING] * len(queries)
    weighing = Weighing(params["bm25_k1"], params["bm25_b"])
    parts = _parts(field, selection)
    return [
        _ranking(parts, selection, *query, weighing, limit) for query in map(queries.row, range(len(queries)))
    ]


def _parts(field: Field, selection: Selection) -> Callable[[], Iterable[Part]]:
    """All documents, at once from memory if it may hold them, else some at a time from the file."""
    view, population = selection.view, None if selection.population is None else selection.population.flags
    if view.holds(field) or view.can_hold(field):
        column = view.vectors(field)
        assert isinstance(column, TermColumn)
        everything: Part = (None, column, view.snapshot.alive if population is None else population)
        return lambda: [everything]
    return lambda: (
        (slots, column, None if population is None else population[slots])
        for slots, column in view.vector_chunks(field)
        if isinstance(column, TermColumn)
    )


def _ranking(
    parts: Callable[[], Iterable[Part]],
    selection: Selection,
    terms: npt.NDArray[np.uint32],
    counts: npt.NDArray[np.float32],
    weighing: Weighing,
    limit: int,
) -> Ranking:
    corpus = _corpus(parts(), terms, counts, weighing)
    ranking = NOTHING
    for slots, column, _ in parts():
        scores = _scores(column, terms, corpus, weighing)
        if selection.mask is not None:
            scores[~(selection.mask if slots is None else selection.mask[slots])] = 0.0
        found, values = best(Metric.BM25, scores, limit)
        ranking = merge(Metric.BM25, ranking, (found if slots is None else slots[found], values), limit)
    return ranking


def _corpus(
    parts: Iterable[Part],
    terms: npt.NDArray[np.uint32],
    counts: npt.NDArray[np.float32],
    weighing: Weighing,
) -> Corpus:
    documents, length = 0, 0.0
    having = np.zeros(len(terms), dtype=np.int64)
    for _, column, counted in parts:
        documents += len(column.lengths) if counted is None else int(np.count_nonzero(counted))
        length += float(column.lengths.sum() if counted is None else column.lengths.sum(where=counted))
        for term, slots, _ in column.postings.postings(terms):
            having[term] += len(slots) if counted is None else np.count_nonzero(counted[slots])
    idf: npt.NDArray[np.float64] = np.log1p((documents - having + 0.5) / (having + 0.5))
    mean_length = length / documents if length else 1.0  # no counted document has a term: none will match
    return Corpus(idf * counts * (weighing.k1 + 1), mean_length)


def _scores(
    column: TermColumn, terms: npt.NDArray[np.uint32], corpus: Corpus, weighing: Weighing
) -> npt.NDArray[np.float64]:
    """(n,) the scores of all documents of ``column``."""
    found = list(column.postings.postings(terms))
    total = sum(len(slots) for _, slots, _ in found)
    if total == 0:
        return np.zeros(len(column.lengths))
    dampings = column.lengths * (weighing.k1 * weighing.b / corpus.mean_length)
    dampings += weighing.k1 * (1 - weighing.b)
    all_slots, shares = np.empty(total, dtype=np.int64), np.empty(total, dtype=np.float64)
    start = 0
    for term, slots, frequencies in found:
        part = slice(start, start + len(slots))
        all_slots[part] = slots
        share = shares[part]
        np.add(dampings[slots], frequencies, out=share)
        np.divide(frequencies, share, out=share)
        share *= corpus.weights[term]
        start = part.stop
    return np.bincount(all_slots, shares, minlength=len(column.lengths)).astype(np.float64, copy=False)


FAMILY: Final = SearchFamily(nearest, prepare=text_queries, taken_over=bm25_parameters, ranks_by_corpus=True)
