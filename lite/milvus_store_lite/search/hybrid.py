"""A hybrid search: ranks each of its searches in its own scope, fuses the rankings, and fetches the page once.

Rows are identified by their seqs, because two searches may use different snapshots of one state of the collection:
one of a tenant's rows, one of all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..errors import ParamError
from ..indexes.field_index import FieldIndex
from ..storage.catalog import CollectionRecord
from ..storage.store import CollectionReader
from .arrangement import GroupBy
from .elements import offsets_of, rows_of
from .found import FoundHits
from .fusion import Floats, Found, Ints, fuse, ordered
from .group_labels import labels_of_rows
from .grouping import Labels, leaders_by_score
from .hits import hits_at
from .metrics import as_shown
from .output import Projection
from .prepared import ElementSearch, PreparedSearch
from .rankings import Ranking
from .request import HybridRequest
from .reranking.candidates import Candidates
from .reranking.reranking import RankedPage, Reranking
from .reranking.searching import nearest_first
from .selection import Selection
from .struct_fusion import ELEMENT_SCOPE, Collapse, found_rows, found_structs

FindIndex = Callable[[PreparedSearch], "FieldIndex | None"]
"""The index that answers a search, None for an exact scan."""


def hybrid_hits(
    record: CollectionRecord,
    searches: Sequence[PreparedSearch],
    selections: Sequence[Selection],
    whole: Selection | None,
    request: HybridRequest,
    find_index: FindIndex,
) -> FoundHits:
    """The hits of ``request``, which rescores nothing; each prepared search has its own selection.

    ``whole``: every row of the collection, to label groups; None without groups.
    """
    by_query = _found_by_query(searches, selections, request, find_index)
    reader = selections[0].view.reader
    of_structs = _are_of_structs(searches)
    fusion = _Fusion(record, reader, whole, request, of_structs)
    projection = Projection.of(record, request.output_fields, request.clock, as_rows=False)
    pages = list(map(fusion.page, by_query))
    if not of_structs:
        return hits_at(
            reader, projection, [(page.tolist(), scores) for page, scores in pages], request.round_decimal
        )
    rows = [(rows_of(page).tolist(), scores) for page, scores in pages]
    offsets = np.concatenate([offsets_of(page) for page, _ in pages]).tolist()
    return hits_at(reader, projection, rows, request.round_decimal)._replace(offsets=offsets)


def hybrid_candidates(
    record: CollectionRecord,
    searches: Sequence[PreparedSearch],
    selections: Sequence[Selection],
    whole: Selection | None,
    request: HybridRequest,
    find_index: FindIndex,
) -> Candidates:
    """What the reranking of ``request`` makes hits of: every row that a search has found."""
    if _are_of_structs(searches):
        raise ParamError(
            message="a ranker that reads fields ranks rows: a hybrid search of single structs has none"
        )
    fields = reranking_of(request).fields(record.schema, len(request.searches[0][1]))
    by_query = _found_by_query(searches, selections, request, find_index)
    rankings = [fuse(request.ranker, found) for found in by_query]
    labels = None
    if request.group_by is not None:
        assert whole is not None, "groups are labelled in the whole collection"
        labels = [labels_of_rows(whole, record.schema, request.group_by, seqs) for seqs, _ in rankings]
    reader = selections[0].view.reader
    projection = Projection.of(record, request.output_fields, request.clock, as_rows=False)
    falling = request.ranker.larger_is_nearer([search.metric for search in searches])
    return Candidates.of(reader, projection, fields, rankings, labels, falling=falling)


def reranking_of(request: HybridRequest) -> Reranking:
    """What makes hits of the candidates."""
    page = RankedPage(request.limit, request.offset, request.group_by, request.round_decimal)
    return Reranking(page, ranker=request.ranker, rescoring=request.rescoring)


def _found_by_query(
    searches: Sequence[PreparedSearch],
    selections: Sequence[Selection],
    request: HybridRequest,
    find_index: FindIndex,
) -> list[list[Found]]:
    """What each search has found, for each query."""
    of_structs = _are_of_structs(searches)
    if not of_structs:
        _check_rows(searches, request)
    vectors = [
        search.vectors(selection.view, queries)
        for search, selection, (_, queries) in zip(searches, selections, request.searches, strict=True)
    ]
    counts = list(map(len, vectors))
    if len(set(counts)) > 1:
        raise ParamError(
            message=f"the requests of a hybrid search must have as many query vectors each, got {counts}"
        )
    found = [
        _found(search, search.pages(selection, asked, find_index(search)), selection, of_structs)
        for search, selection, asked in zip(searches, selections, vectors, strict=True)
    ]
    return [list(of_query) for of_query in zip(*found, strict=True)]


def _are_of_structs(searches: Sequence[PreparedSearch]) -> bool:
    """Whether all searches find the single structs of one array, so that structs are fused, not rows."""
    return (
        all(isinstance(search, ElementSearch) for search in searches)
        and len({search.field.within for search in searches}) == 1
    )


def _check_rows(searches: Sequence[PreparedSearch], request: HybridRequest) -> None:
    """Raise ``ParamError`` where a search of single structs has groups beside searches of others."""
    for search in searches:
        if isinstance(search, ElementSearch) and request.group_by is not None:
            search.refuse(
                "group_by_field beside searches of rows or of other arrays", "leave it out, as in Milvus"
            )


def _found(
    search: PreparedSearch, pages: list[Ranking], selection: Selection, of_structs: bool
) -> list[Found]:
    """The result of one search for each of its queries, nearest first: seqs, or numbers of structs by seqs."""
    ranked = nearest_first(search, pages)
    if isinstance(search, ElementSearch):
        if of_structs:
            if search.collapse is not None:
                search.refuse(
                    f"{ELEMENT_SCOPE} beside searches of the same array", "leave it out, as in Milvus"
                )
            return [found_structs(selection, ranking, search.metric) for ranking in ranked]
        collapse = search.collapse or Collapse()
        return [found_rows(selection, ranking, search.metric, collapse) for ranking in ranked]
    seqs = selection.view.snapshot.seqs
    return [Found(seqs[slots], values, search.metric) for slots, values in ranked]


class _Fusion:
    """Makes the page of the fused ranking of each query."""

    def __init__(
        self,
        record: CollectionRecord,
        reader: CollectionReader,
        whole: Selection | None,
        request: HybridRequest,
        of_structs: bool,
    ) -> None:
        self._of_structs = of_structs
        self._record = record
        self._reader = reader
        self._whole = whole
        self._request = request

    def page(self, found: Sequence[Found]) -> tuple[Ints, Floats]:
        """Seqs and scores of the rows on the page, best first; of structs their numbers."""
        request = self._request
        seqs, scores = fuse(request.ranker, found)
        # Scores are compared in float32, as the user sees them: then the order of summing does not matter.
        ranks = as_shown(scores).astype(np.float64)
        if not request.ranker.larger_is_nearer([ranking.metric for ranking in found]):
            ranks = -ranks
        if request.group_by is None:
            window = request.offset + request.limit
            best = self._best(seqs, ranks, window)[request.offset :]
        else:
            ranked = self._best(seqs, ranks, len(seqs))
            labels = self._labels(seqs[ranked], request.group_by)
            groups = request.group_by
            best = ranked[
                leaders_by_score(
                    labels, ranks[ranked], groups.scorer, request.limit, groups.size, request.offset
                )
            ]
        return seqs[best], scores[best]

    def _best(self, seqs: Ints, ranks: Floats, window: int) -> Ints:
        """Indices of the ``window`` best rows; of equal ones the smaller primary key comes first, as in Milvus."""
        indices = np.arange(len(seqs))
        if window < len(seqs):
            indices = np.flatnonzero(ranks >= np.partition(ranks, -window)[-window])
        rows = (rows_of(seqs[indices]) if self._of_structs else seqs[indices]).tolist()
        stored = self._reader.rows.fetch(rows, [])
        pks = [stored[seq][1] for seq in rows]
        best: Ints = indices[ordered(ranks[indices], pks)][:window]
        return best

    def _labels(self, seqs: Ints, group_by: GroupBy) -> Labels:
        """The group of each row or struct."""
        if self._of_structs:
            return rows_of(seqs)
        assert self._whole is not None, "groups are labelled in the whole collection"
        return labels_of_rows(self._whole, self._record.schema, group_by, seqs)
