"""From ranked rows to hits: the primary keys, distances and output fields of a page."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from ..columns.view import View
from ..storage.store import CollectionReader
from .found import FoundHits, fetched
from .output import Projection
from .rankings import Ranking


def hits_of(view: View, projection: Projection, pages: list[Ranking], decimals: int) -> FoundHits:
    """The rows of ``pages`` as hits, their distances rounded to float32 and to ``decimals`` unless that is -1."""
    if not projection.has_columns and len(pages) == 1:
        slots, values = pages[0]
        pks = view.resident_pks(projection.schema.primary, slots)
        if pks is not None:
            return FoundHits(projection.schema.primary.name, [0, len(pks)], pks, shown(values, decimals))
    by_seq = [(view.snapshot.seqs[slots].tolist(), values) for slots, values in pages]
    return hits_at(view.reader, projection, by_seq, decimals)


def hits_at(
    reader: CollectionReader,
    projection: Projection,
    pages: list[tuple[list[int], npt.NDArray[np.float64]]],
    decimals: int,
    further: Sequence[str] = (),
) -> FoundHits:
    """The same for pages that name rows by their seqs; ``further`` columns are read, and not shown."""
    primary = projection.schema.primary.name
    if len(pages) == 1:
        ((seqs, values),) = pages
        rows = fetched(reader, projection, seqs, further)
        return FoundHits(primary, [0, len(seqs)], rows.pks, shown(values, decimals), rows)
    # A row that answers several queries is fetched once.
    row_of_seq: dict[int, int] = {}
    row_of_hit = [row_of_seq.setdefault(seq, len(row_of_seq)) for seqs, _ in pages for seq in seqs]
    rows = fetched(reader, projection, list(row_of_seq), further)
    pks = rows.pks
    return FoundHits(
        primary,
        starts=list(accumulate((len(seqs) for seqs, _ in pages), initial=0)),
        pks=[pks[row] for row in row_of_hit],
        distances=shown(np.concatenate([values for _, values in pages]), decimals),
        rows=rows,
        row_of_hit=row_of_hit,
    )


def shown(values: npt.NDArray[np.float64], decimals: int) -> list[float]:
    """Distances as users see them: what a float32 holds, rounded unless ``decimals`` is -1."""
    # Not by ``as_shown``: to change what numpy warns of takes a search 1 µs more.
    shown = array("f", values.tolist()).tolist()
    return shown if decimals < 0 else np.round(shown, decimals).tolist()
