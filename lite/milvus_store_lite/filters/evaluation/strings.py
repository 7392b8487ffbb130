"""Comparisons of dictionary-encoded strings: each distinct word is compared once, rows only by code.

Equality looks up one code and touches no other word. Order is by code point.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from ...columns.column import StringColumn
from ..bound import KeySet, Ordering, Pattern
from .numbers import FEW_CHOICES
from .truth import BoolArray

_ORDER: dict[Ordering, Callable[[str, str], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_RANK_ORDER: dict[Ordering, Callable[[npt.NDArray[np.int64], npt.NDArray[np.int64]], BoolArray]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}
_NO_SUCH_WORD = -2


def compare_to_constant(op: Ordering, column: StringColumn, constant: str) -> BoolArray:
    """(n,) bool: rows that have a string for which ``string op constant``."""
    if op == "==":
        return np.equal(column.codes, column.dictionary.code(constant))
    test = _ORDER[op]
    words = _words(column)
    return _spread(column, np.array([test(word, constant) for word in words], dtype=np.bool_))


def compare(op: Ordering, left: StringColumn, right: StringColumn) -> BoolArray:
    """(n,) bool: rows where both are strings and ``left op right``."""
    both: BoolArray = (left.codes >= 0) & (right.codes >= 0)
    if op != "==":
        left_ranks, right_ranks = _ranks(_words(left), _words(right))
        return both & _RANK_ORDER[op](left_ranks[left.codes], right_ranks[right.codes])
    if left.dictionary is right.dictionary:
        return both & np.equal(left.codes, right.codes)
    code = right.dictionary.code
    translated = np.array([*(code(word) for word in _words(left)), _NO_SUCH_WORD], dtype=np.int32)
    return both & np.equal(translated[left.codes], right.codes)


def is_among(column: StringColumn, choices: Iterable[str]) -> BoolArray:
    """(n,) bool: rows that are one of ``choices``."""
    codes = sorted({column.dictionary.code(word) for word in choices} - {_NO_SUCH_WORD})
    if len(codes) <= FEW_CHOICES:
        return np.isin(column.codes, np.array(codes, dtype=np.int32), kind="sort")
    # Words may have been added meanwhile, so the table reaches as far as the codes that were found.
    answers = np.zeros(max(codes[-1] + 1, len(column.dictionary.words)), dtype=np.bool_)
    answers[codes] = True
    return _spread(column, answers)


def which_of(column: StringColumn, choices: Iterable[str]) -> tuple[npt.NDArray[np.int64], int]:
    """(n,) int64, which of the distinct ``choices`` each row is, -1 for none; and how many choices there are."""
    numbered = {word: number for number, word in enumerate(dict.fromkeys(choices))}
    code = column.dictionary.code
    codes = {code(word): number for word, number in numbered.items()}
    codes.pop(_NO_SUCH_WORD, None)
    answers = np.full(max([*codes, len(column.dictionary.words) - 1]) + 2, -1, dtype=np.int64)
    answers[list(codes)] = list(codes.values())
    answers[-1] = -1
    return answers[column.codes], len(numbered)


def match(column: StringColumn, pattern: Pattern) -> BoolArray:
    """(n,) bool: rows that have a string matching ``pattern``."""
    if pattern.exact is not None:
        return compare_to_constant("==", column, pattern.exact)
    return _spread(column, pattern.matches(_words(column)))


def are_keys(column: StringColumn, keys: KeySet) -> BoolArray:
    """(n,) bool: rows that have a string which is one of ``keys``."""
    return _spread(column, keys.holds_words(_words(column)))


def _words(column: StringColumn) -> list[str]:
    """The current words: another thread may add some meanwhile, which no row here has."""
    return column.dictionary.words[:]


def _spread(column: StringColumn, answers: BoolArray) -> BoolArray:
    """The answer for each row's word; False stands last, where the code -1 of no string finds it."""
    by_code: BoolArray = np.append(answers, False)
    return by_code[column.codes]


def _ranks(words: list[str], other_words: list[str]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The rank of each word among all words of both; a last entry is there for the code -1."""
    rank = {word: position for position, word in enumerate(sorted({*words, *other_words}))}
    return (
        np.array([*(rank[word] for word in words), -1], dtype=np.int64),
        np.array([*(rank[word] for word in other_words), -1], dtype=np.int64),
    )
