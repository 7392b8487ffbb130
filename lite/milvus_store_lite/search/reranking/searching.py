"""A reranked search, as far as its transaction goes: from the rows that it finds to the candidates."""

from __future__ import annotations

from ...indexes.field_index import FieldIndex
from ..fusion import Found, fuse
from ..group_labels import labels_of_rows
from ..prepared import ElementSearch, PreparedSearch
from ..rankings import Ranking, order
from ..request import Queries
from ..selection import Selection
from .boosts import Bind
from .candidates import Candidates
from .reranking import Reranking


def candidates_of_search(
    search: PreparedSearch,
    selection: Selection,
    queries: Queries,
    index: FieldIndex | None,
    reranking: Reranking,
    bind: Bind,
) -> Candidates:
    """What ``reranking`` makes hits of.

    Args:
        bind: what a scope means for the collection.

    Raises:
        ParamError: the reranking or the queries do not fit the collection.
    """
    if isinstance(search, ElementSearch):
        search.refuse("a ranker", "rank the hits")
    view, schema, metric = selection.view, search.schema, search.metric
    vectors = search.vectors(view, queries)
    fields = reranking.fields(schema, len(vectors))
    if reranking.ranker is not None:
        reranking.ranker.check(1)
    if reranking.boosts is not None:
        reranking.boosts.check(schema, bind)
    pages = search.pages(selection, vectors, index)
    if reranking.boosts is not None:
        pages = reranking.boosts.boosted(metric, selection, schema, bind, pages)
    ranker, group_by, labels = reranking.ranker, search.request.group_by, None
    if ranker is None:
        rankings, falling = pages, metric.larger_is_nearer
    else:
        falling = ranker.larger_is_nearer([metric])
        rankings = [fuse(ranker, [Found(*page, metric)]) for page in nearest_first(search, pages)]
        if group_by is not None:
            seqs = view.snapshot.seqs
            labels = [labels_of_rows(selection, schema, group_by, seqs[slots]) for slots, _ in rankings]
    return Candidates.in_view(view, search.projection, fields, rankings, labels, falling=falling)


def nearest_first(search: PreparedSearch, pages: list[Ranking]) -> list[Ranking]:
    """``pages`` of a search nearest first, even if they are grouped."""
    if search.request.group_by is None:
        return pages
    orders = [order(search.metric, values) for _, values in pages]
    return [(slots[by], values[by]) for by, (slots, values) in zip(orders, pages, strict=True)]
