"""Queries of single elements: the elements of the selected rows' arrays that ``element_filter`` holds for.

They stand row by row, in whatever order the rows have, and within a row as in its array. A page is a part of that
sequence, so it may begin and end within a row.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from ..codec.list_rows import places_of
from ..errors import ParamError
from ..storage.store import CollectionReader
from .found import FoundElements, FoundRows, fetched
from .output import Projection
from .request import ElementPlace
from .selection import Selection

if TYPE_CHECKING:
    from ..filters import ElementFilter

Ints = npt.NDArray[np.int64]


class Elements(NamedTuple):
    """Elements one after another: the seq of the row of each, and its offset in the array."""

    seqs: Ints
    offsets: npt.NDArray[np.int32]

    def part(self, start: int, end: int | None) -> Elements:
        return Elements(self.seqs[start:end], self.offsets[start:end])

    def fetched(self, reader: CollectionReader, projection: Projection) -> FoundRows:
        """Their rows, each once, with what ``projection`` shows."""
        seqs = self.seqs
        starts = np.flatnonzero(np.diff(seqs, prepend=seqs[:1] - 1))
        rows = fetched(reader, projection, seqs[starts].tolist())
        return rows._replace(elements=FoundElements([*starts.tolist(), len(seqs)], self.offsets.tolist()))


@dataclass(frozen=True, slots=True)
class ElementSelection:
    """``rows``: those with elements that match. ``starts``: (n + 1,) where the elements of each slot of the view
    begin among ``flags``, (t,) bool, which says what elements match."""

    rows: Selection
    starts: Ints
    flags: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, selection: Selection, wanted: ElementFilter) -> ElementSelection:
        """The elements that ``wanted`` holds for in the rows of ``selection``."""
        found = cls(selection, *wanted.flags(selection.view))
        # The mask of the rows holds where each condition does for some element, not all of them for one.
        return found if len(wanted.conditions) == 1 else found._narrowed()

    def _narrowed(self) -> ElementSelection:
        """The same without rows that have none of the elements."""
        before = np.zeros(len(self.flags) + 1, dtype=np.int64)
        np.cumsum(self.flags, out=before[1:])
        return replace(self, rows=self.rows.only(np.diff(before[self.starts]) > 0))

    def beyond(self, seqs: Collection[int], offset: int) -> ElementSelection:
        """The same without the elements of the rows ``seqs`` up to ``offset``."""
        flags = self.flags.copy()
        for slot in np.flatnonzero(np.isin(self.rows.view.snapshot.seqs, list(seqs))).tolist():
            first, end = self.starts[slot], self.starts[slot + 1]
            flags[first : min(first + offset + 1, end)] = False
        return replace(self, flags=flags)._narrowed()

    @property
    def count(self) -> int:
        """How many elements there are."""
        return int(np.count_nonzero(self.flags[places_of(self.starts, self.rows.slots)[0]]))

    def elements(self, slots: Ints) -> Elements:
        """Those in the rows at ``slots``, row by row."""
        places, begins = places_of(self.starts, slots)
        kept = np.flatnonzero(self.flags[places])
        rows = np.searchsorted(begins, kept, side="right") - 1
        seqs = self.rows.view.snapshot.seqs[slots]
        return Elements(seqs[rows], (kept - begins[rows]).astype(np.int32))


def refuse_place(after: ElementPlace | None) -> None:
    """Raise ``ParamError`` for a place among elements where rows are asked for."""
    if after is not None:
        raise ParamError(
            message="a query goes on after an element only where it has an element_filter, got the element "
            f"{after.offset} of row {after.pk!r:.80}"
        )


def refuse_groups(wanted: ElementFilter | None) -> None:
    """Raise ``ParamError`` where groups or aggregates are asked for, and the filter chooses elements."""
    if wanted is not None:
        raise ParamError(
            message="groups and aggregates other than count(*) are of rows, and element_filter finds elements: "
            "expected match_any, which is about whole rows"
        )
