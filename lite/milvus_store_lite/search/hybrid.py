"""A hybrid search: each of its searches ranked in its own scope, the rankings fused, the page fetched once.

Rows are known by their seqs here, because two searches may be answered from different snapshots of one state of
the collection: one of a tenant's rows, one of all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..errors import ParamError
from ..indexes.field_index import FieldIndex
from ..storage.catalog import CollectionRecord
from ..storage.store import CollectionReader
from .fusion import Floats, Found, Ints, fuse
from .group_labels import group_labels
from .grouping import Labels, leaders
from .hits import hits_at
from .output import Projection
from .prepared import PreparedSearch
from .rankings import Ranking, order
from .request import GroupBy, Hits, HybridRequest
from .selection import Selection
from .single import single

FindIndex = Callable[[str], "FieldIndex | None"]
"""The index to search a field by, None for an exact scan."""


def hybrid_hits(
    record: CollectionRecord,
    searches: Sequence[PreparedSearch],
    selections: Sequence[Selection],
    whole: Selection | None,
    request: HybridRequest,
    find_index: FindIndex,
) -> list[Hits]:
    """The answer to ``request``, whose searches, prepared, are about ``selections``.

    ``whole``: every row of the collection, which groups are told apart by; None when none are asked for.
    """
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
        _found(search, search.pages(selection, asked, find_index(search.one.name)), selection)
        for search, selection, asked in zip(searches, selections, vectors, strict=True)
    ]
    reader = selections[0].view.reader
    fusion = _Fusion(record, reader, whole, request)
    pages = [fusion.page([of_search[query] for of_search in found]) for query in range(counts[0])]
    projection = Projection.of(record, request.output_fields, request.clock, as_rows=False)
    return hits_at(reader, projection, pages, request.round_decimal)


def _found(search: PreparedSearch, pages: list[Ranking], selection: Selection) -> list[Found]:
    """What one search finds for each of its queries, nearest first, also where it was grouped."""
    seqs = selection.view.snapshot.seqs
    found = []
    for slots, values in pages:
        if search.request.group_by is not None:
            nearest_first = order(search.metric, values)
            slots, values = slots[nearest_first], values[nearest_first]
        found.append(Found(seqs[slots], values, search.metric))
    return found


class _Fusion:
    """The page of the fused ranking, query by query."""

    def __init__(
        self,
        record: CollectionRecord,
        reader: CollectionReader,
        whole: Selection | None,
        request: HybridRequest,
    ) -> None:
        self._record = record
        self._reader = reader
        self._whole = whole
        self._request = request

    def page(self, found: Sequence[Found]) -> tuple[list[int], Floats]:
        """Seqs and scores of the rows on the page, best first."""
        request = self._request
        seqs, scores = fuse(request.ranker, found)
        # Scores are compared as the user sees them, in float32: the order of summing makes no difference then.
        ranks = single(scores).astype(np.float64)
        if not request.ranker.larger_is_nearer([one.metric for one in found]):
            ranks = -ranks
        if request.group_by is None:
            window = request.offset + request.limit
            best = self._best(seqs, ranks, window)[request.offset :]
        else:
            ranked = self._best(seqs, ranks, len(seqs))
            labels = self._labels(seqs[ranked], request.group_by)
            best = ranked[leaders(labels, request.limit, request.group_by.size, request.offset)]
        return seqs[best].tolist(), scores[best]

    def _best(self, seqs: Ints, ranks: Floats, window: int) -> Ints:
        """Places of the ``window`` best rows; of equal ones the smaller primary key comes first, as in Milvus."""
        places = np.arange(len(seqs))
        if window < len(seqs):
            places = np.flatnonzero(ranks >= np.partition(ranks, -window)[-window])
        stored = self._reader.rows.fetch(seqs[places].tolist(), [])
        pks = [stored[seq][1] for seq in seqs[places].tolist()]
        by_key = sorted(range(len(places)), key=pks.__getitem__)
        places = places[by_key]
        best: Ints = places[np.argsort(-ranks[places], kind="stable")][:window]
        return best

    def _labels(self, seqs: Ints, group_by: GroupBy) -> Labels:
        """The group of each row."""
        assert self._whole is not None, "groups are told apart in the whole collection"
        slots = np.searchsorted(self._whole.view.snapshot.seqs, seqs)
        is_asked = np.zeros(self._whole.view.count, dtype=np.bool_)
        is_asked[slots] = True
        labels: Labels = group_labels(self._whole.only(is_asked), self._record.schema, group_by.field)[slots]
        return labels
