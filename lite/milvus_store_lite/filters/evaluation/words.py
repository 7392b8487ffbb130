"""``text_match`` and ``phrase_match`` over the tokens of many rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ...columns.column import JsonKind
from ...columns.tokens import TokenColumn
from .elements import counts
from .truth import BoolArray, Truth, some

_Keys = npt.NDArray[np.int64]
_ROW: int = 2**32
"""A key is ``row * _ROW + position``; positions stay far below ``_ROW``, whatever the slop."""

_MERGED_AT_ONCE: int = 100_000
_SHORT_PHRASE: int = 8
"""For phrases of up to this many words, counting each row's words first does not pay."""


def text_match(column: TokenColumn, words: tuple[str, ...], at_least: int) -> Truth:
    """Rows that have at least ``at_least`` of the distinct ``words``."""
    known = _codes(column, words)
    codes = column.codes.codes
    if at_least == 1:
        return _where_text(column, counts(column.tokens, np.isin(codes, np.array(known, dtype=np.int32))) > 0)
    indices = np.flatnonzero(np.isin(codes, np.array(known, dtype=np.int32)))
    rows = np.searchsorted(column.tokens.offsets, indices, side="right") - 1
    pairs = _distinct(rows * _ROW + codes[indices])
    present = np.bincount(pairs // _ROW, minlength=len(column.tokens.kinds))
    return _where_text(column, present >= at_least)


def phrase_match(column: TokenColumn, words: tuple[tuple[str, int], ...], slop: int) -> Truth:
    """Rows that have the ``words`` (with their positions in the phrase) within ``slop``.

    Each occurrence of a word says where the phrase would begin; a row matches if it has an occurrence of every
    word such that those beginnings lie at most ``slop`` apart. So 1 lets a word stand between two, and 2 lets
    two words change places. A word that the phrase has twice needs two occurrences.

    That is the rule of Milvus's own version of tantivy (github.com/zilliztech/tantivy: ``PhraseScorer``,
    ``RepeatedPhraseScorer``). The original adds moves up in an order that depends on how frequent the words are.
    """
    holds = np.zeros(len(column.tokens.kinds), dtype=np.bool_)
    holds[_phrase_begins(column, words, slop) // _ROW] = True
    return _where_text(column, holds)


def _phrase_begins(column: TokenColumn, words: tuple[tuple[str, int], ...], slop: int) -> _Keys:
    """Keys of the earliest beginnings of a phrase within ``slop``, by the occurrences of its words."""
    occurrences = _occurrences_of_all(column, words)
    if not occurrences:
        return np.zeros(0, dtype=np.int64)
    # Rare words first, as they rule out most. Of one word's positions, the first takes the first occurrence that
    # will do, and the next a later one: whatever else they took, the phrase would only be longer.
    steps = sorted(words, key=lambda step: (len(occurrences[step[0]]), step))
    rarest, at = steps[0]
    earliest = _distinct(occurrences[rarest] - at)
    if slop:
        earliest = _beginnings(occurrences, steps, slop)
    taken: dict[str, _Keys] = {}
    for word, offset in steps:
        sought = earliest + offset
        if word in taken:
            sought = np.maximum(sought, taken[word] + 1)
        candidates = occurrences[word]
        found = candidates[np.minimum(np.searchsorted(candidates, sought), len(candidates) - 1)]
        fits = (found >= sought) & (found <= earliest + offset + slop)
        earliest = earliest[fits]
        taken = {other: keys[fits] for other, keys in taken.items()} | {word: found[fits]}
    return earliest


def _occurrences_of_all(column: TokenColumn, words: tuple[tuple[str, int], ...]) -> dict[str, _Keys]:
    """The occurrences of each word; of a long phrase only those in rows that have every word as often as the
    phrase. Empty if no row has."""
    needed = Counter(word for word, _ in words)
    if len(_codes(column, tuple(needed))) < len(needed):
        return {}
    found: dict[str, _Keys] = {}
    rows = np.zeros(0, dtype=np.int64)
    for word, count in needed.items():
        found[word] = _occurrences(column, word)
        if len(words) <= _SHORT_PHRASE:
            continue
        having = found[word] // _ROW
        again = having[count - 1 :]
        having = _distinct(again[again == having[: len(again)]])
        rows = having if len(found) == 1 else rows[_search_sorted(having, rows)[1]]
        if not len(rows):
            return {}
    if len(words) > _SHORT_PHRASE:
        found = {word: keys[_search_sorted(rows, keys // _ROW)[1]] for word, keys in found.items()}
    return found if all(map(len, found.values())) else {}


def _search_sorted(keys: _Keys, sought: _Keys) -> tuple[_Keys, BoolArray]:
    """The index of the first of the ascending ``keys`` that is not less than each of ``sought``, or else of the
    last, and whether it is equal."""
    indices = np.minimum(np.searchsorted(keys, sought), len(keys) - 1)
    return indices, keys[indices] == sought if len(keys) else np.zeros(len(sought), dtype=np.bool_)


def _beginnings(occurrences: dict[str, _Keys], steps: Sequence[tuple[str, int]], slop: int) -> _Keys:
    """The keys at which the phrase begins by some word, at most ``slop`` from a beginning by the rarest word.

    Words are merged a few at a time: all at once there could be as many keys as words times occurrences.
    """
    rarest, at = steps[0]
    anchors = _distinct(occurrences[rarest] - at)
    known, waiting, size = anchors, [], 0
    for word, offset in steps[1:]:
        begins = occurrences[word] - offset
        after = anchors[_search_sorted(anchors, begins)[0]] - begins
        begins = begins[(after >= 0) & (after <= slop)]
        waiting.append(begins)
        size += len(begins)
        if size > max(len(known), _MERGED_AT_ONCE):
            known, waiting, size = _distinct(np.concatenate([known, *waiting])), [], 0
    return _distinct(np.concatenate([known, *waiting]))


def _occurrences(column: TokenColumn, word: str) -> _Keys:
    """Ascending keys of the positions at which rows have ``word``."""
    assert column.positions is not None
    found = np.flatnonzero(column.codes.codes == column.codes.dictionary.code(word))
    rows = np.searchsorted(column.tokens.offsets, found, side="right") - 1
    return _distinct(rows * _ROW + _ROW // 2 + column.positions[found])


def _distinct(keys: _Keys) -> _Keys:
    """``keys`` ascending, each once. ``np.unique`` uses a hash table, which takes thirty times as long."""
    keys = np.sort(keys)
    return keys[np.append(True, keys[1:] != keys[:-1])] if len(keys) else keys


def _codes(column: TokenColumn, words: tuple[str, ...]) -> list[int]:
    """The codes of those of ``words`` that some row has."""
    code = column.codes.dictionary.code
    return [known for known in map(code, dict.fromkeys(words)) if known >= 0]


def _where_text(column: TokenColumn, holds: BoolArray) -> Truth:
    return Truth.of(holds, some(column.tokens.kinds == JsonKind.NO_DOCUMENT))
