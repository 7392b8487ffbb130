"""Documents as counts of their terms, by which full text search ranks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, count

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Documents:
    """Some documents, one after another.

    ``terms``: the distinct terms of all of them. ``starts``: (n + 1,) int64, where each document begins in
    ``codes`` (p,) int64, indices into ``terms``, each once in a document, and ``counts`` (p,) int64, how often the
    document has the term.
    """

    terms: tuple[str, ...]
    starts: npt.NDArray[np.int64]
    codes: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def keep(self, indices: Sequence[int]) -> Documents:
        """The documents at ``indices``, in that order. The terms stay, those of dropped documents as well."""
        lengths = np.diff(self.starts)[indices]
        starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)])
        kept = np.arange(starts[-1]) + np.repeat(self.starts[indices] - starts[:-1], lengths)
        return Documents(self.terms, starts, self.codes[kept], self.counts[kept])


def count_terms(tokens: Sequence[Sequence[str]]) -> Documents:
    """The documents whose tokens are given."""
    lengths = np.fromiter(map(len, tokens), dtype=np.int64, count=len(tokens))
    # A new term gets the next code.
    code_of: defaultdict[str, int] = defaultdict(count().__next__)
    everything = chain.from_iterable(tokens)
    codes = np.fromiter(map(code_of.__getitem__, everything), dtype=np.int64, count=lengths.sum())
    terms = tuple(code_of)
    documents = np.repeat(np.arange(len(tokens)), lengths)
    # Sorting one integer for each token counts all documents at once.
    width = max(1, len(terms))
    found, counts = np.unique(documents * width + codes, return_counts=True)
    starts = np.searchsorted(found, np.arange(len(tokens) + 1) * width)
    return Documents(terms, starts.astype(np.int64), found % width, counts.astype(np.int64))
