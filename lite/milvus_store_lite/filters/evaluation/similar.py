"""Words a few edits away from another: characters added, left out or replaced, or two neighbours swapped."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ...columns.tokens import TokenColumn
from .truth import BoolArray


def similar(column: TokenColumn, words: tuple[str, ...], edits: int) -> tuple[str, ...]:
    """Those words of any row that are at most ``edits`` away from one of ``words``."""
    if edits == 0:
        return words
    known = column.codes.dictionary.words[:]
    lengths = np.fromiter(map(len, known), dtype=np.int64, count=len(known))
    found = np.zeros(len(known), dtype=np.bool_)
    for word in words:
        near = np.flatnonzero(np.abs(lengths - len(word)) <= edits)
        found[near] |= within([known[index] for index in near], word, edits)
    return tuple(known[index] for index in np.flatnonzero(found))


def within(words: Sequence[str], word: str, edits: int) -> BoolArray:
    """(len(words),) bool: which of ``words``, whose lengths differ by ``edits`` at most, are that near ``word``.

    The table of distances is filled for all words at once, and only near its diagonal: whatever is farther from
    it has more edits. No character takes part in two swaps or in a swap and another edit, as in tantivy.
    """
    if not words:
        return np.zeros(0, dtype=np.bool_)
    width = len(word) + edits
    letters = np.array(words, dtype=f"U{width}").view(np.uint32).reshape(len(words), width)
    sought = np.array([ord(character) for character in word], dtype=np.uint32)
    far = edits + 1
    rows: list[
        npt.NDArray[np.int16]
    ] = []  # of the table, one for each prefix of the word: (width + 1, words)
    for taken in range(len(word) + 1):
        row = np.full((width + 1, len(words)), far, dtype=np.int16)
        rows.append(row)
        for length in range(max(0, taken - edits), min(width, taken + edits) + 1):
            if taken == 0:
                row[length] = length
                continue
            np.minimum(row[length], rows[-2][length] + 1, out=row[length])
            if length == 0:
                continue
            np.minimum(row[length], row[length - 1] + 1, out=row[length])
            here = letters[:, length - 1]
            replaced = rows[-2][length - 1] + (here != sought[taken - 1])
            np.minimum(row[length], replaced, out=row[length])
            if taken > 1 and length > 1:
                swapped = (here == sought[taken - 2]) & (letters[:, length - 2] == sought[taken - 1])
                swaps = np.where(swapped, rows[-3][length - 2] + 1, far)
                np.minimum(row[length], swaps, out=row[length])
        del rows[:-3]
    lengths = np.fromiter(map(len, words), dtype=np.int64, count=len(words))
    near: BoolArray = rows[-1][lengths, np.arange(len(words))] <= edits
    return near
