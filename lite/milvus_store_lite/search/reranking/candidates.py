"""The candidates of a reranker: the rows that a search found, with the values that they are ranked by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from ...columns.view import View
from ...schema.data_types import DataType
from ...schema.fields import Field
from ...storage.store import CollectionReader
from ..found import FoundHits
from ..fusion import Floats, Ints
from ..grouping import Labels
from ..hits import hits_at, shown
from ..output import Projection
from ..rankings import Ranking

_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Candidates:
    """``hits``: of each query, without distances. ``scores`` and ``labels``: of each hit, by query; labels are for
    groups alone. ``values``: those of the fields that the reranker reads, of all hits. ``falling``: whether larger
    scores are nearer.
    """

    hits: FoundHits
    scores: list[Floats]
    labels: list[Labels] | None
    values: dict[str, list[Any]]
    falling: bool

    @classmethod
    def in_view(
        cls,
        view: View,
        projection: Projection,
        fields: Sequence[Field],
        rankings: Sequence[Ranking],
        labels: list[Labels] | None,
        *,
        falling: bool,
    ) -> Candidates:
        """The rows in ``rankings``; all that is asked of them is taken from memory, if it is there."""
        if not projection.has_columns:
            primary = projection.schema.primary
            slots = np.concatenate([of_query for of_query, _ in rankings])
            pks = view.resident_pks(primary, slots)
            found = {field.name: view.resident_numbers(field, slots) for field in fields} if pks else {}
            values = {name: numbers for name, numbers in found.items() if numbers is not None}
            if pks and len(values) == len(fields):
                starts = list(accumulate((len(of_query) for of_query, _ in rankings), initial=0))
                hits = FoundHits(primary.name, starts, pks, [])
                scores = [of_query for _, of_query in rankings]
                return cls(hits, scores, labels, {**values, primary.name: pks}, falling)
        seqs = view.snapshot.seqs
        named = [(seqs[of_query], scores) for of_query, scores in rankings]
        return cls.of(view.reader, projection, fields, named, labels, falling=falling)

    @classmethod
    def of(
        cls,
        reader: CollectionReader,
        projection: Projection,
        fields: Sequence[Field],
        rankings: Sequence[tuple[Ints, Floats]],
        labels: list[Labels] | None,
        *,
        falling: bool,
    ) -> Candidates:
        """The same for rankings of seqs; what is asked of the rows is read."""
        further = [field for field in fields if not field.is_primary]
        pages = [(seqs.tolist(), scores) for seqs, scores in rankings]
        hits = hits_at(reader, projection, pages, -1, [field.name for field in further])
        assert hits.rows is not None, "hits have the rows that were read"
        stored = hits.rows.stored
        if hits.row_of_hit is not None:
            stored = [stored[row] for row in hits.row_of_hit]
        values: dict[str, list[Any]] = {
            field.name: _values([row[offset] for row in stored], field)
            for offset, field in enumerate(further, start=2 + len(projection.columns))
        }
        values[projection.schema.primary.name] = hits.pks
        return cls(hits, [scores for _, scores in rankings], labels, values, falling)

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """Where the hits of each query start and end."""
        return list(pairwise(self.hits.starts))

    def chosen(self, chosen: Sequence[Ints], scores: Sequence[Floats], decimals: int) -> FoundHits:
        """The hits of each query whose numbers are ``chosen``, in that order and with these scores."""
        hits = self.hits
        numbers = [start + rows for (start, _), rows in zip(self.ranges, chosen, strict=True)]
        flat: list[int] = np.concatenate(numbers).tolist()
        rows = hits.rows
        if rows is not None:
            of_hit = flat if hits.row_of_hit is None else [hits.row_of_hit[number] for number in flat]
            rows = rows._replace(stored=[rows.stored[row] for row in of_hit])
        return FoundHits(
            hits.primary,
            starts=np.cumsum([0, *map(len, chosen)]).tolist(),
            pks=[hits.pks[number] for number in flat],
            distances=shown(np.concatenate(scores), decimals),
            rows=rows,
        )


def _values(stored: list[Any], field: Field) -> list[Any]:
    """Instants as seconds, others as they are stored."""
    if field.dtype is not DataType.TIMESTAMPTZ:
        return stored
    return [None if value is None else value / _SECOND for value in stored]
