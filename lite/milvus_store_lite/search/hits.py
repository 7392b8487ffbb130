"""From ranked rows to hits: the primary keys, distances and output fields of a page."""

from __future__ import annotations

from array import array
from typing import Any

import numpy as np
import numpy.typing as npt

from ..columns.view import View
from ..storage.store import CollectionReader
from .output import Projection
from .rankings import Ranking
from .request import Hits


def hits_of(view: View, projection: Projection, pages: list[Ranking], decimals: int) -> list[Hits]:
    """The rows of ``pages`` as hits, their distances rounded to float32 and to ``decimals`` unless that is -1."""
    if not projection.has_columns and len(pages) == 1:
        slots, values = pages[0]
        pks = view.resident_pks(projection.schema.primary, slots)
        if pks is not None:
            return [Hits(pks, _shown(values, decimals), [{} for _ in pks])]
    by_seq = [(view.snapshot.seqs[slots].tolist(), values) for slots, values in pages]
    return hits_at(view.reader, projection, by_seq, decimals)


def hits_at(
    reader: CollectionReader,
    projection: Projection,
    pages: list[tuple[list[int], npt.NDArray[np.float64]]],
    decimals: int,
) -> list[Hits]:
    """The same for pages that name rows by their seqs."""
    if len(pages) == 1:
        ((seqs, values),) = pages
        pks, entities = projection.fetch(reader, seqs)
        return [Hits(pks, _shown(values, decimals), entities)]
    # A row that answers several queries is fetched once.
    distinct = list(dict.fromkeys(seq for seqs, _ in pages for seq in seqs))
    pks, entities = projection.fetch(reader, distinct)
    found: dict[int, tuple[Any, dict[str, Any]]] = dict(
        zip(distinct, zip(pks, entities, strict=True), strict=True)
    )
    answer = []
    for place, (seqs, values) in enumerate(pages):
        answer.append(
            Hits(
                pks=[found[seq][0] for seq in seqs],
                distances=_shown(values, decimals),
                entities=[found[seq][1] if place == 0 else dict(found[seq][1]) for seq in seqs],
            )
        )
    return answer


def _shown(values: npt.NDArray[np.float64], decimals: int) -> list[float]:
    """Distances as users see them: what a float32 holds, rounded unless ``decimals`` is -1."""
    # Not by ``single``: to change what numpy warns of takes a search 1 µs more.
    shown = array("f", values.tolist()).tolist()
    return shown if decimals < 0 else np.round(shown, decimals).tolist()
