"""The documents of a full text field in memory: which have a term how often, and how long each is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ..codec.sparse import from_blobs
from .column import allocated
from .growable import Growable
from .postings import SparseBuilder, SparseColumn
from .vector_form import VectorBuilder, VectorForm


@dataclass(frozen=True, slots=True)
class TermColumn:
    """``postings``: the value of a term's posting is how often the document has it. ``lengths``: (n,) float64,
    the number of tokens in each document; 0 for a slot without a document.
    """

    postings: SparseColumn
    lengths: npt.NDArray[np.float64]

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return self.postings.size + allocated(self.lengths)


class TermBuilder(VectorBuilder[TermColumn]):
    """Collects stored documents."""

    def __init__(self) -> None:
        self._postings = SparseBuilder()
        self._lengths: Growable[np.float64] = Growable(np.float64)

    def reserve(self, count: int) -> None:
        self._lengths.reserve(count)

    def append(self, blobs: Sequence[bytes | None], /) -> None:
        rows = from_blobs([b"" if blob is None else blob for blob in blobs])
        row_numbers = np.repeat(np.arange(len(rows)), np.diff(rows.starts))
        self._lengths.append(np.bincount(row_numbers, rows.values, minlength=len(rows)))
        self._postings.append_rows(rows)

    def view(self) -> TermColumn:
        return TermColumn(self._postings.view(), self._lengths.view())


FORM: Final = VectorForm(builder=lambda _: TermBuilder(), bytes_each=None)
