"""``text_match`` and ``phrase_match`` over the tokens of many rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..columns.column import JsonKind
from ..columns.tokens import TokenColumn
from .elements import counts
from .truth import BoolArray, Truth, some

_Keys = npt.NDArray[np.int64]
_ROW: int = 2**32
"""A key is ``row * _ROW + place``; places stay far below, whatever the slop."""


def text_match(column: TokenColumn, words: tuple[str, ...], at_least: int) -> Truth:
    """Rows that have at least ``at_least`` of the distinct ``words``."""
    known = _codes(column, words)
    codes = column.codes.codes
    if at_least == 1:
        return _where_text(column, counts(column.tokens, np.isin(codes, np.array(known, dtype=np.int32))) > 0)
    present = np.zeros(len(column.tokens.kinds), dtype=np.int32)
    for code in known:
        present += counts(column.tokens, codes == code) > 0
    return _where_text(column, present >= at_least)


def phrase_match(column: TokenColumn, words: tuple[tuple[str, int], ...], slop: int) -> Truth:
    """Rows that have the ``words`` (with their places in the phrase) within ``slop``.

    Each occurrence of a word says where the phrase would begin; a row matches if it has an occurrence of every
    word such that those beginnings lie at most ``slop`` apart. So 1 lets a word stand between two, and 2 lets
    two words change places.
    """
    holds = np.zeros(len(column.tokens.kinds), dtype=np.bool_)
    if words:
        begins = [_begins(column, word, place) for word, place in words]
        earliest = np.unique(np.concatenate(begins))
        for occurrences in begins:
            if not len(occurrences):
                earliest = earliest[:0]
                break
            after = np.searchsorted(occurrences, earliest)
            near = occurrences[np.minimum(after, len(occurrences) - 1)]
            earliest = earliest[(near >= earliest) & (near <= earliest + slop)]
        holds[earliest // _ROW] = True
    return _where_text(column, holds)


def _begins(column: TokenColumn, word: str, place: int) -> _Keys:
    """Ascending keys of where the phrase would begin, by each occurrence of one of its words."""
    assert column.positions is not None
    found = np.flatnonzero(column.codes.codes == column.codes.dictionary.code(word))
    rows = np.searchsorted(column.tokens.offsets, found, side="right") - 1
    return np.unique(rows * _ROW + _ROW // 2 + column.positions[found] - place)


def _codes(column: TokenColumn, words: tuple[str, ...]) -> list[int]:
    """The codes of those of ``words`` that some row has."""
    code = column.codes.dictionary.code
    return [known for known in map(code, dict.fromkeys(words)) if known >= 0]


def _where_text(column: TokenColumn, holds: BoolArray) -> Truth:
    return Truth.of(holds, some(column.tokens.kinds == JsonKind.NO_DOCUMENT))
