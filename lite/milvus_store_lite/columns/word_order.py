"""The order of the words of a dictionary, which grows: found when it is first asked for, and kept."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

_FEW: Final = 1_000
"""So many new words are put among 1,000,000 known ones one by one: in 28 ms, where sorting all takes 490 ms."""

_SHARE: Final = 8
"""For codes of less than one in so many words, only the words that they name are sorted, unless all are."""


class WordOrder:
    """Ranks ``words`` by their code points, which is the order of their UTF-8. A list of words may only grow."""

    __slots__ = ("_known", "_words")

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        # Codes in the order of their words, and the rank of each code: replaced together, so readers need no lock.
        self._known = np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32)

    def ranks(self, codes: npt.NDArray[np.int32]) -> npt.NDArray[np.integer]:
        """Numbers that are in the order of the words with these ``codes``; those of codes below 0 mean nothing.

        Only numbers of one answer can be compared.
        """
        count = len(self._words)
        if count == 0:
            return codes
        if len(self._known[0]) < count and len(codes) * _SHARE < count:
            return self._ranks_among(codes)
        return self._caught_up(count)[1][codes]

    def _ranks_among(self, codes: npt.NDArray[np.int32]) -> npt.NDArray[np.integer]:
        words = self._words
        distinct, places = np.unique(codes, return_inverse=True)
        named = [words[code] for code in distinct.tolist()]
        order = sorted(range(len(named)), key=named.__getitem__)
        ranks = np.empty(len(order), dtype=np.int32)
        ranks[order] = np.arange(len(order), dtype=np.int32)
        return ranks[places]

    def _caught_up(self, count: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Order and ranks of the first ``count`` words at least."""
        known = self._known
        order, words = known[0], self._words
        if len(order) >= count:
            return known
        added = sorted(range(len(order), count), key=words.__getitem__)
        if 0 < len(added) <= _FEW:
            places = [bisect_left(order, words[code], key=words.__getitem__) for code in added]
            order = np.insert(order, places, added)
        else:
            # Both runs are sorted, so joining them compares each word once.
            order = np.array(sorted([*order.tolist(), *added], key=words.__getitem__), dtype=np.int32)
        ranks = np.empty(count, dtype=np.int32)
        ranks[order] = np.arange(count, dtype=np.int32)
        self._known = known = order, ranks
        return known
